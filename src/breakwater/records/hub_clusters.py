"""Entries that look alike, as rows: stacks that curators settle with one look.

`cluster` is the smallest entry number among them; an entry that looks like nothing has no row.
Fed by `hub.clusters`; contract: `tests/contract/test_hub_clusters.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from breakwater.records.database import Tx
from breakwater.records.lean import CODES, EntryStatus
from breakwater.records.tables.nouns_hub import hub_clusters

_c = hub_clusters.c
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
    numbers = np.fromiter((row[0] for row in rows), np.uint32, len(rows))
    flat = np.frombuffer(b"".join(bytes(row[1]) for row in rows), np.uint8)
    return numbers, flat.reshape(len(rows), -1) if len(rows) else np.empty((0, 32), np.uint8)


def of_many(tx: Tx, numbers: Iterable[int]) -> dict[int, int]:
    """The cluster of each entry; those without one are left out."""
    out: dict[int, int] = {}
    wanted = sorted(set(numbers))
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
    tx.bulk(_MERGE, _rows((into, gone) for gone, into in merged.items()))
    tx.bulk(_PUT, _rows((number, *where) for number, where in sorted(found.items())))


def _rows(pairs: Iterable[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    return iter(list(pairs))
