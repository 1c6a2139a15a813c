"""Legal requests as rows: opened, moved by the table of moves, due, counted.

Every move is a step that is only ever added, with who did it; words, reference and scope stand
sealed. Optimistic by `version`. Fed by `reporting.requests`, counted by `transparency`. Contract:
`tests/contract/test_legal_requests.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.model.request import (
    Basis,
    Direction,
    LegalRequest,
    Move,
    RequestCount,
    RequestState,
    RequestStep,
    after,
)
from breakwater.records import identities, numbers
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_request import legal_request_steps, legal_requests
from breakwater.records.texts import storable

OPENED: Final = "opened"
_r, _s = legal_requests.c, legal_request_steps.c


@dataclass(frozen=True, slots=True)
class NewRequest:
    """What is known when a request is taken in, or drafted."""

    direction: Direction
    party: str
    country: str
    basis: Basis
    law: str
    reference: str
    scope: str
    received_at: datetime
    due_at: datetime
    case: Id | None = None


def open_request(tx: Tx, new: NewRequest, *, by: str) -> LegalRequest:
    """Keep a request: what came in is open, what shall go out is a draft."""
    storable(new.party, new.law, new.reference, new.scope)
    tx.lock_changes()
    made = new_id()
    incoming = new.direction is Direction.INCOMING
    state = RequestState.OPEN if incoming else RequestState.DRAFT
    row = {
        "id": made, "number": numbers.take(tx, "legal_requests"),
        "direction": new.direction.value, "party": new.party, "country": new.country,
        "basis": new.basis.value, "law": new.law, "state": state.value, "case_id": new.case,
        "sealed": identities.seal(tx, made, {"reference": new.reference, "scope": new.scope}),
        "received_at": new.received_at, "due_at": new.due_at, "opened_by": by, "wanted_by": "",
        "package_id": None, "ended_at": None, "warned_at": None, "version": 1,
        "change": tx.change(),
    }  # fmt: skip
    tx.execute(sa.insert(legal_requests), row)
    _note(tx, made, OPENED, "", by=by)
    tx.audit(by, "request.open", made, direction=new.direction.value, basis=new.basis.value)
    return get(tx, made)


def move(
    tx: Tx,
    request: Id,
    what: Move,
    *,
    by: str,
    words: str = "",
    package: Id | None = None,
    due_at: datetime | None = None,
    version: int | None = None,
) -> LegalRequest:
    """Do something about a request.

    Args:
        tx: the transaction.
        request: its id.
        what: the move.
        by: id of the person.
        words: why, how, or what came; sealed.
        package: what went out.
        due_at: a new end of the clock; None leaves it.
        version: the row version that was seen; None moves whatever it is.

    Raises:
        NotFound: no such request.
        Conflict: not possible as it stands, or it was changed meanwhile.
    """
    storable(words)
    tx.lock_changes()
    found = get(tx, request)
    if version is not None and version != found.version:
        raise Conflict("Somebody did something about it meanwhile. Look at it again.")
    state = after(found.direction, found.state, what)
    values: dict[str, Any] = {"state": state.value, "version": found.version + 1}
    if what is not Move.NOTE:
        values["wanted_by"] = by if state is RequestState.SECOND else ""
    if package is not None:
        values["package_id"] = package
    if due_at is not None:
        values |= {"due_at": due_at, "warned_at": None}
    if state.ended and not found.state.ended:
        values["ended_at"] = tx.now
    _set(tx, request, **values)
    _note(tx, request, what.value, words, by=by, package=package)
    tx.audit(by, f"request.{what.value}", request, state=state.value)
    tx.emit(EventType.REQUEST_CHANGED, request, state=state.value, direction=found.direction.value)
    return get(tx, request)


def get(tx: Tx, request: Id) -> LegalRequest:
    """One request by id.

    Raises:
        NotFound: no such request.
    """
    return _one(tx, _r.id == request, f"request {request}")


def by_number(tx: Tx, number: int) -> LegalRequest:
    """One request by number.

    Raises:
        NotFound: no such request.
    """
    return _one(tx, _r.number == number, f"request {number}")


def steps(tx: Tx, request: Id) -> list[RequestStep]:
    """All that was done about a request, the first first."""
    wanted = sa.select(legal_request_steps).where(_s.request_id == request).order_by(_s.change)
    return [
        RequestStep(
            r.at, r.by, r.what, str(identities.unseal(tx, request, r.sealed)["words"]),
            None if r.package_id is None else Id(r.package_id),
        )
        for r in tx.execute(wanted)
    ]  # fmt: skip


def waiting(tx: Tx, *, limit: int = 200) -> list[LegalRequest]:
    """Requests that nothing has ended, the first due first."""
    wanted = sa.select(legal_requests).where(_r.ended_at.is_(None))
    return [_noun(tx, row) for row in tx.execute(wanted.order_by(_r.due_at, _r.id).limit(limit))]


def ended(tx: Tx, *, before: int = 0, limit: int = 50) -> list[LegalRequest]:
    """Requests that ended, the newest first."""
    wanted = sa.select(legal_requests).where(_r.ended_at.is_not(None))
    if before:
        wanted = wanted.where(_r.number < before)
    return [_noun(tx, row) for row in tx.execute(wanted.order_by(_r.number.desc()).limit(limit))]


def of_case(tx: Tx, case: Id) -> list[LegalRequest]:
    """Requests about one case, the newest first."""
    wanted = sa.select(legal_requests).where(_r.case_id == case).order_by(_r.number.desc())
    return [_noun(tx, row) for row in tx.execute(wanted)]


def warn_overdue(tx: Tx, *, limit: int = 100) -> list[LegalRequest]:
    """Those that became overdue and were not yet told of; each is told of once."""
    tx.lock_changes()
    wanted = sa.select(legal_requests).where(
        _r.ended_at.is_(None), _r.warned_at.is_(None), _r.due_at <= tx.now,
        _r.state != RequestState.DRAFT.value,
    )  # fmt: skip
    found = [_noun(tx, row) for row in tx.execute(wanted.order_by(_r.due_at).limit(limit))]
    for one in found:
        _set(tx, one.id, warned_at=tx.now)
        tx.emit(EventType.REQUEST_OVERDUE, one.id, number=one.number, direction=one.direction.value)
    return found


def counts(tx: Tx, since: datetime, until: datetime) -> list[RequestCount]:
    """Requests that came or were drafted in a period, by whom, why, and how they stand now."""
    late = sa.case((sa.func.coalesce(_r.ended_at, tx.now) > _r.due_at, 1), else_=0)
    wanted = (
        sa.select(
            _r.direction, _r.country, _r.basis, _r.state, sa.func.count().label("n"),
            sa.func.sum(late).label("late"),
        )
        .where(_r.received_at >= since, _r.received_at < until)
        .group_by(_r.direction, _r.country, _r.basis, _r.state)
        .order_by(_r.direction, _r.country, _r.basis, _r.state)
    )  # fmt: skip
    return [
        RequestCount(
            Direction(row.direction), row.country, Basis(row.basis), RequestState(row.state),
            int(row.n), 0 if row.state == RequestState.DRAFT.value else int(row.late),
        )
        for row in tx.execute(wanted)
    ]  # fmt: skip


def _set(tx: Tx, request: Id, **values: Any) -> None:
    tx.execute(
        sa.update(legal_requests).where(_r.id == request).values(**values, change=tx.change())
    )


def _note(
    tx: Tx, request: Id, what: str, words: str, *, by: str, package: Id | None = None
) -> None:
    row = {
        "change": tx.change(), "request_id": request, "at": tx.now, "by": by, "what": what,
        "sealed": identities.seal(tx, request, {"words": words}), "package_id": package,
    }  # fmt: skip
    tx.execute(sa.insert(legal_request_steps), row)


def _one(tx: Tx, which: sa.ColumnElement[bool], words: str) -> LegalRequest:
    row = tx.execute(sa.select(legal_requests).where(which)).one_or_none()
    if row is None:
        raise NotFound(words)
    return _noun(tx, row)


def _noun(tx: Tx, row: sa.Row[Any]) -> LegalRequest:
    sealed = identities.unseal(tx, Id(row.id), row.sealed)
    return LegalRequest(
        id=Id(row.id), number=row.number, direction=Direction(row.direction), party=row.party,
        country=row.country, basis=Basis(row.basis), law=row.law,
        reference=str(sealed["reference"]), scope=str(sealed["scope"]),
        state=RequestState(row.state), received_at=row.received_at, due_at=row.due_at,
        opened_by=row.opened_by, case=_id(row.case_id), wanted_by=row.wanted_by,
        package=_id(row.package_id), ended_at=row.ended_at, version=row.version,
        change=row.change,
    )  # fmt: skip


def _id(value: str | None) -> Id | None:
    return None if value is None else Id(value)
