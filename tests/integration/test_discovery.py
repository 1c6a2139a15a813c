"""Polling sets right what hooks did not tell: against a real nginx whose hooks go elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from breakwater.app import App
from breakwater.live.ports import Call, Peer
from breakwater.live.servers import NewServer
from breakwater.model.server import ServerKind
from breakwater.model.stream import Control, StreamState
from breakwater.records import stream_orders, streams
from tests.integration.doors import Door, door
from tests.integration.rtmp import Rtmp, nginx
from tests.integration.served import OPERATOR


@pytest.fixture(scope="module")
def asked() -> Iterator[Door]:
    with door() as made:
        yield made


@pytest.fixture(scope="module")
def running(asked: Door) -> Iterator[Rtmp]:
    with nginx(hook=asked.url) as made:
        yield made


@pytest.fixture
def known(app: App, running: Rtmp) -> Iterator[App]:
    """The installation knows the server; its hooks never come."""
    at = running.config
    new = NewServer(
        "quiet", ServerKind.NGINX_RTMP, service="live", control_url=at.control_url,
        user=running.secrets.user, password=running.secrets.password,
    )  # fmt: skip
    app.live.servers.add(new, OPERATOR)
    yield app
    for publisher in running.publishers:
        publisher.stop()
    running.publishers.clear()


def live(app: App) -> list[str]:
    with app.db.read() as tx:
        return sorted(one.name for one in streams.on_server(tx, "quiet"))


def test_what_no_hook_told_is_found_and_ended_after_two_polls(known: App, running: Rtmp) -> None:
    publisher = running.push(name="live/silent")
    known.live.discovery.run()
    assert live(known) == ["live/silent"]
    (found,) = known.live.streams.every(OPERATOR)
    assert found.service == "live"
    known.live.discovery.run()
    assert len(known.live.streams.every(OPERATOR)) == 1
    with running.play("live/silent") as player:
        player.wait_bytes(4_000)
        known.live.servers.audience.fetched(Call("quiet", "live/silent", Peer("", "192.0.2.7")))
        known.live.discovery.run()
        assert known.live.streams.every(OPERATOR)[0].viewers == 2
    publisher.stop()
    known.live.discovery.run()
    assert live(known) == ["live/silent"], "one poll without it is not its end"
    known.live.discovery.run()
    assert live(known) == []


def test_a_denied_publisher_that_slipped_in_is_dropped(known: App, running: Rtmp) -> None:
    publisher = running.push(name="live/again")
    known.live.discovery.run()
    (found,) = known.live.streams.every(OPERATOR)
    with known.db.transaction() as tx:
        order = stream_orders.want(tx, found, Control.CUT, by="test", why="person")
        assert order.to is Control.CUT
        streams.set_state(tx, found.id, StreamState.ENDED)
    assert publisher.sending
    known.live.discovery.run()
    publisher.wait_end()
    assert live(known) == []


def test_a_server_that_is_away_ends_nothing(known: App, running: Rtmp) -> None:
    publisher = running.push(name="live/far")
    known.live.discovery.run()
    known.live.servers.change("quiet", {"control_url": "http://127.0.0.1:9"}, OPERATOR)
    for _ in range(3):
        known.live.discovery.run()
    assert live(known) == ["live/far"]
    assert 'breakwater_media_server_up{server="quiet"} 0.0' in known.metrics.exposition().decode()
    known.live.servers.change("quiet", {"control_url": running.config.control_url}, OPERATOR)
    known.live.discovery.run()
    assert live(known) == ["live/far"]
    publisher.stop()
