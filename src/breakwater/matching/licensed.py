"""Kinds that only an operator's library can compare (PhotoDNA): its index over our rows.

The values stand in the segment as they are, beside the arrays the library wants kept; the
library answers rows, this turns them into entry numbers. Contract of the library's side:
`breakwater.testing.signal_kinds`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater.matching.found import Found, found
from breakwater.matching.rows import Rows, rows_spec
from breakwater.matching.segments import TYPES, Arrays, Segment, Spec
from breakwater.matching.source import Source
from breakwater.model.ports import IndexFactory
from breakwater.model.signal import SignalKind

KEPT: Final = "kept."
"""Prefix of the library's own sections."""


def layout(
    kind: SignalKind, source: Source, factory: IndexFactory
) -> tuple[Spec, Callable[[Arrays], None]]:
    """Sections of a new segment and the function that fills them."""
    values = np.empty((source.count, kind.size), np.uint8)
    source.copy_to(values)
    values.flags.writeable = False
    row_spec, row_arrays = rows_spec(source.numbers)
    kept = {KEPT + name: np.ascontiguousarray(a) for name, a in factory.build(values).items()}
    for name, array in kept.items():
        if array.dtype.str not in TYPES:
            raise ValueError(f"{kind.name}: section {name} has type {array.dtype.str}")
    spec: Spec = {
        "values": ("|u1", (source.count, kind.size)),
        **row_spec,
        **{name: (array.dtype.str, array.shape) for name, array in kept.items()},
    }

    def fill(arrays: Arrays) -> None:
        for name, array in {"values": values, **row_arrays, **kept}.items():
            arrays[name][...] = array

    return spec, fill


class LicensedPart:
    """A mapped segment behind the library's index."""

    def __init__(self, segment: Segment, factory: IndexFactory) -> None:
        self.count = segment.header.count
        self._values: NDArray[np.uint8] = segment.arrays["values"]
        self._rows = Rows.of(segment.arrays, self.count)
        kept = {
            name.removeprefix(KEPT): array
            for name, array in segment.arrays.items()
            if name.startswith(KEPT)
        }
        self._index = factory.open(self._values, kept)

    def numbers(self) -> NDArray[np.uint32]:
        """Entry numbers in row order."""
        return self._rows.every()

    def values(self) -> NDArray[np.uint8]:
        """Values in row order."""
        return self._values

    def find(self, value: bytes, limit: int) -> list[tuple[int, int]]:
        """Number and distance of every row the library calls near."""
        one = np.frombuffer(value, np.uint8).reshape(1, -1)
        answer = self.find_many(one, limit)
        return list(zip(answer.number.tolist(), answer.distance.tolist(), strict=True))

    def find_many(self, values: NDArray[np.uint8], limit: int) -> Found:
        """The same for many queries."""
        query, row, distance = self._index.search(values, limit)
        return found(query, self._rows.numbers(row.astype(np.int64)), distance)
