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
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Rect = tuple[float, float, float, float]
_Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]

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
_TRIED: Final = 40
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
        down, across = _excess(self._down), _excess(np.ascontiguousarray(self._across.T))
        rows, columns = _best_lines(down.sum(1)), _best_lines(across.sum(1))
        lines = _Lines.of(down, rows, across, columns, count)
        down_pairs, across_pairs = _pairs(rows, height), _pairs(columns, width)
        framed = _strongest(lines, down_pairs, across_pairs, 2)
        down_ends, across_ends = _to_ends(rows, height), _to_ends(columns, width)
        at_side = _strongest(lines, down_ends, across_pairs, 1)
        at_side += _strongest(lines, down_pairs, across_ends, 1)
        found = [*framed[:1], *sorted(at_side)[-1:]]
        found += _strongest(lines, down_ends, across_ends, 1) + framed[1:]
        return [rect for _, rect in found]


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """Running sums of edges along the few lines that may be sides, and the picture's own four.

    Along its own sides every edge is strong enough.

    Attributes:
        rows: (lines, w + 1), along each row.
        columns: (lines, h + 1), down each column.
        row: of each y, where its line stands in `rows`; nonsense where it has none.
        column: of each x, where its line stands in `columns`.
    """

    rows: NDArray[np.float64]
    columns: NDArray[np.float64]
    row: NDArray[np.intp]
    column: NDArray[np.intp]

    @classmethod
    def of(
        cls, down: NDArray[np.int16], rows: NDArray[np.intp],
        across: NDArray[np.int16], columns: NDArray[np.intp], count: int,
    ) -> _Lines:  # fmt: skip
        """Of the excess of so many frames' edges, and the lines wanted on each axis."""
        return cls(
            _sums(down, rows, count), _sums(across, columns, count),
            _standing(rows, len(down)), _standing(columns, len(across)),
        )  # fmt: skip


def _strongest(lines: _Lines, down: _Pairs, across: _Pairs, most: int) -> list[tuple[float, Rect]]:
    """The rectangles whose weakest side has the strongest lasting edge, with how strong each is.

    Args:
        lines: edges.
        down: tops and bottoms of rectangles.
        across: their left and right sides.
        most: how many are wanted.
    """
    height, width = len(lines.row) - 1, len(lines.column) - 1
    (tops, bottoms), (lefts, rights) = down, across
    if not len(tops) or not len(lefts):
        return []
    wide, high = (rights - lefts)[None, :], (bottoms - tops)[:, None]
    along = (lines.rows[:, rights] - lines.rows[:, lefts]) / wide
    beside = (lines.columns[:, bottoms] - lines.columns[:, tops]).T / high
    weakest = np.minimum(
        np.minimum(along[lines.row[tops]], along[lines.row[bottoms]]),
        np.minimum(beside[:, lines.column[lefts]], beside[:, lines.column[rights]]),
    )
    score = (weakest * np.sqrt(wide * high / (width * height))).ravel()
    few = (
        np.argpartition(score, -_TRIED)[-_TRIED:] if len(score) > _TRIED else np.arange(len(score))
    )
    best = few[np.argsort(-score[few], kind="stable")]
    i, j = np.divmod(best, len(lefts))
    edges = np.stack([lefts[j] / width, tops[i] / height, rights[j] / width, bottoms[i] / height])
    found: list[tuple[float, Rect]] = []
    for at, sides in zip(best.tolist(), edges.T.tolist(), strict=True):
        if weakest.flat[at] < _LEAST_EDGE or len(found) == most:
            break
        rect = _worth(*sides)
        if rect is not None and all(_differ(rect, other) for _, other in found):
            found.append((float(score[at]), rect))
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


def _sums(lines: NDArray[np.int16], wanted: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """Running means along some lines of so many frames, 0 first, between the picture's own two."""
    found = np.zeros((len(wanted) + 2, lines.shape[1] + 1))
    np.divide(lines[wanted].cumsum(1, dtype=np.int64), count, out=found[1:-1, 1:])
    found[[0, -1]] = np.arange(lines.shape[1] + 1) * _OWN_SIDE
    return found


def _standing(wanted: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """Where the line at each place from 0 to `size` stands in `_sums`."""
    found = np.zeros(size + 1, np.intp)
    found[wanted] = np.arange(1, len(wanted) + 1)
    found[size] = len(wanted) + 1
    return found


def _best_lines(strength: NDArray[np.int64]) -> NDArray[np.intp]:
    """The strongest lines, in order; none of those at the ends, which have no edges of their own."""
    found = np.sort(np.argpartition(strength, -_LINES)[-_LINES:])
    return found[(found >= _BESIDE) & (found < len(strength) - _BESIDE)]


@cache
def _upper(count: int) -> _Pairs:
    return np.triu_indices(count, 1)


def _pairs(lines: NDArray[np.intp], size: int) -> _Pairs:
    """Lines far enough from one another."""
    first, second = _upper(len(lines))
    far = lines[second] - lines[first] >= int(_LEAST_SIDE * size)
    return lines[first[far]], lines[second[far]]


def _to_ends(lines: NDArray[np.intp], size: int) -> _Pairs:
    """From the picture's first line to each, and from each to its last."""
    least = int(_LEAST_SIDE * size)
    after, before = lines[lines >= least], lines[lines <= size - least]
    first, last = np.zeros(len(after), np.intp), np.full(len(before), size, np.intp)
    return np.concatenate([first, before]), np.concatenate([after, last])


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
