"""Entries by the million: taken in bulk, and replayed to the index in commit order.

Lean rows go in past SQLAlchemy: staged, freed of what the bank has already, numbered without
a gap and inserted in the order of their values, so that the index of values grows page by
page instead of touching every page for every batch. `since` reads plain tuples: at open the
index replays millions. `records.entries` gives these out under its own name; measured and
contract-tested in `tests/contract/test_records_lean.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from breakwater.model.bank import Bank, EntryChange, EntryStatus
from breakwater.records import numbers, tallies
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_bank import entries, imports

Row = tuple[str, bytes, int]
"""Kind, value, quality."""

CODES: Final[Mapping[EntryStatus, int]] = MappingProxyType({
    EntryStatus.ACTIVE: 0,
    EntryStatus.QUARANTINED: 1,
    EntryStatus.WITHDRAWN: 2,
    EntryStatus.PROPOSED: 3,
})  # fmt: skip
"""How a status stands in `entries.status`; 0 costs nothing on SQLite."""

STATUSES: Final = tuple(sorted(CODES, key=CODES.__getitem__))

LARGE: Final = 10_000
"""Rows from which a bigger page cache pays on SQLite (measured: 72 k rows/s against 99 k)."""

_MORE_CACHE: Final = sa.text("PRAGMA cache_size=-131072")
_USUAL_CACHE: Final = sa.text("PRAGMA cache_size=-16384")

_STAGED: Final = sa.Table(
    "staged_entries",
    sa.MetaData(),
    sa.Column("kind", sa.String(16)),
    sa.Column("value", sa.LargeBinary),
    sa.Column("quality", sa.SmallInteger),
    prefixes=["TEMPORARY"],
)
_CREATE: Final = sa.schema.CreateTable(_STAGED)
_DROP: Final = sa.schema.DropTable(_STAGED)

_FROM_STAGED: Final = sa.text("""
    INSERT INTO entries (number, bank_number, import_number, kind, value, status, negative,
                         quality, created_s, change)
    SELECT :before + row_number() OVER (ORDER BY s.kind, s.value), :bank,
           CAST(:import AS INTEGER), s.kind, s.value, :status, :negative, s.quality, :created_s,
           :changed + row_number() OVER (ORDER BY s.kind, s.value)
    FROM (SELECT kind, value, max(quality) AS quality FROM staged_entries GROUP BY kind, value) s
    WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.kind = s.kind AND e.value = s.value
                      AND e.bank_number = :bank AND e.status <> 2)
    ORDER BY s.kind, s.value
""")
_KINDS: Final = sa.text(
    "SELECT kind, count(*) AS n FROM entries WHERE number BETWEEN :first AND :last GROUP BY kind"
)
_BACK: Final = sa.text(
    "SELECT kind, number, value FROM entries WHERE number BETWEEN :first AND :last ORDER BY number"
)
_STRETCH: Final = sa.text(
    "UPDATE imports SET first_entry = COALESCE(first_entry, :first), last_entry = :last "
    "WHERE number = :number"
)
_SINCE: Final = sa.text(
    "SELECT change, number, kind, value, status <> 2 AND status <> 3, negative FROM entries "
    "WHERE change > :after ORDER BY change LIMIT :limit"
)
_OF_IMPORT: Final = sa.text(
    "SELECT change, number, kind, value, status <> 2 AND status <> 3, negative FROM entries "
    "WHERE number > :after AND number <= :last AND import_number = :import AND status = 0 "
    "ORDER BY number LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Added:
    """What one bulk really added; what the bank had already is not counted.

    Attributes:
        count: rows added; their numbers are `first` to `first + count - 1`, without a gap.
        first: the first number; 0 when nothing was added.
        change: the highest change number of them; 0 when nothing was added.
        by_kind: rows added of each kind.
    """

    count: int = 0
    first: int = 0
    change: int = 0
    by_kind: Mapping[str, int] = field(default_factory=dict)


def add_lean(
    tx: Tx,
    bank: Bank,
    rows: Sequence[Row],
    *,
    import_number: int | None = None,
    status: EntryStatus = EntryStatus.ACTIVE,
    negative: bool = False,
) -> Added:
    """Add rows; what stands twice in them or in the bank already is passed over.

    Args:
        tx: the transaction; 50,000 to 250,000 rows a time.
        bank: where to.
        rows: kind, value, quality.
        import_number: what they inherit from.
        status: of all.
        negative: known harmless, all of them.
    """
    if not rows:
        return Added()
    change = tx.change(len(rows))
    first = numbers.take(tx, "entries", 0)
    with _room(tx, len(rows)):
        count = _insert(
            tx,
            rows,
            {
                "bank": bank.number,
                "import": import_number,
                "status": CODES[status],
                "negative": negative,
                "created_s": int(tx.now.timestamp()),
                "before": first - 1,
                "changed": change - 1,
            },
        )
    if not count:
        return Added()
    numbers.take(tx, "entries", count)
    span = {"first": first, "last": first + count - 1}
    kinds = {row.kind: int(row.n) for row in tx.execute(_KINDS, span)}
    if import_number is not None:
        tx.execute(_STRETCH, span | {"number": import_number})
    signed = import_number is not None and is_signed(tx, import_number)
    tallies.entries_added(tx, bank.number, kinds, CODES[status], signed=signed)
    return Added(count, first, change + count - 1, kinds)


def arrays(tx: Tx, added: Added) -> dict[str, tuple[NDArray[np.uint32], NDArray[np.uint8]]]:
    """What was added, as an index takes it: kind to numbers (n,) and values (n, size)."""
    span = {"first": added.first, "last": added.first + added.count - 1}
    out: dict[str, tuple[NDArray[np.uint32], NDArray[np.uint8]]] = {}
    for kind, group in groupby(_plain(tx.execute(_BACK, span)), key=itemgetter(0)):
        _, taken, values = zip(*group, strict=True)
        flat = np.frombuffer(b"".join(values), np.uint8)
        out[kind] = np.array(taken, np.uint32), flat.reshape(len(taken), -1)
    return out


@contextmanager
def _room(tx: Tx, rows: int) -> Iterator[None]:
    """A bigger page cache on SQLite while much is inserted, given back afterwards."""
    wanted = tx.dialect == "sqlite" and rows >= LARGE
    if wanted:
        tx.execute(_MORE_CACHE)
    try:
        yield
    finally:
        if wanted:
            tx.execute(_USUAL_CACHE)


def _insert(tx: Tx, rows: Sequence[Row], values: Mapping[str, Any]) -> int:
    """Stage, drop what is known, number, insert; answers how many."""
    tx.execute(_CREATE)
    tx.insert_many(_STAGED, ("kind", "value", "quality"), rows)
    done = tx.execute(_FROM_STAGED, values)
    count = int(done.rowcount)
    tx.execute(_DROP)
    return count


def _plain(result: sa.CursorResult[Any]) -> list[tuple[Any, ...]]:
    """All rows as the driver gives them: thrice as quick as through SQLAlchemy's rows."""
    rows = result.cursor.fetchall()
    result.close()
    return list(rows)


_change: Final[Callable[[tuple[Any, ...]], EntryChange]] = partial(tuple.__new__, EntryChange)
"""A row as a noun without a call in Python: millions are replayed at open."""


def is_signed(tx: Tx, import_number: int) -> bool:
    """Whether a person vouches for an import."""
    wanted = sa.select(imports.c.signed_by).where(imports.c.number == import_number)
    return tx.execute(wanted).scalar() is not None


def since(tx: Tx, change: int, limit: int) -> list[EntryChange]:
    """Entries whose last change came after `change`, in the order of changes.

    An entry that changed twice stands once, at its last change. Page on from the last row.
    """
    rows = _plain(tx.execute(_SINCE, {"after": change, "limit": limit}))
    return list(map(_change, rows))


def last_change(tx: Tx) -> int:
    """The highest change number of any entry; 0 when there are none."""
    return int(tx.execute(sa.select(sa.func.max(entries.c.change))).scalar() or 0)


def of_import(tx: Tx, import_number: int, size: int) -> Iterator[list[EntryChange]]:
    """Active entries of an import, in batches of `size`, in the order of numbers."""
    wanted = sa.select(imports.c.first_entry, imports.c.last_entry)
    row = tx.execute(wanted.where(imports.c.number == import_number)).one_or_none()
    if row is None or row.first_entry is None:
        return
    after = row.first_entry - 1
    while True:
        facts = {"after": after, "last": row.last_entry, "import": import_number, "limit": size}
        batch = list(map(_change, _plain(tx.execute(_OF_IMPORT, facts))))
        if batch:
            yield batch
        if len(batch) < size:
            return
        after = batch[-1].number


def quarantined_of(tx: Tx, import_number: int) -> int:
    """How many entries of an import are in quarantine."""
    wanted = (
        sa.select(sa.func.count())
        .select_from(entries)
        .join(imports, sa.and_(
            imports.c.number == entries.c.import_number,
            imports.c.bank_number == entries.c.bank_number,
        ))
        .where(imports.c.number == import_number)
        .where(entries.c.status == CODES[EntryStatus.QUARANTINED], entries.c.status != 0)
    )  # fmt: skip
    return int(tx.execute(wanted).scalar_one())
