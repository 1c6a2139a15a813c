"""Whether the matches that one movement of the camera explains could be explained by chance.

Two walls of brick, two papered rooms: their points match in numbers, each with the wrong one, and a
fundamental matrix asks so little of a match (to lie near a line) that the best of thousands explains
twenty of a hundred. So the count alone says nothing without the number it was taken from. `expected`
is the number of false alarms of such a finding, after L. Moisan and B. Stival, "A probabilistic
criterion to detect rigid point matches between two images and estimate the fundamental matrix", IJCV
57 (2004): how many as good would be found among matches that lie anywhere. `scattered` says how
little neighbours stay neighbours: a pattern that matched itself shifted keeps the lines and jumps along
them. Tests: `tests/unit/test_scenes_chance.py`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_SAMPLE: Final = 7
"""Matches that make a fundamental matrix."""

_LEAST_R: Final = 0.25
"""Pixels; no point is placed better."""

_MOST_R: Final = 3.0
_NEIGHBOURS: Final = 4
_APART: Final = 8.0
"""Pixels within which two points are one place."""


def expected(
    here: NDArray[np.float32],
    there: NDArray[np.float32],
    matrix: NDArray[np.float64],
    sides: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> float:
    """Logarithm to base 10 of how many findings as good chance makes; far below 0: none.

    Args:
        here: (n, 2) pixels in one picture of all matches, explained or not.
        there: (n, 2) in the other, row by row.
        matrix: (3, 3) fundamental matrix that was found among them.
        sides: (2,) width and height of each picture.
    """
    count = len(here)
    if count <= _SAMPLE:
        return float("inf")
    away = np.sort(_away(here, there, matrix))
    width = max(2 * float(np.hypot(*one)) / float(one[0] * one[1]) for one in sides)
    ways = np.concatenate([[0.0], np.cumsum(np.log10(np.arange(1, count + 1)))])
    k = np.arange(_SAMPLE + 1, count + 1)
    near = np.minimum(1.0, np.maximum(away[k - 1], _LEAST_R) * width)
    # C(n, k) · C(k, 7), each by factorials
    chosen = ways[count] - ways[count - k] - ways[_SAMPLE] - ways[k - _SAMPLE]
    alarms = np.log10(count - _SAMPLE) + chosen + (k - _SAMPLE) * np.log10(near)
    kept = away[k - 1] <= _MOST_R
    return float(alarms[kept].min()) if kept.any() else float("inf")


def scattered(here: NDArray[np.float32], there: NDArray[np.float32]) -> float:
    """How far from its neighbour a point landed, in their distance: 0 moved with it, > 1 elsewhere.

    The median over the four nearest of each match that is explained.

    Args:
        here: (n, 2) pixels in one picture.
        there: (n, 2) in the other.
    """
    apart = np.linalg.norm(here[:, None] - here[None], axis=2)
    apart[apart < _APART] = np.inf
    near = np.argsort(apart, axis=1)[:, :_NEIGHBOURS]
    rows = np.arange(len(here))[:, None]
    far = apart[rows, near]
    moved = np.linalg.norm((here[near] - here[rows]) - (there[near] - there[rows]), axis=2)
    known = np.isfinite(far)
    return float(np.median(moved[known] / far[known])) if known.any() else float("inf")


def _away(
    here: NDArray[np.float32], there: NDArray[np.float32], matrix: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(n,) pixels from each match's line, the larger of both pictures."""
    ones = np.ones((len(here), 1))
    a, b = np.hstack([here, ones]), np.hstack([there, ones])
    in_b, in_a = a @ matrix.T, b @ matrix
    product = np.abs((in_b * b).sum(axis=1))
    shortest = np.minimum(np.hypot(in_b[:, 0], in_b[:, 1]), np.hypot(in_a[:, 0], in_a[:, 1]))
    return np.asarray(product / np.maximum(shortest, 1e-12), np.float64)
