"""Where each level of a chat alarms: as its traffic and people's time say, or fixed until then.

A cell (service, language, speed) that has counted nothing abstains; its limits are `FIXED`, which
is said beside every alarm. Used by `engine`. Tests: tests/unit/test_comments_engine.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from breakwater.comments.calibrate import Band, Budget, Calibration
from breakwater.comments.peaks import Solved
from breakwater.model.comment import Level

FIXED: Final[Mapping[Level, float]] = {
    Level.MESSAGE: 4.0, Level.AUTHOR: 6.0, Level.STREAM: 3.0, Level.ACROSS: 6.0,
}  # fmt: skip
"""Nats at which a level alarms where nothing is calibrated yet; ours, and said beside the alarm."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a cell, as solved when it had counted so many blocks.

    Attributes:
        blocks: ten minutes that the cell had counted.
        solved: what each limit rests on.
        at_least: nats from which a level alarms.
    """

    blocks: int
    solved: Mapping[Level, Solved]
    at_least: Mapping[Level, float]

    @classmethod
    def of(cls, calibration: Calibration, cell: tuple[str, str, Band], budget: Budget) -> Self:
        """Solved for what people can answer."""
        solved = calibration.solve(*cell, budget)
        at_least = {level: limit(one, level) for level, one in solved.items()}
        return cls(calibration.cell(*cell).blocks, solved, at_least)


def limit(solved: Solved, level: Level) -> float:
    """Where a level alarms: as solved; while nothing is known as fixed, but over what was seen."""
    if solved.abstains:
        return FIXED[level]
    known = solved.threshold
    return min(known, max(FIXED[level], solved.counted)) if solved.guessed else known
