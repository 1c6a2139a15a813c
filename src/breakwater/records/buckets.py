"""Token buckets that several processes share: one row each, taken from under a lock.

Fed by `access.limits.SharedBuckets`, which says how. Contract:
`tests/contract/test_records_signing_in.py`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from breakwater.records.database import Tx
from breakwater.records.tables.nouns_access import rate_buckets

IDLE: Final = timedelta(days=1)
"""A bucket nobody took from for so long is full again and need not be kept."""

_ENOUGH: Final = 1e-9
"""Rounding of seconds times a rate must not cost a token."""


def take(tx: Tx, name_mac: bytes, *, per_second: float, burst: float, cost: float) -> float:
    """Take from a bucket, filling it for the time that passed.

    Args:
        tx: the transaction.
        name_mac: keyed hash of its name.
        per_second: the rate it refills at, above 0.
        burst: what it holds at most.
        cost: what is taken; below 0 puts back.

    Returns:
        0.0 when taken, else the seconds until it would be.
    """
    b = rate_buckets.c
    wanted = sa.select(b.level, b.at).where(b.name_mac == name_mac).with_for_update()
    row = tx.execute(wanted).one_or_none()
    if row is None:  # nothing to lock yet: two who begin a bucket at once take turns here
        tx.lock_changes()
        row = tx.execute(wanted).one_or_none()
    level = _filled(tx, row, per_second, burst)
    wait = (cost - level) / per_second if level + _ENOUGH < cost else 0.0
    values = {"level": level if wait else min(burst, level - cost), "at": tx.now}
    if row is None:
        tx.execute(sa.insert(rate_buckets), {"name_mac": name_mac, **values})
    else:
        tx.execute(sa.update(rate_buckets).where(b.name_mac == name_mac).values(values))
    return wait


def level(tx: Tx, name_mac: bytes, *, per_second: float, burst: float) -> float:
    """What a bucket holds now."""
    b = rate_buckets.c
    row = tx.execute(sa.select(b.level, b.at).where(b.name_mac == name_mac)).one_or_none()
    return _filled(tx, row, per_second, burst)


def forget(tx: Tx) -> int:
    """Drop buckets that are full again; answers how many."""
    return tx.execute(sa.delete(rate_buckets).where(rate_buckets.c.at < tx.now - IDLE)).rowcount


def _filled(tx: Tx, row: sa.Row[Any] | None, per_second: float, burst: float) -> float:
    if row is None:
        return burst
    passed: float = max(0.0, (tx.now - row.at).total_seconds())
    return min(burst, float(row.level) + passed * per_second)
