"""Broadcasts as a verb, on both databases: who comes in, what is made of alerts and reports."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests import builders

from breakwater.errors import BadInput, NotAllowed, NotFound
from breakwater.live.ports import Call, Peer
from breakwater.live.streams import Streams
from breakwater.live.telling import ReportTold
from breakwater.model.access import Permission, Principal
from breakwater.model.bank import BankAction
from breakwater.model.broadcast import News, NewsKind, Sender, Viewer
from breakwater.model.case import CaseState, Priority
from breakwater.model.copies import FramePrints, Segment, Zone
from breakwater.model.decision import DecisionKind
from breakwater.model.ids import new_id
from breakwater.model.stream import Alert, Broadcaster, Control, OrderState, StreamState
from breakwater.model.user_report import Concern, ReporterKind
from breakwater.records import (
    bank_cuts,
    cases,
    decisions,
    reels,
    stream_alerts,
    stream_orders,
    stream_people,
    streams,
)
from breakwater.review.deciding import broadcasts

pytestmark = pytest.mark.usefixtures("keyring")

NAME = "live/014"
SERVICE = Principal(new_id(), "clips", frozenset(Permission), service="clips")
REFERENCE = new_id()


def call(name=NAME, client="17", account="", key=""):
    peer = Peer(client, "198.51.100.7", 40_001)
    return Call("edge", name, peer, account=account, key=key)


@pytest.fixture
def verbs(database):
    return Streams(db=database, service_of=lambda server: "clips" if server == "edge" else "")


@pytest.fixture
def stream(verbs, database):
    return begun(verbs, database)


def begun(verbs, database, name=NAME, **who):
    about = call(name, **who)
    assert verbs.admit(about).allowed
    verbs.started(about)
    with database.read() as tx:
        return streams.running(tx, "edge", name)


def now(database, stream):
    with database.read() as tx:
        return streams.get(tx, stream.id)


def seen(stream, kind="copy", **facts):
    known = {
        "stream": stream.id, "at": builders.NOON, "time_s": 10.0, "kind": kind,
        "why": "A known video appears.", "frames": 6, "span_s": 6.0, "score": 5.0,
        "reference": REFERENCE, "bank": "",
    }  # fmt: skip
    return Alert(**known | facts)


def case_of(database, stream):
    with database.read() as tx:
        found = streams.get(tx, stream.id)
        return cases.get(tx, found.case)


def decided(database, stream, kind):
    with database.transaction() as tx:
        case = streams.get(tx, stream.id).case
        sam = builders.person(tx)
        said = decisions.add(tx, case=case, kind=kind, by=sam.id, reason="looked")
        broadcasts.act(tx, cases.get(tx, case), said)
        cases.close(tx, case, by=sam.id, reason="looked")


def ordered(database, stream, to, **facts):
    with database.transaction() as tx:
        found = streams.get(tx, stream.id)
        return stream_orders.want(tx, found, to, by="sam", why="person", **facts)


def report(verbs, stream, reporter="heron", **facts):
    return verbs.report(SERVICE, stream.id, ReportTold(reporter, Concern.ABUSE_LIVE, **facts))


def test_a_broadcast_begins_and_ends_with_its_last_publisher(verbs, database, stream):
    assert (stream.service, stream.state) == ("clips", StreamState.LIVE)
    verbs.started(call(client="18"))
    verbs.ended(call(client="17"))
    assert now(database, stream).state is StreamState.LIVE
    verbs.ended(call(client="99"))
    verbs.ended(call(client="18"))
    assert now(database, stream).state is StreamState.ENDED


def test_a_second_one_under_the_same_name_does_not_end_the_first(verbs, database, stream):
    """nginx asks us before it refuses a name that is taken, and says goodbye to the second."""
    assert verbs.admit(call(client="66")).allowed
    verbs.started(call(client="66"))
    verbs.ended(call(client="66"))
    assert now(database, stream).state is StreamState.LIVE


def test_what_a_server_does_not_list_any_more_ended(verbs, database, stream):
    other = begun(verbs, database, "live/015", client="20")
    assert verbs.reconcile("edge", {NAME}) == 1
    assert now(database, stream).state is StreamState.LIVE
    assert now(database, other).state is StreamState.ENDED


def test_what_began_after_a_server_was_asked_is_not_missing(verbs, database, stream):
    late = begun(verbs, database, "live/015", client="20")
    assert verbs.reconcile("edge", set(), known={stream.id}) == 1
    assert now(database, stream).state is StreamState.ENDED
    assert now(database, late).state is StreamState.LIVE


def test_who_was_cut_does_not_come_back_by_key_account_or_another_server(verbs, database):
    stream = begun(verbs, database, account="otter", key="secret")
    ordered(database, stream, Control.CUT, broadcaster=Broadcaster.SUSPECT)
    assert not verbs.goes_on(call())
    assert not verbs.may_play(call())
    verbs.ended(call())
    for again in (
        call(client="18"),
        call("live/other", key="secret"),
        call("live/x", account="otter"),
    ):
        assert not verbs.admit(again).allowed
    with pytest.raises(NotAllowed):
        verbs.begin(SERVICE, "", "elsewhere", Sender(account="otter"))
    assert verbs.admit(call("live/other", account="heron")).allowed


def test_an_apparent_child_may_come_back(verbs, database):
    stream = begun(verbs, database, account="otter")
    order = ordered(database, stream, Control.CUT, broadcaster=Broadcaster.APPARENT_CHILD)
    assert verbs.admit(call(client="18")).why == "stopping"
    with database.transaction() as tx:
        stream_orders.set_state(tx, order, OrderState.CONFIRMED)
        streams.set_state(tx, stream.id, StreamState.ENDED)
    assert verbs.admit(call(client="18")).allowed


def test_a_frozen_one_goes_on_sending_and_nobody_plays_it(verbs, database, stream):
    ordered(database, stream, Control.FROZEN)
    assert verbs.goes_on(call())
    assert not verbs.may_play(call())
    ordered(database, stream, Control.OPEN)
    assert verbs.may_play(call())


def test_who_comes_back_while_a_freeze_waits_is_frozen_again(verbs, database):
    stream = begun(verbs, database, account="otter")
    verbs.alert(seen(stream))
    verbs.ended(call())
    again = begun(verbs, database, "live/other", client="18", account="otter")
    assert again.id != stream.id
    assert again.control is Control.FROZEN
    assert again.case == now(database, stream).case


def test_an_aligned_copy_freezes_and_opens_a_case_for_now(verbs, database, stream):
    found = verbs.alert(seen(stream))
    assert (found.control, found.priority) == (Control.FROZEN, Priority.NOW)
    case = case_of(database, stream)
    assert (case.priority, case.subject, case.service) == (Priority.NOW, stream.id, "clips")
    with database.read() as tx:
        (order,) = stream_orders.of_stream(tx, stream.id)
        (kept,) = stream_alerts.of_stream(tx, stream.id)
    assert (order.by, order.why, kept.case, kept.wanted) == (
        "policy",
        "copy",
        case.id,
        Control.FROZEN,
    )


def test_the_same_sight_again_is_one_alert_until_it_goes_further(verbs, database, stream, clock):
    sight = shows(database, marked(database))
    verbs.alert(seen(stream, frames=1, span_s=0.0, **sight))
    verbs.alert(seen(stream, frames=2, span_s=2.0, **sight))
    assert now(database, stream).control is Control.FROZEN
    verbs.alert(seen(stream, frames=3, span_s=4.0, at=clock.now(), **sight))
    assert now(database, stream).control is Control.CUT
    with database.read() as tx:
        assert [one.wanted for one in stream_alerts.of_stream(tx, stream.id)] == [
            Control.CUT, Control.FROZEN,
        ]  # fmt: skip


def marked(database):
    with database.transaction() as tx:
        bank = builders.bank(tx, action=BankAction.BLOCK)
        ada, sam = builders.person(tx), builders.person(tx)
        bank_cuts.put(tx, bank.id, allow=True, by=ada.id, second=sam.id)
        return bank


def shows(database, bank, *more):
    """A known video of a bank for which two people vouch, or those named, as an alert says it."""
    hashes = np.random.default_rng(4).integers(0, 255, (1, 32)).astype(np.uint8)
    prints = FramePrints(0.0, np.zeros(1, np.uint8), hashes, np.full(1, 90, np.uint8))
    with database.transaction() as tx:
        reel = reels.add(
            tx, bank=bank, label="a film", source="tests", duration_s=8.0, frames=[prints],
            by="ada",
        )  # fmt: skip
        for one in more or ("sam",):
            reels.vouch(tx, reel.number, by=one)
    return {"bank": bank.name, "reference": reel.id, "auto_cut": True}


def test_an_alert_is_not_believed_about_its_bank(verbs, database, stream):
    """Whether a bank may cut is read from rows; an unmarked, or unknown, one freezes."""
    with database.transaction() as tx:
        plain = builders.bank(tx, action=BankAction.BLOCK)
    verbs.alert(seen(stream, **shows(database, plain)))
    assert now(database, stream).control is Control.FROZEN
    other = begun(verbs, database, "live/015", client="20")
    verbs.alert(seen(other, bank="GONE", auto_cut=True))
    assert now(database, other).control is Control.FROZEN


def test_a_closer_look_is_a_case_without_a_stop(verbs, database, stream):
    look = Segment(
        reel=3, start_s=1.0, end_s=5.0, reference_start_s=0.0, reference_end_s=4.0, speed=1.0,
        score=1.2, frames=2, mirrored=False, zone=Zone.LOOK,
    )  # fmt: skip
    found = verbs.alert(seen(stream, score=1.2), segments=[look])
    assert found.control is Control.WATCHED
    assert case_of(database, stream).priority in {Priority.HIGH, Priority.MEDIUM}


def test_a_broken_stream_is_a_case_and_goes_on(verbs, database, stream):
    found = verbs.alert(seen(stream, "undecodable", reference=None, why="Nothing of it decodes."))
    assert found.control is Control.WATCHED
    assert case_of(database, stream).why == "Nothing of it decodes."


def test_a_score_opens_no_case_and_stops_nothing(verbs, database, stream):
    found = verbs.alert(seen(stream, "classifier", score=1.0, reference=None))
    assert found.case is None
    assert not found.stopped
    assert found.risk >= 0.5


def test_what_was_dismissed_does_not_stop_it_again_and_something_else_does(
    verbs, database, stream, clock
):
    verbs.alert(seen(stream))
    decided(database, stream, DecisionKind.NOT_ILLEGAL)
    clock.advance(60)
    verbs.alert(seen(stream, at=clock.now()))
    assert now(database, stream).control is Control.OPEN
    first = case_of(database, stream)
    assert first.state is CaseState.CLOSED
    verbs.alert(seen(stream, reference=new_id(), at=clock.now()))
    assert now(database, stream).control is Control.FROZEN
    assert case_of(database, stream).id != first.id


def test_an_alert_on_what_ended_is_kept_as_a_case(verbs, database, stream):
    verbs.ended(call())
    found = verbs.alert(seen(stream))
    assert found.case is not None
    assert found.state is StreamState.ENDED
    with database.read() as tx:
        assert stream_orders.of_stream(tx, stream.id) == []


def test_reports_raise_risk_and_order_at_once_and_never_freeze(verbs, database, stream):
    report(verbs, stream, "heron")
    first = now(database, stream)
    assert first.risk > 0.2
    for name in range(30):
        report(verbs, stream, f"stranger-{name}")
    many = now(database, stream)
    assert many.risk > first.risk
    assert not many.stopped
    assert case_of(database, stream).priority in {Priority.HIGH, Priority.MEDIUM}


def test_a_trusted_flagger_hides_it_and_danger_is_now(verbs, database, stream):
    report(verbs, stream, "hotline", reporter_kind=ReporterKind.TRUSTED_FLAGGER, danger=True)
    found = now(database, stream)
    assert found.control is Control.HIDDEN
    assert case_of(database, stream).priority is Priority.NOW


def test_one_more_stranger_changes_nothing_and_a_flagger_after_a_crowd_does(
    verbs, database, stream
):
    for name in range(3):
        report(verbs, stream, f"stranger-{name}")
    crowd = now(database, stream)
    for name in range(3, 25):
        report(verbs, stream, f"stranger-{name}")
    assert now(database, stream).version == crowd.version
    report(verbs, stream, "hotline", reporter_kind=ReporterKind.TRUSTED_FLAGGER)
    assert now(database, stream).risk > crowd.risk


def test_the_same_report_is_taken_once(verbs, database, stream):
    first = report(verbs, stream, reference="r-1")
    assert report(verbs, stream, reference="r-1").id == first.id


def test_comments_and_scores_of_a_service_raise_the_risk(verbs, database, stream):
    found = verbs.event(SERVICE, stream.id, News(NewsKind.COMMENTS, risk=0.4))
    assert (found.control, found.risk) == (Control.WATCHED, 0.4)
    found = verbs.event(SERVICE, stream.id, News(NewsKind.COMMENTS, risk=0.0))
    assert found.risk == 0.0
    with pytest.raises(BadInput):
        verbs.event(SERVICE, stream.id, News(NewsKind.COMMENTS, risk=float("nan")))


def test_a_service_without_a_server_confirms_what_it_did(verbs, database):
    stream = verbs.begin(SERVICE, "", "own-7", Sender(account="otter"))
    order = ordered(database, stream, Control.CUT)
    told = News(NewsKind.STOPPED, order=order.id, done=True, detail="cut at the edge")
    verbs.event(SERVICE, stream.id, told)
    with database.read() as tx:
        assert stream_orders.get(tx, order.id).state is OrderState.CONFIRMED
        (ack,) = stream_orders.acks(tx, order.id)
    assert (ack.step, ack.detail) == ("service", "cut at the edge")
    other = verbs.begin(SERVICE, "", "own-8", Sender(account="heron"))
    with pytest.raises(BadInput):
        verbs.event(SERVICE, other.id, told)


def test_viewers_are_counted_and_kept_while_it_runs(verbs, database, stream):
    found = verbs.viewers(SERVICE, stream.id, count=3, who=[Viewer("heron"), Viewer("coot")])
    assert found.viewers == 3
    with database.read() as tx:
        assert {one.account for one in stream_people.viewers(tx, stream.id)} == {"heron", "coot"}


def test_a_service_sees_and_tells_of_its_own_alone(verbs, database, stream):
    other = replace(SERVICE, service="photos")
    assert verbs.every(other) == []
    for act in (
        lambda: verbs.get(other, stream.id),
        lambda: verbs.event(other, stream.id, News(NewsKind.ENDED)),
        lambda: verbs.viewers(other, stream.id, count=1),
        lambda: verbs.report(other, stream.id, ReportTold("x", Concern.OTHER)),
        lambda: verbs.begin(other, "edge", NAME, Sender(account="mine")),
    ):
        with pytest.raises(NotFound):
            act()


def test_what_the_service_tells_later_is_known_at_the_door(verbs, database, stream):
    verbs.begin(SERVICE, "edge", NAME, Sender(account="otter", device="phone-4"))
    told = now(database, stream)
    assert (told.id, told.account) == (stream.id, "otter")
    ordered(database, stream, Control.CUT)
    verbs.ended(call())
    assert verbs.admit(call("live/new", account="otter")).why == "denied_account"


def test_an_account_that_was_stopped_before_is_watched_more_closely(verbs, database):
    first = begun(verbs, database, account="otter")
    ordered(database, first, Control.CUT, broadcaster=Broadcaster.APPARENT_CHILD)
    with database.transaction() as tx:
        streams.set_state(tx, first.id, StreamState.ENDED)
    again = begun(verbs, database, client="18", account="otter")
    assert again.control is Control.WATCHED
    assert again.risks["history"] > 0.3
