"""Picture hashes of key frames of everything kept: who may be a copy of whom.

Flat arrays scanned from end to end: 100,000 media of ten key frames are 32 MB and take a quarter of
a second. Hashes of poor quality are not taken: flat frames would be near to one another. A cache of
the vault, written down sealed (`linking.finding.sealed`). Used by `linking.finding.copies`; tests: `tests/unit/test_linking_prints.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater import kernel

SAME: Final = 31
"""Bits of 256 within which PDQ says the same (facebook/ThreatExchange)."""
NEAR: Final = 48
"""Bits within which geometry is asked: a picture cut by a twentieth is so far from itself, unrelated
ones are 128 apart."""
LEAST_QUALITY: Final = 50
MOST_HITS: Final = 200_000
"""Pairs of hashes that one question may give: a picture that everybody sent stops there."""


class Prints:
    """Hashes with the number of their medium. Not for several threads."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._hashes: NDArray[np.uint8] = np.zeros((64, 32), np.uint8)
        self._owners: NDArray[np.uint32] = np.zeros(64, np.uint32)
        self._count = 0
        self._known: set[int] = set()

    def __len__(self) -> int:
        return self._count

    def __contains__(self, number: int) -> bool:
        return number in self._known

    @property
    def media(self) -> int:
        """How many media are known."""
        return len(self._known)

    def add(self, number: int, hashes: Iterable[bytes]) -> None:
        """Make a medium known by its hashes, instead of those it had."""
        self.remove(number)
        self._known.add(number)
        new = list(hashes)
        while self._count + len(new) > len(self._hashes):
            self._hashes = np.concatenate([self._hashes, np.zeros_like(self._hashes)])
            self._owners = np.concatenate([self._owners, np.zeros_like(self._owners)])
        for value in new:
            self._hashes[self._count] = np.frombuffer(value, np.uint8)
            self._owners[self._count] = number
            self._count += 1

    def remove(self, number: int) -> None:
        """Forget a medium; unknown ones are fine."""
        if number not in self._known:
            return
        self._known.discard(number)
        keep = self._owners[: self._count] != number
        left = int(keep.sum())
        self._hashes[:left] = self._hashes[: self._count][keep]
        self._owners[:left] = self._owners[: self._count][keep]
        self._count = left

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it, to be written down."""
        return {
            "hashes": self._hashes[: self._count], "owners": self._owners[: self._count],
            "known": np.array(sorted(self._known), np.int64),
        }  # fmt: skip

    def take(self, arrays: Mapping[str, NDArray[Any]]) -> bool:
        """Begin with what `arrays` gave; whether it fits together."""
        hashes, owners, known = arrays["hashes"], arrays["owners"], arrays["known"].tolist()
        fits = hashes.shape == (len(owners), 32) and set(owners.tolist()) <= set(known)
        if fits and len(owners):
            self._hashes, self._owners = hashes.astype(np.uint8), owners.astype(np.uint32)
            self._count = len(owners)
        if fits:
            self._known = set(known)
        return fits

    def near(self, hashes: Iterable[bytes], *, but: int) -> list[tuple[int, int]]:
        """Media with a hash near to one of these: number and least distance, the nearest first.

        Args:
            hashes: 32 bytes each.
            but: a number that is left out: its own.
        """
        asked = list(dict.fromkeys(hashes))
        if not asked or not self._count:
            return []
        queries = np.frombuffer(b"".join(asked), np.uint8).reshape(-1, 32)
        codes = np.ascontiguousarray(self._hashes[: self._count])
        best: dict[int, int] = {}
        hits: defaultdict[int, int] = defaultdict(int)
        _, rows, distances = kernel.scan_many(codes, queries, NEAR)
        owners = self._owners[rows[:MOST_HITS]].tolist()
        for number, distance in zip(owners, distances[:MOST_HITS].tolist(), strict=True):
            hits[number] += 1
            best[number] = min(best.get(number, NEAR), distance)
        ranked = sorted((d, -hits[n], n) for n, d in best.items() if n != but)
        return [(number, distance) for distance, _, number in ranked]
