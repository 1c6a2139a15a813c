"""Seconds for feeds by time: which entries carry which second, given out after commit.

An entry's place in the hub is its change number; feeds by time (NCMEC's) need a second. A row of
`hub_stamps` says: changes up to `change`, after the row before, carry `second`. Rows are made
under the change lock, so that none of them misses a transaction that is still under way, and
never for a second that is closed: once a window up to `to` was answered, no entry appears before
it, whatever the clock does. Fed by `hub.feeds.clock`; contract: `tests/contract/test_hub_stamps.py`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from breakwater.records.database import Tx
from breakwater.records.tables.nouns_hub import hub_marks, hub_stamps

CLOSED: Final = "closed"
EXPIRED: Final = "expired"

_LAST: Final = "SELECT second, change FROM hub_stamps ORDER BY second DESC LIMIT 2"
_NTH: Final = (
    "SELECT change FROM entries WHERE change > ? ORDER BY change LIMIT 1 OFFSET CAST(? AS BIGINT)"
)
_NEWEST: Final = "SELECT max(change) FROM entries"
_SO_MANY: Final = "SELECT count(*) FROM entries WHERE change > ? AND change <= ?"
_BEFORE: Final = "SELECT max(change) FROM hub_stamps WHERE second < ?"
_PUT: Final = "INSERT INTO hub_stamps (second, change) VALUES (?, ?)"
_LONGER: Final = "UPDATE hub_stamps SET change = ? WHERE second = ?"
_MARK: Final = "SELECT value FROM hub_marks WHERE name = ?"
_SPAN: Final = (
    "SELECT change, second FROM hub_stamps WHERE change >= ? AND change <= "
    "(SELECT min(change) FROM hub_stamps WHERE change >= ?) ORDER BY change, second"
)


@dataclass(frozen=True, slots=True)
class Seconds:
    """Which second a change carries, for a stretch of changes that are all stamped.

    Attributes:
        changes: the ends of the stretches, ascending.
        seconds: of each of them, since 1970-01-01 UTC.
    """

    changes: Sequence[int]
    seconds: Sequence[int]

    def of(self, change: int) -> int:
        """The second of one change."""
        return self.seconds[bisect_left(self.changes, change)]


def mark(tx: Tx, name: str) -> int:
    """How far a clock of the hub is; 0 when it never ran."""
    rows = tx.run(_MARK, name)
    return int(rows[0][0]) if rows else 0


def set_mark(tx: Tx, name: str, value: int) -> None:
    """Move a clock of the hub forward; it never goes back."""
    before = tx.run(_MARK, name)
    if not before:
        tx.execute(sa.insert(hub_marks), {"name": name, "value": value})
    elif int(before[0][0]) < value:
        tx.execute(sa.update(hub_marks).where(hub_marks.c.name == name).values(value=value))


def pending(tx: Tx) -> bool:
    """Whether entries changed that carry no second yet."""
    newest = tx.run(_NEWEST)[0][0] or 0
    last = tx.run(_LAST)
    return int(newest) > (int(last[0][1]) if last else 0)


def stamp(tx: Tx, *, now: int, most: int) -> int:
    """Give every entry that has none a second; answers how many rows were made or grew.

    Where nobody ever asked for a window, seconds before now are given out, so that a list
    that was there before its first follower is whole at once; afterwards none is older than now.

    Args:
        tx: a transaction that writes.
        now: seconds since 1970-01-01 UTC.
        most: entries a second at most; what is more gets the seconds that follow.
    """
    tx.lock_changes()
    last = tx.run(_LAST)
    second, change = (int(last[0][0]), int(last[0][1])) if last else (0, 0)
    newest = int(tx.run(_NEWEST)[0][0] or 0)
    if newest <= change:
        return 0
    closed = mark(tx, CLOSED)
    made = 0
    if last and second >= max(now, closed):
        before = int(last[1][1]) if len(last) > 1 else 0
        room = most - int(tx.run(_SO_MANY, before, change)[0][0])
        if room > 0:
            change = _end(tx, change, room, newest)
            tx.run(_LONGER, change, second)
            made += 1
    ends: list[int] = []
    while change < newest:
        change = _end(tx, change, most, newest)
        ends.append(change)
    first = now if closed else now - len(ends) + 1
    first = max(first, closed, second + 1)
    for at, end in enumerate(ends):
        tx.run(_PUT, first + at, end)
    return made + len(ends)


def _end(tx: Tx, after: int, count: int, newest: int) -> int:
    """The change of the entry that is the `count`-th after a change, or the newest."""
    rows = tx.run(_NTH, after, count - 1)
    return int(rows[0][0]) if rows else newest


def upto(tx: Tx, second: int) -> int:
    """The last change that carries a second before this one; 0 when there is none."""
    return int(tx.run(_BEFORE, second)[0][0] or 0)


def seconds(tx: Tx, first: int, last: int) -> Seconds:
    """The seconds of the changes from `first` to `last`, both stamped."""
    rows = tx.run(_SPAN, first, last)
    return Seconds([int(row[0]) for row in rows], [int(row[1]) for row in rows])


def rows(tx: Tx) -> list[tuple[int, int]]:
    """All (second, change), the oldest first; for tests and the page of feeds."""
    s = hub_stamps.c
    found = tx.execute(sa.select(s.second, s.change).order_by(s.second))
    return [(int(row.second), int(row.change)) for row in found]
