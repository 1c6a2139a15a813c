"""Jobs: work that is due, claimed under a lease, finished in the transaction of its effect.

Comes in: `enqueue` in the transaction that made the work necessary. Goes out: jobs to
workers. A claim raises the job's epoch; whoever finishes, fails or reports progress with an
older epoch is refused (`LeaseLost`), so that a worker that slept past its lease changes
nothing. A finished job's row is deleted: the table stays small.
Contract test: `tests/contract/test_records_core_jobs.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import LeaseLost
from breakwater.model.ids import Id, new_id
from breakwater.records.database import Database, Tx
from breakwater.records.tables import core

TOPIC: Final = "jobs"
_T: Final = core.jobs


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work under a lease.

    Attributes:
        epoch: of this claim; every later word about the job carries it.
        attempts: claims so far, this one included.
        progress: what the last holder reported, to take up from there.
    """

    id: Id
    kind: str
    payload: Mapping[str, Any]
    epoch: int
    attempts: int
    progress: Mapping[str, Any]
    lease_until: datetime | None
    created_at: datetime


def enqueue(
    tx: Tx,
    kind: str,
    payload: Mapping[str, Any],
    *,
    dedup_key: str | None = None,
    run_at: datetime | None = None,
) -> Id:
    """Ask for work in this transaction; answers the job's id.

    Args:
        tx: the transaction that made it necessary.
        kind: which worker function.
        payload: ids and words.
        dedup_key: while a job of this key waits or runs, no second one is made.
        run_at: not before; now when not given.
    """
    if dedup_key is not None:
        tx.lock_changes()
        known = tx.execute(sa.select(_T.c.id).where(_T.c.dedup_key == dedup_key)).scalar()
        if known is not None:
            return Id(known)
    job = new_id()
    tx.execute(
        sa.insert(_T),
        {
            "id": job,
            "kind": kind,
            "payload": payload,
            "dedup_key": dedup_key,
            "run_at": run_at or tx.now,
            "attempts": 0,
            "epoch": 0,
            "dead": False,
            "fault": "",
            "progress": {},
            "created_at": tx.now,
        },
    )
    tx.after_commit(tx.db.tell_jobs)
    return job


def claim(
    db: Database, kinds: Iterable[str], *, owner: str, lease_s: float, limit: int = 1
) -> list[Job]:
    """Take up to `limit` due jobs, oldest first; nobody else gets them until the lease ends."""
    names = list(kinds)
    with db.read() as tx:  # a worker that finds nothing costs no write
        if tx.execute(_due(tx, names, 1)).first() is None:
            return []
    with db.transaction() as tx:
        chosen = _due(tx, names, limit).with_for_update(skip_locked=True)
        rows = tx.execute(
            sa.update(_T)
            .where(_T.c.id.in_(chosen.scalar_subquery()))
            .values(
                owner=owner,
                lease_until=tx.now + timedelta(seconds=lease_s),
                epoch=_T.c.epoch + 1,
                attempts=_T.c.attempts + 1,
            )
            .returning(_T)
        ).all()
    return sorted((_job(row) for row in rows), key=lambda job: job.id)


def extend(db: Database, job: Job, *, lease_s: float) -> None:
    """Keep the lease: the work takes longer.

    Raises:
        LeaseLost: somebody else has it.
    """
    with db.transaction() as tx:
        _set(tx, job, lease_until=tx.now + timedelta(seconds=lease_s))


def report(tx: Tx, job: Job, progress: Mapping[str, Any]) -> None:
    """Write down how far it is, in the transaction that got it there.

    Raises:
        LeaseLost: somebody else has it.
    """
    _set(tx, job, progress=dict(progress))


def finish(tx: Tx, job: Job) -> None:
    """Done, in the transaction of its effect.

    Raises:
        LeaseLost: somebody else has it, so this transaction must not happen.
    """
    gone = tx.execute(sa.delete(_T).where(_T.c.id == job.id).where(_T.c.epoch == job.epoch))
    if gone.rowcount != 1:
        raise LeaseLost(job=job.id)


def fail(tx: Tx, job: Job, *, fault: str, retry_at: datetime | None) -> None:
    """Not done: again at `retry_at`, or put aside for a person when that is None.

    Args:
        tx: any transaction.
        job: as claimed.
        fault: an error's code or class, never its words.
        retry_at: when to try again.

    Raises:
        LeaseLost: somebody else has it.
    """
    _set(
        tx,
        job,
        fault=fault[:80],
        owner=None,
        lease_until=None,
        dead=retry_at is None,
        run_at=retry_at or tx.now,
    )


def revive(tx: Tx, job: Id) -> bool:
    """Try a job again that was put aside; False when there is no such job."""
    found = tx.execute(
        sa.update(_T)
        .where(_T.c.id == job)
        .where(_T.c.dead.is_(sa.true()))
        .values(dead=False, run_at=tx.now, fault="")
    )
    tx.after_commit(tx.db.tell_jobs)
    return found.rowcount == 1


def hurry(tx: Tx, job: Id) -> None:
    """Have a job that waits for its time, or was put aside, done now; one that runs goes on."""
    idle = sa.or_(_T.c.lease_until.is_(None), _T.c.lease_until <= tx.now)
    tx.execute(
        sa.update(_T).where(_T.c.id == job).where(idle).values(dead=False, run_at=tx.now)
    )  # fmt: skip
    tx.after_commit(tx.db.tell_jobs)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many jobs of one kind there are, and since when the oldest is due."""

    kind: str
    dead: bool
    count: int
    oldest: datetime


def runs(tx: Tx, dedup_key: str) -> bool:
    """Whether somebody holds the job of this key now: what changed since is for the next."""
    lease = tx.execute(sa.select(_T.c.lease_until).where(_T.c.dedup_key == dedup_key)).scalar()
    return lease is not None and lease > tx.now


def waiting(tx: Tx) -> list[Waiting]:
    """What is in the table, by kind: due, leased, or put aside."""
    rows = tx.execute(
        sa.select(
            _T.c.kind,
            _T.c.dead,
            sa.func.count().label("n"),
            sa.func.min(_T.c.run_at).label("oldest"),
        )
        .group_by(_T.c.kind, _T.c.dead)
        .order_by(_T.c.kind, _T.c.dead)
    )
    return [Waiting(row.kind, bool(row.dead), int(row.n), row.oldest) for row in rows]


def find(tx: Tx, job: Id) -> Job | None:
    """A job by id, with its progress; None when it is finished or never was."""
    row = tx.execute(sa.select(_T).where(_T.c.id == job)).one_or_none()
    return None if row is None else _job(row)


def _due(tx: Tx, kinds: list[str], limit: int) -> sa.Select[Any]:
    return (
        sa.select(_T.c.id)
        .where(_T.c.dead.is_(sa.false()))
        .where(_T.c.run_at <= tx.now)
        .where(_T.c.kind.in_(kinds))
        .where(sa.or_(_T.c.lease_until.is_(None), _T.c.lease_until <= tx.now))
        .order_by(_T.c.run_at, _T.c.id)
        .limit(limit)
    )


def _set(tx: Tx, job: Job, **values: Any) -> None:
    held = tx.execute(
        sa.update(_T).where(_T.c.id == job.id).where(_T.c.epoch == job.epoch).values(**values)
    )
    if held.rowcount != 1:
        raise LeaseLost(job=job.id)


def _job(row: sa.Row[Any]) -> Job:
    return Job(
        id=Id(row.id),
        kind=row.kind,
        payload=row.payload,
        epoch=row.epoch,
        attempts=row.attempts,
        progress=row.progress,
        lease_until=row.lease_until,
        created_at=row.created_at,
    )
