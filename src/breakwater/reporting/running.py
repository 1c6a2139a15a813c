"""Has filings carried on: claims what is due, on threads of its own, for as long as it takes.

A recipient that is down for a week costs nothing but time: the job is tried again with growing
waits and never set aside. Files of gigabytes hold up nobody: several are carried at once and
their leases are kept. Joined by `app`; tests: `tests/integration/test_filing.py`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

from breakwater.errors import BreakwaterError, LeaseLost
from breakwater.model.ids import Id, new_id
from breakwater.observe import logger
from breakwater.records import filings, jobs
from breakwater.records.database import Database
from breakwater.records.filing_steps import RETRACT_JOB
from breakwater.records.jobs import Job
from breakwater.reporting.cybertipline import machine
from breakwater.reporting.cybertipline.sender import Later

AT_ONCE: Final = 4
LEASE_S: Final = 30.0
"""A dead process holds up its reports for so long."""

KEEP_S: Final = 10.0
"""Between two extensions of a lease, while one filing is carried."""

IDLE_S: Final = 1.0
KINDS: Final = (filings.FILE_JOB, RETRACT_JOB)

_log = logger("reporting")


class Carrier(Protocol):
    """Carries filings to one recipient or several."""

    def carry(self, filing: Id, tries: int = 1) -> Later | None:
        """Carry one as far as it goes now; None: nothing is left to do."""
        ...

    def retract(self, filing: Id, report_id: str) -> None:
        """Take a report back that belongs to nothing."""
        ...


class Carriers:
    """Gives each filing to what carries it: the first for a named recipient, or the usual one."""

    def __init__(self, *, db: Database, usual: Carrier, named: Mapping[str, Carrier]) -> None:
        """Take the carriers by the recipients' names."""
        self._db = db
        self._usual = usual
        self._named = named

    def carry(self, filing: Id, tries: int = 1) -> Later | None:
        """As `Carrier.carry`."""
        return self._of(filing).carry(filing, tries)

    def retract(self, filing: Id, report_id: str) -> None:
        """As `Carrier.retract`."""
        self._of(filing).retract(filing, report_id)

    def _of(self, filing: Id) -> Carrier:
        with self._db.read() as tx:
            return self._named.get(filings.get(tx, filing).destination, self._usual)


class Running:
    """Claims and carries."""

    def __init__(self, *, db: Database, sender: Carrier) -> None:
        """Take what it needs; `turn` does the work."""
        self._db = db
        self._sender = sender
        self._owner = f"reports-{os.getpid()}-{new_id()}"
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="report")
        self._room = threading.Semaphore(AT_ONCE)

    def turn(self) -> None:
        """Start one that is due, if there is room; sleeps until there is, a second at most."""
        seen = self._db.bus.count(jobs.TOPIC)
        if not self._room.acquire(timeout=IDLE_S):
            return
        due: list[Job] = []
        try:
            due = jobs.claim(self._db, KINDS, owner=self._owner, lease_s=LEASE_S)
            for job in due:
                self._threads.submit(self._run, job)
        finally:
            if not due:
                self._room.release()
        if not due:
            self._db.bus.wait_past(jobs.TOPIC, seen, IDLE_S)

    def close(self) -> None:
        """Begin nothing more and let what runs end; what is left goes on after the next start."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _run(self, job: Job) -> None:
        done = threading.Event()
        keeper = threading.Thread(target=self._keep_lease, args=(job, done), daemon=True)
        keeper.start()
        try:
            self._carry(job)
        except LeaseLost:
            _log.warning("filing_taken_over", job=job.id)
        except Exception as error:  # noqa: BLE001 - whatever failed, the report stands and is tried again
            code = error.code if isinstance(error, BreakwaterError) else type(error).__name__
            log = _log.warning if isinstance(error, BreakwaterError) else _log.exception
            log("filing_not_carried", job=job.id, attempt=job.attempts, code=code)
            self._again(job, code)
        finally:
            done.set()
            self._room.release()
            self._db.tell_jobs()

    def _carry(self, job: Job) -> None:
        filing = Id(job.payload["filing"])
        if job.kind == RETRACT_JOB:
            self._sender.retract(filing, str(job.payload["report"]))
            later = None
        else:
            later = self._sender.carry(filing, job.attempts)
        with self._db.transaction() as tx:
            if later is None:
                jobs.finish(tx, job)
            else:
                jobs.fail(tx, job, fault=later.fault, retry_at=later.at)

    def _again(self, job: Job, code: str) -> None:
        try:
            with self._db.transaction() as tx:
                wait = machine.wait_after(job.attempts)
                jobs.fail(tx, job, fault=code, retry_at=tx.now + wait)
        except LeaseLost:
            return

    def _keep_lease(self, job: Job, done: threading.Event) -> None:
        while not done.wait(KEEP_S):
            try:
                jobs.extend(self._db, job, lease_s=LEASE_S)
            except BreakwaterError:
                return
