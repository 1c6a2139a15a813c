"""Keeps the index in step with SQL: changes in, in commit order, each exactly once.

The index is a cache: at open and after every commit this reads `records.entries.since` from
the last change it applied. `catch_up` is called at the end of each verb that changes entries
(so that its caller sees the effect) and by the worker every quarter second (for what other
processes committed). DESIGN: "a new entry matches and a withdrawn one stops in < 1 s".
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np

from breakwater.matching.index import Change, Index
from breakwater.model.bank import EntryChange
from breakwater.model.signal import kind_named
from breakwater.records import entries
from breakwater.records.database import Database

BATCH: Final = 20_000
"""Changes read at once: a few MB, and short enough that others get the lock in between."""

MANY: Final = 80_000
"""Changes behind from which rows are gathered for a segment of their own: fewer than a page of a
peer's file has, because one by one they cost more."""
MOST: Final = 4_000_000
"""Rows gathered at once: 150 MB while they are."""


class IndexFeed:
    """The one follower of the entries' change numbers in this process."""

    def __init__(self, *, db: Database, index: Index) -> None:
        self._db = db
        self._index = index
        self._lock = threading.Lock()

    def catch_up(self) -> int:
        """Apply everything committed so far; answers how many changes there were."""
        applied = 0
        with self._lock:
            while True:
                rows = self._gathered() if self.lag() >= MANY else self._read(self._index.applied)
                if not rows:
                    return applied
                if len(rows) >= MANY:
                    self._load(rows)
                else:
                    self._index.apply([_change(row) for row in rows])
                applied += len(rows)

    def _read(self, after: int) -> list[EntryChange]:
        with self._db.read() as tx:
            return entries.since(tx, after, BATCH)

    def _gathered(self) -> list[EntryChange]:
        """Additions from where the index stands, up to the first row that is none."""
        rows: list[EntryChange] = []
        after = self._index.applied
        while len(rows) < MOST and (batch := self._read(after)):
            if not self._plain(batch):
                return rows or batch
            rows += batch
            after = batch[-1].change
        return rows

    def _plain(self, batch: Sequence[EntryChange]) -> bool:
        """Whether all are additions with values as long as their kind's."""
        served = {row.kind for row in batch if self._index.serves(row.kind)}
        sizes = {kind: kind_named(kind).size for kind in served}
        return all(
            row.present and sizes.get(row.kind, len(row.value)) == len(row.value) for row in batch
        )

    def _load(self, rows: Sequence[EntryChange]) -> None:
        """Write additions as segments, kind by kind; the last one says how far that reaches."""
        by_kind: dict[str, list[EntryChange]] = defaultdict(list)
        for row in rows:
            if self._index.serves(row.kind):
                by_kind[row.kind].append(row)
        last = next(reversed(by_kind), "")
        for kind, some in by_kind.items():
            flat = np.frombuffer(b"".join([row.value for row in some]), np.uint8)
            numbers = np.fromiter((row.number for row in some), np.uint32, len(some))
            reached = rows[-1].change if kind == last else 0
            self._index.load(kind, flat.reshape(len(some), -1), numbers, reached)
        self._index.apply([_change(rows[-1])])  # says how far it reaches, of whatever kind

    def lag(self) -> int:
        """Changes in SQL that the index does not have yet."""
        with self._db.read() as tx:
            return max(0, entries.last_change(tx) - self._index.applied)


def _change(row: EntryChange) -> Change:
    return Change(row.change, row.number, row.kind, row.value, row.present)
