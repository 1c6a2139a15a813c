"""How pictures of items look, so that near copies become one stack instead of many looks.

Picture hashes (PDQ) with item numbers in; the nearest item within a few bits out. It grows
while a set is read: new hashes stand in a tail that is scanned, full tails are sealed into
rings, and rings of one size are merged, so that two million need a handful of searches of
microseconds (`kernel.ring`). In memory for one import, 128 bytes a hash; the truth is SQL.
Tests: `tests/property/test_looks.py`, against brute force.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater import kernel
from breakwater.records import gradesets
from breakwater.records.database import Database

SIZE: Final = 32
TAIL: Final = 16_384
"""Hashes that are scanned: what a ring costs to build is paid once for so many."""


@dataclass(frozen=True, slots=True, eq=False)
class _Sealed:
    codes: NDArray[np.uint8]
    numbers: NDArray[np.int64]
    ring: kernel.Ring

    @classmethod
    def of(cls, codes: NDArray[np.uint8], numbers: NDArray[np.int64]) -> _Sealed:
        return cls(codes, numbers, kernel.Ring.build(codes))


class Looks:
    """Finds the item that looks nearly the same."""

    def __init__(self, *, tail: int = TAIL) -> None:
        """Start empty.

        Args:
            tail: hashes that are scanned before they are sealed.
        """
        self._codes = np.empty((tail, SIZE), np.uint8)
        self._numbers = np.empty(tail, np.int64)
        self._count = 0
        self._sealed: list[_Sealed] = []

    def __len__(self) -> int:
        return self._count + sum(len(one.numbers) for one in self._sealed)

    def add(self, number: int, code: bytes) -> None:
        """Take one item's hash."""
        self._codes[self._count] = np.frombuffer(code, np.uint8)
        self._numbers[self._count] = number
        self._count += 1
        if self._count == len(self._numbers):
            self._seal()

    def nearest(self, code: bytes, bits: int) -> tuple[int, int] | None:
        """Number and distance of the nearest item within so many bits; of equals the lowest."""
        found: list[tuple[int, int]] = []
        for one in self._sealed:
            rows, distances = one.ring.search(code, bits)
            found += zip(distances.tolist(), one.numbers[rows].tolist(), strict=True)
        if self._count:
            rows, distances = kernel.scan(self._codes[: self._count], code, bits)
            found += zip(distances.tolist(), self._numbers[rows].tolist(), strict=True)
        if not found:
            return None
        distance, number = min(found)
        return number, distance

    def _seal(self) -> None:
        """Put the tail into a ring, and merge rings as a binary counter carries."""
        made = _Sealed.of(self._codes.copy(), self._numbers.copy())
        self._count = 0
        while self._sealed and len(self._sealed[-1].numbers) <= len(made.numbers):
            last = self._sealed.pop()
            made = _Sealed.of(
                np.concatenate([last.codes, made.codes]),
                np.concatenate([last.numbers, made.numbers]),
            )
        self._sealed.append(made)


def every_look(db: Database) -> Looks:
    """The hashes of everything that leads a stack, or may, read by the batch."""
    looks, after = Looks(), 0
    while True:
        with db.read() as tx:
            batch = gradesets.looks(tx, after=after)
        for number, code in batch:
            looks.add(number, code)
        if not batch:
            return looks
        after = batch[-1][0]
