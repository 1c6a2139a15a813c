"""Openings and endings that several known videos share: a channel's ident, a splash, the credits.

A stretch that shows nothing but such a part is a true copy of it and says nothing of the one
known video it was found in. Two laid-out reels in, the seconds from the start, or before the end,
in which they show the same out; `matching.align` asks when a stretch lies where a reel begins or
ends. Tests: tests/unit/test_matching_openings.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater.matching.reels import Laid

LONGEST_S: Final = 20.0
"""Two that are alike for longer are one video, or share more than an opening."""

MOST: Final = 0.5
"""Share of a known video that may be an opening or an ending; more of it is the video itself."""

OTHERS: Final = 2
"""Known videos besides that must open alike: a video and its recut are only two."""

_FULL: Final = 0
_ALIKE: Final = 64
"""Bits between two codings of one frame, half a second apart at most."""
_BESIDE_S: Final = 0.6
_APART: Final = 2
"""Frames one after another that differ where an opening ends."""


def alike_until(one: Laid, other: Laid) -> float:
    """Seconds from the start in which two known videos show the same.

    Returns:
        0 when they differ at once, or are alike for longer than an opening is.
    """
    return _alike(one, other, one.times, other.times)


def alike_before_end(one: Laid, other: Laid) -> float:
    """The same before their ends: seconds from the end, 0 when they end differently."""
    if not len(one.times) or not len(other.times):
        return 0.0
    return _alike(one, other, one.times[-1] - one.times, other.times[-1] - other.times)


def _alike(
    one: Laid, other: Laid, mine_s: NDArray[np.float64], theirs_s: NDArray[np.float64]
) -> float:
    """Seconds from zero in which they show the same, by (f,) seconds of each one's frames."""
    mine, theirs = np.flatnonzero(one.views == _FULL), np.flatnonzero(other.views == _FULL)
    if not len(mine) or not len(theirs):
        return 0.0
    until, apart = 0.0, 0
    near = np.flatnonzero(mine_s <= LONGEST_S + _APART)
    for at in near[np.argsort(mine_s[near], kind="stable")].tolist():
        beside = np.flatnonzero(np.abs(theirs_s - mine_s[at]) <= _BESIDE_S)
        if not len(beside):
            continue
        bits = np.bitwise_count(other.words[beside, theirs[0]] ^ one.words[at, mine[0]])
        if int(bits.sum(-1).min()) <= _ALIKE:
            until, apart = float(mine_s[at]), 0
        else:
            apart += 1
            if apart == _APART:
                return until
    return 0.0


def shared_until(reel: Laid, others: Iterable[Laid]) -> float:
    """Seconds of a reel's opening that at least `OTHERS` other reels have too."""
    return _shared(alike_until(reel, other) for other in others)


def shared_before_end(reel: Laid, others: Iterable[Laid]) -> float:
    """Seconds of a reel's ending that at least `OTHERS` other reels have too."""
    return _shared(alike_before_end(reel, other) for other in others)


def _shared(alike: Iterable[float]) -> float:
    found = sorted(alike, reverse=True)
    return found[OTHERS - 1] if len(found) >= OTHERS else 0.0
