"""Broadcasts as rows, on both databases: found by pseudonym, ordered with a fence, denied and let go."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests import builders

from breakwater.errors import AppendOnly, NotFound
from breakwater.model.broadcast import Sender, Viewer
from breakwater.model.case import CaseKind, Priority
from breakwater.model.copies import FramePair, Segment, Zone
from breakwater.model.decision import DecisionKind
from breakwater.model.event import EventType
from breakwater.model.ids import new_id
from breakwater.model.stream import Alert, Broadcaster, Control, OrderState, StreamState
from breakwater.records import (
    bank_cuts,
    cases,
    decisions,
    jobs,
    outbox,
    stream_alerts,
    stream_orders,
    stream_people,
    streams,
)
from breakwater.records.tables import metadata

pytestmark = pytest.mark.usefixtures("keyring")

SENDER = Sender(
    client="17", service="clips", account="river-otter-81", device="phone-4",
    address="198.51.100.7", port=40_123,
)  # fmt: skip


def begun(tx, name="live/014", sender=SENDER, server="edge"):
    made = streams.start(tx, server=server, name=name, sender=sender)
    stream_people.join(tx, made.id, sender)
    return made


def ordered(tx, stream, to, by="sam", **facts):
    return stream_orders.want(tx, streams.get(tx, stream.id), to, by=by, why="person", **facts)


def scope_of(tx, name="live/014", sender=SENDER, server="edge"):
    return stream_orders.denied(tx, streams.denial_keys(tx, server, name, sender))


def test_a_broadcast_is_found_by_its_name_while_it_runs_and_begins_anew_after(database):
    with database.transaction() as tx:
        first = begun(tx)
        assert streams.start(tx, server="edge", name="live/014", sender=SENDER).id == first.id
        assert streams.running(tx, "edge", "live/014").id == first.id
        assert streams.running(tx, "other", "live/014") is None
        assert (first.name, first.account, first.label) == (
            "live/014",
            "river-otter-81",
            "stream-001",
        )
        streams.set_state(tx, first.id, StreamState.ENDED)
        assert streams.running(tx, "edge", "live/014") is None
        assert stream_people.publishers(tx, first.id) == []
        again = begun(tx)
        assert again.id != first.id
        assert streams.last(tx, "edge", "live/014").id == again.id


def test_no_name_account_or_address_stands_in_clear(database):
    """A stream key is a password: nothing of it is in any row, nor of who sends and watches."""
    with database.transaction() as tx:
        made = begun(tx, sender=replace(SENDER, key="key-of-otter", pull_url="rtmp://h/live/014"))
        stream_people.add_viewers(tx, made, [Viewer("heron-12", "198.51.100.9", 50_001)])
        ordered(tx, made, Control.CUT)
        secret = ("live/014", "key-of-otter", "river-otter", "198.51.100", "heron-12", "phone-4")
        for table in metadata.sorted_tables:
            for row in tx.execute(sa.select(table)):
                words = " ".join(str(value) for value in row)
                assert not [one for one in secret if one in words], table.name
        assert stream_people.addresses(tx, made.id)[0].address == "198.51.100.7"
        assert stream_people.viewers(tx, made.id)[0].account == "heron-12"


def test_several_send_and_the_last_one_who_leaves_is_told(database):
    with database.transaction() as tx:
        made = begun(tx)
        guest = stream_people.join(tx, made.id, replace(SENDER, client="18", account="guest"))
        assert stream_people.join(tx, made.id, replace(SENDER, client="18")).id == guest.id
        assert stream_people.leave(tx, made.id, "17") == 1
        assert [one.account for one in stream_people.publishers(tx, made.id)] == ["guest"]
        assert stream_people.leave(tx, made.id, "18") == 0


def test_a_cut_denies_key_account_and_device_in_the_same_moment(database):
    with database.transaction() as tx:
        made = begun(tx)
        assert scope_of(tx) == ""
        order = ordered(tx, made, Control.CUT, broadcaster=Broadcaster.SUSPECT)
        assert stream_orders.denials(tx, made.id) == ["account", "device", "key"]
        assert scope_of(tx) == "key"
        other = replace(SENDER, key="", device="")
        assert scope_of(tx, name="live/other", sender=other) == "account"
        assert (
            scope_of(tx, name="live/other", sender=Sender(service="clips", device="phone-4"))
            == "device"
        )
        assert (
            scope_of(tx, name="live/other", sender=Sender(service="clips", account="heron")) == ""
        )
        assert (order.epoch, order.state) == (1, OrderState.WANTED)
        assert streams.get(tx, made.id).control is Control.CUT
        waiting = {(one.kind, one.count) for one in jobs.waiting(tx)}
        assert {(stream_orders.OBEY_JOB, 1), (stream_orders.KEEP_JOB, 1)} <= waiting


def test_an_apparent_child_is_never_denied(database):
    with database.transaction() as tx:
        made = begun(tx)
        order = ordered(tx, made, Control.CUT, broadcaster=Broadcaster.APPARENT_CHILD)
        assert stream_orders.denials(tx, made.id) == []
        told = stream_orders.told(tx, made, order)
        assert (told["ban"], told["show_help"]) == (False, True)


def test_what_is_said_later_of_the_broadcaster_counts(database):
    """Cut in haste as unknown, seen to be a child afterwards: what was denied is let go."""
    with database.transaction() as tx:
        made = begun(tx)
        first = ordered(tx, made, Control.CUT)
        assert scope_of(tx) == "key"
        second = ordered(tx, made, Control.CUT, broadcaster=Broadcaster.APPARENT_CHILD)
        assert second.epoch == first.epoch + 1
        assert scope_of(tx) == ""


def test_the_same_wish_is_one_order_and_policy_never_lets_go(database):
    with database.transaction() as tx:
        made = begun(tx)
        first = ordered(tx, made, Control.FROZEN)
        assert ordered(tx, made, Control.FROZEN).id == first.id
        assert ordered(tx, made, Control.WATCHED, by="policy").id == first.id
        assert streams.get(tx, made.id).control is Control.FROZEN
        assert ordered(tx, made, Control.OPEN).epoch == 2
        assert streams.get(tx, made.id).control is Control.OPEN


def test_an_older_order_is_overtaken_and_never_acts_after_a_newer(database):
    with database.transaction() as tx:
        made = begun(tx)
        freeze = ordered(tx, made, Control.FROZEN)
        thaw = ordered(tx, made, Control.OPEN)
        assert not stream_orders.in_force(tx, freeze)
        assert stream_orders.in_force(tx, thaw)
        assert stream_orders.get(tx, freeze.id).state is OrderState.OVERTAKEN
        stream_orders.set_state(tx, freeze, OrderState.CONFIRMED)
        assert streams.get(tx, made.id).order_state is OrderState.WANTED


def test_one_of_several_senders_is_cut_and_the_rest_goes_on(database):
    with database.transaction() as tx:
        made = begun(tx)
        guest = stream_people.join(tx, made.id, replace(SENDER, client="18", account="guest"))
        order = ordered(tx, made, Control.CUT, publisher=guest.id)
        assert streams.get(tx, made.id).control is Control.OPEN
        assert stream_people.publisher(tx, guest.id).control is Control.CUT
        whole = ordered(tx, made, Control.FROZEN)
        assert not stream_orders.in_force(tx, order)
        assert stream_orders.in_force(tx, whole)


def test_a_confirmed_stop_is_told_and_every_answer_is_kept(database, clock):
    with database.transaction() as tx:
        made = begun(tx)
        order = ordered(tx, made, Control.CUT)
    clock.advance(0.2)
    with database.transaction() as tx:
        stream_orders.ack(
            tx, order.id, "drop_publisher", done=True, detail="the publisher is gone", ms=60
        )
        stream_orders.set_state(tx, order, OrderState.UNCONFIRMED)
        assert [one.id for one in streams.wall(tx)] == [made.id]
        done = stream_orders.set_state(tx, order, OrderState.CONFIRMED)
        assert done.confirmed_at == tx.now
        (ack,) = stream_orders.acks(tx, order.id)
        assert (ack.step, ack.done, ack.ms) == ("drop_publisher", True, 60)
        types = [one.type for one in outbox.since(tx, 0, limit=100)]
    assert types.count(EventType.STREAM_ORDERED) == 1
    assert types.count(EventType.STREAM_STOPPED) == 1


def test_orders_alerts_and_answers_are_never_changed(database):
    with database.transaction() as tx:
        made = begun(tx)
        order = ordered(tx, made, Control.CUT)
        stream_orders.ack(tx, order.id, "probe", done=False, detail="still there", ms=3)
    for table in ("stream_orders", "stream_acks", "stream_order_states", "stream_denials"):
        with pytest.raises(AppendOnly), database.transaction() as tx:
            tx.execute(sa.delete(metadata.tables[table]))


def test_the_wall_shows_the_riskiest_first_and_ended_ones_only_if_not_confirmed(database):
    with database.transaction() as tx:
        calm, high, now, gone = (begun(tx, f"live/{n}") for n in range(4))
        streams.set_risk(tx, high, 0.7, {"frames": 0.7}, Priority.HIGH)
        streams.set_risk(tx, now, 0.95, {"frames": 0.95}, Priority.NOW)
        streams.set_state(tx, gone.id, StreamState.ENDED)
        assert [one.id for one in streams.wall(tx)] == [now.id, high.id, calm.id]
        assert streams.get(tx, high.id).risks == {"frames": 0.7}


def test_who_sent_and_watched_is_forgotten_with_a_broadcast_that_led_to_nothing(database, clock):
    with database.transaction() as tx:
        quiet, known, cut = begun(tx, "live/1"), begun(tx, "live/2"), begun(tx, "live/3")
        ordered(tx, cut, Control.CUT)
        for one in (quiet, known, cut):
            stream_people.add_viewers(tx, one, [Viewer("heron-12"), Viewer("heron-12")])
            streams.set_state(tx, one.id, StreamState.ENDED)
        streams.set_case(tx, known.id, builders.case(tx, kind=CaseKind.STREAM, subject=known.id).id)
    clock.advance(3600)
    with database.transaction() as tx:
        assert stream_people.forget_before(tx, tx.now) == 2
        assert stream_people.viewers(tx, quiet.id) == stream_people.addresses(tx, quiet.id) == []
        for one in (known, cut):
            assert len(stream_people.viewers(tx, one.id)) == 1
            assert len(stream_people.addresses(tx, one.id)) == 1
        assert streams.forget_before(tx, tx.now) == 1
        assert streams.find(tx, quiet.id) is None
        assert streams.find(tx, known.id) is not None


def test_evidence_comes_back_as_it_was(database):
    reference = new_id()
    pair = FramePair(time_s=12.5, reference_s=3.5, distance=18, view=1, reference_view=0)
    segment = Segment(
        reel=7, start_s=12.0, end_s=18.0, reference_start_s=3.0, reference_end_s=9.0, speed=1.0,
        score=5.5, frames=6, mirrored=False, zone=Zone.LINK, pairs=(pair,),
    )  # fmt: skip
    with database.transaction() as tx:
        made = begun(tx)
        alert = Alert(
            made.id, tx.now, 18.0, "copy", "A known video appears.", 6, 6.0, 5.5, reference, "B"
        )
        kept = stream_alerts.add(
            tx, alert, case=None, wanted=Control.FROZEN, segments=[segment],
            matches=[builders.match(3)],
        )  # fmt: skip
        (back,) = stream_alerts.of_stream(tx, made.id)
        assert back == kept
        assert back.segments == (segment,)
        assert back.matches[0]["entry"] == 3
        assert stream_alerts.last(tx, made.id, "copy", reference).id == kept.id
        assert stream_alerts.last(tx, made.id, "copy", None) is None


def test_what_a_person_dismissed_stays_dismissed_until_it_is_taken_back(database):
    reference = new_id()
    with database.transaction() as tx:
        made = begun(tx)
        case = builders.case(tx, kind=CaseKind.STREAM, subject=made.id)
        alert = Alert(made.id, tx.now, 1.0, "copy", "A known video appears.", reference=reference)
        stream_alerts.add(tx, alert, case=case.id, wanted=Control.FROZEN)
        assert stream_alerts.dismissed(tx, made.id) == frozenset()
        sam = builders.person(tx)
        said = decisions.add(
            tx, case=case.id, kind=DecisionKind.NOT_ILLEGAL, by=sam.id, reason="a garden"
        )
        cases.close(tx, case.id, by=sam.id, reason="a garden")
        assert stream_alerts.dismissed(tx, made.id) == {reference}
        decisions.add(
            tx, case=case.id, kind=DecisionKind.NOT_ILLEGAL, by=sam.id, reason="", undoes=said.id
        )
        assert stream_alerts.dismissed(tx, made.id) == frozenset()


def test_the_history_of_an_account_counts_what_stayed_stopped(database):
    with database.transaction() as tx:
        first = begun(tx, "live/1")
        ordered(tx, first, Control.CUT)
        streams.set_state(tx, first.id, StreamState.ENDED)
        second = begun(tx, "live/2")
        ordered(tx, second, Control.FROZEN)
        ordered(tx, second, Control.OPEN)
        third = begun(tx, "live/3")
        past = streams.history(tx, "clips", "river-otter-81", but=third.id)
        assert (past.streams, past.stopped) == (2, 1)
        assert streams.history(tx, "clips", "nobody").streams == 0


def test_a_bank_cuts_by_itself_only_while_two_people_said_so(database):
    with database.transaction() as tx:
        bank = builders.bank(tx)
        ada, sam = builders.person(tx), builders.person(tx)
        assert not bank_cuts.allowed(tx, bank.id)
        bank_cuts.put(tx, bank.id, allow=True, by=ada.id, second=sam.id)
        assert bank_cuts.allowed(tx, bank.id)
        bank_cuts.put(tx, bank.id, allow=False, by=ada.id, second=None)
        assert not bank_cuts.allowed(tx, bank.id)


def test_nothing_is_made_up_about_a_stream_that_is_not_there(database):
    with database.read() as tx:
        with pytest.raises(NotFound):
            streams.get(tx, new_id())
        with pytest.raises(NotFound):
            streams.labelled(tx, "stream-999")
        assert streams.find(tx, new_id()) is None


def test_seconds_of_a_share_are_kept_by_whoever_watches(database, clock):
    with database.transaction() as tx:
        made = begun(tx)
        streams.seen(tx, {made.id: 0.97})
    with database.read() as tx:
        kept = streams.get(tx, made.id)
        assert (kept.seen_share, kept.seen_at) == (0.97, clock.now())
        assert tx.now - kept.started_at < timedelta(seconds=1)
