"""Pictures in pictures: where in a frame another video seems to play.

In: small pictures of one video, one after another. Out: up to four rectangles: the one that
holds most of what moves, and those with the most lasting edges on their four sides, on three at a
side of the picture, and on two in a corner. A reaction video or a phone filmed with a chat bar is
found by the views of these rectangles. Source: reference matching-and-hashing, "Copy detection in time", step 1. Tests:
tests/unit/test_fingerprint_views.py.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Rect = tuple[float, float, float, float]

WINDOW: Final = 24
MOST: Final = 4
LEAST_FRAMES: Final = 4
"""Before that many frames nothing lasting can be told from what merely is there."""

_MOVES: Final = 3.0
_MOVING_SHARE: Final = 0.25
_STEEPEST: Final = 40
_BESIDE: Final = 2
_LINES: Final = 10
_LEAST_SIDE: Final = 0.2
_MOST_AREA: Final = 0.92
_OWN_SIDE: Final = 1e6
_LEAST_EDGE: Final = 4.0
"""Mean excess gradient of the weakest side: below it the best rectangle is noise."""


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """What a small picture adds to the sums: itself, its square, its edges down and across."""

    small: NDArray[np.uint8]
    square: NDArray[np.uint16]
    down: NDArray[np.uint8]
    across: NDArray[np.uint8]


class InsetFinder:
    """Running sums over the last frames of one video."""

    def __init__(self) -> None:
        self._frames: deque[_Frame] = deque()
        self._shape = (0, 0)

    def feed(self, small: NDArray[np.uint8]) -> tuple[Rect, ...]:
        """Take the next small picture; rectangles as left, top, right, bottom shares."""
        if not self._frames:
            self._shape = small.shape
            self._sum, self._down, self._across = (np.zeros(small.shape, np.int16) for _ in "123")
            self._square = np.zeros(small.shape, np.int32)
        made = _Frame(
            small, np.multiply(small, small, dtype=np.uint16),
            _steps(small[:-1], small[1:]), _steps(small[:, :-1], small[:, 1:]),
        )  # fmt: skip
        self._sum += made.small
        self._square += made.square
        self._down[1:] += made.down
        self._across[:, 1:] += made.across
        self._frames.append(made)
        if len(self._frames) > WINDOW:
            self._forget(self._frames.popleft())
        if len(self._frames) < LEAST_FRAMES:
            return ()
        found = [self._moving(), *self._framed()]
        return tuple(dict.fromkeys(rect for rect in found if rect is not None))[:MOST]

    def _forget(self, gone: _Frame) -> None:
        self._sum -= gone.small
        self._square -= gone.square
        self._down[1:] -= gone.down
        self._across[:, 1:] -= gone.across

    def _moving(self) -> Rect | None:
        """The box of rows and columns of which a quarter moves."""
        count = len(self._frames)
        height, width = self._shape
        square = np.multiply(self._sum, self._sum, dtype=np.int32)
        spread = self._square * count - square > (_MOVES * count) ** 2
        rows = np.flatnonzero(np.count_nonzero(spread, 1) > _MOVING_SHARE * width)
        columns = np.flatnonzero(np.count_nonzero(spread, 0) > _MOVING_SHARE * height)
        if not len(rows) or not len(columns):
            return None
        return _worth(
            columns[0] / width, rows[0] / height,
            (columns[-1] + 1) / width, (rows[-1] + 1) / height,
        )  # fmt: skip

    def _framed(self) -> list[Rect]:
        """Rectangles with lasting edges on all sides, on three, on two in a corner; best first."""
        count = len(self._frames)
        height, width = self._shape
        down, across = _excess(self._down), _excess(self._across.T)
        rows, columns = _best_lines(down.sum(1)), _best_lines(across.sum(1))
        lines = _Lines(_sums(down, rows) / count, _sums(across, columns).T / count)
        framed = _strongest(lines, rows, columns, 2)
        bounded = lines.bounded()
        ends = np.array([0, *rows, height]), np.array([0, *columns, width])
        beside = [one for own in (1, 2) for one in _strongest(bounded, *ends, 1, own=own)]
        return [*framed[:1], *beside, *framed[1:]]


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """Running sums of edges: (h, w + 1) along each row, (h + 1, w) down each column."""

    rows: NDArray[np.float64]
    columns: NDArray[np.float64]

    def bounded(self) -> _Lines:
        """With the picture's own four sides, along which every edge is strong enough."""
        height, width = len(self.rows), self.columns.shape[1]
        rows, columns = np.pad(self.rows, ((0, 1), (0, 0))), np.pad(self.columns, ((0, 0), (0, 1)))
        rows[[0, height]] = np.arange(width + 1) * _OWN_SIDE
        columns[:, [0, width]] = np.arange(height + 1)[:, None] * _OWN_SIDE
        return _Lines(rows, columns)


def _strongest(
    lines: _Lines,
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    most: int,
    *,
    own: int = 0,
) -> list[Rect]:
    """The rectangles whose weakest side has the strongest lasting edge.

    Args:
        lines: their edges.
        rows: where they may begin and end.
        columns: where they may begin and end.
        most: how many are wanted.
        own: how many of their sides are the picture's: 1, or 2 that meet in a corner.
    """
    height, width = len(lines.columns) - 1, lines.rows.shape[1] - 1
    tops, bottoms = _pairs(rows, int(_LEAST_SIDE * height))
    lefts, rights = _pairs(columns, int(_LEAST_SIDE * width))
    if not len(tops) or not len(lefts):
        return []
    wide, high = (rights - lefts)[None, :], (bottoms - tops)[:, None]
    above, below = lines.rows[tops], lines.rows[bottoms]
    beside = lines.columns[bottoms] - lines.columns[tops]
    weakest = np.minimum.reduce([
        (above[:, rights] - above[:, lefts]) / wide,
        (below[:, rights] - below[:, lefts]) / wide,
        beside[:, lefts] / high,
        beside[:, rights] / high,
    ])  # fmt: skip
    if own:
        down, across = _at_ends(tops, bottoms, height), _at_ends(lefts, rights, width)
        weakest *= (np.add.outer(down, across) == own) & (np.maximum.outer(down, across) == 1)
    score = weakest * np.sqrt(wide * high / (width * height))
    best = np.argsort(score, axis=None)[::-1][:40]
    i, j = np.divmod(best, len(lefts))
    edges = np.stack([lefts[j] / width, tops[i] / height, rights[j] / width, bottoms[i] / height])
    found: list[Rect] = []
    for strength, sides in zip(weakest.ravel()[best].tolist(), edges.T.tolist(), strict=True):
        if strength < _LEAST_EDGE or len(found) == most:
            break
        rect = _worth(*sides)
        if rect is not None and all(_differ(rect, other) for other in found):
            found.append(rect)
    return found


def _at_ends(first: NDArray[np.intp], last: NDArray[np.intp], end: int) -> NDArray[np.int64]:
    """How many of two lines are the picture's own."""
    found: NDArray[np.int64] = (first == 0).astype(np.int64) + (last == end)
    return found


def _steps(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How far neighbours are apart, up to the steepest that counts."""
    apart: NDArray[np.uint8] = np.maximum(one, other) - np.minimum(one, other)
    return np.minimum(apart, np.uint8(_STEEPEST))


def _excess(edges: NDArray[np.int16]) -> NDArray[np.int16]:
    """Edges minus the stronger of what lies two lines to either side; none at the two ends."""
    found = np.zeros(edges.shape, np.int16)
    beside = np.maximum(edges[: -2 * _BESIDE], edges[2 * _BESIDE :])
    np.subtract(edges[_BESIDE:-_BESIDE], beside, out=found[_BESIDE:-_BESIDE])
    return found


def _sums(lines: NDArray[np.int16], wanted: NDArray[np.intp]) -> NDArray[np.int64]:
    """Running sums along some lines, 0 first; rows of the others stay 0."""
    found = np.zeros((len(lines), lines.shape[1] + 1), np.int64)
    found[wanted, 1:] = lines[wanted].cumsum(1, dtype=np.int64)
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
