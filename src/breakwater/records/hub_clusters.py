"""Entries that look alike, as rows: stacks that curators settle with one look.

`cluster` is the smallest entry number among them; an entry that looks like nothing has no row.
Fed by `hub.clusters`; contract: `tests/contract/test_hub_clusters.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from breakwater.model.bank import EntryStatus
from breakwater.records import numbers
from breakwater.records.database import Tx
from breakwater.records.lean import CODES
from breakwater.records.tables.nouns_bank import entries, entry_totals, numbering
from breakwater.records.tables.nouns_hub import hub_clusters

_c, _e = hub_clusters.c, entries.c
AT_ONCE: Final = 500

_PUT: Final = (
    "INSERT INTO hub_clusters (entry_number, cluster, distance) VALUES (?, ?, ?) "
    "ON CONFLICT (entry_number) DO UPDATE SET cluster = excluded.cluster, "
    "distance = excluded.distance"
)
_MERGE: Final = "UPDATE hub_clusters SET cluster = ? WHERE cluster = ?"
_CODES: Final = sa.text(
    "SELECT number, value FROM entries WHERE bank_number = :bank AND number > :after "
    "AND number <= :last AND kind = :kind AND status <> :gone AND quality >= :quality "
    "ORDER BY number LIMIT :limit"
)


def codes(
    tx: Tx, bank: int, kind: str, *, after: int, last: int, limit: int, quality: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """Entries of a list by number: numbers (n,) and values (n, size); withdrawn ones left out."""
    facts = {
        "bank": bank, "kind": kind, "after": after, "last": last, "limit": limit,
        "quality": quality, "gone": CODES[EntryStatus.WITHDRAWN],
    }  # fmt: skip
    rows = tx.execute(_CODES, facts).cursor.fetchall()
    taken = np.fromiter((row[0] for row in rows), np.uint32, len(rows))
    flat = np.frombuffer(b"".join(bytes(row[1]) for row in rows), np.uint8)
    return taken, flat.reshape(len(rows), -1) if len(rows) else np.empty((0, 32), np.uint8)


def proposed(
    tx: Tx, bank: int, kind: str, *, last: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """Entries of a list that wait for two people: no index has them."""
    rows = tx.execute(
        sa.select(_e.number, _e.value)
        .where(_e.bank_number == bank, _e.status == CODES[EntryStatus.PROPOSED])
        .where(_e.status != sa.literal_column("0"), _e.kind == kind, _e.number <= last)
        .order_by(_e.number)
    ).all()
    taken = np.fromiter((row.number for row in rows), np.uint32, len(rows))
    flat = np.frombuffer(b"".join(bytes(row.value) for row in rows), np.uint8)
    return taken, flat.reshape(len(rows), -1) if len(rows) else np.empty((0, 32), np.uint8)


def of_bank(tx: Tx, bank: int, found: Iterable[int]) -> set[int]:
    """Those of the entries that are of one list."""
    wanted = sorted(set(found))
    out: set[int] = set()
    for at in range(0, len(wanted), AT_ONCE):
        part = sa.and_(_e.number.in_(wanted[at : at + AT_ONCE]), _e.bank_number == bank)
        out |= {int(n) for n in tx.execute(sa.select(_e.number).where(part)).scalars()}
    return out


def newest(tx: Tx, bank: int, kind: str) -> int:
    """The highest number of a list; 0 when it is empty or has none of this kind."""
    have = sa.select(sa.func.sum(entry_totals.c.n)).where(
        entry_totals.c.bank_number == bank, entry_totals.c.kind == kind
    )
    if not tx.execute(have).scalar():
        return 0
    return int(
        tx.execute(sa.select(sa.func.max(_e.number)).where(_e.bank_number == bank)).scalar() or 0
    )


def compared(tx: Tx, bank: int) -> int:
    """Up to which number a list was gone through for near copies."""
    wanted = sa.select(numbering.c.last).where(numbering.c.name == _mark(bank))
    return int(tx.execute(wanted).scalar() or 0)


def compare_to(tx: Tx, bank: int, last: int) -> None:
    """Say that it was gone through up to a number."""
    numbers.take(tx, _mark(bank), max(0, last - compared(tx, bank)))


def _mark(bank: int) -> str:
    return f"hub_clusters/{bank}"


def of_many(tx: Tx, wanted_of: Iterable[int]) -> dict[int, int]:
    """The cluster of each entry; those without one are left out."""
    out: dict[int, int] = {}
    wanted = sorted(set(wanted_of))
    for at in range(0, len(wanted), AT_ONCE):
        part = _c.entry_number.in_(wanted[at : at + AT_ONCE])
        rows = tx.execute(sa.select(_c.entry_number, _c.cluster).where(part))
        out |= {int(row.entry_number): int(row.cluster) for row in rows}
    return out


def members(tx: Tx, number: int, *, limit: int = 200) -> list[int]:
    """Entries of an entry's cluster by number, itself among them; empty without one."""
    mine = sa.select(_c.cluster).where(_c.entry_number == number).scalar_subquery()
    wanted = sa.select(_c.entry_number).where(_c.cluster == mine).order_by(_c.entry_number)
    return [int(n) for n in tx.execute(wanted.limit(limit)).scalars()]


def largest(tx: Tx, *, limit: int = 50) -> list[tuple[int, int]]:
    """Clusters with how many entries they have, the largest first."""
    n = sa.func.count().label("n")
    wanted = sa.select(_c.cluster, n).group_by(_c.cluster).order_by(n.desc(), _c.cluster)
    return [(int(row.cluster), int(row.n)) for row in tx.execute(wanted.limit(limit))]


def join(tx: Tx, found: Mapping[int, tuple[int, int]], merged: Mapping[int, int]) -> None:
    """Put entries into clusters.

    Args:
        tx: the transaction.
        found: entry to its cluster and the distance to the nearest of it.
        merged: cluster that is no more, to the one it is part of now.
    """
    tx.lock_changes()
    tx.bulk(_MERGE, [(into, gone) for gone, into in sorted(merged.items())])
    tx.bulk(_PUT, [(number, *where) for number, where in sorted(found.items())])
