"""Sets of entry numbers as bits in pages: which are in the index, which were withdrawn.

Numbers are dense (they are allocated one after another), so a set of ten million is about
1.3 MB; pages of 65,536 keep a stray large number from costing half a gigabyte. One thread
adds, any number of threads ask: a bit once set stays set, and setting it is one byte write.
Contract test: tests/unit/test_matching_numberset.py.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

PAGE = 65_536
PAGE_BYTES = PAGE // 8
_HEAD = struct.Struct("<I")


class NumberSet:
    """A growing set of 32-bit numbers."""

    __slots__ = ("_pages",)

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}

    def __contains__(self, number: int) -> bool:
        page = self._pages.get(number >> 16)
        return page is not None and bool(page[(number & 0xFFFF) >> 3] >> (number & 7) & 1)

    def __len__(self) -> int:
        return sum(int.from_bytes(page, "little").bit_count() for page in self._pages.values())

    def __bool__(self) -> bool:
        return bool(self._pages)

    def add(self, number: int) -> None:
        """Put one number in."""
        high = number >> 16
        page = self._pages.get(high)
        if page is None:
            page = self._pages[high] = bytearray(PAGE_BYTES)
        page[(number & 0xFFFF) >> 3] |= 1 << (number & 7)

    def add_many(self, numbers: NDArray[np.uint32]) -> None:
        """Put many in; fastest when they ascend."""
        for high, low, _ in _by_page(numbers):
            flags = np.zeros(PAGE, np.bool_)
            flags[low] = True
            packed = np.packbits(flags, bitorder="little")
            page = self._pages.get(high)
            if page is None:
                self._pages[high] = bytearray(packed.tobytes())
            else:
                np.frombuffer(page, np.uint8)[:] |= packed

    def mask(self, numbers: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Say for each number whether it is in the set."""
        found = np.zeros(len(numbers), np.bool_)
        if not self._pages:
            return found
        for high, low, where in _by_page(numbers):
            page = self._pages.get(high)
            if page is not None:
                bits = np.frombuffer(page, np.uint8)[low >> 3] >> (low & 7)
                found[where] = (bits & 1).astype(np.bool_)
        return found

    def update(self, other: NumberSet) -> None:
        """Put in all of another set."""
        for high, theirs in other._pages.items():
            page = self._pages.setdefault(high, bytearray(PAGE_BYTES))
            np.frombuffer(page, np.uint8)[:] |= np.frombuffer(theirs, np.uint8)

    def to_bytes(self) -> bytes:
        """Write the pages down: four bytes of page number, then the page's bits."""
        return b"".join(_HEAD.pack(high) + page for high, page in sorted(self._pages.items()))

    @classmethod
    def from_bytes(cls, data: bytes) -> NumberSet:
        """Read what `to_bytes` wrote.

        Raises:
            ValueError: not a whole number of pages.
        """
        step = _HEAD.size + PAGE_BYTES
        if len(data) % step:
            raise ValueError("not a whole number of pages")
        made = cls()
        for at in range(0, len(data), step):
            made._pages[_HEAD.unpack_from(data, at)[0]] = bytearray(
                data[at + _HEAD.size : at + step]
            )
        return made


def _by_page(
    numbers: NDArray[np.uint32],
) -> Iterator[tuple[int, NDArray[np.uint32], NDArray[np.intp] | slice]]:
    """Group numbers by page: page, low 16 bits, and where the group stands in `numbers`."""
    if not len(numbers):
        return
    high = numbers >> 16
    order: NDArray[np.intp] | None = None
    if (high[1:] < high[:-1]).any():
        order = np.argsort(high, kind="stable")
        high = high[order]
    edges = [0, *(np.flatnonzero(high[1:] != high[:-1]) + 1).tolist(), len(high)]
    for start, stop in pairwise(edges):
        where = slice(start, stop) if order is None else order[start:stop]
        yield int(high[start]), numbers[where] & np.uint32(0xFFFF), where
