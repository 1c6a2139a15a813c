"""Which entry number stands in which row of a segment, in as few bytes as the numbers allow.

An import allocates numbers one after another, so millions of rows are a handful of runs
(first row, first number, step) and cost nothing beside the 128 bytes a hash of the ring;
numbers that do not run are kept as they are, four bytes each.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater.matching.segments import Arrays, Spec

LONGEST_RUNS: Final = 4096
"""More runs than this, or fewer than 16 rows a run, and plain numbers are as good."""


def runs_of(numbers: NDArray[np.uint32]) -> NDArray[np.uint32] | None:
    """Write numbers as runs of shape (k, 3), or None when they do not run."""
    count = len(numbers)
    if count == 0:
        return np.zeros((0, 3), np.uint32)
    if not in_order(numbers):
        return None
    steps = numbers[1:] - numbers[:-1]
    # A run breaks where the step changes; the row after a break starts anew.
    starts = [0]
    changes = np.flatnonzero(steps[1:] != steps[:-1]) + 1
    if len(changes) > 2 * min(LONGEST_RUNS, count // 16 + 1):
        return None
    for change in changes.tolist():
        if change > starts[-1]:  # rows starts[-1]..change share a step
            starts.append(change + 1)
    rows = np.array([row for row in starts if row < count], np.int64)
    first = numbers[rows].astype(np.int64)
    following = np.minimum(rows + 1, count - 1)
    step = np.maximum(numbers[following].astype(np.int64) - first, 1)
    made = np.stack([rows, first, step], axis=1).astype(np.uint32)
    return made if np.array_equal(Rows(made, None, count).every(), numbers) else None


def rows_spec(numbers: NDArray[np.uint32]) -> tuple[Spec, Arrays]:
    """Choose the sections for these numbers, and what to write into them."""
    runs = runs_of(numbers)
    if runs is not None and len(runs) <= LONGEST_RUNS:
        return {"runs": ("<u4", runs.shape)}, {"runs": runs}
    return {"numbers": ("<u4", numbers.shape)}, {"numbers": numbers}


class Rows:
    """Row to number, for one segment."""

    __slots__ = ("_first", "_numbers", "_runs", "_starts", "_step", "count")

    def __init__(
        self, runs: NDArray[np.uint32] | None, numbers: NDArray[np.uint32] | None, count: int
    ) -> None:
        self.count = count
        self._numbers = numbers
        self._runs = runs
        self._starts: list[int] = [] if runs is None else runs[:, 0].tolist()
        self._first: list[int] = [] if runs is None else runs[:, 1].tolist()
        self._step: list[int] = [] if runs is None else runs[:, 2].tolist()

    @classmethod
    def of(cls, arrays: Arrays, count: int) -> Rows:
        """Read the sections that `rows_spec` chose."""
        return cls(arrays.get("runs"), arrays.get("numbers"), count)

    def number(self, row: int) -> int:
        """The number in one row."""
        if self._numbers is not None:
            return int(self._numbers[row])
        run = bisect_right(self._starts, row) - 1
        return self._first[run] + (row - self._starts[run]) * self._step[run]

    def numbers(self, rows: NDArray[np.integer]) -> NDArray[np.uint32]:
        """The numbers in many rows."""
        if self._numbers is not None:
            some: NDArray[np.uint32] = self._numbers[rows]
            return some
        if self._runs is None or not len(rows):
            return np.zeros(0, np.uint32)
        run = np.searchsorted(self._runs[:, 0], rows, side="right") - 1
        start, first, step = self._runs[run].astype(np.int64).T
        counted: NDArray[np.int64] = first + (rows.astype(np.int64) - start) * step
        return counted.astype(np.uint32)

    def between(self, start: int, stop: int) -> NDArray[np.uint32]:
        """The numbers in rows start to stop."""
        if self._numbers is not None:
            return self._numbers[start:stop]
        out = np.empty(max(0, stop - start), np.uint32)
        run = max(0, bisect_right(self._starts, start) - 1)
        at = start
        while at < stop:
            end = self._starts[run + 1] if run + 1 < len(self._starts) else self.count
            end = min(end, stop)
            first = self._first[run] + (at - self._starts[run]) * self._step[run]
            last = first + (end - at) * self._step[run]
            out[at - start : end - start] = np.arange(first, last, self._step[run], dtype=np.int64)
            at, run = end, run + 1
        return out

    def every(self) -> NDArray[np.uint32]:
        """All numbers in row order."""
        return self.between(0, self.count)


def in_order(numbers: NDArray[np.uint32]) -> bool:
    """Whether numbers ascend strictly, as rows of a segment should."""
    return bool((numbers[1:] > numbers[:-1]).all())


def concatenate(parts: Iterable[NDArray[np.uint32]]) -> NDArray[np.uint32]:
    """Join arrays; none at all makes an empty one."""
    return np.concatenate([np.zeros(0, np.uint32), *parts])
