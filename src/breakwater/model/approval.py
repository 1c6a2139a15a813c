"""Two-person approvals: one proposes, another person confirms, or it lapses after 24 hours.

"The same person" is judged by person, not by account or key (reference: law, "two people
for"). What needs it: a known-harmless entry, release of many items, exports, key rotation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from breakwater.model.ids import Id

LAPSE: Final = timedelta(hours=24)
"""Time for the second person; afterwards it is proposed anew (console reference §5)."""


class ApprovalState(StrEnum):
    """Derived from the proposal, its decision and the time; stored nowhere."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Approval:
    """One proposal with what became of it.

    Attributes:
        kind: what would be done, e.g. `negative_entry`.
        subject: id of what it would be done to.
        reason: the first person's words.
        facts: effect in values, for the second person to see.
        by: person who proposed.
        outcome: `confirmed` or `refused`; empty while nobody decided.
        decided_by: the other person.
    """

    id: Id
    kind: str
    subject: str
    reason: str
    by: Id
    proposed_at: datetime
    lapses_at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    outcome: str = ""
    decided_by: Id | None = None
    decided_at: datetime | None = None
    note: str = ""

    def state(self, now: datetime) -> ApprovalState:
        """Where it stands at a moment."""
        if self.outcome:
            return ApprovalState(self.outcome)
        return ApprovalState.LAPSED if now >= self.lapses_at else ApprovalState.WAITING
