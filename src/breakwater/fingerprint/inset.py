"""Pictures in pictures: where in a frame another video seems to play.

In: small pictures of one video, one after another. Out: up to three rectangles: the one that
holds most of what moves, and the two with the most lasting edges on their four sides. A
reaction video or a phone filmed with a chat bar is found by the views of these rectangles.
Source: reference matching-and-hashing, "Copy detection in time", step 1. Tests:
tests/unit/test_fingerprint_views.py.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

Rect = tuple[float, float, float, float]

WINDOW: Final = 24
LEAST_FRAMES: Final = 4
"""Before that many frames nothing lasting can be told from what merely is there."""

_MOVES: Final = 3.0
_MOVING_SHARE: Final = 0.25
_STEEPEST: Final = 40
_BESIDE: Final = 2
_LINES: Final = 10
_LEAST_SIDE: Final = 0.2
_MOST_AREA: Final = 0.92
_LEAST_EDGE: Final = 4.0
"""Mean excess gradient of the weakest side: below it the best rectangle is noise."""


class InsetFinder:
    """Running sums over the last frames of one video."""

    def __init__(self) -> None:
        self._frames: deque[NDArray[np.uint8]] = deque()
        none: NDArray[np.int32] = np.zeros((0, 0), np.int32)
        self._sum = self._square = self._down = self._across = none

    def feed(self, small: NDArray[np.uint8]) -> tuple[Rect, ...]:
        """Take the next small picture; rectangles as left, top, right, bottom shares."""
        if not self._frames:
            self._sum, self._square, self._down, self._across = (
                np.zeros(small.shape, np.int32) for _ in range(4)
            )
        self._add(small, 1)
        self._frames.append(small)
        if len(self._frames) > WINDOW:
            self._add(self._frames.popleft(), -1)
        if len(self._frames) < LEAST_FRAMES:
            return ()
        found = [self._moving(), *self._framed()]
        return tuple(dict.fromkeys(rect for rect in found if rect is not None))

    def _add(self, small: NDArray[np.uint8], sign: int) -> None:
        wide = small.astype(np.int32)
        self._sum += sign * wide
        self._square += sign * wide * wide
        self._down[1:] += sign * np.minimum(np.abs(np.diff(wide, axis=0)), _STEEPEST)
        self._across[:, 1:] += sign * np.minimum(np.abs(np.diff(wide, axis=1)), _STEEPEST)

    def _moving(self) -> Rect | None:
        """The box of rows and columns of which a quarter moves."""
        count = len(self._frames)
        spread = self._square * count - self._sum * self._sum > (_MOVES * count) ** 2
        rows = np.flatnonzero(spread.mean(1) > _MOVING_SHARE)
        columns = np.flatnonzero(spread.mean(0) > _MOVING_SHARE)
        if not len(rows) or not len(columns):
            return None
        height, width = spread.shape
        return _worth(
            columns[0] / width, rows[0] / height,
            (columns[-1] + 1) / width, (rows[-1] + 1) / height,
        )  # fmt: skip

    def _framed(self) -> list[Rect]:
        """The two rectangles whose weakest side has the strongest lasting edge."""
        count = len(self._frames)
        down, across = _excess(self._down), _excess(self._across.T)
        rows, columns = _best_lines(down.sum(1)), _best_lines(across.sum(1))
        height, width = self._sum.shape
        along_rows = _sums(down, rows) / count
        along_columns = _sums(across, columns).T / count
        tops, bottoms = _pairs(rows, int(_LEAST_SIDE * height))
        lefts, rights = _pairs(columns, int(_LEAST_SIDE * width))
        if not len(tops) or not len(lefts):
            return []
        wide, high = (rights - lefts)[None, :], (bottoms - tops)[:, None]
        weakest = np.minimum.reduce([
            (along_rows[tops][:, rights] - along_rows[tops][:, lefts]) / wide,
            (along_rows[bottoms][:, rights] - along_rows[bottoms][:, lefts]) / wide,
            (along_columns[bottoms][:, lefts] - along_columns[tops][:, lefts]) / high,
            (along_columns[bottoms][:, rights] - along_columns[tops][:, rights]) / high,
        ])  # fmt: skip
        score = weakest * np.sqrt(wide * high / (width * height))
        found: list[Rect] = []
        for at in np.argsort(score, axis=None)[::-1][:40]:
            i, j = divmod(int(at), len(lefts))
            if weakest[i, j] < _LEAST_EDGE or len(found) == 2:
                break
            rect = _worth(
                lefts[j] / width, tops[i] / height, rights[j] / width, bottoms[i] / height
            )
            if rect is not None and all(_differ(rect, other) for other in found):
                found.append(rect)
        return found


def _excess(edges: NDArray[np.int32]) -> NDArray[np.int32]:
    """Edges minus the stronger of what lies two lines to either side; none at the two ends."""
    found = np.zeros(edges.shape, np.int32)
    beside = np.maximum(edges[: -2 * _BESIDE], edges[2 * _BESIDE :])
    np.subtract(edges[_BESIDE:-_BESIDE], beside, out=found[_BESIDE:-_BESIDE])
    return found


def _sums(lines: NDArray[np.int32], wanted: NDArray[np.intp]) -> NDArray[np.int64]:
    """Running sums along some lines, 0 first; rows of the others stay 0."""
    found = np.zeros((len(lines), lines.shape[1] + 1), np.int64)
    found[wanted, 1:] = lines[wanted].cumsum(1)
    return found


def _best_lines(strength: NDArray[np.int64]) -> NDArray[np.intp]:
    """The strongest lines, in order."""
    return np.sort(np.argpartition(strength, -_LINES)[-_LINES:])


def _pairs(lines: NDArray[np.intp], least: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first, second = np.triu_indices(len(lines), 1)
    far = lines[second] - lines[first] >= least
    return lines[first[far]], lines[second[far]]


def _worth(left: float, top: float, right: float, bottom: float) -> Rect | None:
    """A rectangle that is neither tiny nor nearly the whole."""
    wide, high = right - left, bottom - top
    if min(wide, high) < _LEAST_SIDE or wide * high > _MOST_AREA:
        return None
    return (
        round(float(left), 4),
        round(float(top), 4),
        round(float(right), 4),
        round(float(bottom), 4),
    )


def _differ(one: Rect, other: Rect) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) > 0.03
