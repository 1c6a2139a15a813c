"""Has filings carried on: claims what is due, on threads of its own, for as long as it takes.

A recipient that is down for a week costs nothing but time: the job is tried again with growing
waits and never set aside. Files of gigabytes hold up nobody: several are carried at once and
their leases are kept. Joined by `app`; tests: `tests/integration/test_filing.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from breakwater.model.ids import Id
from breakwater.records import filings, jobs
from breakwater.records.carrying import Carrying
from breakwater.records.database import Database
from breakwater.records.filing_steps import RETRACT_JOB
from breakwater.records.jobs import Job
from breakwater.reporting.cybertipline import machine
from breakwater.reporting.cybertipline.sender import Later

AT_ONCE: Final = 4
LEASE_S: Final = 30.0
"""A dead process holds up its reports for so long."""

KINDS: Final = (filings.FILE_JOB, RETRACT_JOB)


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
        self._carrying = Carrying(
            db=db, name="report", kinds=KINDS, do=self._carry, wait_after=machine.wait_after,
            at_once=AT_ONCE, lease_s=LEASE_S,
        )  # fmt: skip

    def turn(self) -> None:
        """Start what is due, if there is room; sleeps until there is, a second at most."""
        self._carrying.turn()

    def close(self) -> None:
        """Begin nothing more and let what runs end; what is left goes on after the next start."""
        self._carrying.close()

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
