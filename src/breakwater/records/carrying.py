"""Jobs carried on threads of their own: claimed while there is room, for as long as it takes.

For work that must not stand behind other jobs and is never set aside: orders to media servers,
reports, acts of a service. Comes in: what does one job and settles it in the transaction of its
effect. What fails is tried again after a growing wait; the lease of what runs is kept, so a long job
needs no long lease, and one of a dead process is another's soon. Contract test:
`tests/contract/test_carrying.py`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final

from breakwater.errors import BreakwaterError, LeaseLost
from breakwater.model.ids import new_id
from breakwater.observe import logger
from breakwater.records import jobs
from breakwater.records.database import Database
from breakwater.records.jobs import Job

IDLE_S: Final = 1.0
"""Longest sleep without a hint: what other processes commit is seen within this."""

KEPT: Final = 3
"""A lease is extended so often within its length."""

_log = logger("records")


class Carrying:
    """Claims and carries jobs of some kinds."""

    def __init__(
        self,
        *,
        db: Database,
        name: str,
        kinds: Iterable[str],
        do: Callable[[Job], None],
        wait_after: Callable[[int], timedelta],
        at_once: int,
        lease_s: float,
    ) -> None:
        """Take what it needs; `turn` or `start` does the work.

        Args:
            db: the database.
            name: of its threads, and in the log.
            kinds: of jobs.
            do: does one and settles it (`jobs.finish` or `jobs.fail`); what it raises is tried again.
            wait_after: how long after attempt 1, 2, ... that failed.
            at_once: how many are carried at the same time.
            lease_s: seconds that a dead process holds up a job.
        """
        self._db = db
        self._name = name
        self._kinds = tuple(kinds)
        self._do = do
        self._wait_after = wait_after
        self._lease_s = lease_s
        self._at_once = at_once
        self._owner = f"{name}-{os.getpid()}-{new_id()}"
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix=name)
        self._free = threading.Condition()
        self._running = 0

    def turn(self) -> None:
        """Start what is due, if there is room; sleeps until there is, a second at most."""
        with self._free:
            if not self._free.wait_for(lambda: self._running < self._at_once, IDLE_S):
                return
        seen = self._db.bus.count(jobs.TOPIC)
        if not self.start():
            self._db.bus.wait_past(jobs.TOPIC, seen, IDLE_S)

    def start(self) -> int:
        """Start as much of what is due as there is room for, and wait for nothing; how many."""
        with self._free:
            room = self._at_once - self._running
        due = self.claim(room) if room else []
        with self._free:
            self._running += len(due)
        for job in due:
            self._threads.submit(self._run, job)
        return len(due)

    def claim(self, limit: int = 1) -> list[Job]:
        """Take due jobs for whoever does them elsewhere."""
        return jobs.claim(
            self._db, self._kinds, owner=self._owner, lease_s=self._lease_s, limit=limit
        )

    def close(self) -> None:
        """Begin nothing more and let what runs end; what is left goes on after the next start."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _run(self, job: Job) -> None:
        done = threading.Event()
        threading.Thread(target=self._keep_lease, args=(job, done), daemon=True).start()
        try:
            self._do(job)
        except LeaseLost:
            _log.warning("job_taken_over", carrier=self._name, job=job.id)
        except Exception as error:  # noqa: BLE001 - whatever failed, the job stands and is tried again
            code = error.code if isinstance(error, BreakwaterError) else type(error).__name__
            log = _log.warning if isinstance(error, BreakwaterError) else _log.exception
            log("job_not_done", carrier=self._name, job=job.id, attempt=job.attempts, code=code)
            self._again(job, code)
        finally:
            done.set()
            with self._free:
                self._running -= 1
                self._free.notify()
            self._db.tell_jobs()

    def _again(self, job: Job, code: str) -> None:
        try:
            with self._db.transaction() as tx:
                retry_at = tx.now + self._wait_after(job.attempts)
                jobs.fail(tx, job, fault=code, retry_at=retry_at)
        except LeaseLost:
            return

    def _keep_lease(self, job: Job, done: threading.Event) -> None:
        while not done.wait(self._lease_s / KEPT):
            try:
                jobs.extend(self._db, job, lease_s=self._lease_s)
            except BreakwaterError:
                return
