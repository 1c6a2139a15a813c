"""Drops rows of items that passed, and keeps how many came on which day, on which surface.

So that figures of a year are right where rows are kept for days. Used by `records.uploads` and
`records.streams`; read by `records.transparency`. Contract:
`tests/contract/test_records_transparency.py`.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.records.database import Tx

_ADD: Final = sa.text(
    "INSERT INTO dropped_tallies (day, noun, surface, n) VALUES (:day, :noun, :surface, :n) "
    "ON CONFLICT (day, noun, surface) DO UPDATE SET n = dropped_tallies.n + excluded.n"
)


def delete(tx: Tx, table: sa.Table, noun: str, came: sa.Column[Any], ids: Any) -> int:
    """Delete rows by id and count them where they came; answers how many.

    Args:
        tx: the transaction.
        table: with `id` and `surface`.
        noun: `upload` or `broadcast`.
        came: its column of when an item came.
        ids: those to delete, or a query of them.
    """
    wanted: Any = sa.delete(table).where(table.c.id.in_(ids)).returning(came, table.c.surface)
    rows: list[Any] = list(tx.execute(wanted))
    gone = Counter((day(came_at), surface) for came_at, surface in rows)
    if gone:
        tx.lock_changes()
    for (on, surface), n in sorted(gone.items()):
        tx.execute(_ADD, {"day": on, "noun": noun, "surface": surface, "n": n})
    return sum(gone.values())


def day(moment: datetime) -> int:
    """Days since 1970."""
    return int(moment.astimezone(UTC).timestamp()) // 86_400
