"""The outbox: events written with what made them true, delivered to each subscriber in order.

Comes in: rows by `Tx.emit`. Goes out: batches to subscribers, at least once, in the order of
change numbers, which is the order of commits. Each subscriber has a cursor under a lease; a
delivery that fails is parked and tried again later without holding up those behind it.
A handler that writes to SQL calls `delivered` in its own transaction: then it is exactly once.
Contract test: `tests/contract/test_records_core_outbox.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import LeaseLost
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id
from breakwater.records.database import OUTBOX, Database, Tx
from breakwater.records.tables import core

TOPIC: Final = OUTBOX
BATCH: Final = 1000
_E: Final = core.outbox
_C: Final = core.outbox_cursors
_P: Final = core.outbox_parked


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one subscriber.

    Attributes:
        attempts: how often it failed before.
        parked: it stands aside; those behind it went on.
    """

    event: Event
    attempts: int = 0
    parked: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A subscriber's cursor under a lease, with what to deliver.

    Attributes:
        epoch: fences off whoever claimed before.
        horizon: when all is delivered, nothing up to this change is left for the subscriber.
    """

    subscriber: str
    epoch: int
    horizon: int
    deliveries: tuple[Delivery, ...]


def claim(
    db: Database,
    subscriber: str,
    *,
    types: Iterable[EventType],
    owner: str,
    lease_s: float,
    limit: int = 100,
) -> Claim | None:
    """Lease the subscriber's cursor and read what is next; None when another owner has it.

    Parked deliveries that are due come first. Call `release` when all were tried.
    """
    with db.transaction() as tx:
        epoch, cursor = _lease(tx, subscriber, owner, lease_s)
        if epoch == 0:
            return None
        last = newest(tx)
        parked = tx.execute(
            sa.select(_E, _P.c.attempts)
            .join_from(_P, _E, _P.c.change == _E.c.change)
            .where(_P.c.subscriber == subscriber)
            .where(_P.c.dead.is_(sa.false()))
            .where(_P.c.next_at <= tx.now)
            .order_by(_P.c.change)
            .limit(limit)
        ).all()
        room = limit - len(parked)
        fresh = tx.execute(
            sa.select(_E)
            .where(_E.c.change > cursor)
            .where(_E.c.change <= last)
            .where(_E.c.type.in_([kind.value for kind in types]))
            .order_by(_E.c.change)
            .limit(room)
        ).all()
    deliveries = [Delivery(_event(row), row.attempts, parked=True) for row in parked]
    deliveries += [Delivery(_event(row)) for row in fresh]
    horizon = last if len(fresh) < room else (fresh[-1].change if fresh else cursor)
    return Claim(subscriber, epoch, horizon, tuple(deliveries))


def delivered(tx: Tx, claimed: Claim, delivery: Delivery) -> None:
    """Done, best in the transaction of the effect.

    Raises:
        LeaseLost: another owner serves this subscriber now, or it was delivered already; so
            this transaction must not happen.
    """
    if delivery.parked:
        _touch(tx, claimed)
        _only_one(tx.execute(_parked_row(sa.delete(_P), claimed, delivery)), claimed)
    else:
        _advance(tx, claimed, delivery.event.change)


def failed(
    tx: Tx, claimed: Claim, delivery: Delivery, *, fault: str, retry_at: datetime | None
) -> None:
    """Not delivered: park it until `retry_at`, for a person when that is None.

    Args:
        tx: any transaction.
        claimed: the claim it came with.
        delivery: which one.
        fault: an error's code or class, never its words.
        retry_at: when to try again.

    Raises:
        LeaseLost: another owner serves this subscriber now.
    """
    values = {
        "attempts": delivery.attempts + 1,
        "next_at": retry_at or tx.now,
        "dead": retry_at is None,
        "fault": fault[:80],
    }
    if delivery.parked:
        _touch(tx, claimed)
        again = _parked_row(sa.update(_P), claimed, delivery).values(**values)
        _only_one(tx.execute(again), claimed)
        return
    _advance(tx, claimed, delivery.event.change)
    key = {"subscriber": claimed.subscriber, "change": delivery.event.change}
    tx.execute(sa.insert(_P), key | values)


def release(db: Database, claimed: Claim, *, done: bool) -> None:
    """Give the cursor back; harmless when the lease is lost.

    Args:
        db: the database.
        claimed: the claim.
        done: every delivery of it was delivered or parked, so the cursor goes to its horizon.
    """
    with db.transaction() as tx:
        held = _held(claimed)
        if done:
            tx.execute(held.where(_C.c.change < claimed.horizon).values(change=claimed.horizon))
        tx.execute(held.values(until=None, updated_at=tx.now))


def since(tx: Tx, change: int, *, limit: int, types: Iterable[EventType] = ()) -> list[Event]:
    """Events after `change`, in order; for those who keep their own place (server-sent events)."""
    query = sa.select(_E).where(_E.c.change > change).order_by(_E.c.change).limit(limit)
    if names := [kind.value for kind in types]:
        query = query.where(_E.c.type.in_(names))
    return [_event(row) for row in tx.execute(query)]


def newest(tx: Tx) -> int:
    """The newest change number: where those begin who only want what comes."""
    return int(tx.execute(sa.select(core.changes.c.last)).scalar_one())


@dataclass(frozen=True, slots=True)
class Lag:
    """How far behind a subscriber is.

    Attributes:
        behind: change numbers between its cursor and the newest.
        parked, dead: deliveries that wait for another try, or for a person.
    """

    subscriber: str
    behind: int
    parked: int
    dead: int


def lags(tx: Tx) -> list[Lag]:
    """Every subscriber's, for metrics and the console."""
    last = newest(tx)
    parked: dict[tuple[str, bool], int] = {
        (row.subscriber, bool(row.dead)): int(row.n)
        for row in tx.execute(
            sa.select(_P.c.subscriber, _P.c.dead, sa.func.count().label("n")).group_by(
                _P.c.subscriber, _P.c.dead
            )
        )
    }
    return [
        Lag(
            subscriber=row.subscriber,
            behind=last - row.change,
            parked=parked.get((row.subscriber, False), 0),
            dead=parked.get((row.subscriber, True), 0),
        )
        for row in tx.execute(sa.select(_C).order_by(_C.c.subscriber))
    ]


def trim(db: Database, *, before: datetime) -> int:
    """Delete old events that every subscriber has had, a batch at a time; answers how many."""
    total = 0
    while True:
        with db.transaction() as tx:
            served = tx.execute(sa.select(sa.func.min(_C.c.change))).scalar()
            old = (
                sa.select(_E.c.change)
                .where(_E.c.at < before)
                .where(_E.c.change <= (served if served is not None else 0))
                .where(~sa.exists().where(_P.c.change == _E.c.change))
                .order_by(_E.c.change)
                .limit(BATCH)
            )
            gone = tx.execute(sa.delete(_E).where(_E.c.change.in_(old.scalar_subquery())))
        total += gone.rowcount
        if gone.rowcount < BATCH:
            return total


def forget(tx: Tx, subscriber: str) -> None:
    """A subscriber that is no more: it holds nothing back from now on."""
    tx.execute(sa.delete(_P).where(_P.c.subscriber == subscriber))
    tx.execute(sa.delete(_C).where(_C.c.subscriber == subscriber))


def _lease(tx: Tx, subscriber: str, owner: str, lease_s: float) -> tuple[int, int]:
    """Epoch and cursor; epoch 0 when another owner has it."""
    tx.lock_changes()
    until = tx.now + timedelta(seconds=lease_s)
    row = tx.execute(sa.select(_C).where(_C.c.subscriber == subscriber)).one_or_none()
    if row is None:
        fresh = {"subscriber": subscriber, "change": 0, "epoch": 1, "owner": owner}
        tx.execute(sa.insert(_C), fresh | {"until": until, "updated_at": tx.now})
        return 1, 0
    if row.until is not None and row.until > tx.now and row.owner != owner:
        return 0, 0
    epoch = int(row.epoch) + 1
    tx.execute(
        sa.update(_C)
        .where(_C.c.subscriber == subscriber)
        .values(epoch=epoch, owner=owner, until=until, updated_at=tx.now)
    )
    return epoch, int(row.change)


def _held(claimed: Claim) -> sa.Update:
    return (
        sa.update(_C)
        .where(_C.c.subscriber == claimed.subscriber)
        .where(_C.c.epoch == claimed.epoch)
    )


def _touch(tx: Tx, claimed: Claim) -> None:
    """The claim is still the newest, and stays it until this transaction ends."""
    _only_one(tx.execute(_held(claimed).values(updated_at=tx.now)), claimed)


def _advance(tx: Tx, claimed: Claim, change: int) -> None:
    """Move the cursor forward; never twice over the same event."""
    moved = _held(claimed).where(_C.c.change < change).values(change=change, updated_at=tx.now)
    _only_one(tx.execute(moved), claimed)


def _only_one(result: sa.CursorResult[Any], claimed: Claim) -> None:
    if result.rowcount != 1:
        raise LeaseLost(subscriber=claimed.subscriber)


def _parked_row(statement: Any, claimed: Claim, delivery: Delivery) -> Any:
    return (
        statement.where(_P.c.subscriber == claimed.subscriber)
        .where(_P.c.change == delivery.event.change)
        .where(_P.c.attempts == delivery.attempts)
    )


def _event(row: sa.Row[Any]) -> Event:
    return Event(
        id=Id(row.id),
        type=EventType(row.type),
        subject=Id(row.subject),
        at=row.at,
        change=row.change,
        body=row.body,
    )
