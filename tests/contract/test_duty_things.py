"""Acts, reports and requests that are late or failed ring who is on duty, once each, until settled."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests import builders

from breakwater.errors import Conflict
from breakwater.model.access import Principal, Role
from breakwater.model.act import ActKind, ActWhy, Lane, Subject
from breakwater.model.duty import CallKind, Outcome
from breakwater.model.event import EventType
from breakwater.model.filing import FilingState
from breakwater.model.ids import new_id
from breakwater.model.request import Basis, Direction, Move
from breakwater.observe import Metrics
from breakwater.records import duty, duty_calls, filings, legal_requests, outbox, platform_acts
from breakwater.records.legal_requests import NewRequest
from breakwater.records.platform_acts import Ground
from breakwater.reporting.filing import ALARM_BEFORE
from breakwater.review.duty.calling import Caller
from breakwater.review.duty.duty import Duty
from breakwater.review.duty.freeze import FreezeIntent
from breakwater.review.duty.pager import message
from breakwater.review.duty.things import CALLS
from breakwater.review.duty.watch import HEARD, Watch

pytestmark = pytest.mark.usefixtures("keyring")
K = CallKind
KINDS = [K.ACT, K.FILING, K.REQUEST]


class Station:
    """Two people on duty, and things that fail; events are heard as the worker delivers them."""

    def __init__(self, db, clock) -> None:
        self.db, self.clock = db, clock
        metrics, freezer = Metrics(), FreezeIntent()
        caller = Caller(freezer=freezer, metrics=metrics, send=True)
        self.watch = Watch(db=db, clock=clock, metrics=metrics, caller=caller)
        self.duty = Duty(db=db, caller=caller, freezer=freezer, metrics=metrics)
        self.heard = 0
        with db.transaction() as tx:
            self.case = builders.case(tx).id

    def staffed(self) -> list[Principal]:
        """Ada is called first, then Sam; both acknowledged their test page."""
        with self.db.transaction() as tx:
            found = [builders.person(tx) for _ in range(2)]
            for rank, one in enumerate(found, 1):
                duty.plan(
                    tx, person=one.id, starts_at=tx.now, ends_at=tx.now + timedelta(hours=8),
                    rank=rank, by="test",
                )  # fmt: skip
        people = [
            Principal(one.id, one.name, Role.REVIEWER.permissions, person=one.id) for one in found
        ]
        self.watch.turn()
        for call in self.waiting(K.TEST):
            self.duty.acknowledge(next(p for p in people if p.person == call.only), call.id)
        return people

    def fails(self, kind):
        """One thing that is late or failed; answers its id."""
        with self.db.transaction() as tx:
            if kind is K.ACT:
                about = Subject(Lane.CONTENT, "photos", f"obj-{new_id()}")
                made = platform_acts.want(tx, about, ActKind.REMOVE, Ground(ActWhy.LIST))
                platform_acts.give_up(tx, made.id)
                return made.id
            if kind is K.FILING:
                about = filings.About(self.case, "ncmec", tx.now, due_at=tx.now + ALARM_BEFORE / 2)
                made = filings.draft(tx, about, {"words": "a harbour"})
                (late,) = filings.warn(tx, tx.now + ALARM_BEFORE)
                tx.emit(EventType.FILING_OVERDUE, late.id, case=late.case, state=late.state.value)
                return made.id
            new = NewRequest(
                direction=Direction.INCOMING, party="Police", country="gb", basis=Basis.ORDER,
                law="Order", reference="12-3", scope="One account.", received_at=tx.now,
                due_at=tx.now, case=self.case,
            )  # fmt: skip
            made = legal_requests.open_request(tx, new, by="test")
            assert [one.id for one in legal_requests.warn_overdue(tx)] == [made.id]
            return made.id

    def settle(self, kind, subject) -> None:
        """A person dealt with it elsewhere."""
        with self.db.transaction() as tx:
            if kind is K.ACT:
                platform_acts.again(tx, subject, by="test")
            elif kind is K.FILING:
                filings.move(tx, filings.get(tx, subject), FilingState.DROPPED)
            else:
                legal_requests.move(tx, subject, Move.REFUSE, by="test", words="Not ours.")

    def hear(self, *, again=False) -> None:
        """Deliver what happened; `again`: all of it a second time."""
        with self.db.read() as tx:
            since = 0 if again else self.heard
            events = [e for e in outbox.since(tx, since, limit=500) if e.type in HEARD]
        for event in events:
            self.watch.on_case(event)
            self.heard = max(self.heard, event.change)

    def waiting(self, *kinds):
        with self.db.read() as tx:
            return [one for one in duty_calls.waiting(tx) if not kinds or one.kind in kinds]

    def rings(self, call):
        with self.db.read() as tx:
            return duty_calls.rings(tx, call.id)

    def pass_by(self, seconds: float = 60) -> None:
        self.clock.advance(seconds)
        self.watch.turn()


@pytest.fixture
def station(database, clock) -> Station:
    return Station(database, clock)


def test_each_kind_has_its_event() -> None:
    assert sorted(CALLS.values()) == sorted(one for one in CallKind if one.about_thing)
    assert set(CALLS) <= HEARD


@pytest.mark.parametrize("kind", KINDS)
def test_it_rings_who_is_on_duty_once_and_is_acknowledged(station, kind) -> None:
    ada, sam = station.staffed()
    thing = station.fails(kind)
    station.hear()
    (call,) = station.waiting()
    assert (call.kind, call.subject, call.case, call.only) == (kind, thing, None, None)
    assert [ring.person for ring in station.rings(call)] == [ada.person]
    station.pass_by()
    assert [ring.person for ring in station.rings(call)] == [ada.person, sam.person]
    assert station.duty.acknowledge(sam, call.id).outcome is Outcome.ACKNOWLEDGED
    station.hear(again=True)
    station.pass_by(600)
    assert station.waiting() == [], "one page for one thing, however often word of it comes"


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_settled_rings_nobody_on(station, kind) -> None:
    ada, _ = station.staffed()
    thing = station.fails(kind)
    station.hear()
    (call,) = station.waiting()
    station.settle(kind, thing)
    station.pass_by()
    assert station.waiting() == []
    with station.db.read() as tx:
        assert duty_calls.get(tx, call.id).outcome is Outcome.SETTLED
    assert len(station.rings(call)) == 1
    with pytest.raises(Conflict, match="settled before anybody answered"):
        station.duty.acknowledge(ada, call.id)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_settled_before_word_of_it_comes_rings_nobody(station, kind) -> None:
    station.staffed()
    thing = station.fails(kind)
    station.settle(kind, thing)
    station.hear()
    with station.db.read() as tx:
        assert not duty_calls.called(tx, thing, kind)


def test_an_act_that_fails_again_rings_again_and_two_things_ring_apart(station) -> None:
    ada, _ = station.staffed()
    first, second = station.fails(K.ACT), station.fails(K.ACT)
    station.hear()
    calls = station.waiting(K.ACT)
    assert {call.subject for call in calls} == {first, second}
    for call in calls:
        station.duty.acknowledge(ada, call.id)
    station.clock.advance(30)
    with station.db.transaction() as tx:
        platform_acts.again(tx, first, by="test")
        platform_acts.give_up(tx, first)
    station.hear()
    assert [call.subject for call in station.waiting(K.ACT)] == [first]


def test_with_nobody_on_duty_one_alarm_stands_until_it_is_settled(station) -> None:
    """Without a rota too; it neither comes and goes, nor is it raised twice."""
    thing = station.fails(K.FILING)
    station.hear()
    for _ in range(12):
        station.pass_by(5)
    assert sorted(call.kind for call in station.waiting()) == sorted([K.FILING, K.NOBODY])
    assert station.watch.metrics.alarms.labels("nobody_on_duty")._value.get() == 1
    station.settle(K.FILING, thing)
    station.pass_by(60)
    station.pass_by(60)
    assert station.waiting() == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_pager_is_told_a_kind_ids_and_times_alone(station, kind) -> None:
    station.staffed()
    thing = station.fails(kind)
    station.hear()
    (call,) = station.waiting()
    (ring,) = station.rings(call)
    said = message(ring, call, "")
    assert said["data"]["kind"] == kind.value
    assert set(said["data"]) == {"call", "kind", "ring", "person", "answer_by", "url"}
    assert thing not in str(said)
    assert station.case not in str(said)
