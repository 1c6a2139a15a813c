"""Whether two videos change alike: what tells a copy from a video of the same room.

Frames of a query on their line through a known video in, how new each is and how well the bits
that changed in it are those that changed in the known video out. Used by `matching.line`; see
decision 0019. Tests: tests/unit/test_matching_align.py.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater.matching.reels import FAR, Laid

_NEW_BITS: Final = 20.0
_LOOK_BACK: Final = 8
_FARTHEST: Final = 48
"""Frames: as many as lie on eight frames of a known video at six looks for each."""
_CHANGED_BITS: Final = 16
"""Bits that must have changed in the query before a change can be compared."""
_LEAST_PHI: Final = 0.1
_SURE_PHI: Final = 0.3
_UNKNOWN_PHI: Final = 0.16
"""Where nothing ever changes: worth a look, never a link."""


def agreement(
    stacked: tuple[NDArray[np.uint64], NDArray[np.bool_]],
    laid: Laid,
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]],
    reference: NDArray[np.intp],
) -> list[tuple[float, float]]:
    """How new each frame is in its own view, and whether the known video changes alike.

    Two videos of one room, one webcam or one set of slides are near to one another at every
    moment; only in a copy do the same bits change at the same time. Measured on copies under
    eleven attacks the correlation is .25 to .95, on such negatives 0 to .12. A view in which
    nothing moves says nothing, however much moves beside it.
    """
    words, there = stacked
    found: list[tuple[float, float]] = []
    last = _UNKNOWN_PHI
    for i, (own, theirs) in enumerate(zip(*pairs, strict=True)):
        query, known = _bits(words[i, own]), _bits(laid.words[reference[i], theirs])
        fresh, value = 1.0, None
        beside = 0
        elsewhere = 0
        for j in range(i - 1, max(-1, i - _FARTHEST - 1), -1):
            if not (there[j, own] and laid.there[reference[j], theirs]):
                continue
            changed = query ^ _bits(words[j, own])
            beside += 1
            if beside == 1:
                fresh = min(1.0, changed.bit_count() / _NEW_BITS)
            before = laid.words[reference[j], theirs]
            if reference[j] == reference[i] or _apart_by(words[j, own], before) > FAR:
                continue  # one frame cannot show how it changes, nor one seen in another view
            elsewhere += 1
            if changed.bit_count() >= _CHANGED_BITS:
                value = _phi(changed, known ^ _bits(before))
            if value is not None or elsewhere == _LOOK_BACK:
                break
        if value is not None:
            last = value
        still = value is None and beside > 0
        agrees = 0.0 if still else (last - _LEAST_PHI) / (_SURE_PHI - _LEAST_PHI)
        found.append((fresh, min(1.0, max(-0.5, agrees))))
    return found


def _bits(words: NDArray[np.uint64]) -> int:
    return int.from_bytes(words.tobytes(), "little")


def _apart_by(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> int:
    return int(np.bitwise_count(one ^ other).sum())


def _phi(one: int, other: int) -> float:
    """Correlation of two sets of 256 bits."""
    a, b = one.bit_count(), other.bit_count()
    spread = a * (256 - a) * b * (256 - b)
    return (256 * (one & other).bit_count() - a * b) / math.sqrt(spread) if spread else 0.0
