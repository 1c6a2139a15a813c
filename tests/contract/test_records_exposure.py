"""What protects people is kept as it was said: limits, breaks, severe marks, overtime, machines."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests import builders

from breakwater.errors import BreakwaterError, NotFound
from breakwater.model.device import Way
from breakwater.model.exposure import Limits, Why
from breakwater.model.ids import new_id
from breakwater.model.media import Level
from breakwater.records import devices, exposure, people, views

COUNTED = (Level.S3, Level.S4)
REST = timedelta(hours=11)


@pytest.fixture
def person(database):
    with database.transaction() as tx:
        return builders.person(tx).id


def ledger(tx, person, hours=24):
    return exposure.ledger(
        tx, person, since=tx.now - timedelta(hours=hours), levels=COUNTED, rest=REST
    )


def look(tx, person, level=Level.S3, ms=2_000):
    made = views.start(tx, person=person, item=new_id(), level=level, reason="review")
    if ms is not None:
        views.end(tx, made.id, ms=ms)


def test_looks_are_read_lean_and_in_order_and_small_stills_are_not(database, clock, person):
    with database.transaction() as tx:
        look(tx, person)
        look(tx, builders.person(tx).id)
        look(tx, person, Level.S1, None)
    clock.advance(60)
    with database.transaction() as tx:
        look(tx, person, Level.S4, None)
        glances = ledger(tx, person).glances
    assert [g.ms for g in glances] == [2_000, 10_000]
    assert [(g.ended - g.at).total_seconds() for g in glances] == [2, 10]
    assert glances[1].at - glances[0].at == timedelta(seconds=60)
    clock.advance(25 * 3600)
    with database.read() as tx:
        assert ledger(tx, person).glances == ()


def test_looks_of_one_minute_are_read_as_one_that_ends_no_earlier(database, clock, person):
    for ms in (3_000, 1_000):
        with database.transaction() as tx:
            look(tx, person, ms=ms)
        clock.advance(20)
    with database.read() as tx:
        (glance,) = ledger(tx, person).glances
    assert glance.ms == 4_000
    assert glance.ended - glance.at == timedelta(seconds=23)


def test_limits_are_what_was_said_last_for_everybody_and_oneself(database, clock, person):
    with database.transaction() as tx:
        assert exposure.limits_of(tx, person) == Limits()
        exposure.change(
            tx, person=None, values={"daily": 200}, by=person, second=None, reason="law"
        )
    clock.advance(1)
    with database.transaction() as tx:
        held = exposure.change(
            tx, person=person, values={"daily": 60}, by=person, second=None, reason="tired"
        )
        assert (held.daily, exposure.limits_of(tx, None).daily) == (60, 200)
        assert exposure.limits_of(tx, builders.person(tx).id).daily == 200
        assert [c.reason for c in exposure.changes(tx, person)] == ["law", "tired"]


def test_the_newest_break_counts(database, clock, person):
    with database.transaction() as tx:
        assert exposure.newest_rest(tx, person) is None
        soon = tx.now + timedelta(minutes=10)
        first = exposure.rest(tx, person, begins_at=tx.now, until=soon, why=Why.TAKEN)
        assert exposure.newest_rest(tx, person) == first
    clock.advance(60)
    with database.transaction() as tx:
        ended = exposure.rest(tx, person, begins_at=tx.now, until=tx.now, why=Why.ENDED)
        assert ledger(tx, person).rest == ended
        assert exposure.rests_since(tx, first.made_at, person) == [first, ended]
        assert exposure.rests_since(tx, ended.made_at) == [ended]


def test_severe_items_and_overtime_are_counted_for_whom_they_are(database, clock, person):
    case, other = new_id(), new_id()
    with database.transaction() as tx:
        exposure.mark(tx, person, case)
        made = exposure.work_overtime(
            tx, person, case, until=tx.now + timedelta(minutes=10), reason="nobody else"
        )
        seen = ledger(tx, person)
        assert (seen.severe, seen.overtime) == ((tx.now,), (made,))
        assert ledger(tx, other) == exposure.Ledger()
        assert exposure.overtime_since(tx, None, tx.now) == [made]


def test_overtime_is_given_back_once_by_the_next_shift(database, clock, person):
    with database.transaction() as tx:
        look(tx, person)
        exposure.work_overtime(
            tx, person, new_id(), until=tx.now + timedelta(minutes=10), reason="nobody else"
        )
    for shift, owed in enumerate([1, 1, 0]):
        clock.advance(16 * 3600 if shift else 3600)
        with database.transaction() as tx:
            look(tx, person)
            assert len(ledger(tx, person).overtime) == owed, shift


def test_nobody_changes_what_was_written(database, person):
    with database.transaction() as tx:
        exposure.mark(tx, person, new_id())
        exposure.change(tx, person=person, values={"daily": 60}, by=person, second=None, reason="x")
        exposure.rest(tx, person, begins_at=tx.now, until=tx.now, why=Why.ENDED)
        exposure.work_overtime(tx, person, new_id(), until=tx.now, reason="x")
    for table in ("limit_changes", "rests", "severe_marks", "overtime"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET person_id = NULL"):
            with pytest.raises(BreakwaterError), database.transaction() as tx:
                tx.execute(sa.text(statement))


def test_whoever_used_a_session_lately_is_there(database, clock, person):
    with database.transaction() as tx:
        people.start_session(
            tx, person, token_sha256=b"t" * 32, method="link",
            expires_at=tx.now + timedelta(hours=12),
        )  # fmt: skip
        assert exposure.present(tx, tx.now - timedelta(minutes=5)) == [person]
    clock.advance(301)
    with database.transaction() as tx:
        assert exposure.present(tx, tx.now - timedelta(minutes=5)) == []
        people.touch_session(tx, people.sessions(tx, person)[0].id)
        assert exposure.present(tx, tx.now - timedelta(minutes=5)) == [person]
        people.revoke_sessions(tx, person)
        assert exposure.present(tx, tx.now - timedelta(minutes=5)) == []


def test_time_is_added_up_by_person_and_level(database, clock, person):
    with database.transaction() as tx:
        began = tx.now
        look(tx, person, ms=1_500)
        look(tx, person)
        look(tx, person, Level.S4, None)
    clock.advance(1)
    with database.read() as tx:
        found = exposure.spent(tx, began, tx.now, person)
        assert exposure.spent(tx, began, tx.now) == found
        assert exposure.spent(tx, began - timedelta(hours=1), began) == []
    assert [(s.level, s.looks, s.time.total_seconds()) for s in found] == [
        (Level.S3, 2, 3.5), (Level.S4, 1, 10.0),
    ]  # fmt: skip


def test_a_machine_is_known_by_its_token_until_it_is_removed(database, person):
    with database.transaction() as tx:
        made = devices.enrol(tx, name="Desk 4", way=Way.CODE, by=person, token_sha256=b"a" * 32)
        assert devices.by_token(tx, b"a" * 32) == made == devices.get(tx, made.id)
        with pytest.raises(NotFound):
            devices.by_token(tx, b"b" * 32)
        devices.touch(tx, made.id)
        assert devices.get(tx, made.id).seen_at == tx.now
        assert devices.remove(tx, made.id).revoked_at == tx.now
        assert [d.id for d in devices.every(tx)] == [made.id]
        with pytest.raises(NotFound):
            devices.remove(tx, new_id())


def test_a_code_is_used_once_and_not_late(database, clock, person):
    with database.transaction() as tx:
        for code in (b"a" * 32, b"b" * 32):
            devices.add_code(
                tx, code_sha256=code, name="Desk 4", by=person,
                expires_at=tx.now + timedelta(minutes=15),
            )  # fmt: skip
        assert devices.use_code(tx, b"a" * 32) == ("Desk 4", person)
        with pytest.raises(NotFound):
            devices.use_code(tx, b"a" * 32)
    clock.advance(901)
    with database.transaction() as tx, pytest.raises(NotFound):
        devices.use_code(tx, b"b" * 32)
