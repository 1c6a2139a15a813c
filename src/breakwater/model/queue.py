"""The queue's nouns: what a person may be offered, how a case waits, and bulk acts.

The order of the queue is the case's own (`Case.position`: live first, priority, due time); a
`Waiting` adds where it waits and what the SLA clock has done. Who takes what is a pure
question to the `WorkTerms` of a person. Kept by `records.queue`; used by `review.queueing.queue`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Final

from breakwater.model.case import CaseKind, Priority
from breakwater.model.ids import Id
from breakwater.model.routing import GENERAL

LEASE: Final = timedelta(minutes=10)
"""How long a case stays with a person who does nothing; looking and working renew it."""

HANDED: Final = timedelta(minutes=15)
"""How long a case waits for the person it was handed to, who may be in another one."""

MOST_HELD: Final = 5
"""Cases one person holds at once; a live case comes on top."""

SKIPPED_FOR: Final = timedelta(hours=8)
"""A shift: as long is a skipped case not offered again to the one who skipped it."""

MOST_BULK: Final = 1000
"""Cases one bulk act changes."""

UNDO_FOR: Final = timedelta(minutes=10)
"""How long a bulk act can be undone as a whole."""


class Told(IntEnum):
    """What the SLA clock has told of a case; it only goes up."""

    QUIET = 0
    SOON = 1
    OVERDUE = 2
    LONG_OVERDUE = 3


@dataclass(frozen=True, slots=True)
class Waiting:
    """Where a case waits, beside what the case itself says.

    Attributes:
        rule, version: the routing rule that put it here, and the version it stood in.
        viewers, reports: what was told of them last.
        told: what the SLA clock has told.
        next_at: when the clock looks again; None when it has said all.
    """

    case: Id
    queue: str = GENERAL
    skill: str = ""
    rule: str = ""
    version: int = 0
    viewers: int = 0
    reports: int = 0
    told: Told = Told.QUIET
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WorkTerms:
    """On what terms one person works.

    Attributes:
        skills: given by whoever leads the work.
        opt_outs: words of content (`model.routing.Content` and labels) that are not offered.
    """

    person: Id
    skills: frozenset[str] = frozenset()
    opt_outs: frozenset[str] = frozenset()

    def takes(self, skill: str, content: frozenset[str]) -> bool:
        """Whether a case that needs a skill and shows such content is for this person."""
        return (not skill or skill in self.skills) and self.opt_outs.isdisjoint(content)


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases: the filters of the queue, all of which hold."""

    queue: str = ""
    service: str = ""
    kind: CaseKind | None = None
    priority: Priority | None = None
    held_by: Id | None = None


class BulkKind(StrEnum):
    """What can be done to many cases at once."""

    PRIORITY = "priority"
    QUEUE = "queue"
    HAND_OVER = "hand_over"


@dataclass(frozen=True, slots=True)
class BulkChange:
    """What a bulk act does to one case.

    Attributes:
        version: row version it was seen at; another one refuses the act.
        before, after: for people to read.
        restore: what an undo puts back, by its name in the case.
    """

    case: Id
    number: int
    version: int
    before: str
    after: str
    restore: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BulkPreview:
    """What a bulk act would do.

    Attributes:
        changes: one for each case that would change.
        left: numbers of cases that would not, each with the reason in words.
    """

    kind: BulkKind
    value: str
    changes: Sequence[BulkChange]
    left: Mapping[int, str]

    @property
    def token(self) -> str:
        """Names exactly this preview: what is applied is what was shown."""
        seen = [self.kind.value, self.value]
        seen += [f"{one.case} {one.version} {one.before}" for one in self.changes]
        return hashlib.sha256("\n".join(seen).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class BulkAct:
    """A bulk act that was done; its rows are only ever added.

    Attributes:
        restored, left: what its undo put back, and what others had changed since.
    """

    id: Id
    kind: BulkKind
    value: str
    reason: str
    by: Id
    at: datetime
    changes: Sequence[BulkChange]
    undone_at: datetime | None = None
    restored: int = 0
    left: int = 0

    @property
    def undo_until(self) -> datetime:
        """The last moment at which it can be undone."""
        return self.at + UNDO_FOR
