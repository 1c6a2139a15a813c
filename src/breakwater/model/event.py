"""Events: what happened, by id, written to the outbox in the transaction that made it true.

The worker delivers each to its subscribers after commit, at least once, in order of change
number; handlers are idempotent by `Event.id`. Bodies hold ids and words, never content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from breakwater.model.ids import Id


class EventType(StrEnum):
    """Names on the wire: `noun.past_participle`."""

    VERDICT_COMPLETED = "verdict.completed"
    VERDICT_CHANGED = "verdict.changed"
    CASE_OPENED = "case.opened"
    CASE_CHANGED = "case.changed"
    CASE_DECIDED = "case.decided"
    CASE_DUE = "case.due"
    CASE_OVERDUE = "case.overdue"
    DANGER_RAISED = "danger.raised"
    ENTRY_ADDED = "entry.added"
    ENTRY_WITHDRAWN = "entry.withdrawn"
    ENTRY_QUARANTINED = "entry.quarantined"
    ENTRY_RELEASED = "entry.released"
    UPLOAD_MATCHED = "upload.matched"
    IMPORT_FINISHED = "import.finished"
    BANK_CHANGED = "bank.changed"
    DECODER_ALARM = "decoder.alarm"
    SNAPSHOT_NEEDED = "account.snapshot"
    APPEAL_FILED = "appeal.filed"
    APPEAL_DECIDED = "appeal.decided"
    REPORT_TAKEN = "report.taken"
    QUALITY_ALARM = "quality.alarm"
    DUTY_CHANGED = "duty.changed"
    DUTY_UNMANNED = "duty.unmanned"
    FREEZE_WANTED = "freeze.wanted"
    STREAM_STARTED = "stream.started"
    STREAM_CHANGED = "stream.changed"
    STREAM_ALERTED = "stream.alerted"
    STREAM_ORDERED = "stream.ordered"
    STREAM_STOPPED = "stream.stopped"
    STREAM_ENDED = "stream.ended"
    CHAT_ALARMED = "chat.alarmed"
    CHAT_MEASURED = "chat.measured"
    CHAT_CAPTURED = "chat.captured"
    REEL_ADDED = "reel.added"
    REEL_WITHDRAWN = "reel.withdrawn"
    FILING_CHANGED = "filing.changed"
    FILING_FINISHED = "filing.finished"
    FILING_STUCK = "filing.stuck"
    FILING_OVERDUE = "filing.overdue"
    PACKAGE_CHANGED = "package.changed"
    ACT_WANTED = "act.wanted"
    ACT_UNCONFIRMED = "act.unconfirmed"
    REQUEST_CHANGED = "request.changed"
    REQUEST_OVERDUE = "request.overdue"
    HOLD_CHANGED = "hold.changed"
    HOLD_DUE = "hold.due"
    PRESERVATION_FAILED = "preservation.failed"
    REGISTRATION_WATCHED = "registration.watched"
    REGISTRATION_REFUSED = "registration.refused"
    GRADE_SETTLED = "grade.settled"
    GRADE_DISPUTED = "grade.disputed"
    HUB_DOUBTED = "hub.doubted"
    MEDIUM_LINKED = "medium.linked"
    SERIES_CHANGED = "series.changed"
    SERIES_OUTCOME = "series.outcome"
    VIEWERS_CHANGED = "viewers.changed"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        id: constant over redeliveries.
        change: its change number: number order is commit order.
        subject: id of what it is about.
        body: small JSON facts.
    """

    id: Id
    type: EventType
    subject: Id
    at: datetime
    change: int = 0
    body: Mapping[str, Any] = field(default_factory=dict)
