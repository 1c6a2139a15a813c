"""What two media show of one place: the verdict, and the frames and points that say so.

`scenes.place_check.compare` makes them, `linking` turns them into edges, pages show them. "Same
place" and "same décor" are two words: hotel chains repeat furniture. Source: reference linking,
docs/decisions/0040.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from breakwater.model.link import LinkKind


class PlaceVerdict(StrEnum):
    """What may be said of two media."""

    PLACE = "place"
    DECOR = "decor"
    """They have a thing in common: a poster, a piece of furniture. It may stand in two rooms."""
    NONE = "none"
    """Both can be compared, and nothing joins them. Not proof that the places differ."""
    ABSTAINS = "abstains"
    """They cannot be compared: `PlaceMatch.reason` says why."""

    @property
    def link(self) -> LinkKind | None:
        """The kind of edge that it makes; None: it makes none."""
        return _LINKS.get(self)


_LINKS: Final = {PlaceVerdict.PLACE: LinkKind.PLACE, PlaceVerdict.DECOR: LinkKind.DECOR}


class Abstained(StrEnum):
    """Why two media cannot be compared."""

    EMPTY = "empty"
    """No frame of one of them has enough points: black, blurred, tiny, or all overlay."""
    REPEATS = "repeats"
    """What is seen repeats itself: brick, carpet, letters. Its points are interchangeable."""
    UNMOVED = "unmoved"
    """All that both share lies at the same pixels: an overlay, a still card, or a camera that
    never moved. Points cannot tell which; `copy` edges may."""


@dataclass(frozen=True, slots=True)
class FramePair:
    """Two frames that share something.

    Attributes:
        a_s, b_s: seconds from the start of each medium.
        inliers: points that one movement of the camera explains.
        area: 0 to 1, the share of the picture that they span, of the two the smaller.
        points: (x, y, x', y'), 0 to 1 of each picture's sides, 64 at most.
        flat: 0 to 1, the share of the inliers that lie on one plane.
    """

    a_s: float
    b_s: float
    inliers: int
    area: float
    points: tuple[tuple[float, float, float, float], ...] = ()
    flat: float = 0.0


@dataclass(frozen=True, slots=True)
class PlaceMatch:
    """What comparing two media found.

    Attributes:
        verdict: what may be said.
        score: 0 to 1 within its verdict; 0.5 is the least that is said at all.
        inliers, area: of the best pair of frames.
        pairs: frames that say so, the best first.
        reason: of an abstention.
    """

    verdict: PlaceVerdict
    score: float = 0.0
    inliers: int = 0
    area: float = 0.0
    pairs: tuple[FramePair, ...] = ()
    reason: Abstained | None = None

    def evidence(self) -> dict[str, Any]:
        """As `model.link.Found.evidence` has it: numbers alone."""
        return {
            "pairs": [
                {
                    "a_s": one.a_s, "b_s": one.b_s, "inliers": one.inliers, "area": one.area,
                    "points": [list(point) for point in one.points],
                }
                for one in self.pairs
            ]
        }  # fmt: skip
