"""Keeps the index in step with SQL: changes in, in commit order, each exactly once.

The index is a cache: at open and after every commit this reads `records.entries.since` from
the last change it applied. `catch_up` is called at the end of each verb that changes entries
(so that its caller sees the effect) and by the worker every quarter second (for what other
processes committed). DESIGN: "a new entry matches and a withdrawn one stops in < 1 s".
"""

from __future__ import annotations

import threading

from breakwater.matching.index import Change, Index
from breakwater.records import entries
from breakwater.records.database import Database

BATCH = 20_000
"""Changes read at once: a few MB, and short enough that others get the lock in between."""


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
                with self._db.read() as tx:
                    batch = entries.since(tx, self._index.applied, BATCH)
                if not batch:
                    return applied
                self._index.apply(
                    [
                        Change(row.change, row.number, row.kind, row.value, row.present)
                        for row in batch
                    ]
                )
                applied += len(batch)

    def lag(self) -> int:
        """Changes in SQL that the index does not have yet."""
        with self._db.read() as tx:
            return max(0, entries.last_change(tx) - self._index.applied)
