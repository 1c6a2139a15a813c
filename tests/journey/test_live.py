"""A broadcast from first byte to cut: known content appears, a person cuts, it stays cut."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from breakwater.model.access import Role
from breakwater.model.case import CaseKind, CaseState, Priority
from breakwater.model.decision import AccountRole, DecisionFacts, DecisionKind
from breakwater.model.facts import Activity, ItemFacts
from breakwater.model.stream import Broadcaster, Control, OrderState, StreamState
from breakwater.records import stream_orders, streams
from tests.integration.live_site import LiveSite, live_site, until
from tests.integration.served import OPERATOR, cut_signed

SUSPECT = DecisionFacts(role=AccountRole.SUSPECT, item=ItemFacts(Activity.POSING_OR_NUDITY))
CHILD = DecisionFacts(role=AccountRole.APPARENT_CHILD, item=ItemFacts(Activity.POSING_OR_NUDITY))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with live_site(tmp_path_factory.mktemp("live")) as running:
        yield running


def test_known_content_freezes_a_person_cuts_and_it_stays_cut(site: LiveSite) -> None:
    publisher = site.rtmp.push(name="live/014")
    stream = site.stream("live/014")
    assert (stream.state, stream.service) == (StreamState.LIVE, "live")
    playlist = f"{site.rtmp.config.hls_url}/live/014/index.m3u8"
    until(lambda: httpx.get(playlist).status_code == 200)
    with site.rtmp.play("live/014") as player:
        player.wait_bytes(10_000)
        site.alert(stream)
        frozen = until(lambda: site.confirmed(stream, Control.FROZEN))
        assert player.ended.wait(30), "what was confirmed is so"
    assert frozen.by == "policy"
    assert publisher.sending
    assert httpx.get(playlist).status_code == 403
    files = site.rtmp.layout.directory / "rec"
    until(lambda: any(one.stat().st_size for one in files.rglob("*.flv")))
    case = site.case(stream)
    assert (case.kind, case.priority, case.state) == (CaseKind.STREAM, Priority.NOW, CaseState.OPEN)

    person = site.moderator(Role.REVIEWER)
    site.app.review.decisions.decide(
        person, case.id, DecisionKind.ILLEGAL, facts=SUSPECT,
        signed=cut_signed(site.app, person, stream.id),
    )  # fmt: skip
    publisher.wait_end()
    done = until(lambda: site.confirmed(stream, Control.CUT))
    assert done.by == person.person
    with site.app.db.read() as tx:
        steps = {ack.step: ack.done for ack in stream_orders.acks(tx, done.id)}
        assert streams.get(tx, stream.id).state is StreamState.ENDED
        kept = {one.what for one in stream_orders.preserved(tx, stream.id) if one.blob}
    assert steps == dict.fromkeys(
        ("drop_publisher", "deny_publish", "drop_viewers", "purge", "probe"), True
    )
    assert "recording" in kept
    until(lambda: measured(site, "cut", "confirmed"))
    assert {step: measured(site, "cut", step) for step in steps} == dict.fromkeys(steps, 1.0)
    assert httpx.get(playlist).status_code in {403, 404}

    again = site.rtmp.push(name="live/014", wait=False)
    again.process.wait(timeout=30)
    assert again.process.returncode != 0
    assert site.stream("live/014").id == stream.id


def measured(site: LiveSite, to: str, step: str) -> float | None:
    """How many orders were timed for this step, as `/metrics` says."""
    labels = {"to": to, "step": step}
    return site.app.metrics.registry.get_sample_value("breakwater_order_seconds_count", labels)


def test_a_child_is_stopped_helped_and_free_to_come_back(site: LiveSite) -> None:
    publisher = site.rtmp.push(name="live/child")
    stream = site.stream("live/child")
    site.alert(stream)
    person = site.moderator(Role.REVIEWER)
    case = site.case(stream)
    site.app.review.decisions.decide(
        person, case.id, DecisionKind.ILLEGAL, facts=CHILD,
        signed=cut_signed(site.app, person, stream.id),
    )  # fmt: skip
    publisher.wait_end()
    done = until(lambda: site.confirmed(stream, Control.CUT))
    with site.app.db.read() as tx:
        assert stream_orders.denials(tx, stream.id) == []
        told = stream_orders.told(tx, streams.get(tx, stream.id), done)
    assert (told["ban"], told["show_help"]) == (False, True)
    again = site.rtmp.push(name="live/child")
    assert again.sending
    assert site.stream("live/child").id != stream.id
    again.stop()


def test_what_is_not_illegal_is_shown_again(site: LiveSite) -> None:
    publisher = site.rtmp.push(name="live/garden")
    stream = site.stream("live/garden")
    seen = site.alert(stream)
    until(lambda: site.confirmed(stream, Control.FROZEN))
    person = site.moderator(Role.REVIEWER)
    site.app.review.decisions.decide(person, site.case(stream).id, DecisionKind.NOT_ILLEGAL)
    until(lambda: site.confirmed(stream, Control.OPEN))
    with site.rtmp.play("live/garden") as player:
        player.wait_bytes(10_000)
    assert publisher.sending
    assert site.stream("live/garden").control is Control.OPEN
    assert seen.id == stream.id
    publisher.stop()


def test_a_server_that_is_away_is_not_confirmed_and_tried_again(site: LiveSite) -> None:
    publisher = site.rtmp.push(name="live/away")
    stream = site.stream("live/away")
    servers = site.app.live.servers
    where = site.rtmp.config.control_url
    servers.change("edge", {"control_url": "http://127.0.0.1:9"}, OPERATOR)
    person = site.moderator()
    site.app.enforcement.wishes.want(
        person, stream.id, Control.CUT, broadcaster=Broadcaster.UNKNOWN,
        signed=cut_signed(site.app, person, stream.id),
    )  # fmt: skip
    until(lambda: site.stream("live/away").order_state is OrderState.UNCONFIRMED)
    assert publisher.sending
    with site.app.db.read() as tx:
        assert stream.id in [one.id for one in streams.wall(tx)]
    servers.change("edge", {"control_url": where}, OPERATOR)
    publisher.wait_end()
    until(lambda: site.confirmed(stream, Control.CUT))
