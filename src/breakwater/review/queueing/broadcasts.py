"""What is heard of broadcasts while their cases wait: viewers and reports raise them by the rules.

In come changes of streams and reports on them; out goes the case's place in the queue, by the
routing rules that people set. A case never sinks by it. Heard by `review.handlers`; tests:
`tests/integration/test_decisions_streams.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.model.case import CaseKind, CaseState
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id
from breakwater.model.user_report import voices
from breakwater.records import cases, queue, streams, user_reports
from breakwater.records.database import Database, Tx
from breakwater.review.queueing.routing import Routing

HEARD: Final = frozenset({EventType.STREAM_CHANGED, EventType.REPORT_TAKEN})
MOST: Final = 200
"""Reporters weighed for a place in the queue; more change nothing."""


class Broadcasts:
    """Tells the queue how many watch and how many reported."""

    def __init__(self, *, db: Database, routing: Routing) -> None:
        self._db = db
        self._routing = routing

    def heard(self, event: Event) -> None:
        """Something changed that rules may ask for. Idempotent."""
        if event.type is EventType.STREAM_CHANGED and "viewers" not in event.body:
            return
        with self._db.transaction() as tx:
            tx.lock_changes()
            case = _case(tx, event)
            placed = None if case is None else queue.places(tx, [case]).get(case)
            if case is None or placed is None:
                return
            found = cases.get(tx, case)
            if found.kind is not CaseKind.STREAM or found.state is CaseState.CLOSED:
                return
            if event.type is EventType.STREAM_CHANGED:
                self._routing.press(tx, case, viewers=int(event.body["viewers"]))
            elif user_reports.crowd(tx, case, MOST) < MOST:
                trusts = user_reports.reliability(tx, user_reports.reporters_of(tx, case))
                count = len(voices(trusts.values()))
                if count != placed.reports:
                    self._routing.press(tx, case, reports=count)


def _case(tx: Tx, event: Event) -> Id | None:
    if event.type is EventType.REPORT_TAKEN:
        return Id(event.body["case"])
    stream = streams.find(tx, event.subject)
    return stream.case if stream is not None else None
