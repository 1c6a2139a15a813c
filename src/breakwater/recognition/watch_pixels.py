"""Inside the live jail: the next frame that is looked at, small and in colour, when asked for it.

Part of `recognition.watch_task`. The owner asks for one at a time, so that what scoring costs is
its decision; the frame is decoded anyway. Read by `live.watching.classifying`. Tests:
`tests/integration/test_live_classifiers.py`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from breakwater.media.wire import Answer
from breakwater.media.wire_pixels import LONGEST, write_pictures
from breakwater.model.classifier import Picture
from breakwater.model.model_card import MAX_SIDE

_EVEN: Final = 2


class Asked:
    """Whether a small picture is wanted, and how large."""

    def __init__(self) -> None:
        self._side = 0

    def ask(self, side: int) -> None:
        """One is wanted; `side` is of the shorter side."""
        self._side = min(max(side, 1), MAX_SIDE)

    def answer(self, frame: Any, time_s: float) -> Answer | None:
        """The frame as it was asked for; None when nobody asked."""
        side, self._side = self._side, 0
        if not side:
            return None
        scale = min(1.0, side / min(frame.width, frame.height))
        scale = min(scale, LONGEST / max(frame.width, frame.height))
        width = max(_EVEN, round(frame.width * scale / _EVEN) * _EVEN)
        height = max(_EVEN, round(frame.height * scale / _EVEN) * _EVEN)
        small = frame.to_ndarray(
            format="rgb24", width=min(width, LONGEST), height=min(height, LONGEST), threads=1
        )
        made = write_pictures([Picture(np.ascontiguousarray(small), time_s)])
        return Answer({"t": "pixels", **made.header}, made.block)
