"""Where a video cuts: frame hashes in, shots with their key frames out.

A shot ends where the PDQ of neighbouring sampled frames jumps; unrelated pictures are 128
bits apart, a moving camera seldom above 60 between key frames. One key frame a shot, the best
of its middle, is what the grey zone of an alignment compares (`scenes.local`), a reel keeps,
and overlays are found by. Read by `recognition`. Tests: `tests/unit/test_fingerprint_shots.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from breakwater.fingerprint.video import FrameHash

CUT: Final = 80
"""Bits between neighbours that make a cut: unrelated pairs lie at 128 ± 8."""

LONGEST_S: Final = 5.0
"""A shot is split here, so that what was filmed in one go has more than one key frame."""

LEAST_QUALITY: Final = 20


@dataclass(frozen=True, slots=True)
class Shot:
    """A stretch without a cut.

    Attributes:
        start_s, end_s: times of its first and last sampled frames.
        key: its frame to look at.
    """

    start_s: float
    end_s: float
    key: FrameHash


def shots(
    frames: Sequence[FrameHash], *, cut: int = CUT, longest_s: float = LONGEST_S
) -> tuple[Shot, ...]:
    """Split frames in order of time.

    Args:
        frames: of one video, ascending.
        cut: bits from one frame to the next that end a shot.
        longest_s: a longer shot is split.
    """
    found: list[Shot] = []
    run: list[FrameHash] = []
    for frame in frames:
        if run and (_apart(run[-1], frame) >= cut or frame.time_s - run[0].time_s > longest_s):
            found.append(_shot(run))
            run = []
        run.append(frame)
    if run:
        found.append(_shot(run))
    return tuple(found)


def spread(found: Sequence[Shot], most: int) -> tuple[Shot, ...]:
    """At most that many, evenly over the video; the first and last among them."""
    if len(found) <= most:
        return tuple(found)
    places = np.unique(np.linspace(0, len(found) - 1, most).round().astype(int))
    return tuple(found[place] for place in places)


def _shot(run: Sequence[FrameHash]) -> Shot:
    """The key frame: from the middle half, the one with the best quality."""
    quarter = len(run) // 4
    middle = run[quarter : len(run) - quarter]
    best = max(middle, key=lambda one: min(one.quality, 80))
    if best.quality < LEAST_QUALITY:
        best = max(run, key=lambda one: one.quality)
    return Shot(run[0].time_s, run[-1].time_s, best)


def _apart(one: FrameHash, other: FrameHash) -> int:
    return (int.from_bytes(one.value, "big") ^ int.from_bytes(other.value, "big")).bit_count()
