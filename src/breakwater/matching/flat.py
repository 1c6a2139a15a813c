"""Hamming kinds in small numbers: codes one after another, scanned from end to end.

About 1.2 µs for 16 k codes of 256 bits. Serves what is too little for a ring, the delta, and
kinds of a width the kernel does not know (slowly, by NumPy).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from breakwater import kernel
from breakwater.matching.found import Found, found
from breakwater.matching.ring import WIDTHS
from breakwater.matching.rows import Rows, rows_spec
from breakwater.matching.segments import Arrays, Segment, Spec
from breakwater.matching.source import Source
from breakwater.model.signal import SignalKind

BLOCK_CELLS = 1 << 22
"""Bytes compared at once where the kernel does not serve: bounds the memory of a scan."""


def layout(kind: SignalKind, source: Source) -> tuple[Spec, Callable[[Arrays], None]]:
    """Sections of a new segment and the function that fills them."""
    row_spec, row_arrays = rows_spec(source.numbers)
    spec: Spec = {"values": ("|u1", (source.count, kind.size)), **row_spec}

    def fill(arrays: Arrays) -> None:
        source.copy_to(arrays["values"])
        for name, array in row_arrays.items():
            arrays[name][...] = array

    return spec, fill


def scan(
    codes: NDArray[np.uint8], queries: NDArray[np.uint8], limit: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint16]]:
    """Query row, code row and distance of every pair within the limit."""
    width = codes.shape[1] * 8
    if width in WIDTHS:
        return kernel.scan_many(codes, queries, limit, width=width)
    rows_at_once = max(1, BLOCK_CELLS // max(1, codes.size))
    parts = []
    for start in range(0, len(queries), rows_at_once):
        block = queries[start : start + rows_at_once]
        bits = np.bitwise_count(block[:, None, :] ^ codes[None, :, :])
        distance = bits.sum(axis=2, dtype=np.uint16)
        query, row = np.nonzero(distance <= limit)
        parts.append((query + start, row, distance[query, row]))
    if not parts:
        return found()
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return found(*joined)


class FlatPart:
    """A mapped flat segment."""

    def __init__(self, kind: SignalKind, segment: Segment) -> None:
        self.count = segment.header.count
        self._width = kind.bits
        self._values: NDArray[np.uint8] = segment.arrays["values"]
        self._rows = Rows.of(segment.arrays, self.count)

    def numbers(self) -> NDArray[np.uint32]:
        """Entry numbers in row order."""
        return self._rows.every()

    def values(self) -> NDArray[np.uint8]:
        """Values in row order."""
        return self._values

    def find(self, value: bytes, limit: int) -> list[tuple[int, int]]:
        """Number and distance of every row within the limit."""
        if self._width in WIDTHS:
            rows, distances = kernel.scan(self._values, value, limit, width=self._width)
        else:
            one = np.frombuffer(value, np.uint8).reshape(1, -1)
            _, rows, distances = scan(self._values, one, limit)
        if not len(rows):
            return []
        number = self._rows.number
        return [
            (number(row), distance)
            for row, distance in zip(rows.tolist(), distances.tolist(), strict=True)
        ]

    def find_many(self, values: NDArray[np.uint8], limit: int) -> Found:
        """The same for many queries."""
        query, row, distance = scan(self._values, values, limit)
        return found(query, self._rows.numbers(row), distance)
