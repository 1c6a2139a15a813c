"""Owncast by recorded examples of its OpenAPI document 0.0.9: its status, its end, what it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.scripted_http import Asked, Said, Scripted, scripted

from breakwater.errors import Unavailable
from breakwater.live.adapters.owncast import NAME, Owncast
from breakwater.live.hookforms import HookKind, read_owncast
from breakwater.live.ports import Can
from breakwater.live.wire import Control
from breakwater.model.ids import new_id
from breakwater.model.server import ServerConfig, ServerKind
from breakwater.network.addresses import networks

STATUS: dict[str, Any] = {
    "online": True, "viewerCount": 3, "overallPeakViewerCount": 9, "sessionPeakViewerCount": 4,
    "broadcaster": {
        "remoteAddr": "192.0.2.9:51000", "time": "2026-03-01T12:00:00Z",
        "streamDetails": {
            "width": 1280, "height": 720, "frameRate": 30, "videoBitrate": 2500,
            "videoCodec": "H.264", "audioCodec": "AAC", "videoOnly": False, "encoder": "obs",
        },
    },
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as made:
        yield made


@pytest.fixture
def adapter(server: Scripted) -> Iterator[Owncast]:
    config = ServerConfig(
        new_id(), "owncast", ServerKind.OWNCAST, "live", server.url, hls_url=f"{server.url}/hls"
    )
    control = Control(server.url, private=networks(("127.0.0.0/8",)), user="admin", password="x")
    yield Owncast(config, control)
    control.close()


def test_its_broadcast_is_found_while_it_is_online(server: Scripted, adapter: Owncast) -> None:
    server.answers["GET /api/admin/status"] = (200, STATUS)
    (found,) = adapter.discover()
    assert (found.name, found.viewers, found.width, found.video) == (NAME, 3, 1280, "H.264")
    assert (found.publishers[0].address, found.publishers[0].port) == ("192.0.2.9", 51000)
    for told, address, port in (
        ("172.217.164.110", "172.217.164.110", None),
        ("[2001:db8::7]:51000", "2001:db8::7", 51000),
        ("2001:db8::7", "2001:db8::7", None),
    ):
        sender = STATUS["broadcaster"] | {"remoteAddr": told}
        server.answers["GET /api/admin/status"] = (200, STATUS | {"broadcaster": sender})
        found = adapter.discover()[0].publishers[0]
        assert (found.address, found.port) == (address, port)
    server.answers["GET /api/admin/status"] = (200, {"online": False})
    assert adapter.discover() == ()
    assert adapter.pull_url(NAME).endswith("/hls/stream.m3u8")


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_cut_disconnects_it_whatever_its_version(
    server: Scripted, adapter: Owncast, method: str
) -> None:
    online = [True]

    def end(_: Asked) -> Said:
        online[0] = False
        return 200, {"success": True}

    server.anything = lambda _: (405, {})
    server.answers["GET /api/admin/status"] = lambda _: (200, STATUS if online[0] else {})
    server.answers[f"{method} /api/admin/disconnect"] = end
    assert adapter.terminate(NAME).done
    assert adapter.probe(NAME).done
    assert adapter.terminate(NAME).done, "a second cut is as good"


def test_a_cut_that_changes_nothing_is_not_done(server: Scripted, adapter: Owncast) -> None:
    server.answers["GET /api/admin/status"] = (200, STATUS)
    server.answers["POST /api/admin/disconnect"] = (200, {"success": True})
    assert not adapter.terminate(NAME).done


def test_what_it_cannot_is_said(adapter: Owncast) -> None:
    for act, able in (
        (adapter.freeze, Can.FREEZE),
        (adapter.deny_publish, Can.DENY_PUBLISH),
        (adapter.purge, Can.PURGE),
        (adapter.record_start, Can.RECORD),
    ):
        assert able not in adapter.can
        assert not act(NAME).done
        assert "cannot" in act(NAME).detail


def test_nonsense_is_unavailable(server: Scripted, adapter: Owncast) -> None:
    for said in ((401, {}), (200, b"<html>"), (500, b"")):
        server.answers["GET /api/admin/status"] = said
        with pytest.raises(Unavailable):
            adapter.discover()
        assert not adapter.probe(NAME).done


def test_its_webhooks_are_read() -> None:
    started = b'{"type":"STREAM_STARTED","eventData":{"id":"x","name":"n","summary":"s"}}'
    assert read_owncast("o", started).kind is HookKind.PUBLISH
    assert read_owncast("o", started).call.name == NAME
    assert read_owncast("o", started.replace(b"STARTED", b"STOPPED")).kind is HookKind.PUBLISH_DONE
    assert read_owncast("o", b'{"type":"CHAT"}').kind is HookKind.OTHER
