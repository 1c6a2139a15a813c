"""Entries for the index: random values, near copies of them, and the changes that bring them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from breakwater.matching.index import Change, Index
from breakwater.model.signal import MD5, PDQ, SHA1, SHA256, SignalKind

KINDS = (PDQ, MD5, SHA1, SHA256)


def values(count: int, kind: SignalKind = PDQ, *, seed: int = 1) -> NDArray[np.uint8]:
    """Random values, shape (count, size)."""
    return np.random.default_rng(seed).integers(0, 256, (count, kind.size), dtype=np.uint8)


def flipped(value: bytes, bits: int, *, seed: int = 1) -> bytes:
    """The same value with that many different bits changed."""
    number = int.from_bytes(value, "big")
    for bit in np.random.default_rng(seed).choice(len(value) * 8, bits, replace=False).tolist():
        number ^= 1 << bit
    return number.to_bytes(len(value), "big")


def change(at: int, value: bytes, *, kind: str = "pdq", number: int = 0, present: bool = True):
    """One change; its entry has the same number unless another is given."""
    return Change(at, number or at, kind, value, present)


def fill(index: Index, rows: NDArray[np.uint8], *, kind: str = "pdq", first: int = 1) -> None:
    """Apply rows as entries and changes `first`, `first + 1`, …"""
    index.apply([change(first + i, row.tobytes(), kind=kind) for i, row in enumerate(rows)])


def numbers(hits: list[tuple[int, int]]) -> list[int]:
    """Entry numbers of an answer, ascending."""
    return sorted(number for number, _ in hits)
