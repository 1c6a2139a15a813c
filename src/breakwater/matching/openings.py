"""Openings that several known videos share: a channel's ident, a platform's splash, a countdown.

A stretch that shows nothing but such an opening is a true copy of it and says nothing of the one
known video it was found in. Two laid-out reels in, the seconds from the start in which they show
the same out; `matching.align` asks when a stretch begins where a reel begins. Tests:
tests/unit/test_matching_openings.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from breakwater.matching.reels import Laid

LONGEST_S: Final = 20.0
"""Two that are alike for longer are one video, or share more than an opening."""

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
    mine, theirs = np.flatnonzero(one.views == _FULL), np.flatnonzero(other.views == _FULL)
    if not len(mine) or not len(theirs):
        return 0.0
    until, apart = 0.0, 0
    for at in np.flatnonzero(one.times <= LONGEST_S + _APART).tolist():
        beside = np.flatnonzero(np.abs(other.times - one.times[at]) <= _BESIDE_S)
        if not len(beside):
            continue
        bits = np.bitwise_count(other.words[beside, theirs[0]] ^ one.words[at, mine[0]])
        if int(bits.sum(-1).min()) <= _ALIKE:
            until, apart = float(one.times[at]), 0
        else:
            apart += 1
            if apart == _APART:
                return until
    return 0.0


def shared_until(reel: Laid, others: Iterable[Laid]) -> float:
    """Seconds of a reel's opening that at least `OTHERS` other reels have too."""
    found = sorted((alike_until(reel, other) for other in others), reverse=True)
    return found[OTHERS - 1] if len(found) >= OTHERS else 0.0
