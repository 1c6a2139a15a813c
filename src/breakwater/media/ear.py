"""The sound of a broadcast: packets of the last minutes kept as they came, decoded on demand.

Packets go in, mono PCM with its place in time comes out, only while somebody listens: one who
begins to listen also gets what was sent before. Runs inside the jail only. Read by
`recognition.watch_look`. Tests: `tests/unit/test_media_ear.py`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Final

import av
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from breakwater.media.damage import unless_damaged

KEPT_S: Final = 120.0
KEPT_BYTES: Final = 4 << 20
"""As long as frames are aligned over; two minutes of 256 kbit/s."""

GAP_S: Final = 0.5
"""A hole in the clock from which sound begins anew: what is printed must be without holes."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """Decoded sound.

    Attributes:
        samples: (n,) int16, mono.
        time_s: of the first one, on the pull's clock.
        anew: it does not go on from what was heard before.
    """

    samples: NDArray[np.int16]
    time_s: float
    anew: bool


class Ear:
    """Keeps one sound track."""

    def __init__(self, context: Any, rate: int) -> None:
        """Take the track.

        Args:
            context: its decoder.
            rate: samples a second wanted.
        """
        self._context, self._rate = context, rate
        self._kept: deque[tuple[float, bytes]] = deque()
        self._size = 0
        self._next: int | None = None
        self._resampler = self._new_resampler()
        self._due_s: float | None = None
        self.bad = 0

    @property
    def listening(self) -> bool:
        """Whether somebody does."""
        return self._next is not None

    @property
    def behind(self) -> bool:
        """Whether there is more to hear at once."""
        return self._next is not None and self._next < len(self._kept)

    def keep(self, body: bytes, time_s: float) -> None:
        """Take a packet, and let go of what is too old."""
        self._kept.append((time_s, body))
        self._size += len(body)
        while self._kept and (self._size > KEPT_BYTES or abs(time_s - self._kept[0][0]) > KEPT_S):
            _, gone = self._kept.popleft()
            self._size -= len(gone)
            if self._next is not None:
                self._next = max(0, self._next - 1)

    def listen(self, *, on: bool) -> None:
        """Begin with the oldest packet, or stop."""
        if on == self.listening:
            return
        self._next = 0 if on else None
        self._due_s = None

    def hear(self, most: int) -> Heard | None:
        """Decode up to so many packets that nobody heard yet; None when there are none.

        A hole in the clock ends what is given; the rest comes with the next call.
        """
        if self._next is None or not self.behind:
            return None
        begin_s, anew = self._kept[self._next][0], True
        if self._due_s is not None and abs(begin_s - self._due_s) <= GAP_S:
            begin_s, anew = self._due_s, False
        if anew:
            self._resampler = self._new_resampler()
        parts, end_s = [np.zeros(0, np.int16)], begin_s
        for time_s, body in list(self._kept)[self._next : self._next + most]:
            if abs(time_s - end_s) > GAP_S:
                break
            self._next += 1
            made = self._decoded(body)
            parts += made
            end_s += sum(len(one) for one in made) / self._rate
        self._due_s = end_s
        return Heard(np.concatenate(parts), begin_s, anew)

    def _new_resampler(self) -> AudioResampler:
        return AudioResampler(format="s16", layout="mono", rate=self._rate)

    def _decoded(self, body: bytes) -> list[NDArray[np.int16]]:
        made, damaged = unless_damaged(lambda: self._samples(body))
        self.bad += damaged
        return made

    def _samples(self, body: bytes) -> list[NDArray[np.int16]]:
        """Samples of one packet."""
        made = []
        for frame in self._context.decode(av.Packet(body)):
            frame.pts = None
            made += [one.to_ndarray().reshape(-1) for one in self._resampler.resample(frame)]
        return [one.astype(np.int16, copy=False) for one in made]
