"""Stretches of known videos in a query while they may still grow, and what their scores are worth.

Used by `matching.align`. Source: reference matching-and-hashing, step 5. Tests:
tests/unit/test_matching_align.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from breakwater.matching.line import Line, Point
from breakwater.model.copies import Segment, Zone

LINK_SCORE: Final = 3.0
LOOK_SCORE: Final = 0.6
"""Below 0.6 nothing, from 3 a link; between, a closer look (reference, step 5)."""

_AGREES: Final = 0.3
"""Share of what a segment claims that must agree to link: copies under attack keep .7, under a
chat bar and at 60 kbit/s .4, webcams of one make .1.
"""


def zone_of(score: float, frames: int, *, agrees: bool = True) -> Zone:
    """What a score is worth; one frame alone is never more than a look."""
    if score >= LINK_SCORE and frames > 1 and agrees:
        return Zone.LINK
    return Zone.LOOK if score >= LOOK_SCORE else Zone.NOTHING


@dataclass(slots=True)
class Track:
    """A segment that may still grow; `points` by number of the query frame."""

    line: Line
    points: dict[int, Point]
    before: tuple[int, float] = (-1, 0.0)
    """Its first frame, and the seconds from the frame before that one."""

    @property
    def score(self) -> float:
        """What its frames are worth together."""
        return max(0.0, sum(point.worth for point in self.points.values()))

    @property
    def agrees(self) -> bool:
        """Whether what is new in the query is, on the whole, new in the known video too."""
        return self.score >= _AGREES * sum(point.claim for point in self.points.values())


def best_of_each(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Without those that a better one of the same reel overlaps by half."""
    kept: list[Segment] = []
    for one in sorted(segments, key=lambda s: -s.score):
        if one.zone is Zone.NOTHING:
            continue
        if not any(k.reel == one.reel and _overlap(k, one) > 0.5 for k in kept):
            kept.append(one)
    return tuple(kept)


def _overlap(one: Segment, other: Segment) -> float:
    shared = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
    least = min(one.end_s - one.start_s, other.end_s - other.start_s)
    return shared / least if least > 0 else float(shared >= 0)
