"""When one sighting in a broadcast is worth more frames, before there is any stretch.

Key frames lie two seconds apart: a clip of four seconds has two, and under a chat bar one of three
is sighted at all. A sighting says little, so it is followed for seconds and at a bounded cost: what
came to nothing is believed again later and later (a logo that a known video bears too is sighted
all the time) unless it comes much nearer, and no broadcast is followed for more than a tenth of its time on hunches alone. Used
by `live.watching.spotting`. Tests: `tests/unit/test_recognition_hunches.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

FOLLOWED_S: Final = 4.0
"""How long frames are looked at closely after a sighting."""

SHARE: Final = 0.1
MOST_S: Final = 16.0
"""Of a broadcast's time; saved up to that many seconds."""

WAIT_S: Final = 15.0
LONGEST_WAIT_S: Final = 600.0
NEARER: Final = 16
"""Bits by which a sighting is another one than what came to nothing: it is believed at once."""
_REELS: Final = 1024


@dataclass(slots=True)
class Hunches:
    """Of one broadcast.

    Attributes:
        until_s: to when it is followed closely.
        left_s: seconds that may be spent.
        waits: known video: when it is believed again, how long it had to wait, and how far from
            it the frame was.
    """

    until_s: float = -1.0
    left_s: float = MOST_S
    waits: dict[int, tuple[float, float, int]] = field(default_factory=dict)
    _last_s: float = 0.0

    def take(self, time_s: float, sighted: Mapping[int, int], standing: Collection[int]) -> bool:
        """Whether frames are to be looked at closely now.

        Args:
            time_s: of a frame, in the order of time.
            sighted: known videos that the frame is near to, and how many bits from them.
            standing: those of which a stretch stands, which is no hunch any more.
        """
        gone_s, self._last_s = max(0.0, time_s - self._last_s), time_s
        spent_s = gone_s if time_s <= self.until_s + gone_s else 0.0
        self.left_s = min(MOST_S, max(0.0, self.left_s + SHARE * gone_s - spent_s))
        for reel in standing:
            self.waits.pop(reel, None)
        if time_s > self.until_s:
            new = {reel: bits for reel, bits in sighted.items() if self._believed(reel, bits)}
            if new and self.left_s >= FOLLOWED_S:
                self.until_s = time_s + FOLLOWED_S
                self._put_off(new)
        return time_s <= self.until_s

    def _believed(self, reel: int, bits: int) -> bool:
        """Whether a sighting is no repetition of one that came to nothing."""
        again_s, _, farther = self.waits.get(reel, (0.0, 0.0, 0))
        return self._last_s >= again_s or bits <= farther - NEARER

    def _put_off(self, reels: Mapping[int, int]) -> None:
        if len(self.waits) > _REELS:
            self.waits.clear()
        for one, bits in reels.items():
            wait_s = min(LONGEST_WAIT_S, 2 * self.waits.get(one, (0.0, WAIT_S / 2))[1])
            self.waits[one] = self.until_s + wait_s, wait_s, bits
