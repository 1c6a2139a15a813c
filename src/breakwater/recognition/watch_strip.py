"""Inside the live jail: the strip of a spot check, a few stills with seconds between them.

The owner asks by name; each still is told as soon as its frame was looked at, at level S3: grey,
480 pixels at most, so that nothing larger leaves the jail. Part of `watch_task`; answers are read
by `live.watching.strips`. Tests: `tests/unit/test_watch_strip.py`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater.media import stills
from breakwater.media.wire import Answer
from breakwater.model.media import Level

MOST: Final = 16
"""Stills of one strip."""


class Strip:
    """The strip that is being taken; a new one takes its place."""

    def __init__(self) -> None:
        self._name = ""
        self._count = self._told = 0
        self._every_s = self._next_s = 0.0

    def ask(self, name: str, count: int, every_s: float) -> None:
        """Begin with the next frame.

        Args:
            name: by which its stills are told.
            count: how many.
            every_s: seconds of the broadcast's clock between them.
        """
        self._name, self._count, self._told = name, min(count, MOST), 0
        self._every_s, self._next_s = every_s, 0.0

    def look(self, grey: NDArray[np.uint8], time_s: float) -> Answer | None:
        """The still of a frame, where one is due.

        Args:
            grey: (h, w) luma.
            time_s: not before the frame before it.
        """
        if self._told >= self._count or time_s < self._next_s:
            return None
        self._next_s = time_s + self._every_s
        number, self._told = self._told, self._told + 1
        header = {"t": "strip", "name": self._name, "n": number, "time": time_s}
        return Answer(header, stills.render(grey, Level.S3))
