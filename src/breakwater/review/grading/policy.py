"""What becomes of an item when somebody answered: a pure function of the answers that count.

One to three graders answer blind to one another (reference: classification, "three trained
people look at each image"). Equal answers settle the item, unequal ones go to an adjudicator;
who cannot tell asks for one more person, and two who cannot tell ask for the adjudicator.
Tests: `tests/unit/test_policy_grade.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from breakwater.model.facts import FirstLook
from breakwater.model.grading import Grading, How, Part

MOST_UNSURE: Final = 2
"""People who cannot tell before an adjudicator is asked: a third look would only cost a look."""


@dataclass(frozen=True, slots=True)
class Waits:
    """More people must answer.

    Attributes:
        needed: complete answers there must be.
        graded: complete answers there are.
    """

    needed: int
    graded: int


@dataclass(frozen=True, slots=True)
class Disputed:
    """An adjudicator must answer."""

    needed: int
    graded: int


@dataclass(frozen=True, slots=True)
class Settled:
    """It holds from now on.

    Attributes:
        answer: the one whose facts hold.
        how: single, agreed or adjudicated.
        rests_on: every answer that says so.
    """

    needed: int
    graded: int
    answer: Grading
    how: How
    rests_on: tuple[Grading, ...]


def outcome(answers: Iterable[Grading], graders: int) -> Waits | Disputed | Settled:
    """Judge the answers to one item.

    Args:
        answers: those that count, the latest of each person, the first first.
        graders: independent people the set asks for.
    """
    complete = [one for one in answers if one.complete]
    ruled = [one for one in complete if one.part is Part.ADJUDICATOR]
    mine = [one for one in complete if one.part is Part.GRADER]
    sure = [one for one in mine if one.look is not FirstLook.CANNOT_TELL]
    unsure = len(mine) - len(sure)
    needed, graded = graders + min(unsure, MOST_UNSURE), len(mine)
    if ruled:
        return Settled(needed, graded, ruled[-1], How.ADJUDICATED, (ruled[-1],))
    if unsure >= MOST_UNSURE:
        return Disputed(needed, graded)
    if len(sure) < graders:
        return Waits(needed, graded)
    if any(one.judged != sure[0].judged for one in sure):
        return Disputed(needed, graded)
    how = How.SINGLE if len(sure) == 1 else How.AGREED
    return Settled(needed, graded, sure[0], how, tuple(sure))
