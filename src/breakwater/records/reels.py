"""Reels as rows: known videos with their prints, who vouches for them, what became of them.

Written by `banks.reels` and, when a broadcast is stopped, by `live`; `recognition.align` follows
`since` by change number. A withdrawn reel stays as the record of what was used. Contract:
tests/contract/test_records_reels.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import BadInput, Conflict, NotFound
from breakwater.model.bank import Bank
from breakwater.model.copies import FramePrints, Reel, ReelPrints, ReelStatus
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.records import numbers
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_bank import banks
from breakwater.records.tables.nouns_reel import (
    reel_history,
    reel_looks,
    reel_prints,
    reel_vouchers,
    reels,
)
from breakwater.records.texts import storable

AT_ONCE: Final = 500
_WITHDRAWN: Final = ReelStatus.WITHDRAWN.value

_vouched: Final = (
    sa.select(reel_vouchers.c.reel_number, sa.func.count().label("n"))
    .group_by(reel_vouchers.c.reel_number)
    .subquery("vouched")
)
_JOINED: Final = sa.select(
    reels,
    banks.c.id.label("bank_id"),
    banks.c.name.label("bank_name"),
    sa.func.coalesce(_vouched.c.n, 0).label("sources"),
).select_from(
    reels.join(banks, banks.c.number == reels.c.bank_number).outerjoin(
        _vouched, _vouched.c.reel_number == reels.c.number
    )
)


@dataclass(frozen=True, slots=True)
class ReelStep:
    """One reel at one change: its prints while it is searched, None once it is withdrawn."""

    change: int
    number: int
    prints: ReelPrints | None


def add(
    tx: Tx,
    *,
    bank: Bank,
    label: str,
    source: str,
    duration_s: float,
    frames: Sequence[FramePrints],
    by: str,
    sha256: bytes = b"",
    status: ReelStatus = ReelStatus.ACTIVE,
) -> Reel:
    """Make a video known; one of the same file in the same bank is vouched for instead.

    Args:
        tx: the transaction.
        bank: where to.
        label: for people; no names of persons.
        source: who gave it; `stream:<id>` for a stopped broadcast.
        duration_s: its length.
        frames: `fingerprint.views.reference_prints` of its frames.
        by: id of the person or key, or the name of a part; the first to vouch for it.
        sha256: of the file; empty when there is none.
        status: how it starts.

    Raises:
        BadInput: no frame has anything to find it by.
    """
    storable(label, source)
    prints = ReelPrints.of(frames)
    if not len(prints.views):
        raise BadInput("This video has no frame that it could be recognised by.")
    known = _same_file(tx, bank, sha256)
    if known is not None:
        return vouch(tx, known, by=by)
    change, number = tx.change(), numbers.take(tx, "reels")
    row = {
        "number": number, "id": new_id(), "bank_number": bank.number, "label": label,
        "source": source, "status": status.value, "duration_s": float(duration_s),
        "frames": len(prints.times), "sha256": sha256, "created_at": tx.now, "change": change,
    }  # fmt: skip
    tx.execute(sa.insert(reels), row)
    tx.execute(sa.insert(reel_prints), {"reel_number": number, "packed": prints.pack()})
    _step(tx, number, status, change=change, by=by)
    _vouch(tx, number, by)
    made = get(tx, number)
    tx.emit(EventType.REEL_ADDED, made.id, number=number, bank=bank.name)
    return made


def _same_file(tx: Tx, bank: Bank, sha256: bytes) -> int | None:
    """Number of the bank's reel of a file, if it has it."""
    if not sha256:
        return None
    tx.lock_changes()
    wanted = sa.select(reels.c.number).where(
        reels.c.sha256 == sha256,
        reels.c.bank_number == bank.number,
        reels.c.status != _WITHDRAWN,
    )
    return tx.execute(wanted).scalar()


def get(tx: Tx, number: int) -> Reel:
    """One reel by number.

    Raises:
        NotFound: no such reel.
    """
    return _one(tx, reels.c.number == number, f"reel {number}")


def by_id(tx: Tx, reel: Id) -> Reel:
    """One reel by id.

    Raises:
        NotFound: no such reel.
    """
    return _one(tx, reels.c.id == reel, f"reel {reel}")


def many(tx: Tx, wanted: Iterable[int]) -> dict[int, Reel]:
    """Reels by number; numbers there are none of are left out."""
    ordered = sorted(set(wanted))
    out: dict[int, Reel] = {}
    for at in range(0, len(ordered), AT_ONCE):
        part = ordered[at : at + AT_ONCE]
        out |= {r.number: _noun(r) for r in tx.execute(_JOINED.where(reels.c.number.in_(part)))}
    return out


def page(tx: Tx, bank: Bank, *, after: int = 0, limit: int = 100) -> list[Reel]:
    """Reels of a bank in order of number, those after number `after`."""
    rows = tx.execute(
        _JOINED.where(reels.c.bank_number == bank.number, reels.c.number > after)
        .order_by(reels.c.number)
        .limit(limit)
    )
    return [_noun(row) for row in rows]


def by_source(tx: Tx, bank: Bank, source: str) -> list[Reel]:
    """Reels of a bank that one source gave, by number."""
    wanted = _JOINED.where(reels.c.bank_number == bank.number, reels.c.source == source)
    return [_noun(row) for row in tx.execute(wanted.order_by(reels.c.number))]


def keep_look(tx: Tx, number: int, packed: bytes) -> None:
    """Keep what a closer look compares with (`recognition.grey.Known`)."""
    tx.execute(sa.insert(reel_looks), {"reel_number": number, "packed": packed})


def look_of(tx: Tx, number: int) -> bytes | None:
    """What a closer look compares with; None where nothing was kept, or not yet."""
    found = tx.execute(
        sa.select(reel_looks.c.packed).where(reel_looks.c.reel_number == number)
    ).scalar()
    return None if found is None else bytes(found)


def prints_of(tx: Tx, number: int) -> ReelPrints:
    """The prints of one reel.

    Raises:
        NotFound: no such reel.
    """
    found = tx.execute(
        sa.select(reel_prints.c.packed).where(reel_prints.c.reel_number == number)
    ).scalar()
    if found is None:
        raise NotFound(f"reel {number}")
    return ReelPrints.parse(bytes(found))


def set_status(tx: Tx, number: int, status: ReelStatus, *, by: str, reason: str = "") -> Reel:
    """Quarantine, release or withdraw a reel; the index hears of it by its change number.

    Raises:
        NotFound: no such reel.
        Conflict: it is withdrawn, which is final, or is so already.
    """
    storable(reason)
    change = tx.change()
    before = get(tx, number)
    if before.status in {ReelStatus.WITHDRAWN, status}:
        raise Conflict(f"Reel {number} is {before.status.value} already.")
    tx.execute(
        sa.update(reels).where(reels.c.number == number).values(status=status.value, change=change)
    )
    _step(tx, number, status, change=change, by=by, reason=reason)
    if status is ReelStatus.WITHDRAWN:
        tx.emit(EventType.REEL_WITHDRAWN, before.id, number=number, bank=before.bank_name)
    return get(tx, number)


def vouch(tx: Tx, number: int, *, by: str) -> Reel:
    """Say that a reel is right: a person, or another source; twice by the same counts once.

    Raises:
        NotFound: no such reel.
        Conflict: it is withdrawn.
    """
    tx.lock_changes()
    reel = get(tx, number)
    if reel.status is ReelStatus.WITHDRAWN:
        raise Conflict(f"Reel {number} is withdrawn.")
    said = reel_vouchers.c
    known = sa.select(said.by).where(said.reel_number == number, said.by == by)
    if tx.execute(known).first() is None:
        _vouch(tx, number, by)
    return get(tx, number)


def vouchers(tx: Tx, number: int) -> list[str]:
    """Who vouches for a reel, the first first."""
    said = reel_vouchers.c
    return list(
        tx.execute(
            sa.select(said.by).where(said.reel_number == number).order_by(said.at, said.by)
        ).scalars()
    )


def since(tx: Tx, after: int, limit: int) -> list[ReelStep]:
    """Reels that changed after a change number, in the order of their changes."""
    rows = tx.execute(
        sa.select(reels.c.number, reels.c.change, reels.c.status, reel_prints.c.packed)
        .join_from(reels, reel_prints, reel_prints.c.reel_number == reels.c.number)
        .where(reels.c.change > after)
        .order_by(reels.c.change)
        .limit(limit)
    )
    return [
        ReelStep(
            row.change,
            row.number,
            None if row.status == _WITHDRAWN else ReelPrints.parse(bytes(row.packed)),
        )
        for row in rows
    ]


def numbers_since(tx: Tx, after: int) -> list[int]:
    """Reels that came after a change number and are searched, by number."""
    wanted = sa.select(reels.c.number).where(reels.c.change > after, reels.c.status != _WITHDRAWN)
    return list(tx.execute(wanted.order_by(reels.c.number)).scalars())


def count(tx: Tx) -> int:
    """Reels that are searched."""
    wanted = sa.select(sa.func.count()).select_from(reels).where(reels.c.status != _WITHDRAWN)
    return int(tx.execute(wanted).scalar_one())


def _vouch(tx: Tx, number: int, by: str) -> None:
    tx.execute(sa.insert(reel_vouchers), {"reel_number": number, "by": by, "at": tx.now})


def _step(
    tx: Tx, number: int, status: ReelStatus, *, change: int, by: str, reason: str = ""
) -> None:
    tx.execute(
        sa.insert(reel_history),
        {
            "change": change, "reel_number": number, "status": status.value, "at": tx.now,
            "by": by, "reason": reason,
        },
    )  # fmt: skip


def _one(tx: Tx, which: sa.ColumnElement[bool], words: str) -> Reel:
    row = tx.execute(_JOINED.where(which)).one_or_none()
    if row is None:
        raise NotFound(words)
    return _noun(row)


def _noun(row: sa.Row[Any]) -> Reel:
    return Reel(
        id=Id(row.id),
        number=row.number,
        bank=Id(row.bank_id),
        bank_name=row.bank_name,
        label=row.label,
        source=row.source,
        status=ReelStatus(row.status),
        duration_s=row.duration_s,
        frames=row.frames,
        sources=int(row.sources),
        change=row.change,
        sha256=bytes(row.sha256),
    )
