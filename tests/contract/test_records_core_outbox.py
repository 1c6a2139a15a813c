"""Every subscriber gets every committed event of its types, in order, and none that was undone."""

from __future__ import annotations

import os
import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from breakwater.errors import LeaseLost
from breakwater.model.event import EventType
from breakwater.model.ids import new_id
from breakwater.records import outbox
from breakwater.records.tables import core

LONG = os.environ.get("LONG") == "1"
OPENED, CHANGED = EventType.CASE_OPENED, EventType.CASE_CHANGED


def emit(db, count: int = 1, kind=OPENED) -> list[int]:
    with db.transaction() as tx:
        return [tx.emit(kind, new_id(), n=n).change for n in range(count)]


def claim(db, name: str = "mail", owner: str = "w", types=(OPENED,), limit: int = 100):
    return outbox.claim(db, name, types=types, owner=owner, lease_s=30, limit=limit)


def serve(db, name: str = "mail", **kw) -> list[int]:
    """Deliver everything that is due."""
    got = []
    claimed = claim(db, name, **kw)
    for delivery in claimed.deliveries:
        with db.transaction() as tx:
            outbox.delivered(tx, claimed, delivery)
        got.append(delivery.event.change)
    outbox.release(db, claimed, done=True)
    return got


def test_an_event_is_delivered_in_order_to_each_subscriber_once(database):
    changes = emit(database, 5)
    assert serve(database, "mail", limit=3) == changes[:3]
    assert serve(database, "mail", limit=3) == changes[3:]
    assert serve(database, "mail") == []
    assert serve(database, "feed") == changes


def test_an_undone_transaction_emits_nothing(database):
    with pytest.raises(LookupError), database.transaction() as tx:  # noqa: PT012 - the block is what fails
        tx.emit(OPENED, new_id())
        raise LookupError
    assert serve(database) == []


def test_an_event_carries_what_was_said(database):
    with database.transaction() as tx:
        event = tx.emit(OPENED, new_id(), bank="DEMO", n=1)
    claimed = claim(database)
    assert claimed.deliveries[0].event == event


def test_a_subscriber_gets_its_types_only_and_does_not_fall_behind(database):
    emit(database, 3, CHANGED)
    wanted = emit(database, 1, OPENED)
    emit(database, 3, CHANGED)
    assert serve(database) == wanted
    with database.read() as tx:
        assert [lag.behind for lag in outbox.lags(tx)] == [0]


def test_a_commit_wakes_those_who_wait(database):
    before = database.bus.count(outbox.TOPIC)
    emit(database)
    assert database.bus.wait_past(outbox.TOPIC, before, 0.0)


def test_one_owner_serves_a_subscriber_at_a_time(database, clock):
    changes = emit(database, 2)
    first = claim(database, owner="a")
    assert claim(database, owner="b") is None
    clock.advance(31)
    second = claim(database, owner="b")
    assert [d.event.change for d in second.deliveries] == changes
    with pytest.raises(LeaseLost), database.transaction() as tx:
        outbox.delivered(tx, first, first.deliveries[0])
    outbox.release(database, first, done=True)
    assert claim(database, owner="c") is None


def test_a_failing_delivery_stands_aside_and_comes_again(database, clock):
    changes = emit(database, 3)
    claimed = claim(database)
    bad, *rest = claimed.deliveries
    with database.transaction() as tx:
        later = clock.now() + timedelta(seconds=60)
        outbox.failed(tx, claimed, bad, fault="unavailable", retry_at=later)
    for delivery in rest:
        with database.transaction() as tx:
            outbox.delivered(tx, claimed, delivery)
    outbox.release(database, claimed, done=True)
    assert serve(database) == []
    clock.advance(61)
    claimed = claim(database)
    assert [(d.event.change, d.attempts, d.parked) for d in claimed.deliveries] == [
        (changes[0], 1, True)
    ]
    with database.transaction() as tx:
        outbox.failed(tx, claimed, claimed.deliveries[0], fault="bad", retry_at=None)
    outbox.release(database, claimed, done=True)
    clock.advance(10_000)
    assert serve(database) == []
    with database.read() as tx:
        assert [(lag.parked, lag.dead) for lag in outbox.lags(tx)] == [(0, 1)]


def test_old_events_go_only_when_everyone_has_had_them(database, clock):
    emit(database, 4)
    serve(database, "mail")
    outbox.release(database, claim(database, "slow"), done=False)
    clock.advance(1000)
    assert outbox.trim(database, before=clock.now()) == 0
    serve(database, "slow")
    assert outbox.trim(database, before=clock.now()) == 4
    with database.read() as tx:
        assert outbox.since(tx, 0, limit=10) == []


@pytest.mark.timeout(7200)
def test_a_handler_in_sql_has_its_effect_exactly_once_under_a_seeded_scheduler(database, clock):
    """`LONG=1` tries a hundred times as many seeds; a server costs a round trip a statement."""
    seeds = 50 if database.dialect == "sqlite" else 12
    for seed in range(seeds * 100 if LONG else seeds):
        shift(database, clock, seed)


def shift(database, clock, seed: int) -> None:
    """Owners die, sleep past their lease and fail at random; a failure prints its seed."""
    rng = random.Random(seed)
    before = effects(database)
    wanted = emit(database, 6)
    claims: list[outbox.Claim] = []
    for _ in range(60):
        act = rng.random()
        if act < 0.3 or not claims:
            if claimed := claim(database, owner=f"o{act}", limit=rng.randint(1, 4)):
                claims.append(claimed)
            else:
                clock.advance(10)
        elif act < 0.85:
            claimed = rng.choice(claims)
            try:
                handle(database, claimed, rng)
            except LeaseLost:
                claims.remove(claimed)
        else:
            clock.advance(31)
    clock.advance(3600)
    while (claimed := claim(database, owner="last")).deliveries:
        handle(database, claimed, None)
        clock.advance(31)
    assert sorted(effects(database) - before) == wanted, f"seed {seed}"


def effects(database) -> set[int]:
    with database.read() as tx:
        return {int(key) for key in tx.execute(sa.select(core.leases.c.key)).scalars()}


def handle(db, claimed: outbox.Claim, rng: random.Random | None) -> None:
    """Deliver a claim's events in order; each effect is a row that refuses a second one."""
    for delivery in claimed.deliveries:
        change = delivery.event.change
        with db.transaction() as tx:
            if rng and rng.random() < 0.2:
                outbox.failed(tx, claimed, delivery, fault="x", retry_at=tx.now)
                continue
            outbox.delivered(tx, claimed, delivery)
            effect = {"key": str(change), "owner": "e", "epoch": 1, "until": tx.now}
            tx.execute(sa.insert(core.leases), effect)
    outbox.release(db, claimed, done=True)
