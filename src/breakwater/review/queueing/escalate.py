"""The SLA clock: says when a case is due soon, overdue and long overdue, and raises it.

A case asks for a person until its due time. When a fifth of its time is left (5 minutes at
most) `case.due` is told; at the due time `case.overdue`, and the case rises one step; when it
has waited as long again it rises to Now and is told once more, so that whoever is on call is
paged. Its due time stays what it was: "Due 4 min ago" remains the truth. Times come from the
database's clock, so a step of the wall clock makes it early or late once and never twice. The
same turn gives back leases of people who fell silent. Tested in
`tests/contract/test_review_escalate.py`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from breakwater.model.case import Case, CaseState, Priority
from breakwater.model.event import EventType
from breakwater.model.queue import Told, Waiting
from breakwater.observe import Metrics
from breakwater.records import cases, queue
from breakwater.records.database import Database, Tx
from breakwater.review.queueing.queue import raised

SOON_AT_MOST: Final = timedelta(minutes=5)
EVERY_S: Final = 1.0
BATCH: Final = 200
"""Cases of one transaction: others write in between."""


class Escalation:
    """One turn of the clock, again and again."""

    def __init__(self, *, db: Database, metrics: Metrics) -> None:
        self._db = db
        self._metrics = metrics

    def run(self) -> None:
        """One turn, as the worker calls it."""
        self.turn()

    def turn(self) -> int:
        """Do all that is due now; answers how many cases it concerned."""
        done = 0
        while self._needed():
            done += self._batch()
        return done

    def _needed(self) -> bool:
        with self._db.read() as tx:  # a turn that finds nothing costs no write
            return bool(queue.due(tx, 1) or queue.lapsed(tx, 1))

    def _batch(self) -> int:
        with self._db.transaction() as tx:
            tx.lock_changes()
            silent = queue.lapsed(tx, BATCH)
            for case in silent:
                self._give_back(tx, case)
            places = queue.due(tx, BATCH)
            for place in places:
                self._step(tx, place)
            return len(silent) + len(places)

    def _give_back(self, tx: Tx, case: Case) -> None:
        words = "The lease ran out."
        queue.give_back(tx, case.id, by="queue", what="lapsed", note=words, was=case.held_by)
        tx.audit("queue", "case.lapse", case.id, person=case.held_by)

    def _step(self, tx: Tx, place: Waiting) -> None:
        case = cases.get(tx, place.case)
        if case.state is CaseState.CLOSED:
            queue.put(tx, replace(place, next_at=None))
            return
        told, at = next_step(case.opened_at, case.due_at, place.told)
        if at is None or at > tx.now:
            queue.put(tx, replace(place, next_at=at))
            return
        if told is Told.SOON:
            tx.emit(EventType.CASE_DUE, case.id, priority=case.priority.value, queue=place.queue)
        else:
            case = self._overdue(tx, case, place, told)
        queue.put(tx, wound(replace(place, told=told), case))

    def _overdue(self, tx: Tx, case: Case, place: Waiting, told: Told) -> Case:
        long = told is Told.LONG_OVERDUE
        words = "Nobody looked in twice its time." if long else "Nobody looked by its due time."
        higher = Priority.NOW if long else None
        before, case = case, raised(tx, case, by="queue", note=words, to=higher)
        tx.audit(
            "queue", "case.overdue", case.id, level=int(told),
            before=before.priority.value, after=case.priority.value,
        )  # fmt: skip
        tx.emit(
            EventType.CASE_OVERDUE, case.id, priority=case.priority.value, queue=place.queue,
            level=int(told) - int(Told.SOON), held=case.held_by is not None,
        )  # fmt: skip
        self._metrics.alarms.labels("case_overdue").inc()
        return case


def wound(place: Waiting, case: Case) -> Waiting:
    """The same place with its clock set for what comes next."""
    return replace(place, next_at=next_step(case.opened_at, case.due_at, place.told)[1])


def next_step(
    opened_at: datetime, due_at: datetime, told: Told
) -> tuple[Told, datetime] | tuple[Told, None]:
    """What the clock says next of a case, and when; None when it has said all.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> told, at = next_step(noon, noon + timedelta(minutes=15), Told.QUIET)
    >>> told.name, f"{at:%H:%M}"
    ('SOON', '12:12')
    >>> told, at = next_step(noon, noon + timedelta(minutes=15), Told.OVERDUE)
    >>> told.name, f"{at:%H:%M}"
    ('LONG_OVERDUE', '12:30')
    """
    if told is Told.LONG_OVERDUE:
        return told, None
    allowed = max(due_at - opened_at, timedelta(minutes=1))
    at = {
        Told.SOON: due_at - min(allowed / 5, SOON_AT_MOST),
        Told.OVERDUE: due_at,
        Told.LONG_OVERDUE: due_at + allowed,
    }
    following = Told(told + 1)
    return following, at[following]
