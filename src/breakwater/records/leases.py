"""Leases: who acts for a key now, with an epoch that fences off those who acted before.

A stale owner's late act carries an old epoch and is refused (`check`), which is how a watcher
that was thought dead cannot end a stream that another one watches. Epochs never go back.
Contract test: `tests/contract/test_records_core_jobs.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from breakwater.errors import LeaseLost
from breakwater.records.database import Database, Tx
from breakwater.records.tables import core

_T: Final = core.leases
AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to act for `key` until a moment."""

    key: str
    owner: str
    epoch: int
    until: datetime


def acquire(db: Database, key: str, *, owner: str, lease_s: float) -> Lease | None:
    """Take the lease when nobody holds it; None when somebody does.

    The owner itself gets it anew with a new epoch: it may be a second life of a dead process.
    """
    with db.transaction() as tx:
        tx.lock_changes()
        until = tx.now + timedelta(seconds=lease_s)
        row = tx.execute(sa.select(_T).where(_T.c.key == key)).one_or_none()
        if row is None:
            tx.execute(sa.insert(_T), {"key": key, "owner": owner, "epoch": 1, "until": until})
            return Lease(key, owner, 1, until)
        if row.until > tx.now and row.owner != owner:
            return None
        epoch = row.epoch + 1
        tx.execute(
            sa.update(_T).where(_T.c.key == key).values(owner=owner, epoch=epoch, until=until)
        )
        return Lease(key, owner, epoch, until)


def renew(db: Database, lease: Lease, *, lease_s: float) -> Lease:
    """Keep it.

    Raises:
        LeaseLost: somebody else took it.
    """
    with db.transaction() as tx:
        until = tx.now + timedelta(seconds=lease_s)
        _held(tx, lease, until)
    return Lease(lease.key, lease.owner, lease.epoch, until)


def renew_all(db: Database, held: Iterable[Lease], *, lease_s: float) -> dict[str, Lease]:
    """Keep many at once, by key; those that somebody else took are not among them."""
    wanted = sorted(held, key=lambda one: one.key)
    kept: dict[str, Lease] = {}
    with db.transaction() as tx:
        until = tx.now + timedelta(seconds=lease_s)
        for at in range(0, len(wanted), AT_ONCE):
            part = {lease.key: lease for lease in wanted[at : at + AT_ONCE]}
            mine = sa.tuple_(_T.c.key, _T.c.epoch).in_(
                [(lease.key, lease.epoch) for lease in part.values()]
            )
            rows = tx.execute(sa.update(_T).where(mine).values(until=until).returning(_T.c.key))
            for row in rows:
                lease = part[row.key]
                kept[lease.key] = Lease(lease.key, lease.owner, lease.epoch, until)
    return kept


def release(db: Database, lease: Lease) -> None:
    """Give it back; harmless when it is lost already."""
    with db.transaction() as tx:
        tx.execute(
            sa.update(_T)
            .where(_T.c.key == lease.key)
            .where(_T.c.epoch == lease.epoch)
            .values(until=tx.now)
        )


def check(tx: Tx, lease: Lease) -> None:
    """Fence an act: fails the transaction unless the lease's epoch is still the newest.

    Raises:
        LeaseLost: somebody else took it.
    """
    _held(tx, lease, None)


def standing(tx: Tx, held: Iterable[Lease]) -> set[str]:
    """Keys of the leases whose epoch is still the newest; for what may be a moment late."""
    wanted = {lease.key: lease.epoch for lease in held}
    keys = sorted(wanted)
    found: set[str] = set()
    for at in range(0, len(keys), AT_ONCE):
        part = sa.select(_T.c.key, _T.c.epoch).where(_T.c.key.in_(keys[at : at + AT_ONCE]))
        found |= {row.key for row in tx.execute(part) if row.epoch == wanted[row.key]}
    return found


def _held(tx: Tx, lease: Lease, until: datetime | None) -> None:
    """Touch the row, so that on PostgreSQL nobody can take it before this transaction ends."""
    held = tx.execute(
        sa.update(_T)
        .where(_T.c.key == lease.key)
        .where(_T.c.epoch == lease.epoch)
        .values(until=_T.c.until if until is None else until)
    )
    if held.rowcount != 1:
        raise LeaseLost(key=lease.key)
