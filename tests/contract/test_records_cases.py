"""Cases: the queue's order holds page by page, nobody overwrites, every step is kept."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from tests import builders

from breakwater.errors import BreakwaterError, Conflict, NotFound
from breakwater.model.case import CaseKind, CasePosition, CaseState, Priority
from breakwater.model.event import EventType
from breakwater.model.ids import new_id
from breakwater.records import cases
from breakwater.records.tables import core
from breakwater.records.tables.nouns_intake import cases as table

pytestmark = pytest.mark.usefixtures("keyring")


def test_opening_a_case_tells_the_outbox_and_seals_the_account(database, clock):
    subject = new_id()
    with database.transaction() as tx:
        case = builders.case(tx, subject=subject, priority=Priority.HIGH)
    assert case.due_at == clock.now() + timedelta(minutes=15)
    with database.read() as tx:
        assert cases.get(tx, case.id) == case
        assert cases.by_number(tx, case.number) == case
        assert case.account == "river-otter-81"
        row = tx.execute(sa.select(table)).one()
        assert not any("river-otter" in str(v) for v in row)
        assert not any(b"river-otter" in v for v in row if isinstance(v, bytes))
        events = tx.execute(sa.select(core.outbox)).all()
        assert [(e.type, e.subject) for e in events] == [(EventType.CASE_OPENED.value, case.id)]
        assert cases.by_account(tx, "photos", "river-otter-81") == [case]
        assert cases.by_account(tx, "other", "river-otter-81") == []
        assert cases.by_subject(tx, subject) == [case]
        assert [step.what for step in cases.history(tx, case.id)] == ["opened"]


def test_a_transaction_that_fails_opens_no_case_and_tells_nobody(database):
    with pytest.raises(ZeroDivisionError), database.transaction() as tx:
        _ = builders.case(tx).number / 0
    with database.transaction() as tx:
        assert cases.page(tx) == []
        assert tx.execute(sa.select(core.outbox)).all() == []
        assert builders.case(tx).number == 1


def test_live_comes_first_then_priority_then_what_is_due(database, clock):
    opened = []
    with database.transaction() as tx:
        for kind, priority in (
            (CaseKind.UPLOAD, Priority.LOW),
            (CaseKind.UPLOAD, Priority.NOW),
            (CaseKind.STREAM, Priority.MEDIUM),
            (CaseKind.UPLOAD, Priority.HIGH),
            (CaseKind.STREAM, Priority.NOW),
        ):
            opened.append(builders.case(tx, kind=kind, priority=priority).number)
    clock.advance(60)
    with database.transaction() as tx:
        opened.append(builders.case(tx, priority=Priority.NOW).number)
        order = [case.number for case in cases.page(tx)]
    assert order == [opened[n] for n in (4, 2, 1, 5, 3, 0)]


def test_pages_follow_one_another_without_gap_or_repetition(database, clock):
    with database.transaction() as tx:
        for n in range(23):
            builders.case(tx, priority=list(Priority)[n % 4])
            clock.advance(0 if n % 3 else 1)
    with database.read() as tx:
        whole = cases.page(tx, limit=100)
        seen, after = [], None
        while page := cases.page(tx, after=after, limit=4):
            seen += page
            after = CasePosition.parse(str(page[-1].position))
    assert seen == whole
    assert len(whole) == 23


def test_filters_and_closed_ones(database):
    with database.transaction() as tx:
        made = [builders.case(tx, service="a" if n % 2 else "b") for n in range(6)]
        builders.case(tx, kind=CaseKind.UNDECODABLE, priority=Priority.HIGH)
        for case in made[:3]:
            cases.close(tx, case.id, by="someone", reason="done")
        closed = cases.page(tx, state=CaseState.CLOSED, limit=2)
        assert [c.number for c in closed] == [3, 2]
        rest = cases.page(tx, state=CaseState.CLOSED, after=closed[-1].position)
        assert [c.number for c in rest] == [1]
        assert [c.number for c in cases.page(tx, service="a")] == [4, 6]
        assert [c.number for c in cases.page(tx, kind=CaseKind.UNDECODABLE)] == [7]
        assert [c.number for c in cases.page(tx, priority=Priority.HIGH)] == [7]
        assert cases.page(tx, state=CaseState.HELD) == []
        assert cases.counts(tx) == {
            (CaseState.OPEN, Priority.MEDIUM): 3,
            (CaseState.OPEN, Priority.HIGH): 1,
        }
        assert cases.due_before(tx, tx.now + timedelta(minutes=20)) == 1
        assert cases.due_before(tx, tx.now + timedelta(days=2)) == 4


def test_closing_is_refused_when_somebody_was_quicker_and_harmless_twice(database, clock):
    with database.transaction() as tx:
        case = builders.case(tx)
        cases.set_priority(tx, case.id, Priority.NOW, by="someone", reason="it is live")
    with pytest.raises(Conflict), database.transaction() as tx:
        cases.close(tx, case.id, by="me", reason="seen", expected_version=case.version)
    clock.advance(5)
    with database.transaction() as tx:
        done = cases.close(tx, case.id, by="me", reason="seen", expected_version=2)
        assert (done.state, done.closed_at) == (CaseState.CLOSED, clock.now())
    clock.advance(5)
    with database.transaction() as tx:
        assert cases.close(tx, case.id, by="you", reason="again") == done
        steps = cases.history(tx, case.id)
        assert [(s.what, s.by, s.note) for s in steps] == [
            ("opened", "system", ""),
            ("reprioritised", "someone", "it is live"),
            ("closed", "me", "seen"),
        ]
        with pytest.raises(Conflict):
            cases.set_priority(tx, case.id, Priority.LOW, by="you")
        with pytest.raises(NotFound):
            cases.close(tx, new_id(), by="you", reason="nothing")
        with pytest.raises(NotFound):
            cases.by_number(tx, 99)


def test_a_held_case_is_one_persons(database, clock):
    me, you = new_id(), new_id()
    with database.transaction() as tx:
        case = builders.case(tx)
        held = cases.hold(tx, case.id, by=me, until=clock.now() + timedelta(minutes=5))
        assert (held.state, held.held_by) == (CaseState.HELD, me)
        cases.hold(tx, case.id, by=me, until=clock.now() + timedelta(minutes=6))
        with pytest.raises(Conflict):
            cases.hold(tx, case.id, by=you, until=clock.now() + timedelta(minutes=5))
    clock.advance(7 * 60)
    with database.transaction() as tx:
        assert cases.hold(tx, case.id, by=you, until=clock.now() + timedelta(1)).held_by == you


def test_history_cannot_be_changed_or_deleted(database):
    with database.transaction() as tx:
        case = builders.case(tx)
        cases.note(tx, case.id, by="me", what="looked", words="twice", frames=3)
    for words in ("UPDATE case_history SET note = 'x'", "DELETE FROM case_history"):
        with pytest.raises(BreakwaterError), database.transaction() as tx:
            tx.execute(sa.text(words))
    with database.read() as tx:
        last = cases.history(tx, case.id)[-1]
        assert (last.what, last.note, last.facts) == ("looked", "twice", {"frames": 3})


def test_a_page_is_quick_with_100_000_open_cases(database, clock):
    """By keyset and partial index: deep pages cost what the first one costs."""
    now = clock.now()
    rows = (
        (str(UUID(int=n)), n, "upload", str(UUID(int=n)), "words", "medium", 12, "open", "photos", None, None,
         now, now + timedelta(seconds=n * 7919 % 100_003), 1, 1, None, None, None, None)
        for n in range(1, 100_001)
    )  # fmt: skip
    with database.transaction() as tx:
        tx.insert_many(table, [column.name for column in table.c], rows)
    with database.transaction() as tx:
        if tx.dialect == "postgresql":
            tx.execute(sa.text("ANALYZE cases"))
        else:
            tx.execute(sa.text("ANALYZE"))
    with database.read() as tx:
        after = CasePosition(12, clock.now() + timedelta(seconds=90_000), 1)
        cases.page(tx, after=after)
        each = []
        for _ in range(10):
            start = time.perf_counter()
            page = cases.page(tx, after=after, limit=50)
            each.append(time.perf_counter() - start)
        took = min(each)
    assert len(page) == 50
    assert page[0].due_at >= after.due_at
    assert took < 0.05, f"{took * 1000:.1f} ms a page"
