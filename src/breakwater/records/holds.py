"""Holds as rows: opened, counted anew, extended, ended; never shortened, never removed.

Terms and ends are only ever added, and the databases refuse an end that comes too early or from
one person (`records.held`). "Held" is asked here by everything that deletes. Fed by
`reporting.preserving`; read by its page, by acts on accounts, requests and figures. Contract:
`tests/contract/test_records_held.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import BadInput, Conflict, NotFound
from breakwater.model.clock import iso
from breakwater.model.event import EventType
from breakwater.model.hold import (
    LONGEST,
    Extension,
    Hold,
    HoldKind,
    HoldState,
    SeatRule,
    Why,
    state_of,
)
from breakwater.model.ids import Id, new_id
from breakwater.records import numbers
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_hold import (
    hold_ends,
    hold_item_ends,
    hold_items,
    hold_terms,
    holds,
)
from breakwater.records.tables.nouns_intake import uploads
from breakwater.records.texts import storable

_h, _t, _e, _i, _x = holds.c, hold_terms.c, hold_ends.c, hold_items.c, hold_item_ends.c
_LAST: Final = (
    sa.select(sa.func.max(_t.change)).where(_t.hold_id == _h.id).correlate(holds).scalar_subquery()
)
_JOINED: Final = (
    sa.select(
        holds, _t.starts_at, _t.ends_at, _t.why.label("counted"),
        _e.at.label("ended_at"), _e.why.label("ended_why"), _e.by.label("ended_by"), _e.second_by,
    )
    .join_from(holds, hold_terms, sa.and_(_t.hold_id == _h.id, _t.change == _LAST))
    .join(hold_ends, _e.hold_id == _h.id, isouter=True)
)  # fmt: skip
LONGEST_WORDS: Final = 2_000
"""Letters of a reason or reference."""


def open(  # noqa: A001 - the verb of a hold
    tx: Tx, case: Id, *, kind: HoldKind, seat: SeatRule, by: str, reason: str, reference: str = "",
    starts: datetime | None = None, ends: datetime | None = None,
) -> Hold:  # fmt: skip
    """Open a hold; one of the report duty that stands is answered as it stands.

    Args:
        tx: the transaction.
        case: whose evidence is kept.
        kind: who asks for it.
        seat: what the law of the service's seat lets be kept.
        by: person, or `reporting`.
        reason: in words.
        reference: of the order or request; needed unless it is the report duty.
        starts: from when its time counts; now when not given.
        ends: None: until two people release it.

    Raises:
        BadInput: no reason, an order without a reference, a report hold without an end.
    """
    _must_say(reason, "Say why this is held.")
    storable(reason, reference)
    if kind.ordered:
        _must_say(reference, "Name the order or request that this hold follows.")
    elif ends is None:
        raise BadInput("A hold for a report has an end.")
    tx.lock_changes()
    if not kind.ordered:
        for one in of_case(tx, case):
            if one.kind is kind and one.stands:
                return one
    made, begun = new_id(), starts or tx.now
    tx.execute(
        sa.insert(holds),
        {
            "id": made, "number": numbers.take(tx, "holds"), "case_id": case, "kind": kind.value,
            "seat": seat.value, "reference": reference.strip()[:LONGEST_WORDS],
            "reason": reason.strip()[:LONGEST_WORDS], "by": by, "at": tx.now,
        },
    )  # fmt: skip
    counted = Why.ORDERED if kind.ordered else Why.DECIDED
    _term(tx, made, begun, ends, why=counted, by=by, reason="")
    tx.audit(by, "hold.open", made, case=case, kind=kind.value, seat=seat.value)
    tx.emit(EventType.HOLD_CHANGED, made, case=case, kind=kind.value, state=HoldState.STANDS.value)
    return get(tx, made)


def legal(
    tx: Tx, case: Id, *, reference: str, reason: str, by: str, seat: SeatRule,
    ends: datetime | None = None, kind: HoldKind = HoldKind.LEGAL,
) -> Hold:  # fmt: skip
    """A court or an authority orders that a case's evidence is kept; see `open`."""
    return open(
        tx, case, kind=kind, seat=seat, by=by, reason=reason, reference=reference, ends=ends
    )


def extend(tx: Tx, hold: Id, to: datetime, *, by: str, reason: str) -> Hold:
    """Keep longer; never shorter.

    Raises:
        NotFound: no such hold.
        Conflict: it ended.
        BadInput: no reason, or the new end is not later than the old one, or is beyond reason.
    """
    _must_say(reason, "Say why this is kept longer.")
    storable(reason)
    tx.lock_changes()
    found = _standing(tx, hold)
    if found.ends is None:
        raise BadInput("This hold stands until it is released: there is nothing to extend.")
    if to <= found.ends:
        raise BadInput("A hold is only ever extended: name a later day.")
    if to > tx.now + LONGEST:
        raise BadInput("That is more than ten years from now.")
    _term(tx, hold, found.starts, to, why=Why.EXTENDED, by=by, reason=reason)
    tx.audit(by, "hold.extend", hold, case=found.case, until=iso(to))
    tx.emit(EventType.HOLD_CHANGED, hold, case=found.case, state=HoldState.STANDS.value)
    return get(tx, hold)


def receipt(tx: Tx, hold: Id, *, at: datetime, ends: datetime, filing: Id) -> Hold:
    """The receipt of a report stands: the time counts from it; a later end stays as it is."""
    tx.lock_changes()
    found = _standing(tx, hold)
    known = sa.select(_t.change).where(_t.hold_id == hold, _t.filing_id == filing)
    if tx.execute(known).scalar() is not None:
        return found
    later = ends if found.ends is None else max(ends, found.ends)
    _term(tx, hold, at, later, why=Why.RECEIPT, by="reporting", reason="", filing=filing)
    tx.audit("reporting", "hold.receipt", hold, case=found.case, filing=filing)
    tx.emit(EventType.HOLD_CHANGED, hold, case=found.case, state=HoldState.STANDS.value)
    return get(tx, hold)


def end(
    tx: Tx, hold: Id, *, why: Why, by: str, reason: str, second: str | None = None
) -> Hold:  # fmt: skip
    """End a hold. Whether it may end is asked again by the database.

    Args:
        tx: the transaction.
        hold: which stands.
        why: `released` and `expired` need two people; `taken_back` is the decision's own end.
        by: who proposed it.
        reason: in words.
        second: the other person.

    Raises:
        Conflict: it ended, its time is not over, or an order stands.
        Held: the database refuses.
    """
    _must_say(reason, "Say why this hold ends.")
    storable(reason)
    tx.lock_changes()
    found = _standing(tx, hold)
    tx.execute(
        sa.insert(hold_ends),
        {
            "hold_id": hold, "why": why.value, "reason": reason.strip()[:LONGEST_WORDS], "by": by,
            "second_by": second, "at": tx.now,
        },
    )  # fmt: skip
    tx.audit(by, "hold.end", hold, case=found.case, why=why.value, second=second)
    tx.emit(EventType.HOLD_CHANGED, hold, case=found.case, state=HoldState.ENDED.value)
    return get(tx, hold)


def get(tx: Tx, hold: Id) -> Hold:
    """One hold by id.

    Raises:
        NotFound: no such hold.
    """
    row = tx.execute(_JOINED.where(_h.id == hold)).one_or_none()
    if row is None:
        raise NotFound(f"hold {hold}")
    return _noun(tx, row)


def of_case(tx: Tx, case: Id) -> list[Hold]:
    """Every hold of a case, the first first."""
    return [
        _noun(tx, row) for row in tx.execute(_JOINED.where(_h.case_id == case).order_by(_h.number))
    ]


def extensions(tx: Tx, case: Id) -> list[Extension]:
    """Every time that somebody kept a hold of a case longer, the newest first."""
    wanted = (
        sa.select(_t.hold_id, _t.by, _t.at, _t.ends_at, _t.reason)
        .join_from(hold_terms, holds, _h.id == _t.hold_id)
        .where(_h.case_id == case, _t.why == Why.EXTENDED.value)
        .order_by(_t.change.desc())
    )
    return [
        Extension(Id(row.hold_id), row.by, row.at, row.ends_at, row.reason)
        for row in tx.execute(wanted)
    ]


def standing(tx: Tx, case: Id) -> list[Hold]:
    """Holds of a case that forbid deletion."""
    return [one for one in of_case(tx, case) if one.stands]


def receipted(tx: Tx, hold: Id) -> bool:
    """Whether a report's receipt stands."""
    found = sa.select(_t.change).where(_t.hold_id == hold, _t.why == Why.RECEIPT.value).limit(1)
    return tx.execute(found).scalar() is not None


def held_blob(tx: Tx, blob: Id | None) -> bool:
    """Whether an object of the vault may not be destroyed."""
    if blob is None:
        return False
    return tx.execute(_naming(_i.blob_id == blob).limit(1)).scalar() is not None


def held_row(tx: Tx, table: str, row: Id) -> bool:
    """Whether a row may not be deleted or emptied."""
    named = sa.and_(_i.row_id == row, _i.row_table == table)
    return tx.execute(_naming(named).limit(1)).scalar() is not None


def held_upload(tx: Tx, upload: Id, blob: Id | None = None) -> bool:
    """Whether an upload or its bytes may not be emptied or destroyed."""
    return held_row(tx, uploads.name, upload) or held_blob(tx, blob)


def holding(table: str, row: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether a row is held, as a condition: what forgets by the thousand leaves these out."""
    return _naming(sa.and_(_i.row_id == row, _i.row_table == table)).exists()


def held_cases(tx: Tx, wanted: Iterable[Id]) -> frozenset[Id]:
    """Those of some cases whose evidence is held."""
    some = list(wanted)
    stands = sa.select(_h.case_id).where(_h.case_id.in_(some), ~_ended())
    return frozenset(Id(one) for one in tx.execute(stands).scalars())


def page(
    tx: Tx, *, state: HoldState | None = None, kind: HoldKind | None = None,
    before: datetime | None = None, after: int | None = None, limit: int = 50,
) -> list[Hold]:  # fmt: skip
    """Holds for a list: what comes due first, then those without an end, then what ended.

    Args:
        tx: a snapshot.
        state: only these.
        kind: only these.
        before: only those whose time is over before then.
        after: only those with a smaller number, for paging; the newest come first then.
        limit: at most so many.
    """
    wanted = _JOINED
    if state is HoldState.ENDED:
        wanted = wanted.where(_e.at.is_not(None))
    elif state is not None:
        wanted = wanted.where(_e.at.is_(None))
        over = sa.and_(_t.ends_at.is_not(None), _t.ends_at <= tx.now)
        wanted = wanted.where(over if state is HoldState.DUE else sa.not_(over))
    if kind is not None:
        wanted = wanted.where(_h.kind == kind.value)
    if before is not None:
        wanted = wanted.where(_t.ends_at < before)
    if after is not None:
        wanted = wanted.where(_h.number < after)
    order: Sequence[Any] = (_h.number.desc(),)
    if state is not None and state is not HoldState.ENDED and after is None:
        order = (_t.ends_at.is_(None), _t.ends_at, _h.number)
    return [_noun(tx, row) for row in tx.execute(wanted.order_by(*order).limit(limit))]


def counts(tx: Tx) -> dict[HoldState, int]:
    """How many holds there are, by state."""
    over = sa.and_(_t.ends_at.is_not(None), _t.ends_at <= tx.now)
    state = sa.case(
        (_e.at.is_not(None), HoldState.ENDED.value), (over, HoldState.DUE.value),
        else_=HoldState.STANDS.value,
    )  # fmt: skip
    whole = (
        sa.select(state.label("state"), sa.func.count().label("n"))
        .join_from(holds, hold_terms, sa.and_(_t.hold_id == _h.id, _t.change == _LAST))
        .join(hold_ends, _e.hold_id == _h.id, isouter=True)
        .group_by(sa.literal_column("1"))
    )
    found = {HoldState(row.state): int(row.n) for row in tx.execute(whole)}
    return {one: found.get(one, 0) for one in HoldState}


def _naming(named: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Items that name something, of cases of which a hold stands."""
    gone = sa.select(_x.item_id).where(_x.item_id == _i.id).exists()
    return (
        sa.select(_i.id)
        .join_from(hold_items, holds, _h.case_id == _i.case_id)
        .where(named, ~_ended(), ~gone)
    )


def _ended() -> sa.Exists:
    return sa.select(_e.hold_id).where(_e.hold_id == _h.id).exists()


def _term(
    tx: Tx, hold: Id, starts: datetime, ends: datetime | None, *, why: Why, by: str, reason: str,
    filing: Id | None = None,
) -> None:  # fmt: skip
    tx.execute(
        sa.insert(hold_terms),
        {
            "change": tx.change(), "hold_id": hold, "starts_at": starts, "ends_at": ends,
            "why": why.value, "filing_id": filing, "reason": reason.strip()[:LONGEST_WORDS],
            "by": by, "at": tx.now,
        },
    )  # fmt: skip


def _standing(tx: Tx, hold: Id) -> Hold:
    found = get(tx, hold)
    if not found.stands:
        raise Conflict("This hold has ended already.")
    return found


def _must_say(words: str, why: str) -> None:
    if not words.strip():
        raise BadInput(why)


def _noun(tx: Tx, row: sa.Row[Any]) -> Hold:
    return Hold(
        id=Id(row.id), number=row.number, case=Id(row.case_id), kind=HoldKind(row.kind),
        seat=SeatRule(row.seat), reason=row.reason, by=row.by, starts=row.starts_at,
        ends=row.ends_at, state=state_of(row.ends_at, row.ended_at, tx.now),
        reference=row.reference, counted=Why(row.counted), ended_at=row.ended_at,
        ended_why=None if row.ended_why is None else Why(row.ended_why),
        ended_by=row.ended_by or "",
        second=row.second_by or "",
    )  # fmt: skip
