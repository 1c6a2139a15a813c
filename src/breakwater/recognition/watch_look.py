"""Inside the live jail: what a closer look at a broadcast asks for. Part of `watch_task`.

Frames that were looked at stay for two minutes, small and grey, in this child's memory alone:
key points of some moments are found in them when the owner asks, and stills of frame pairs once
there is an alert. Sound is printed by Chromaprint while somebody listens. Answers are read by
`live.watching.lookwire`. Tests: `tests/unit/test_watch_look.py`, `tests/integration/test_live_look.py`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from breakwater.fingerprint import audio
from breakwater.media.ear import Ear
from breakwater.media.wire import Answer
from breakwater.media.wire_scene import write_keypoints
from breakwater.model.scene import Keypoints
from breakwater.scenes import local

FRAMES: Final = 128
FRESH_S: Final = 4.0
APART_S: Final = 0.9
"""All frames of the last seconds are kept, and of those before about one a second."""

NEAR_S: Final = 2.0
"""How far from the moment that is asked for a frame may be: shots are seldom shorter."""

QUALITY: Final = 85
MOST: Final = 16
PACKETS: Final = 512
"""Packets of sound decoded at once: some 12 s, in a few hundredths of a second."""

TOLD_S: Final = 1.0
_EMPTY: Final = np.zeros((0, 2), np.float32), np.zeros((0, 128), np.uint8)


@dataclass(slots=True)
class _Asked:
    """A question that is being answered, one frame at a time."""

    number: int
    times: list[float]
    found: list[Keypoints] = field(default_factory=list)


class Shown:
    """The frames of the last minutes, small."""

    def __init__(self) -> None:
        self._frames: deque[tuple[float, bytes]] = deque(maxlen=FRAMES)
        self._points: dict[float, Keypoints] = {}
        self._asked: deque[_Asked] = deque(maxlen=2)

    def keep(self, grey: NDArray[np.uint8], time_s: float) -> None:
        """Keep a frame.

        Args:
            grey: (h, w) luma.
            time_s: not before the one that was kept last.
        """
        self._frames.append((time_s, packed(grey)))
        older = [at for at, (then, _) in enumerate(self._frames) if then < time_s - FRESH_S]
        if len(older) >= 3:
            before, middle, after = (self._frames[at][0] for at in older[-3:])
            if after - before < APART_S or middle - before < APART_S / 2:
                del self._frames[older[-2]]
                self._points.pop(middle, None)
        for gone in [at for at in self._points if at < self._frames[0][0]]:
            del self._points[gone]

    def ask(self, number: int, times: list[float]) -> None:
        """Begin to answer; a question too many takes the place of the oldest."""
        self._asked.append(_Asked(number, times[:MOST]))

    @property
    def asked(self) -> bool:
        """Whether a question is being answered."""
        return bool(self._asked)

    def answer(self) -> Answer | None:
        """Work on the oldest question for one frame; its answer when that was the last."""
        if not self._asked:
            return None
        asked = self._asked[0]
        while len(asked.found) < len(asked.times):
            fresh = self._point(asked)
            if fresh:
                break
        if len(asked.found) < len(asked.times):
            return None
        self._asked.popleft()
        made = write_keypoints(asked.found)
        return Answer({"t": "looked", "n": asked.number, **made.header}, made.block)

    def pictures(self, times: list[float]) -> Answer:
        """The frames nearest to some moments, as JPEG; moments without one are left out."""
        found = [one for one in (self._near(time_s) for time_s in times[:MOST]) if one is not None]
        once = dict(found)
        header = {"t": "shots", "times": list(once), "sizes": [len(one) for one in once.values()]}
        return Answer(header, b"".join(once.values()))

    def _point(self, asked: _Asked) -> bool:
        """Answer the next moment; whether it took the work of finding key points."""
        wanted = asked.times[len(asked.found)]
        near = self._near(wanted)
        if near is None:
            asked.found.append(Keypoints(wanted, 1, 1, *_EMPTY))
            return False
        time_s, jpeg = near
        fresh = time_s not in self._points
        if fresh:
            self._points[time_s] = local.extract(unpacked(jpeg), time_s)
        asked.found.append(self._points[time_s])
        return fresh

    def _near(self, time_s: float) -> tuple[float, bytes] | None:
        best = min(self._frames, key=lambda one: abs(one[0] - time_s), default=None)
        return best if best is not None and abs(best[0] - time_s) <= NEAR_S else None


class Sound:
    """Prints what an ear hears."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._listener: audio.Listener | None = None
        self._base_s = 0.0
        self._items: list[NDArray[np.uint32]] = []
        self._start_s = 0.0
        self._anew = True

    def listen(self, *, on: bool) -> None:
        """Begin or end; without the library nothing is heard (`doctor` says so)."""
        if on and not audio.version():
            return
        self._ear.listen(on=on)
        if not on:
            self._drop()

    @property
    def behind(self) -> bool:
        """Whether there is sound to print that came already."""
        return self._ear.behind

    def answer(self) -> Answer | None:
        """Print some more; what became complete, about once a second."""
        heard = self._ear.hear(PACKETS)
        if heard is None:
            return None
        told = None
        if heard.anew or self._listener is None:
            told = self._told()
            self._drop()
            self._listener, self._base_s, self._anew = audio.Listener(), heard.time_s, True
        made = self._listener.feed(heard.samples)
        if len(made.items):
            if not self._items:
                self._start_s = self._base_s + made.start_s
            self._items.append(made.items)
        if told is None and sum(map(len, self._items)) * audio.STEP_S >= TOLD_S:
            told = self._told()
        return told

    def _told(self) -> Answer | None:
        if not self._items:
            return None
        items = np.concatenate(self._items)
        header: dict[str, Any] = {
            "t": "sound", "start_s": self._start_s, "step_s": audio.STEP_S, "anew": self._anew,
        }  # fmt: skip
        self._items, self._anew = [], False
        return Answer(header, items.astype("<u4").tobytes())

    def _drop(self) -> None:
        if self._listener is not None:
            self._listener.close()
        self._listener, self._items = None, []


def packed(grey: NDArray[np.uint8]) -> bytes:
    """A frame at half a thousand pixels or a little more, as grey JPEG: some 20 kB."""
    step = max(1, max(grey.shape) // local.SIDE)
    if step > 1:
        size = (max(1, grey.shape[1] // step), max(1, grey.shape[0] // step))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    table = np.ascontiguousarray(grey)[..., None]
    made: bytes = simplejpeg.encode_jpeg(
        table, quality=QUALITY, colorspace="GRAY", colorsubsampling="Gray"
    )
    return made


def unpacked(jpeg: bytes) -> NDArray[np.uint8]:
    """The (h, w) luma of a frame again."""
    table: NDArray[np.uint8] = simplejpeg.decode_jpeg(jpeg, colorspace="GRAY")
    return np.ascontiguousarray(table[..., 0])


def warm() -> None:
    """Load and run everything once: in the jail it is too late."""
    cv2.setNumThreads(1)
    noise = np.random.default_rng(1).integers(0, 255, (1080, 1920)).astype(np.uint8)
    shown = Shown()
    shown.keep(cv2.GaussianBlur(noise, (0, 0), 3).astype(np.uint8, copy=False), 0.0)
    shown.pictures([0.0])
    shown.ask(0, [0.0])
    shown.answer()
    if audio.version():
        samples = np.random.default_rng(1).integers(-8000, 8000, 4 * audio.RATE)
        audio.print_of(iter([samples.astype(np.int16)]))
