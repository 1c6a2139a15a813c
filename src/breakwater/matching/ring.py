"""Hamming kinds at size: the kernel's ring index over the arrays of a mapped segment.

Exact within the kind's radius; 128 bytes a hash of 256 bits (16 bands of next-band key and row,
and the code itself) besides 4 MiB of bucket starts. Measured: 8 µs a query at 3.5 M rows
(matching-and-hashing reference). Contract tests: tests/property/test_index_property.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater import kernel
from breakwater.matching.found import Found, found
from breakwater.matching.rows import Rows, rows_spec
from breakwater.matching.segments import Arrays, Segment, Spec
from breakwater.matching.source import Source
from breakwater.model.signal import SignalKind

WIDTHS: Final = frozenset({64, 256})
STARTS: Final = 65_537


def serves(kind: SignalKind) -> bool:
    """Whether the ring can hold this kind at its whole limit."""
    return kind.bits in WIDTHS and kind.limit <= 3 * (kind.bits // 16) - 1


def layout(kind: SignalKind, source: Source) -> tuple[Spec, Callable[[Arrays], None]]:
    """Sections of a new segment and the function that fills them, in place."""
    count, bands = source.count, kind.bits // 16
    row_spec, row_arrays = rows_spec(source.numbers)
    spec: Spec = {
        "values": ("|u1", (count, kind.size)),
        "off": ("<u4", (bands, STARTS)),
        "key": ("<u2", (bands, count)),
        "ids": ("<u4", (bands, count)),
        **row_spec,
    }

    def fill(arrays: Arrays) -> None:
        source.copy_to(arrays["values"])
        for name, array in row_arrays.items():
            arrays[name][...] = array
        kernel.ring_build(arrays["values"], kind.bits, arrays["off"], arrays["key"], arrays["ids"])

    return spec, fill


class RingPart:
    """A mapped ring segment."""

    def __init__(self, kind: SignalKind, segment: Segment) -> None:
        arrays = segment.arrays
        self.count = segment.header.count
        self._values: NDArray[np.uint8] = arrays["values"]
        self._rows = Rows.of(arrays, self.count)
        self._ring = kernel.Ring(
            self._values, arrays["off"], arrays["key"], arrays["ids"], width=kind.bits
        )
        self._search = self._ring.search
        self._number = self._rows.number

    def numbers(self) -> NDArray[np.uint32]:
        """Entry numbers in row order."""
        return self._rows.every()

    def values(self) -> NDArray[np.uint8]:
        """Values in row order."""
        return self._values

    def find(self, value: bytes, limit: int) -> list[tuple[int, int]]:
        """Number and distance of every row within the limit."""
        rows, distances = self._search(value, limit)
        if not len(rows):
            return []
        number = self._number
        return [
            (number(row), distance)
            for row, distance in zip(rows.tolist(), distances.tolist(), strict=True)
        ]

    def find_many(self, values: NDArray[np.uint8], limit: int) -> Found:
        """The same for many queries."""
        query, row, distance = self._ring.search_batch(values, limit)
        return found(query, self._rows.numbers(row), distance)
