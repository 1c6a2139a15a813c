"""A job is done once, whoever dies, sleeps or comes back; a stale owner changes nothing."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from breakwater.errors import LeaseLost
from breakwater.records import jobs, leases
from breakwater.records.tables import core


def put(db, kind: str = "scan", **kw):
    with db.transaction() as tx:
        return jobs.enqueue(tx, kind, {"n": 1}, **kw)


def take(db, owner: str = "w1", limit: int = 1, kinds=("scan",)):
    return jobs.claim(db, kinds, owner=owner, lease_s=30, limit=limit)


def test_a_job_is_claimed_by_one_worker_only(database):
    put(database)
    assert len(take(database)) == 1
    assert take(database, "w2") == []


def test_a_job_rolled_back_with_its_reason_never_was(database):
    with pytest.raises(LookupError), database.transaction() as tx:  # noqa: PT012 - the block is what fails
        jobs.enqueue(tx, "scan", {})
        raise LookupError
    assert take(database) == []


def test_a_job_is_not_taken_before_its_time(database, clock):
    put(database, run_at=clock.now() + timedelta(minutes=1))
    assert take(database) == []
    clock.advance(61)
    assert len(take(database)) == 1


def test_a_worker_gets_only_kinds_that_it_knows(database):
    put(database, "vault.shred")
    assert take(database) == []
    assert len(take(database, kinds=["vault.shred", "scan"])) == 1


def test_a_finished_job_leaves_no_row(database):
    put(database)
    (job,) = take(database)
    with database.transaction() as tx:
        jobs.finish(tx, job)
    with database.read() as tx:
        assert jobs.waiting(tx) == []


def test_work_of_a_dead_worker_is_taken_over_and_its_late_result_refused(database, clock):
    put(database)
    (stale,) = take(database, "dead")
    clock.advance(31)
    (fresh,) = take(database, "w2")
    assert fresh.attempts == 2
    with pytest.raises(LeaseLost), database.transaction() as tx:  # noqa: PT012 - the block is what fails
        tx.execute(
            sa.insert(core.leases),
            {"key": "effect", "owner": "dead", "epoch": 1, "until": clock.now()},
        )
        jobs.finish(tx, stale)
    with pytest.raises(LeaseLost):
        jobs.extend(database, stale, lease_s=30)
    with pytest.raises(LeaseLost), database.transaction() as tx:
        jobs.fail(tx, stale, fault="late", retry_at=None)
    with database.read() as tx:
        assert tx.execute(sa.select(core.leases)).all() == []
    with database.transaction() as tx:
        jobs.finish(tx, fresh)


def test_a_long_job_keeps_its_lease_and_its_progress(database, clock):
    put(database)
    (job,) = take(database)
    clock.advance(29)
    jobs.extend(database, job, lease_s=30)
    clock.advance(20)
    assert take(database, "w2") == []
    with database.transaction() as tx:
        jobs.report(tx, job, {"rows": 5})
    clock.advance(31)
    (again,) = take(database, "w2")
    assert again.progress == {"rows": 5}


def test_a_failed_job_waits_for_its_next_try_and_is_then_put_aside(database, clock):
    job_id = put(database)
    (job,) = take(database)
    with database.transaction() as tx:
        jobs.fail(tx, job, fault="unavailable", retry_at=clock.now() + timedelta(seconds=5))
    assert take(database) == []
    clock.advance(6)
    (job,) = take(database)
    with database.transaction() as tx:
        jobs.fail(tx, job, fault="bad_input", retry_at=None)
    clock.advance(10_000)
    assert take(database) == []
    with database.read() as tx:
        assert [(w.kind, w.dead, w.count) for w in jobs.waiting(tx)] == [("scan", True, 1)]
    with database.transaction() as tx:
        assert jobs.revive(tx, job_id)
    assert len(take(database)) == 1


def test_a_second_job_of_the_same_key_is_the_first(database):
    first = put(database, dedup_key="k")
    assert put(database, dedup_key="k") == first
    (job,) = take(database)
    with database.transaction() as tx:
        jobs.finish(tx, job)
    assert put(database, dedup_key="k") != first


def test_many_workers_share_a_pile_without_doing_anything_twice(database):
    with database.transaction() as tx:
        for _ in range(120):
            jobs.enqueue(tx, "scan", {})

    def work(name: int) -> list[str]:
        done = []
        while batch := take(database, f"w{name}", limit=7):
            for job in batch:
                with database.transaction() as tx:
                    jobs.finish(tx, job)
                done.append(job.id)
        return done

    with ThreadPoolExecutor(4) as pool:
        done = [job for part in pool.map(work, range(4)) for job in part]
    assert len(done) == 120
    assert len(set(done)) == 120


def test_a_lease_has_one_owner_and_its_epoch_fences_off_the_last(database, clock):
    first = leases.acquire(database, "stream/1", owner="a", lease_s=10)
    assert first is not None
    assert leases.acquire(database, "stream/1", owner="b", lease_s=10) is None
    first = leases.renew(database, first, lease_s=10)
    clock.advance(11)
    second = leases.acquire(database, "stream/1", owner="b", lease_s=10)
    assert second is not None
    assert second.epoch > first.epoch
    with pytest.raises(LeaseLost):
        leases.renew(database, first, lease_s=10)
    with pytest.raises(LeaseLost), database.transaction() as tx:
        leases.check(tx, first)
    with database.transaction() as tx:
        leases.check(tx, second)
    leases.release(database, first)
    assert leases.acquire(database, "stream/1", owner="c", lease_s=10) is None
    leases.release(database, second)
    third = leases.acquire(database, "stream/1", owner="c", lease_s=10)
    assert third is not None
    assert third.epoch == second.epoch + 1


def test_many_leases_are_kept_at_once_and_lost_ones_are_not_among_them(database, clock):
    mine = [
        leases.acquire(database, f"watch/{number}", owner="a", lease_s=10) for number in range(5)
    ]
    clock.advance(11)
    taken = leases.acquire(database, "watch/3", owner="b", lease_s=10)
    kept = leases.renew_all(database, [one for one in mine if one], lease_s=10)
    assert sorted(kept) == ["watch/0", "watch/1", "watch/2", "watch/4"]
    assert all(lease.until > database.clock.now() for lease in kept.values())
    with database.transaction() as tx:
        leases.check(tx, taken)


class Shift:
    """Workers under a seeded scheduler: they claim, sleep past their lease, die, come back."""

    def __init__(self, database, clock, seed: int, tag: str) -> None:
        self.db, self.clock, self.kind = database, clock, f"s{tag}"
        self.seed, self.random = seed, random.Random(seed)
        self.held: list[jobs.Job] = []
        with database.transaction() as tx:
            self.ids = [jobs.enqueue(tx, self.kind, {}) for _ in range(self.random.randint(1, 4))]

    def step(self) -> None:
        act = self.random.random()
        if act < 0.35 or not self.held:
            self.held += take(self.db, f"w{act}", self.random.randint(1, 3), [self.kind])
        elif act < 0.75:
            self.finish(self.held.pop(self.random.randrange(len(self.held))))
        elif act < 0.85:
            self.clock.advance(31)
        elif act < 0.95:
            self.held.pop(self.random.randrange(len(self.held)))  # it dies
        else:
            self.retry(self.held.pop(self.random.randrange(len(self.held))))

    def finish(self, job: jobs.Job) -> None:
        """The effect is a row whose key refuses a second one."""
        try:
            with self.db.transaction() as tx:
                jobs.finish(tx, job)
                effect = {"key": job.id, "owner": "e", "epoch": job.epoch, "until": tx.now}
                tx.execute(sa.insert(core.leases), effect)
        except LeaseLost:
            return

    def retry(self, job: jobs.Job) -> None:
        try:
            with self.db.transaction() as tx:
                jobs.fail(tx, job, fault="x", retry_at=tx.now)
        except LeaseLost:
            return

    def run(self) -> None:
        for _ in range(30):
            self.step()
        self.clock.advance(31)
        while left := take(self.db, "last", 10, [self.kind]):
            for job in left:
                self.finish(job)
        with self.db.read() as tx:
            effects = tx.execute(sa.select(core.leases.c.key)).scalars().all()
        assert set(self.ids) <= set(effects), f"seed {self.seed}"


def test_every_job_has_its_effect_exactly_once_under_a_seeded_scheduler(database, clock):
    for seed in range(100 if database.dialect == "sqlite" else 12):
        Shift(database, clock, seed, str(seed)).run()


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_every_job_has_its_effect_exactly_once_for_many_seeds(database, clock):
    for seed in range(100, 10_000):
        Shift(database, clock, seed, str(seed)).run()
