"""Borders: where in a frame the picture lies, without pillars, letterbox or a plain frame.

Luma in, a box in pixels out. Used by `fingerprint.views` and by who hashes frames as they are seen.
Tests: tests/unit/test_fingerprint_views.py.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]
"""Top, bottom, left, right in pixels."""


def inner_box(luma: NDArray[np.uint8]) -> Box:
    """The picture inside uniform borders: top, bottom, left, right, bottom and right outside.

    A line is border when it hardly varies (low-rate codecs ring a little) and is about as
    bright as the outermost one. Never less than 30 % of a side is left.
    """
    top, bottom = _inner(luma[:, :: max(1, luma.shape[1] // 160)])
    left, right = _inner(luma[top : bottom : max(1, (bottom - top) // 90)].T)
    return top, bottom, left, right


_FLAT: Final = 3.0
"""Standard deviation of a border's line: black bars after x264 at 40 kbit/s stay under it."""
_ALIKE: Final = 6.0
_LEAST_LEFT: Final = 0.3


def _inner(lines: NDArray[np.uint8]) -> tuple[int, int]:
    """First and last + 1 line that is no border."""
    if not _flat(lines[:: len(lines) - 1 or 1])[0].any():  # as nearly always: no need to go on
        return 0, len(lines)
    flat, mean = _flat(lines)
    count = len(lines)
    before = _run(flat & (np.abs(mean - mean[0]) < _ALIKE))
    after = _run((flat & (np.abs(mean - mean[-1]) < _ALIKE))[::-1])
    if count - before - after < _LEAST_LEFT * count:
        return 0, count
    return before, count - after


def _flat(lines: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Which lines hardly vary, and how bright each is."""
    values = lines.astype(np.float32)
    mean = values.mean(1)
    spread = np.sqrt(np.maximum((values * values).mean(1) - mean * mean, 0))
    return spread < _FLAT, mean


def _run(flags: NDArray[np.bool_]) -> int:
    """How many are set from the start on."""
    stops = np.flatnonzero(~flags)
    return int(stops[0]) if len(stops) else len(flags)
