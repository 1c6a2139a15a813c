"""Appeals: somebody says that a measure against their upload was wrong, and is answered.

Filed by the service for its user (DSA Art. 20), decided by a person who did not take the first
decision, answered by webhook. While one is open, the media it is about are locked: nobody
deletes what may prove them right. An appeal and its answer are rows that are only ever added.
Moves: `records.appeals`; rules of who may decide: `review.deciding.appeals`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from breakwater.model.ids import Id

ANSWER_IN: Final = timedelta(days=3)
"""DSA Art. 20(4) says "timely"; a hold that was wrong harms from its first hour."""

_Z95: Final = 1.959963984540054
"""The two-sided 95 % point of the normal distribution."""


class Claim(StrEnum):
    """Why it is said to be wrong."""

    NOT_ILLEGAL = "not_illegal"
    LAWFUL_CONTEXT = "lawful_context"
    WRONG_MATCH = "wrong_match"
    OWN_IMAGE = "own_image"
    OTHER = "other"


class AppealOutcome(StrEnum):
    """How it ended."""

    UPHELD = "upheld"
    OVERTURNED = "overturned"


class Ground(StrEnum):
    """Why a measure is overturned: what the second person saw."""

    NOT_ILLEGAL = "not_illegal"
    LAWFUL_CONTEXT = "lawful_context"
    WRONG_MATCH = "wrong_match"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was decided about an appeal.

    Attributes:
        by: the person; or the name of a part, when the measure fell by itself.
        ground: of an overturned one.
        reason: in words, for the record; the user is told by a notice, never by this.
    """

    outcome: AppealOutcome
    by: str
    at: datetime
    reason: str
    ground: Ground | None = None


@dataclass(frozen=True, slots=True)
class Appeal:
    """One claim that a measure was wrong.

    Attributes:
        number: for people.
        upload: what the measure was about.
        case: that the measure opened, if any.
        service: whose user appeals.
        account: the service's own name of the user; sealed at rest.
        words: the user's own; sealed at rest.
        language: in which the user wants to be answered.
        reference: the service's own id of the appeal; the same one is not filed twice.
        action, rule: of the verdict that is appealed against.
        banks: whose entries it rested on.
        first: people who decided the case until then; none when only a machine did.
        due_at: when it must be answered.
    """

    id: Id
    number: int
    upload: Id
    case: Id | None
    service: str
    account: str
    claim: Claim
    words: str
    language: str
    reference: str
    action: str
    rule: str
    banks: tuple[str, ...]
    first: tuple[Id, ...]
    at: datetime
    due_at: datetime
    answer: Answer | None = None

    @property
    def waits(self) -> bool:
        """Nobody has answered it."""
        return self.answer is None


@dataclass(frozen=True, slots=True)
class OverturnRate:
    """How often appeals against one bank, rule or reviewer were right.

    Attributes:
        name: of the bank or rule, or id of the person.
        decided: appeals that were answered by a person.
        overturned: of them.
    """

    name: str
    decided: int
    overturned: int

    @property
    def share(self) -> float:
        """Overturned of decided; 0 where nothing was decided."""
        return self.overturned / self.decided if self.decided else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """95 % score interval (Wilson 1927): honest for few appeals, unlike share ± 2 sd."""
        n, p = self.decided, self.share
        if not n:
            return 0.0, 1.0
        centre = p + _Z95**2 / (2 * n)
        width = _Z95 * math.sqrt(p * (1 - p) / n + _Z95**2 / (4 * n * n))
        scale = 1 + _Z95**2 / n
        return max(0.0, (centre - width) / scale), min(1.0, (centre + width) / scale)
