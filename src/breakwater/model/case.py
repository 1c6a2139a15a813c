"""Cases: what waits for a person, why, and how urgently.

Opened in the transaction of whoever found it (`records.cases.open`); `review` routes it.
Live outranks everything; severity and minutes waiting order the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from breakwater.errors import BadInput
from breakwater.model.ids import Id


class CaseKind(StrEnum):
    """What found it."""

    UPLOAD = "upload"
    UNDECODABLE = "undecodable"
    RETROACTIVE = "retroactive"
    QUARANTINE = "quarantine"
    STREAM = "stream"
    CONVERSATION = "conversation"
    REPORT = "report"
    RECEIVED = "received"
    LEAD = "lead"
    """New media joined a series, or a person must look at a link."""


class CaseState(StrEnum):
    """Where it stands. Closed cases open again only by a new row (appeal, undo)."""

    OPEN = "open"
    HELD = "held"
    CLOSED = "closed"


class Priority(StrEnum):
    """Shape and word of the console: `■ Now`, `▲ High`, `◆ Medium`, `○ Low`."""

    NOW = "now"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 is the most urgent."""
        return list(Priority).index(self)

    @property
    def due_in(self) -> timedelta:
        """Time until a person must have looked: minutes for live, within a shift for the rest."""
        return _DUE[self]


_DUE: Mapping[Priority, timedelta] = {
    Priority.NOW: timedelta(minutes=2),
    Priority.HIGH: timedelta(minutes=15),
    Priority.MEDIUM: timedelta(hours=4),
    Priority.LOW: timedelta(hours=24),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that waits for a person.

    Attributes:
        why: one sentence: match evidence, rule and threshold in words; no content.
        subject: id of what it is about (an upload, a stream, an entry).
        service, account: where; the account is the service's own name for it.
        due_at: when a person must have looked.
        version: row version for optimistic locking.
        held_by, held_until: the lease of the person who works on it.
    """

    id: Id
    number: int
    kind: CaseKind
    subject: Id
    why: str
    priority: Priority
    state: CaseState
    service: str
    account: str
    opened_at: datetime
    due_at: datetime
    change: int
    version: int = 1
    held_by: Id | None = None
    held_until: datetime | None = None
    closed_at: datetime | None = None

    @property
    def urgency(self) -> int:
        """Live first, then by priority: 0..3 for streams, 10..13 for the rest."""
        return urgency(self.kind, self.priority)

    @property
    def position(self) -> CasePosition:
        """Where it stands in the queue; the next page begins after it."""
        return CasePosition(self.urgency, self.due_at, self.number)


def urgency(kind: CaseKind, priority: Priority) -> int:
    """The first sort key of the queue."""
    return priority.rank + (0 if kind is CaseKind.STREAM else 10)


@dataclass(frozen=True, slots=True)
class CasePosition:
    """A place in the queue that prints and parses itself, for addresses of pages."""

    urgency: int
    due_at: datetime
    number: int

    def __str__(self) -> str:
        micros = (self.due_at - _EPOCH) // timedelta(microseconds=1)
        return f"{self.urgency}-{micros}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> CasePosition:
        """Read what `str()` prints.

        Raises:
            BadInput: something else.
        """
        found = _POSITION.fullmatch(text)
        if found is None:
            raise BadInput("This is not a place in the queue; open the queue anew.")
        due_at = _EPOCH + timedelta(microseconds=int(found[2]))
        return cls(int(found[1]), due_at, int(found[3]))


_POSITION = re.compile(r"([0-9]{1,2})-([0-9]{1,17})-([0-9]{1,12})")
"""17 digits of microseconds reach the year 5138."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CaseStep:
    """One thing that happened to a case; only ever added.

    Attributes:
        what: `opened`, `closed`, `held`, `released`, `reprioritised`.
        by: id of the person or key, or the name of a part.
    """

    change: int
    at: datetime
    by: str
    what: str
    note: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
