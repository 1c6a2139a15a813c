"""Small integers, given out in order: entries (u32 of the index), banks, imports, cases.

Contiguous and never used twice: taken from a row that stays locked until the transaction
ends. Callers hold the change lock first, so that two transactions never wait for one
another. Contract: `tests/contract/test_records_entries.py`.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from breakwater.errors import BreakwaterError
from breakwater.records.database import Tx

_TAKE: Final = sa.text(
    "INSERT INTO numbering (name, last) VALUES (:name, :count) "
    "ON CONFLICT (name) DO UPDATE SET last = numbering.last + excluded.last RETURNING last"
)
MOST: Final = 1 << 32
"""The index counts entries in 32 bits."""


def take(tx: Tx, name: str, count: int = 1) -> int:
    """Take `count` numbers; answers the first. The first ever is 1."""
    tx.lock_changes()
    last = int(tx.execute(_TAKE, {"name": name, "count": count}).scalar_one())
    if last >= MOST:
        raise BreakwaterError(f"There are no more numbers for {name}.")
    return last - count + 1
