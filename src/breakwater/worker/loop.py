"""Runs what the verbs offer: reactions to events, jobs, regular turns. No work of its own.

In `breakwater serve` it runs in the server's process; on PostgreSQL any number of workers may
run beside it: leases and fencing epochs in SQL decide who does what. An event and a job are
done at least once; a failure waits 1, 2, 4 … seconds, five minutes at most, and is set aside
for a person in the end, never dropped.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from breakwater.errors import BreakwaterError, LeaseLost
from breakwater.model.ids import new_id
from breakwater.model.work import JobKind, Subscription, Turn
from breakwater.observe import Metrics, logger
from breakwater.records import jobs, outbox
from breakwater.records.database import Database
from breakwater.records.jobs import Job

LEASE_S: Final = 30.0
IDLE_S: Final = 2.0
"""Longest sleep without a hint: what other processes commit is seen within this."""
EVENT_ATTEMPTS: Final = 20
BACK_OFF_MOST: Final = timedelta(minutes=5)

_log = logger("worker")


class Worker:
    """Threads that run until they are stopped."""

    def __init__(
        self,
        *,
        db: Database,
        subscriptions: Sequence[Subscription],
        kinds: Sequence[JobKind],
        turns: Sequence[Turn],
        metrics: Metrics,
        job_threads: int = 2,
    ) -> None:
        self._db = db
        self._subscriptions = tuple(subscriptions)
        self._kinds: Mapping[str, JobKind] = {kind.name: kind for kind in kinds}
        self._turns = tuple(turns)
        self._metrics = metrics
        self._owner = f"{os.getpid()}-{new_id()}"
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._job_threads = job_threads

    def start(self) -> None:
        """Begin."""
        self._spawn("outbox", self._events)
        for number in range(self._job_threads):
            self._spawn(f"jobs-{number}", self._jobs)
        for turn in self._turns:
            self._spawn(turn.name, partial(self._regularly, turn))

    def stop(self) -> None:
        """End after what each thread is doing now."""
        self._stop.set()
        self._db.tell_outbox()
        self._db.tell_jobs()
        for thread in self._threads:
            thread.join(timeout=30)

    def deliver_events(self) -> int:
        """Hand every subscriber what it has not had; answers how many were handed over."""
        return sum(self._serve(subscription) for subscription in self._subscriptions)

    def run_jobs(self, limit: int = 8) -> int:
        """Do due jobs once; answers how many were claimed."""
        if not self._kinds:
            return 0
        done = 0
        for _ in range(limit):
            claimed = jobs.claim(self._db, self._kinds, owner=self._owner, lease_s=LEASE_S)
            if not claimed:
                break
            done += 1
            self._do(claimed[0])
        return done

    def _spawn(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _events(self) -> None:
        self._loop(outbox.TOPIC, self.deliver_events)

    def _jobs(self) -> None:
        self._loop(jobs.TOPIC, self.run_jobs)

    def _loop(self, topic: str, work: Callable[[], int]) -> None:
        while not self._stop.is_set():
            seen = self._db.bus.count(topic)
            if self._guarded(topic, work) == 0 and not self._stop.is_set():
                self._db.bus.wait_past(topic, seen, IDLE_S)

    def _regularly(self, turn: Turn) -> None:
        def once() -> int:
            turn.run()
            return 0

        while not self._stop.is_set():
            self._guarded(turn.name, once)
            self._stop.wait(turn.every_s)

    def _guarded(self, name: str, work: Callable[[], int]) -> int:
        """Keep a thread alive: what fails is logged, counted, and tried again."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - a thread of the worker must outlive any one failure
            self._metrics.alarms.labels("worker").inc()
            _log.exception("turn_failed", turn=name, code=_code(error))
            self._stop.wait(1.0)
            return 0

    def _serve(self, subscription: Subscription) -> int:
        claimed = outbox.claim(
            self._db,
            subscription.name,
            types=subscription.types,
            owner=self._owner,
            lease_s=LEASE_S,
        )
        if claimed is None:
            return 0
        done = 0
        try:
            for delivery in claimed.deliveries:
                self._hand_over(subscription, claimed, delivery)
                done += 1
        except LeaseLost:
            return done
        finally:
            outbox.release(self._db, claimed, done=done == len(claimed.deliveries))
        return done

    def _hand_over(
        self, subscription: Subscription, claimed: outbox.Claim, delivery: outbox.Delivery
    ) -> None:
        try:
            subscription.handle(delivery.event)
        except Exception as error:  # noqa: BLE001 - one event must not hold up those behind it
            self._metrics.alarms.labels("subscriber").inc()
            _log.exception("handler_failed", subscriber=subscription.name, code=_code(error))
            with self._db.transaction() as tx:
                again = delivery.attempts < EVENT_ATTEMPTS
                outbox.failed(
                    tx,
                    claimed,
                    delivery,
                    fault=_code(error),
                    retry_at=tx.now + back_off(delivery.attempts) if again else None,
                )
            return
        with self._db.transaction() as tx:
            outbox.delivered(tx, claimed, delivery)

    def _do(self, job: Job) -> None:
        kind = self._kinds[job.kind]
        if kind.lease_s > LEASE_S:
            jobs.extend(self._db, job, lease_s=kind.lease_s)

        def beat(share: float) -> None:
            with self._db.transaction() as tx:
                jobs.report(tx, job, {"share": round(share, 4)})
            jobs.extend(self._db, job, lease_s=kind.lease_s)

        try:
            kind.run(job.payload, job.attempts, beat)
        except LeaseLost:
            return
        except Exception as error:  # noqa: BLE001 - a job that fails is tried again, then set aside
            self._set_aside_or_retry(kind, job, error)
            return
        with self._db.transaction() as tx:
            jobs.finish(tx, job)

    def _set_aside_or_retry(self, kind: JobKind, job: Job, error: Exception) -> None:
        again = job.attempts < kind.most_attempts
        log = _log.warning if isinstance(error, BreakwaterError) else _log.exception
        log("job_failed", kind=job.kind, attempt=job.attempts, code=_code(error), again=again)
        if not again:
            self._metrics.alarms.labels("job").inc()
        with self._db.transaction() as tx:
            jobs.fail(
                tx,
                job,
                fault=_code(error),
                retry_at=tx.now + back_off(job.attempts) if again else None,
            )


def back_off(attempts: int) -> timedelta:
    """The wait before the next try: 1, 2, 4 … seconds, five minutes at most."""
    return min(timedelta(seconds=2 ** min(attempts, 12)), BACK_OFF_MOST)


def _code(error: Exception) -> str:
    return error.code if isinstance(error, BreakwaterError) else type(error).__name__
