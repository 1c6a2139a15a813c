"""The rows a new segment is made of: merged from segments and delta, without the withdrawn.

Values are streamed from where they lie (mapped files, the delta's buffers) straight into the
new file, so that a merge of millions holds their numbers in memory and nothing else twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from breakwater.matching.numberset import NumberSet
from breakwater.matching.rows import in_order

CHUNK: Final = 65_536
Places = slice | NDArray[np.intp]


class Input(NamedTuple):
    """Rows that go in: values of shape (n, size) and their entry numbers."""

    values: NDArray[np.uint8]
    numbers: NDArray[np.uint32]


class Source:
    """Rows in ascending order of their entry numbers, each number once."""

    def __init__(self, inputs: Sequence[Input], *, without: NumberSet | None = None) -> None:
        """Order the rows of several inputs.

        Args:
            inputs: what goes in; a number that comes twice keeps its first value.
            without: numbers that are left out.
        """
        self._pieces: list[tuple[NDArray[np.uint8], Places, Places]] = []
        rows, numbers = [], [np.zeros(0, np.uint32)]
        for given in inputs:
            gone = None if without is None else without.mask(given.numbers)
            keep = None if gone is None or not gone.any() else np.flatnonzero(~gone)
            rows.append(keep)
            numbers.append(given.numbers if keep is None else given.numbers[keep])
        joined = np.concatenate(numbers)
        sizes = [len(part) for part in numbers[1:]]
        if in_order(joined):
            self.numbers = joined
            places: NDArray[np.intp] | None = None
        else:
            self.numbers, first, places = np.unique(joined, return_index=True, return_inverse=True)
            if len(first) < len(joined):
                once = np.zeros(len(joined), np.bool_)
                once[first] = True
                at = 0
                for i, size in enumerate(sizes):
                    kept = np.flatnonzero(once[at : at + size])
                    held = rows[i]
                    rows[i] = kept if held is None else held[kept]
                    at += size
                places = places[once]
                sizes = [size if r is None else len(r) for r, size in zip(rows, sizes, strict=True)]
        at = 0
        for given, keep, size in zip(inputs, rows, sizes, strict=True):
            to = slice(at, at + size) if places is None else places[at : at + size]
            self._pieces.append((given.values, slice(0, size) if keep is None else keep, to))
            at += size

    @property
    def count(self) -> int:
        """Rows."""
        return len(self.numbers)

    def chunks(self) -> Iterator[tuple[Places, NDArray[np.uint8]]]:
        """Give the values a few at a time, with the rows where they belong."""
        for values, rows, places in self._pieces:
            size = _length(rows)
            for start in range(0, size, CHUNK):
                stop = min(start + CHUNK, size)
                yield _cut(places, start, stop), values[_cut(rows, start, stop)]

    def copy_to(self, out: NDArray[np.uint8]) -> None:
        """Write all values in row order."""
        for places, values in self.chunks():
            out[places] = values


def _length(places: Places) -> int:
    return int(places.stop - places.start) if isinstance(places, slice) else len(places)


def _cut(places: Places, start: int, stop: int) -> Places:
    if isinstance(places, slice):
        return slice(places.start + start, places.start + stop)
    return places[start:stop]
