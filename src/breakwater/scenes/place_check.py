"""Whether two media show the same place: several frames of each, geometry, and when to abstain.

In: key points of frames (`local.extract_place`), and what lies over every frame of each source
(`overlay`). Out: a `PlaceMatch`. Two frames show one place when a movement of the camera (a
fundamental matrix, MAGSAC) explains enough matches, spread over both pictures; what one plane
explains alone in a small part of the picture is décor (a poster, a piece of furniture that a shop
sells). What chance would explain as well, or matched beside its neighbours, is a pattern and tells
nothing (`chance`). Points that repeat within their own picture (brick, carpet) are left out, and so is what
stands at the same spot of both frames (logos, chat bars) or slid along one side of it (a ticker, a
chat that scrolls); where that fills them, the answer is that points cannot tell. Thresholds and what
they were measured on: docs/decisions/0040. Tests: `tests/unit/test_scenes_place_check.py`,
`tests/integration/test_linking_bad_input.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from breakwater.model.place import Abstained, FramePair, PlaceMatch, PlaceVerdict
from breakwater.model.scene import Keypoints
from breakwater.scenes import chance
from breakwater.scenes.overlay import Mask

METHOD: Final = "rootsift+magsac"
VERSION: Final = "3"

SAME: Final = 0.5
"""Score from which two media show the same place."""

INLIERS: Final = 19
"""Matches that one movement of the camera must explain (no false link in 7,765 pairs at > 18)."""

AREA: Final = 8 / 64
"""Share of each picture, in cells of a grid, that they must be spread over."""

BY_CHANCE: Final = -10.0
"""Logarithm of how many findings as good chance may make (`chance.expected`)."""

SCATTERED: Final = 1.5
"""How far from their neighbours matches may land (`chance.scattered`): bricks 1.8 and more."""

LEAST_POINTS: Final = 60
"""Points that do not repeat; with fewer a frame is black, blurred or text, and tells nothing."""

MOST_FRAMES: Final = 12
"""Frames of each medium that are compared, spread evenly."""

MOST_PAIRS: Final = 6
"""Pairs of frames that are looked at closely."""

_FLAT: Final = 0.8
"""Share of the inliers on one plane above which the finding is flat."""

_FLAT_AREA: Final = 0.3
"""Share of what no overlay covers that something flat must fill to be the place itself (a façade)."""

_STILL: Final = 0.012
"""Of the picture's sides: a match that moves less stands still."""

_SLID: Final = 1.5 / 800
"""Of the picture's sides: a match that moves less along one of them slid along the other, as tickers
and chats do. A camera is never so straight over a whole picture."""

_SLID_LEAST: Final = 8
"""Matches that slid before they are left out: between two views of a room a few do by chance."""

_STILL_AREA: Final = 0.45
"""Share of the picture that still matches fill when the whole frame stands still: a card, or a
camera that never moved."""

_RATIO: Final = 0.85
_REPEATS: Final = 0.97
"""Likeness of two points of one picture above which both are a pattern's."""

_APART: Final = 8.0
"""Pixels within which two points are one: SIFT gives a place several sizes and directions."""
_TOLERANCE: Final = 1.5
_PLANE: Final = 3.0
_FEW: Final = 250
_GRID: Final = 8
_SHOWN: Final = 64


def compare(
    a: Sequence[Keypoints],
    b: Sequence[Keypoints],
    masks: tuple[Mask | None, Mask | None] = (None, None),
) -> PlaceMatch:
    """Judge whether two media show the same place.

    Args:
        a: key points of frames of one; of both by RootSIFT, or of both by one learned model.
        b: of the other.
        masks: what lies over every frame of each source; None where none is known.
    """
    sides = [_usable(frames, mask) for frames, mask in zip((a, b), masks, strict=True)]
    for side in sides:
        if isinstance(side, Abstained):
            return PlaceMatch(PlaceVerdict.ABSTAINS, reason=side)
    mine, theirs = (list(side) for side in sides if not isinstance(side, Abstained))
    looked = [_look(one, other) for one, other in _likely(mine, theirs)]
    found = sorted((one for one in looked if isinstance(one, FramePair)), key=lambda o: -_worth(o))
    pairs = [one for one in found if _worth(one) >= SAME]
    seen = 1.0 - max((one.share for one in masks if one), default=0.0)
    rooms = [one for one in pairs if not _flat(one, seen)]
    if rooms and _agreed(rooms, mine, theirs):
        return _said(PlaceVerdict.PLACE, rooms)
    if pairs:
        return _said(PlaceVerdict.DECOR, pairs)
    why = [one for one in looked if isinstance(one, Abstained)]
    if why:
        return PlaceMatch(PlaceVerdict.ABSTAINS, reason=why[0])
    return PlaceMatch(PlaceVerdict.NONE)


def _said(verdict: PlaceVerdict, pairs: Sequence[FramePair]) -> PlaceMatch:
    best = pairs[0]
    return PlaceMatch(verdict, _worth(best), best.inliers, best.area, tuple(pairs))


def unique(frame: Keypoints) -> Keypoints:
    """A frame's points without those that look like another point of it elsewhere."""
    if len(frame) < 2:
        return frame
    values = _units(frame.descriptors)
    alike, other = np.nonzero(values @ values.T >= _REPEATS)
    apart = np.abs(frame.points[alike] - frame.points[other]).max(axis=1) >= _APART
    keep = np.ones(len(frame), bool)
    keep[alike[apart]] = False
    return frame.only(keep)


def _usable(frames: Sequence[Keypoints], mask: Mask | None) -> list[Keypoints] | Abstained:
    """Frames with enough to tell a place by, a few of them, overlays and patterns left out."""
    seen = [mask.uncovered(frame) if mask else frame for frame in _spread(frames)]
    seen = [frame for frame in seen if len(frame) >= LEAST_POINTS]
    kept = [frame for frame in map(unique, seen) if len(frame) >= LEAST_POINTS]
    if kept:
        return kept
    return Abstained.REPEATS if seen else Abstained.EMPTY


def _spread(frames: Sequence[Keypoints]) -> list[Keypoints]:
    count = min(MOST_FRAMES, len(frames))
    at = np.unique(np.linspace(0, max(0, len(frames) - 1), count).round().astype(int))
    return [frames[n] for n in at.tolist()] if frames else []


def _likely(a: Sequence[Keypoints], b: Sequence[Keypoints]) -> list[tuple[Keypoints, Keypoints]]:
    """Pairs of frames with the most matches among their strongest points."""
    if len(a) * len(b) <= MOST_PAIRS:
        return [(one, other) for one in a for other in b]
    firsts = [[_units(frame.descriptors[:_FEW]) for frame in side] for side in (a, b)]
    counted = [
        (len(_mutual(one @ other.T)), n, m)
        for n, one in enumerate(firsts[0])
        for m, other in enumerate(firsts[1])
    ]
    counted.sort(key=lambda one: (-one[0], one[1], one[2]))
    return [(a[n], b[m]) for _, n, m in counted[:MOST_PAIRS]]


def _look(one: Keypoints, other: Keypoints) -> FramePair | Abstained | None:
    """What one movement of the camera explains between two frames; None: nothing."""
    pairs = _mutual(_units(one.descriptors) @ _units(other.descriptors).T)
    if len(pairs) < INLIERS // 2:
        return None
    here, there = one.points[pairs[:, 0]], other.points[pairs[:, 1]]
    away = np.abs(here / _sides(one) - there / _sides(other))
    still, slid = away.max(axis=1) < _STILL, away.min(axis=1) < _SLID
    unmoved = _covered((here / _sides(one))[still]) >= _STILL_AREA
    over = still | slid if int(slid.sum()) >= _SLID_LEAST else still
    here, there = here[~over], there[~over]
    good, matrix = _explained(here, there, cv2.findFundamentalMat, _TOLERANCE)
    every, here, there = (here, there), here[good], there[good]
    if matrix is None or len(here) < 8:
        return Abstained.UNMOVED if unmoved else None
    plane, _ = _explained(here, there, cv2.findHomography, _PLANE)
    places = np.hstack([here / _sides(one), there / _sides(other)])
    distinct = np.unique(np.rint(places * 128), axis=0, return_index=True)[1]
    shown = places[np.sort(distinct)][:_SHOWN].round(4).tolist()
    area = min(_covered(places[:, :2]), _covered(places[:, 2:]))
    found = FramePair(
        one.time_s, other.time_s, len(distinct), round(area, 4),
        tuple((p, q, r, s) for p, q, r, s in shown), round(float(plane.mean()), 4),
    )  # fmt: skip
    if _worth(found) < SAME:
        return found
    likely = chance.expected(*every, matrix, (_sides(one), _sides(other)))
    told = likely <= BY_CHANCE and chance.scattered(here, there) <= SCATTERED
    return found if told else Abstained.REPEATS


def _worth(pair: FramePair) -> float:
    """0..1: half of it at the least that is needed of inliers and area."""
    return round(min(1.0, SAME * min(pair.inliers / INLIERS, pair.area / AREA)), 4)


def _flat(pair: FramePair, seen: float) -> bool:
    """Whether it may be one flat thing that is in both places; `seen`: what no overlay covers."""
    return pair.flat >= _FLAT and pair.area < _FLAT_AREA * seen


def _agreed(rooms: Sequence[FramePair], a: Sequence[Keypoints], b: Sequence[Keypoints]) -> bool:
    """Whether one chance is ruled out: of two videos a second pair agrees, or one is strong."""
    if min(len(a), len(b)) < 3:
        return True
    return rooms[0].inliers >= 2 * INLIERS or sum(_worth(one) >= SAME / 2 for one in rooms) >= 2


def _explained(
    here: NDArray[np.float32], there: NDArray[np.float32], find: Any, tolerance: float
) -> tuple[NDArray[np.bool_], NDArray[np.float64] | None]:
    """Which matches one geometry explains, and that geometry; None where there is none."""
    none = np.zeros(len(here), bool)
    if len(here) < 8:
        return none, None
    cv2.setNumThreads(1)
    matrix: Any
    found: Any
    if find is cv2.findFundamentalMat:
        matrix, found = find(here, there, cv2.USAC_MAGSAC, tolerance, 0.999, 4000)
    else:
        matrix, found = find(here, there, cv2.USAC_MAGSAC, tolerance, None, 4000, 0.999)
    if matrix is None or found is None:
        return none, None
    return np.asarray(found, bool).ravel(), np.asarray(matrix, np.float64)


def _mutual(products: NDArray[np.float32]) -> NDArray[np.intp]:
    """(n, 2) rows of mutual nearest neighbours that pass the ratio, from (n, m) products,
    which it spends.
    """
    if min(products.shape) < 2:
        return np.zeros((0, 2), np.intp)
    best, back = products.argmax(axis=1), products.argmax(axis=0)
    rows = np.arange(len(products))
    top = products[rows, best].copy()
    products[rows, best] = -1.0
    second = products.max(axis=1)
    apart, next_apart = (np.sqrt(np.maximum(1e-9, 2 - 2 * one)) for one in (top, second))
    good = (back[best] == rows) & (apart <= _RATIO * next_apart)
    return np.stack([rows[good], best[good]], axis=1)


def _units(values: NDArray[np.uint8 | np.int8]) -> NDArray[np.float32]:
    floats = values.astype(np.float32)
    lengths = np.linalg.norm(floats, axis=1, keepdims=True)
    return np.asarray(floats / np.maximum(lengths, 1e-6), np.float32)


def _sides(frame: Keypoints) -> NDArray[np.float32]:
    return np.array((frame.width, frame.height), np.float32)


def _covered(places: NDArray[np.float32]) -> float:
    """Share of the cells of a grid that hold one of these places (0..1 of each side)."""
    cells = np.clip((places * _GRID).astype(int), 0, _GRID - 1)
    return len(np.unique(cells[:, 0] * _GRID + cells[:, 1])) / _GRID**2
