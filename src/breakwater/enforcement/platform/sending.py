"""Has acts carried out: claims what is due, asks the service, keeps its answer, tries again.

In come jobs written with each act; out go calls of a `PlatformAdapter`. Who is killed between any
two steps has lost nothing: the lease ends and the act is asked again with the same id. After three
days without an acknowledgement an act is `unconfirmed`, with an alarm, and waits for a person.
Tests: `tests/integration/test_acts.py`, `tests/integration/test_kill_acts.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from breakwater.enforcement.platform.policy import wait_after
from breakwater.enforcement.ports import PlatformAdapter
from breakwater.errors import BreakwaterError, LeaseLost, NotFound, Unavailable
from breakwater.model.act import Acknowledged, AckOutcome, Act, ActState, Ask
from breakwater.model.ids import Id
from breakwater.observe import Metrics, logger
from breakwater.records import jobs, platform_acts
from breakwater.records.carrying import Carrying
from breakwater.records.database import Database, Tx
from breakwater.records.jobs import Job

AT_ONCE: Final = 4
LEASE_S: Final = 90.0
"""Longer than one attempt may take, so that nobody else sends it meanwhile."""

ANSWERED: Final = "answer"
"""Who acknowledged, where it was the answer to the call itself."""

_log = logger("enforcement")

Step = Callable[[str], None]


def _on(_step: str) -> None:
    """Nothing: tests stop the sender at named steps."""


class Sending:
    """Claims and asks."""

    def __init__(
        self, *, db: Database, adapter: PlatformAdapter, metrics: Metrics, step: Step = _on
    ) -> None:
        """Take what it needs; `turn` does the work.

        Args:
            db: the database.
            adapter: asks services.
            metrics: for alarms.
            step: called with the name of each step before the next, for tests.
        """
        self._db = db
        self._adapter = adapter
        self._metrics = metrics
        self._step = step
        self._carrying = Carrying(
            db=db, name="act", kinds=(platform_acts.SEND_JOB,), do=self.carry,
            wait_after=wait_after, at_once=AT_ONCE, lease_s=LEASE_S,
        )  # fmt: skip

    def turn(self) -> None:
        """Start what is due, if there is room; sleeps until there is, a second at most."""
        self._carrying.turn()

    def send_due(self) -> int:
        """Send what is due here and now, one after another; answers how many were tried."""
        tried = 0
        while due := self._carrying.claim():
            self.carry(due[0])
            tried += 1
        return tried

    def carry(self, job: Job) -> None:
        """One attempt of one act, and what becomes of its job."""
        self._step("claimed")
        try:
            self._carry(Id(job.payload["act"]), job)
        except LeaseLost:
            _log.warning("act_taken_over", job=job.id)
        except Exception as error:  # noqa: BLE001 - whatever failed, the act stands and is tried again
            code = error.code if isinstance(error, BreakwaterError) else type(error).__name__
            _log.exception("act_not_carried", job=job.id, attempt=job.attempts, code=code)
            self._again(job, code)

    def close(self) -> None:
        """Begin nothing more and let what runs end; what is left goes on after the next start."""
        self._carrying.close()

    def _carry(self, act: Id, job: Job) -> None:
        with self._db.transaction() as tx:
            ask = _next(tx, act)
            if ask is None:
                jobs.finish(tx, job)
                return
        self._step("begun")
        said: Acknowledged | None = None
        fault = ""
        try:
            said = self._adapter.act(ask)
        except (Unavailable, NotFound) as error:
            fault = error.detail
        self._step("asked")
        with self._db.transaction() as tx:
            self._keep(tx, ask.act, said, fault, job)
        self._step("kept")

    def _keep(self, tx: Tx, act: Act, said: Acknowledged | None, fault: str, job: Job) -> None:
        """Keep the answer and settle the job, in one transaction."""
        if said is None:
            platform_acts.trouble(tx, act.id, fault)
        elif said.outcome is not AckOutcome.LATER:
            platform_acts.acknowledge(tx, act.id, said, epoch=act.epoch, by=ANSWERED)
        else:
            platform_acts.trouble(tx, act.id, "")
        found = platform_acts.get(tx, act.id)
        if found.state.waits and tx.now >= found.until:
            found = platform_acts.give_up(tx, act.id)
        if found.state.failed:
            tx.after_commit(lambda: self._alarm(found))
        if not found.state.waits:
            jobs.finish(tx, job)
            return
        again = min(tx.now + wait_after(job.attempts), max(found.until, tx.now + wait_after(1)))
        jobs.fail(tx, job, fault=found.fault, retry_at=again)

    def _again(self, job: Job, code: str) -> None:
        try:
            with self._db.transaction() as tx:
                jobs.fail(tx, job, fault=code, retry_at=tx.now + wait_after(job.attempts))
        except LeaseLost:
            return

    def _alarm(self, act: Act) -> None:
        self._metrics.alarms.labels("act_not_confirmed").inc()
        _log.error(
            "act_not_confirmed", act=act.id, kind=act.kind.value, state=act.state.value,
            impossible=act.state is ActState.IMPOSSIBLE,
        )  # fmt: skip


def _next(tx: Tx, act: Id) -> Ask | None:
    """The act as it is asked now; None where there is nothing left to send."""
    try:
        found = platform_acts.begin(tx, act)
    except NotFound:
        return None
    return None if found is None else platform_acts.ask(tx, found)
