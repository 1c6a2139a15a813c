"""The drift alarm: whether a grader's answers have begun to go wrong more often than they did.

Pure: rights and wrongs in the order they came (gold items, and items settled by others) in, a
running score out. A tabular CUSUM of the log likelihood ratio, as for outcomes of surgery
(Steiner, Cook, Farewell and Treasure 2000): the quickest to notice at a given rate of false
alarms. An alarm is a reason to talk and to look again, never a judgement of a person. Read by
`review.quality.quality`; its mean run lengths are computed in `tests/unit/test_review_drift.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Watch:
    """What counts as drift.

    Attributes:
        settled: share of answers that goes wrong with a settled grader.
        drifted: share from which somebody should look.
        limit: score at which the alarm is raised. With 4 a settled grader meets a false alarm
            about every 1,000 answers, and one who has drifted is noticed after about 27.
    """

    settled: float = 0.05
    drifted: float = 0.20
    limit: float = 4.0

    def step(self, *, wrong: bool) -> float:
        """What one answer adds to the score."""
        if wrong:
            return math.log(self.drifted / self.settled)
        return math.log((1 - self.drifted) / (1 - self.settled))


USUAL: Final = Watch()


@dataclass(frozen=True, slots=True)
class Drift:
    """Where a grader stands.

    Attributes:
        answers: how many were watched.
        wrong: how many of them went wrong.
        score: 0 is settled; at the limit the alarm is raised.
        since: answers since the score last stood at 0; the change began about there.
        alarm: whether the score has reached the limit and not come back to 0 since.
    """

    answers: int = 0
    wrong: int = 0
    score: float = 0.0
    since: int = 0
    alarm: bool = False


def drift(outcomes: Iterable[bool], watch: Watch = USUAL) -> Drift:
    """Follow a grader's answers.

    Args:
        outcomes: whether each answer was wrong, the first first.
        watch: what counts as drift.
    """
    answers = mistakes = since = 0
    score, alarm = 0.0, False
    for wrong in outcomes:
        answers += 1
        mistakes += wrong
        # The score is held at the limit, so that a change for the better shows as soon as the
        # change for the worse did.
        score = min(watch.limit, max(0.0, score + watch.step(wrong=wrong)))
        since = since + 1 if score > 0 else 0
        alarm = score >= watch.limit or (alarm and score > 0)
    return Drift(answers, mistakes, score, since, alarm)
