"""The quality of grading as nouns: gold items, marks against them, disputes, alarms.

A gold item is one whose answer is beyond doubt; graders meet it among the others without
knowing. An answer is right when it says what holds of everything two graders must agree on
(`ItemFacts.judged`). Written and read by `records.quality`; judged by `review.quality.quality`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from breakwater.model.facts import FirstLook, ItemFacts
from breakwater.model.grading import GradeItem, GradeResult, Grading
from breakwater.model.ids import Id


@dataclass(frozen=True, slots=True)
class Gold:
    """An item with the answer that holds, for as long as it is active.

    Attributes:
        item: number of the item.
        set: number of its set.
        facts: None when it is not pertinent.
        by: who made it gold, or ended that.
    """

    item: int
    set: int
    look: FirstLook
    facts: ItemFacts | None
    by: Id
    at: datetime
    reason: str
    active: bool = True

    def is_right(self, answer: Grading) -> bool:
        """Whether an answer says what holds."""
        truth = (self.look, self.facts.judged if self.facts else ())
        return answer.complete and answer.judged == truth


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer that was measured: against a gold item, or against what was settled later.

    Attributes:
        gold: against a gold item; else against an adjudicator's answer.
    """

    grader: Id
    item: int
    at: datetime
    right: bool
    gold: bool


@dataclass(frozen=True, slots=True)
class Dispute:
    """An item whose graders differed, with their answers and what became of it.

    Attributes:
        answers: those that count, graders' first, then the adjudicator's.
        result: None while nobody has adjudicated.
    """

    item: GradeItem
    answers: tuple[Grading, ...]
    result: GradeResult | None = None


class AlarmKind(StrEnum):
    """What was noticed. An alarm is a reason to talk, never a judgement of a person."""

    DRIFT = "drift"
    """A person's answers go wrong more often than a settled grader's."""
    AGREEMENT = "agreement"
    """A set's graders agree too little for even tentative conclusions."""


@dataclass(frozen=True, slots=True)
class QualityAlarm:
    """Something about grading that a person should look at, open until somebody says why not.

    Attributes:
        subject: id of the grader, or number of the set.
        facts: figures that raised it.
        ended_by: who closed it; None while it is open.
        note: what was done about it.
    """

    id: Id
    kind: AlarmKind
    subject: str
    at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    ended_by: Id | None = None
    ended_at: datetime | None = None
    note: str = ""

    @property
    def open(self) -> bool:
        """Whether nobody has closed it."""
        return self.ended_by is None
