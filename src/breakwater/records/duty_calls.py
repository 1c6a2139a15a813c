"""Calls for a person as rows: opened, rung, answered once; and rings on their way to a pager.

A call of one subject that waits is not opened a second time. The first answer counts; whoever
comes later is told who it was. Fed by `review.duty.duty` and `review.duty.watch`, sent by
`review.duty.pager`. Contract: `tests/contract/test_records_duty.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.duty import Call, CallKind, Delivery, Outcome, Ring
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_duty import (
    duty_answers,
    duty_calls,
    duty_deliveries,
    duty_freezes,
    duty_rings,
    duty_waiting,
)

_c, _a, _r = duty_calls.c, duty_answers.c, duty_rings.c
_w, _d, _f = duty_waiting.c, duty_deliveries.c, duty_freezes.c
_CALLS: Final = sa.select(
    duty_calls, _a.outcome, _a.by.label("answered_by"), _a.at.label("answered_at")
).join_from(duty_calls, duty_answers, _a.call_id == _c.id, isouter=True)
_SENDING: Final = _d.done_at.is_(None)


def open(  # noqa: A001 - a call is opened; the built-in is not used here
    tx: Tx, *, kind: CallKind, subject: Id, by: str, only: Id | None = None
) -> Call:
    """Open a call; one of the same kind and subject that waits is answered as it stands.

    Args:
        tx: the transaction that made it necessary.
        kind: what a person is needed for.
        subject: id of the case, shift or person.
        by: id of who calls, or the name of a part.
        only: the one person it is for.
    """
    tx.lock_changes()
    known = [one for one in about(tx, subject) if one.kind is kind and one.only == only]
    if known:
        return known[0]
    made = Call(new_id(), kind, subject, by, tx.now, only)
    tx.execute(
        sa.insert(duty_calls),
        {
            "id": made.id,
            "kind": kind.value,
            "subject_id": subject,
            "only_person": only,
            "by": by,
            "opened_at": tx.now,
        },
    )
    tx.execute(sa.insert(duty_waiting), {"call_id": made.id, "next_at": tx.now})
    tx.audit(by, "duty.call", subject, kind=kind.value)
    tx.emit(EventType.DUTY_CHANGED, made.id, what="called", kind=kind.value)
    return made


def get(tx: Tx, call: Id) -> Call:
    """One call by id.

    Raises:
        NotFound: no such call.
    """
    row = tx.execute(_CALLS.where(_c.id == call)).one_or_none()
    if row is None:
        raise NotFound(f"call {call}")
    return _call(row)


def waiting(tx: Tx, *, due: datetime | None = None) -> list[Call]:
    """Calls that nobody answered, the oldest first; only those to look at by `due` if given."""
    wanted = _CALLS.join(duty_waiting, _w.call_id == _c.id).order_by(_c.opened_at, _c.id)
    if due is not None:
        wanted = wanted.where(_w.next_at <= due)
    return [_call(row) for row in tx.execute(wanted)]


def about(tx: Tx, subject: Id) -> list[Call]:
    """Calls of one subject that nobody answered, the oldest first."""
    wanted = _CALLS.join(duty_waiting, _w.call_id == _c.id).where(_c.subject_id == subject)
    return [_call(row) for row in tx.execute(wanted.order_by(_c.opened_at, _c.id))]


def ringing(tx: Tx, person: Id) -> list[Call]:
    """Calls that nobody answered and that rang this person, the oldest first."""
    rung = sa.select(_r.call_id).where(_r.person_id == person, _r.call_id == _c.id)
    wanted = _CALLS.join(duty_waiting, _w.call_id == _c.id).where(rung.exists())
    return [_call(row) for row in tx.execute(wanted.order_by(_c.opened_at, _c.id))]


def called(tx: Tx, subject: Id, kind: CallKind, *, since: datetime | None = None) -> bool:
    """Whether there was such a call already, at all or since a moment."""
    wanted = sa.select(_c.id).where(_c.subject_id == subject, _c.kind == kind.value).limit(1)
    if since is not None:
        wanted = wanted.where(_c.opened_at >= since)
    return tx.execute(wanted).first() is not None


def recent(tx: Tx, limit: int = 20) -> list[Call]:
    """Calls that ended, the newest first."""
    wanted = _CALLS.where(_a.outcome.is_not(None)).order_by(_c.opened_at.desc(), _c.id.desc())
    return [_call(row) for row in tx.execute(wanted.limit(limit))]


def answer(tx: Tx, call: Id, *, outcome: Outcome, by: str) -> Call:
    """End a call; the first answer counts.

    Args:
        tx: the transaction.
        call: which.
        outcome: how it ended.
        by: id of the person, or the name of a part.

    Raises:
        NotFound: no such call.
        Conflict: it ended already; the facts say how and when.
    """
    tx.lock_changes()
    before = get(tx, call)
    if before.outcome is not None:
        raise Conflict("Somebody else answered this call.", outcome=before.outcome.value)
    row = {"call_id": call, "outcome": outcome.value, "by": by, "at": tx.now}
    tx.execute(sa.insert(duty_answers), row)
    tx.execute(sa.delete(duty_waiting).where(_w.call_id == call))
    rung = sa.select(_r.id).where(_r.call_id == call)
    tx.execute(
        sa.update(duty_deliveries)
        .where(_d.ring_id.in_(rung.scalar_subquery()), _SENDING)
        .values(done_at=tx.now, error="answered")
    )
    tx.audit(by, "duty.answer", before.subject, kind=before.kind.value, outcome=outcome.value)
    tx.emit(EventType.DUTY_CHANGED, call, what=outcome.value, kind=before.kind.value)
    return get(tx, call)


def ring(tx: Tx, call: Call, person: Id | None, *, answer_by: datetime, send: bool) -> Ring:
    """Ring a person, or tell only the pager service that nobody is there.

    Args:
        tx: the transaction.
        call: one that waits.
        person: whom.
        answer_by: until then nobody else is rung.
        send: whether a pager service is to be told.
    """
    tx.lock_changes()
    last = sa.select(sa.func.max(_r.number)).where(_r.call_id == call.id)
    number = int(tx.execute(last).scalar() or 0) + 1
    made = Ring(new_id(), call.id, number, person, tx.now, answer_by)
    tx.execute(
        sa.insert(duty_rings),
        {
            "id": made.id,
            "call_id": call.id,
            "number": number,
            "person_id": person,
            "at": tx.now,
            "answer_by": answer_by,
        },
    )
    if send:
        row = {"ring_id": made.id, "attempts": 0, "next_at": tx.now, "status": None}
        empty = {"error": "", "delivered": False, "done_at": None}
        tx.execute(sa.insert(duty_deliveries), row | empty)
    look_again(tx, call.id, answer_by)
    tx.emit(EventType.DUTY_CHANGED, call.id, what="rung", kind=call.kind.value)
    return made


def look_again(tx: Tx, call: Id, moment: datetime) -> None:
    """Leave a call as it is until a moment."""
    tx.execute(sa.update(duty_waiting).where(_w.call_id == call).values(next_at=moment))


def rings(tx: Tx, call: Id) -> list[Ring]:
    """The rings of a call, the first first."""
    rows = tx.execute(sa.select(duty_rings).where(_r.call_id == call).order_by(_r.number))
    return [_ring(row) for row in rows]


def ring_of(tx: Tx, ring_id: Id) -> Ring:
    """One ring by id.

    Raises:
        NotFound: no such ring.
    """
    row = tx.execute(sa.select(duty_rings).where(_r.id == ring_id)).one_or_none()
    if row is None:
        raise NotFound(f"ring {ring_id}")
    return _ring(row)


def answer_seconds(tx: Tx, since: datetime) -> list[float]:
    """Seconds from each call about a case to its acknowledgement, since a moment."""
    about_case = [kind.value for kind in CallKind if kind.about_case]
    by_people = [Outcome.ACKNOWLEDGED.value, Outcome.TAKEN.value, Outcome.ORDERED.value]
    wanted = (
        sa.select(_c.opened_at, _a.at)
        .join_from(duty_calls, duty_answers, _a.call_id == _c.id)
        .where(_c.opened_at >= since, _c.kind.in_(about_case))
        .where(_a.outcome.in_(by_people))
    )
    return sorted((row.at - row.opened_at).total_seconds() for row in tx.execute(wanted))


def claim(tx: Tx, *, limit: int, lease_s: float) -> list[Delivery]:
    """Take rings to send; they come again after `lease_s` unless one says otherwise."""
    chosen = sa.select(_d.ring_id).where(_SENDING, _d.next_at <= tx.now)
    chosen = chosen.order_by(_d.next_at).limit(limit).with_for_update(skip_locked=True)
    ids = list(tx.execute(chosen).scalars())
    if not ids:
        return []
    tx.execute(
        sa.update(duty_deliveries)
        .where(_d.ring_id.in_(ids))
        .values(attempts=_d.attempts + 1, next_at=tx.now + timedelta(seconds=lease_s))
    )
    return deliveries(tx, ids)


def deliveries(tx: Tx, wanted: Iterable[Id]) -> list[Delivery]:
    """Where rings stand on their way to the pager service."""
    rows = tx.execute(sa.select(duty_deliveries).where(_d.ring_id.in_(list(wanted))))
    return [_delivery(row) for row in rows]


def delivered(tx: Tx, ring_id: Id, *, status: int) -> None:
    """The pager service took it."""
    _sent(tx, ring_id, status=status, error="", delivered=True, done_at=tx.now)


def failed(
    tx: Tx, ring_id: Id, *, status: int | None, error: str, retry_at: datetime | None
) -> None:
    """The pager service did not take it: again at a moment, or given up when that is None."""
    if retry_at is None:
        _sent(tx, ring_id, status=status, error=error, done_at=tx.now)
    else:
        _sent(tx, ring_id, status=status, error=error, next_at=retry_at)


def next_delivery(tx: Tx) -> datetime | None:
    """When the next ring is to be sent; None when none waits."""
    moment: datetime | None = tx.execute(
        sa.select(sa.func.min(_d.next_at)).where(_SENDING)
    ).scalar()
    return moment


def last_delivery(tx: Tx) -> Delivery | None:
    """The newest ring that was sent or given up: whether the pager service works."""
    tried = sa.select(duty_deliveries).where(_d.done_at.is_not(None), _d.attempts > 0)
    row = tx.execute(tried.order_by(_d.done_at.desc()).limit(1)).one_or_none()
    return None if row is None else _delivery(row)


def forget_before(tx: Tx, moment: datetime) -> int:
    """Drop deliveries that ended before a moment; answers how many."""
    return tx.execute(sa.delete(duty_deliveries).where(_d.done_at < moment)).rowcount


def add_freeze(tx: Tx, case: Id, *, by: str, why: str) -> bool:
    """Keep that somebody wants a stream frozen; False when policy wanted it already."""
    tx.lock_changes()
    if why != "person" and why in frozen(tx, case):
        return False
    row = {"id": new_id(), "case_id": case, "why": why, "by": by, "at": tx.now}
    tx.execute(sa.insert(duty_freezes), row)
    return True


def frozen(tx: Tx, case: Id) -> list[str]:
    """Why a stream was wanted frozen, the first first; empty when it never was."""
    wanted = sa.select(_f.why).where(_f.case_id == case).order_by(_f.at, _f.id)
    return [str(why) for why in tx.execute(wanted).scalars()]


def _sent(tx: Tx, ring_id: Id, **values: Any) -> None:
    mine = sa.update(duty_deliveries).where(_d.ring_id == ring_id, _SENDING)
    tx.execute(mine.values(**values))


def _call(row: sa.Row[Any]) -> Call:
    return Call(
        id=Id(row.id),
        kind=CallKind(row.kind),
        subject=Id(row.subject_id),
        by=row.by,
        opened_at=row.opened_at,
        only=None if row.only_person is None else Id(row.only_person),
        outcome=None if row.outcome is None else Outcome(row.outcome),
        answered_by=row.answered_by or "",
        answered_at=row.answered_at,
    )


def _ring(row: sa.Row[Any]) -> Ring:
    return Ring(
        id=Id(row.id),
        call=Id(row.call_id),
        number=row.number,
        person=None if row.person_id is None else Id(row.person_id),
        at=row.at,
        answer_by=row.answer_by,
    )


def _delivery(row: sa.Row[Any]) -> Delivery:
    return Delivery(
        ring=Id(row.ring_id),
        attempts=row.attempts,
        next_at=row.next_at,
        status=row.status,
        error=row.error,
        delivered=row.delivered,
        done_at=row.done_at,
    )
