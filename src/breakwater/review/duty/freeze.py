"""The wish to freeze a stream, written down: `freeze.wanted` in the outbox.

In comes a case and who wants it; out go a row that is never changed, a step of the case's
history and an event that whoever watches the stream obeys. Satisfies `ports.StreamFreezer`.
"""

from __future__ import annotations

from breakwater.model.case import Case
from breakwater.model.event import EventType
from breakwater.records import cases, duty_calls
from breakwater.records.database import Tx


class FreezeIntent:
    """Leaves word that a stream is to be frozen."""

    def freeze(self, tx: Tx, case: Case, *, by: str, why: str) -> None:
        """Write it down once for each reason; the stream's watcher acts on the event."""
        if not duty_calls.add_freeze(tx, case.id, by=by, why=why):
            return
        cases.note(tx, case.id, by=by, what="freeze_wanted", why=why)
        tx.audit(by, "freeze.want", case.id, why=why)
        tx.emit(EventType.FREEZE_WANTED, case.subject, case=case.id, why=why)
