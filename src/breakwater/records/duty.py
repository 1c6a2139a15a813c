"""The rota as rows: who is on call from when to when, in which order, and who ended it.

A shift is never changed: ending it, or handing it over, adds a row. Who is on duty now is
derived, and counts only people who are still here and may decide on cases. Fed by
`review.duty.duty`; read by the exposure clock too. Contract: `tests/contract/test_records_duty.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.access import Permission, Person
from breakwater.model.duty import CallKind, OnDuty, Outcome, Shift
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id, parse_id
from breakwater.records import people
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_duty import (
    duty_answers,
    duty_calls,
    duty_endings,
    duty_shifts,
)

_s, _e, _c, _a = duty_shifts.c, duty_endings.c, duty_calls.c, duty_answers.c
_END: Final = sa.func.coalesce(_e.ends_at, _s.ends_at, type_=_s.ends_at.type)
_SHIFTS: Final = sa.select(duty_shifts, _END.label("over_at")).join_from(
    duty_shifts, duty_endings, _e.shift_id == _s.id, isouter=True
)


def plan(
    tx: Tx, *, person: Id, starts_at: datetime, ends_at: datetime, rank: int, by: str
) -> Shift:
    """Put somebody on the rota.

    Args:
        tx: the transaction.
        person: who.
        starts_at: from when.
        ends_at: until when.
        rank: 1 is called first.
        by: id of who plans.

    Raises:
        NotFound: nobody of this id.
        Conflict: they are on the rota then already.
    """
    tx.lock_changes()
    name = people.get(tx, person).name
    same_time = _SHIFTS.where(_s.person_id == person, _s.starts_at < ends_at, starts_at < _END)
    if tx.execute(same_time.where(_s.starts_at < _END).limit(1)).first():
        raise Conflict(f"{name} is on the rota at that time already.")
    made = Shift(new_id(), person, rank, starts_at, ends_at, ends_at, by)
    tx.execute(
        sa.insert(duty_shifts),
        {
            "id": made.id,
            "person_id": person,
            "rank": rank,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "made_by": by,
            "made_at": tx.now,
        },
    )
    tx.emit(EventType.DUTY_CHANGED, made.id, what="planned")
    return made


def end(tx: Tx, shift: Id, *, at: datetime, by: str, why: str = "ended") -> Shift:
    """End a shift earlier than it was planned; one that did not begin never will.

    Args:
        tx: the transaction.
        shift: which.
        at: from when it no longer counts.
        by: id of who ends it.
        why: `ended` or `handed_over`.

    Raises:
        NotFound: no such shift.
        Conflict: it is over already.
    """
    tx.lock_changes()
    before = get(tx, shift)
    if before.ends_at <= at or before.ends_at < before.planned_until:
        raise Conflict("This shift is over already.")
    row = {"shift_id": shift, "ends_at": max(at, before.starts_at), "why": why, "by": by}
    tx.execute(sa.insert(duty_endings), row | {"at": tx.now})
    tx.emit(EventType.DUTY_CHANGED, shift, what=why)
    return get(tx, shift)


def get(tx: Tx, shift: Id) -> Shift:
    """One shift by id.

    Raises:
        NotFound: no such shift.
    """
    row = tx.execute(_SHIFTS.where(_s.id == shift)).one_or_none()
    if row is None:
        raise NotFound(f"shift {shift}")
    return _noun(row)


def shifts(tx: Tx, since: datetime, until: datetime, limit: int = 500) -> list[Shift]:
    """Shifts that have a part in a stretch of time, in the order in which they begin."""
    within = _SHIFTS.where(_s.ends_at > since, since < _END, _s.starts_at < until)
    within = within.where(_s.starts_at < _END)
    rows = tx.execute(within.order_by(_s.starts_at, _s.rank, _s.id).limit(limit))
    return [_noun(row) for row in rows]


def of_person(tx: Tx, person: Id, moment: datetime) -> Shift | None:
    """The shift of a person at a moment, if they have one."""
    return next((s for s in _at(tx, moment) if s.person == person), None)


def on_now(tx: Tx, moment: datetime | None = None) -> list[OnDuty]:
    """Who can be called at a moment, by the rota's order; now when none is given.

    Somebody who left, or who may no longer decide on cases, is not on duty whatever the rota
    says.
    """
    now = _at(tx, moment or tx.now)
    can = {one.id for one in able(tx)} if now else set()
    missed = _missed_tests(tx, [shift.id for shift in now])
    return [
        OnDuty(
            person=shift.person,
            shift=shift.id,
            rank=shift.rank,
            since=shift.starts_at,
            until=shift.ends_at,
            reachable=shift.id not in missed,
        )
        for shift in now
        if shift.person in can
    ]


def able(tx: Tx) -> list[Person]:
    """Everybody who may be put on the rota, by name: people who may decide on cases."""
    return [one for one in people.every(tx) if one.active and may_decide(one)]


def person_named(tx: Tx, text: str) -> Person:
    """Somebody by id or by name.

    Raises:
        NotFound: nobody.
    """
    person = parse_id(text)
    return people.by_name(tx, text) if person is None else people.get(tx, person)


def may_decide(person: Person) -> bool:
    """Whether somebody can act when they are called."""
    return any(Permission.CASE_DECIDE in role.permissions for role in person.roles)


def planned(tx: Tx) -> bool:
    """Whether there is a rota at all: an installation without one is told so once, not alarmed."""
    return tx.execute(sa.select(_s.id).limit(1)).first() is not None


def untested(tx: Tx) -> list[Shift]:
    """Shifts that began and whose person was not sent a test page yet."""
    now = _at(tx, tx.now)
    if not now:
        return []
    tested = sa.select(_c.subject_id).where(
        _c.subject_id.in_([shift.id for shift in now]), _c.kind == CallKind.TEST.value
    )
    known = {str(found) for found in tx.execute(tested).scalars()}
    return [shift for shift in now if shift.id not in known]


def _at(tx: Tx, moment: datetime) -> list[Shift]:
    covering = _SHIFTS.where(_s.ends_at > moment, _s.starts_at <= moment, moment < _END)
    rows = tx.execute(covering.order_by(_s.rank, _s.starts_at, _s.id))
    return [_noun(row) for row in rows]


def _missed_tests(tx: Tx, wanted: Sequence[Id]) -> set[str]:
    """Shifts whose newest test page that ended was missed."""
    if not wanted:
        return set()
    ended = (
        sa.select(_c.subject_id, _a.outcome)
        .join_from(duty_calls, duty_answers, _a.call_id == _c.id)
        .where(_c.subject_id.in_(wanted), _c.kind == CallKind.TEST.value)
        .order_by(_c.opened_at, _c.id)
    )
    newest = {row.subject_id: row.outcome for row in tx.execute(ended)}
    return {shift for shift, outcome in newest.items() if outcome == Outcome.MISSED.value}


def _noun(row: sa.Row[Any]) -> Shift:
    return Shift(
        id=Id(row.id),
        person=Id(row.person_id),
        rank=row.rank,
        starts_at=row.starts_at,
        ends_at=row.over_at,
        planned_until=row.ends_at,
        made_by=row.made_by,
    )
