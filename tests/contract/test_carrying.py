"""Jobs on threads of their own, on both databases: as many as there is room for, until they are done."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.integration.console_site import until

from breakwater.errors import Unavailable
from breakwater.records import jobs
from breakwater.records.carrying import Carrying
from breakwater.records.tables import core

KIND = "carry"
LEASE_S = 30.0


class Doing:
    """Does jobs as a test says, and settles them."""

    def __init__(self, database):
        self.database = database
        self.done, self.faults = [], []
        self.gate = threading.Event()
        self.gate.set()
        self.inside = 0
        self.lock = threading.Lock()

    def __call__(self, job):
        with self.lock:
            self.inside += 1
        try:
            assert self.gate.wait(30)
            if self.faults:
                raise self.faults.pop(0)
            with self.database.transaction() as tx:
                jobs.finish(tx, job)
            self.done.append(job)
        finally:
            with self.lock:
                self.inside -= 1


@pytest.fixture
def doing(database):
    return Doing(database)


@pytest.fixture
def carrying(database, doing):
    made = carrier(database, doing)
    yield made
    doing.gate.set()
    made.close()


def carrier(database, doing, lease_s=LEASE_S):
    return Carrying(
        db=database, name="test", kinds=(KIND,), do=doing, at_once=2, lease_s=lease_s,
        wait_after=lambda attempt: timedelta(seconds=10 * attempt),
    )  # fmt: skip


def put(database, count=1):
    with database.transaction() as tx:
        return [jobs.enqueue(tx, KIND, {"n": n}) for n in range(count)]


def left(database):
    with database.read() as tx:
        return sum(one.count for one in jobs.waiting(tx))


def test_no_more_is_claimed_than_there_is_room_for(database, doing, carrying):
    put(database, 3)
    doing.gate.clear()
    assert carrying.start() == 2
    until(lambda: doing.inside == 2)
    assert carrying.start() == 0
    (third,) = jobs.claim(database, [KIND], owner="another", lease_s=LEASE_S)
    doing.gate.set()
    until(lambda: len(doing.done) == 2)
    assert left(database) == 1
    with database.transaction() as tx:
        jobs.finish(tx, third)


def test_what_fails_is_tried_again_later_each_time_and_never_set_aside(
    database, doing, carrying, clock
):
    (job,) = put(database)
    doing.faults = [RuntimeError("away"), Unavailable("away"), KeyError("x")]
    for attempt in (1, 2, 3):
        assert carrying.start() == 1
        until(lambda: doing.inside == 0 and carrying._running == 0)
        with database.read() as tx:
            (found,) = jobs.waiting(tx)
        assert (found.dead, found.oldest - clock.now()) == (False, timedelta(seconds=10 * attempt))
        assert carrying.start() == 0, "not before its time"
        clock.advance(10 * attempt)
    assert carrying.start() == 1
    until(lambda: [one.id for one in doing.done] == [job])
    assert left(database) == 0


def test_the_lease_of_what_runs_is_kept_and_that_of_a_dead_one_is_anothers(database, doing, clock):
    put(database)
    doing.gate.clear()
    long = carrier(database, doing, lease_s=0.3)
    assert long.start() == 1
    until(lambda: doing.inside == 1)
    clock.advance(0.2)
    began = clock.now()

    def extended():
        with database.read() as tx:
            return tx.execute(sa.select(core.jobs.c.lease_until)).scalar() > began + timedelta(
                seconds=0.25
            )

    until(extended)
    assert jobs.claim(database, [KIND], owner="another", lease_s=LEASE_S) == []

    def taken():
        clock.advance(LEASE_S)  # as if nobody had kept it
        return jobs.claim(database, [KIND], owner="another", lease_s=1e6)

    until(taken)
    doing.gate.set()
    until(lambda: long._running == 0)
    assert doing.done == [], "whoever came late has changed nothing"
    assert left(database) == 1
    long.close()


def test_it_sleeps_until_something_is_due_and_ends_when_told(database, doing, carrying):
    began = time.monotonic()
    turned = threading.Thread(target=carrying.turn)
    turned.start()
    put(database)
    turned.join(30)
    carrying.turn()
    until(lambda: len(doing.done) == 1)
    assert time.monotonic() - began < 30
