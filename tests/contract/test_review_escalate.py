"""The SLA clock: told once at each step, raised when nobody looks, silent ones give back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests import builders

from breakwater.model.case import CaseKind, CaseState, Priority
from breakwater.model.event import Event, EventType
from breakwater.model.ids import new_id
from breakwater.model.queue import Told
from breakwater.observe import Metrics
from breakwater.records import audit, cases, outbox, queue
from breakwater.review.queueing.escalate import BATCH, Escalation, next_step
from breakwater.review.queueing.routing import Routing


@pytest.fixture
def clockwork(database) -> Escalation:
    return Escalation(db=database, metrics=Metrics())


def opened(database, **facts):
    with database.transaction() as tx:
        case = builders.case(tx, **facts)
    Routing(db=database).heard(Event(new_id(), EventType.CASE_OPENED, case.id, case.opened_at))
    with database.read() as tx:
        return cases.get(tx, case.id)


def told(database) -> list[tuple[str, object]]:
    wanted = {EventType.CASE_DUE, EventType.CASE_OVERDUE}
    with database.read() as tx:
        events = outbox.since(tx, 0, limit=1000, types=wanted)
    return [(event.type.value, event.body.get("level")) for event in events]


def now(database, case):
    with database.read() as tx:
        return cases.get(tx, case.id), queue.waiting(tx, case.id)


def test_a_case_is_told_soon_then_overdue_then_long_overdue(database, clockwork, clock):
    case = opened(database, priority=Priority.MEDIUM)  # 4 h
    for seconds, steps, priority in (
        (4 * 3600 - 301, [], Priority.MEDIUM),
        (1, [("case.due", None)], Priority.MEDIUM),
        (299, [("case.due", None)], Priority.MEDIUM),
        (1, [("case.due", None), ("case.overdue", 1)], Priority.HIGH),
        (4 * 3600, [("case.due", None), ("case.overdue", 1), ("case.overdue", 2)], Priority.NOW),
        (86400, [("case.due", None), ("case.overdue", 1), ("case.overdue", 2)], Priority.NOW),
    ):
        clock.advance(seconds)
        clockwork.turn()
        assert told(database) == steps
        after, _ = now(database, case)
        assert after.priority is priority
        assert after.due_at == case.due_at, "how late it is stays the truth"
    assert now(database, case)[1].next_at is None
    with database.read() as tx:
        assert len(audit.page(tx, limit=9, action="case.overdue")) == 2


def test_a_turn_without_work_writes_nothing(database, clockwork, clock):
    opened(database, priority=Priority.LOW)
    with database.read() as tx:
        before = outbox.newest(tx)
    assert clockwork.turn() == 0
    with database.read() as tx:
        assert outbox.newest(tx) == before


def test_a_closed_case_is_never_told(database, clockwork, clock):
    case = opened(database, priority=Priority.NOW)
    with database.transaction() as tx:
        cases.close(tx, case.id, by="me", reason="done")
    clock.advance(86400)
    clockwork.turn()
    assert told(database) == []
    assert now(database, case)[1].next_at is None


def test_the_wall_clock_may_step_forwards_and_back(database, clockwork, clock):
    """A step early or late tells each step once and never again."""
    opened(database, priority=Priority.HIGH)
    clock.advance(7200)
    clockwork.turn()
    first = told(database)
    assert first == [("case.due", None), ("case.overdue", 1), ("case.overdue", 2)]
    clock.advance(-7200)
    clockwork.turn()
    clock.advance(7200)
    clockwork.turn()
    assert told(database) == first


def test_whoever_falls_silent_gives_the_case_back(database, clockwork, clock):
    case, person = opened(database, priority=Priority.LOW), new_id()
    with database.transaction() as tx:
        cases.hold(tx, case.id, by=person, until=tx.now + timedelta(minutes=10))
    clock.advance(599)
    assert clockwork.turn() == 0
    clock.advance(1)
    assert clockwork.turn() == 1
    after, _ = now(database, case)
    assert (after.state, after.held_by) == (CaseState.OPEN, None)
    with database.read() as tx:
        (entry,) = audit.page(tx, limit=9, action="case.lapse")
        assert entry.facts == {"person": person}


def test_a_wave_of_overdue_cases_is_worked_off_in_slices(database, clockwork, clock):
    made = [opened(database, kind=CaseKind.STREAM, priority=Priority.NOW) for _ in range(5)]
    assert len(made) < BATCH
    clock.advance(120)
    assert clockwork.turn() == 10, "soon and overdue, each told"
    assert told(database).count(("case.overdue", 1)) == 5


@pytest.mark.parametrize("minutes", [1, 2, 15, 240, 1440])
def test_each_step_comes_after_the_one_before(minutes):
    opened_at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    step, moments = Told.QUIET, []
    while (following := next_step(opened_at, opened_at + timedelta(minutes=minutes), step))[1]:
        step, at = following
        moments.append(at)
    assert step is Told.LONG_OVERDUE
    assert moments == sorted(moments)
    assert opened_at < moments[0] < moments[1] == opened_at + timedelta(minutes=minutes)
