"""Inside the jail: what links are sought by. Part of `recognition.task`.

Of a picture its first frame, of a video one to three key frames of each shot, `MOST_FRAMES` in
all; what shows nothing (black, one colour, a few strokes, too small, out of focus) is left out, and
where nothing is left the answer says why. A first pass hashes what `media.video` samples, a second
one seeks the key frames: memory and time are bounded for a day of one camera. Tests:
`tests/integration/test_links_look.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from breakwater.fingerprint import pdq
from breakwater.fingerprint.shots import Shot, shots, spread
from breakwater.fingerprint.video import FrameHash
from breakwater.fingerprint.views import ReferenceMaker, ViewMaker
from breakwater.media import image, traits
from breakwater.media.live import luma
from breakwater.media.video import Video, turn_of
from breakwater.media.wire import Answer, Job
from breakwater.media.wire_links import write_signals
from breakwater.model.copies import FramePrints, ReelPrints
from breakwater.model.link_signals import MOST_FRAMES, LinkSignals, Print
from breakwater.model.media import Family
from breakwater.model.scene import Keypoints
from breakwater.recognition.task_views import Views
from breakwater.scenes import local

LEAST_SIDE: Final = 64
"""Pixels of the shorter side; smaller pictures have no places in them."""

DARK: Final = 12.0
"""Spread of luma below which a picture is one colour: black, white, a frozen signal."""

BLURRED: Final = 6.0
"""Variance of the Laplacian at 256 px below which nothing has an edge: out of focus."""

STROKES: Final = 0.82
"""Share of pixels in the two commonest of 16 shades from which a frame is text or a diagram."""

LONG_SHOT_S: Final = 5.0
"""A shot as long as this is looked at in two frames, one three times as long in three."""

_SPLIT_S: Final = 600.0
_FIRST_S: Final = 1e-3
_SIDE: Final = 256
_REEL_BYTES: Final = 6 << 20
_FIRST_PASS: Final = 0.5
"""Part of the time limit that the first pass may take."""

LEAST_QUALITY: Final = 50
"""Of a hash: below, PDQ itself says that a frame is too flat to be told from others."""

TINY, FLAT, TEXT, BLUR, NO_STRUCTURE = "tiny", "flat", "text", "blurred", "no_structure"
_HASHED: Final = frozenset({BLUR, NO_STRUCTURE})
"""A soft picture has no points, and may be a copy all the same."""


@dataclass(slots=True)
class _Kept:
    """Frames that can be compared, and why others could not."""

    frames: list[Keypoints] = field(default_factory=list)
    shots: list[int] = field(default_factory=list)
    prints: list[Print] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def look(self, pixels: NDArray[np.uint8], time_s: float, shot: int, *, count: int) -> bool:
        """Take a frame's key points, so many of them; whether its hash may be taken too."""
        grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        plain = np.ascontiguousarray(grey, np.uint8)
        why = _why_not(plain)
        points = None if why else local.extract_place(plain, time_s, count=count)
        if points is not None and not len(points):
            why = NO_STRUCTURE
        if points is not None and not why:
            self.frames.append(points)
            self.shots.append(shot)
        self.reasons[why] += 1
        return not why or why in _HASHED

    def hash(self, made: Iterable[Print]) -> None:
        """Take hashes; those of flat frames would be near to everything."""
        self.prints += [one for one in made if one[2] >= LEAST_QUALITY]

    @property
    def abstained(self) -> str:
        """Why nothing is left: the commonest reason."""
        if self.frames or self.prints:
            return ""
        said = {why: count for why, count in self.reasons.items() if why}
        return max(said, key=lambda one: said[one], default=NO_STRUCTURE)


def links(job: Job) -> Answer:
    """All that links are sought by, but the sound."""
    found = _picture(job) if job.type.family is Family.IMAGE else _video(job)
    job.source.seek(0)
    return write_signals(replace(found, traits=traits.of_file(job.source, job.type)))


HANDLERS: Final[Mapping[str, Callable[[Job], Answer]]] = {"links": links}


def _picture(job: Job) -> LinkSignals:
    kept = _Kept()
    picture = next(iter(image.pictures(job.source, job.type, job.limits)))
    pixels = picture.frame.pixels
    if kept.look(pixels, 0.0, 0, count=local.PLACE_COUNT):
        kept.hash((0.0, one.signal.value, one.quality) for one in pdq.of_picture(pixels))
    views, reel = _views(pixels) if kept.prints else (None, None)
    height, width = pixels.shape[:2]
    return LinkSignals(
        tuple(kept.frames), tuple(kept.shots), tuple(kept.prints),
        width=width, height=height, abstained=kept.abstained, reel=reel, views=views,
    )  # fmt: skip


def _views(pixels: NDArray[np.uint8]) -> tuple[ReelPrints, ReelPrints]:
    """Parts of a picture, by which cut ones are found."""
    grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    query, known = ViewMaker().both(np.ascontiguousarray(grey, np.uint8), 0.0)
    return ReelPrints.of([query]), ReelPrints.of([known])


def _video(job: Job) -> LinkSignals:
    hashes, reel, views, size, seconds = _first_pass(job)
    kept = _Kept()
    video = Video(job.source, job.type, job.limits)
    try:
        for number, one in _planned(hashes):
            shot = video.at(one.frame, max(_FIRST_S, one.time_s))
            seen = image.oriented(shot.pixels, shot.turn)
            if kept.look(seen, one.time_s, number, count=local.PLACE_COUNT_VIDEO):
                value, quality = _hashed(seen)
                kept.hash([(one.time_s, value, quality)])
    finally:
        video.close()
    return LinkSignals(
        tuple(kept.frames), tuple(kept.shots), tuple(kept.prints), seconds=seconds,
        width=size[0], height=size[1], abstained=kept.abstained, reel=reel, views=views,
    )  # fmt: skip


def _hashed(seen: NDArray[np.uint8]) -> tuple[bytes, int]:
    one = pdq.of_frame(seen, frame=0, time_s=0.0)
    return one.signal.value, one.quality


def _first_pass(
    job: Job,
) -> tuple[list[FrameHash], ReelPrints, ReelPrints, tuple[int, int], float]:
    """Hashes of sampled frames, and prints for aligning, from one decode."""
    limits = replace(job.limits, max_wall_s=job.limits.max_wall_s * _FIRST_PASS)
    video = Video(job.source, job.type, limits)
    views, maker = Views(video.duration_s), ReferenceMaker(video.duration_s)
    made: list[FramePrints] = []
    room, hashes, size, last_s = _REEL_BYTES, [], (0, 0), 0.0

    def see(frame: Any, time_s: float) -> None:
        nonlocal room
        views.see(frame, time_s)
        if room > 0 and (one := maker.feed(image.oriented(luma(frame), turn_of(frame)), time_s)):
            made.append(one)
            room -= 34 * len(one.views) + 8

    try:
        for shot in video.shots(see):
            seen = image.oriented(shot.pixels, shot.turn)
            value, quality = _hashed(seen)
            hashes.append(FrameHash(shot.index, shot.time_s, value, quality))
            size = (seen.shape[1], seen.shape[0]) if size == (0, 0) else size
            last_s = max(last_s, shot.time_s)
        seconds = max(video.duration_s, last_s)
        return hashes, ReelPrints.of(made), views.prints(), size, seconds
    finally:
        video.close()


def _planned(hashes: Sequence[FrameHash]) -> Iterator[tuple[int, FrameHash]]:
    """Frames to look at with the number of their shot: few of many shots, more of long ones."""
    found = spread(shots(hashes, longest_s=_SPLIT_S), MOST_FRAMES)
    room = MOST_FRAMES - len(found)
    for number, shot in enumerate(found):
        extra = min(room, 2 if shot.end_s - shot.start_s >= 3 * LONG_SHOT_S else _long(shot))
        room -= extra
        yield from ((number, one) for one in _of_shot(shot, hashes, extra))


def _long(shot: Shot) -> int:
    return int(shot.end_s - shot.start_s >= LONG_SHOT_S)


def _of_shot(shot: Shot, hashes: Sequence[FrameHash], extra: int) -> list[FrameHash]:
    """The key frame, and others from the first and last quarter of a long shot."""
    if not extra:
        return [shot.key]
    inside = [one for one in hashes if shot.start_s <= one.time_s <= shot.end_s]
    quarter = len(inside) // 4
    others = [inside[quarter // 2], inside[-1 - quarter // 2]][-extra:]
    chosen = {one.frame: one for one in (shot.key, *others)}
    return sorted(chosen.values(), key=lambda one: one.time_s)


def _why_not(grey: NDArray[np.uint8]) -> str:
    """Why a frame shows nothing to compare by; empty when it may."""
    height, width = grey.shape
    if min(height, width) < LEAST_SIDE:
        return TINY
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    if float(small.std()) < DARK:
        return FLAT
    shades = np.histogram(small, 16, (0, 256))[0]
    if float(np.sort(shades)[-2:].sum()) >= STROKES * small.size:
        return TEXT
    if float(cv2.Laplacian(small, cv2.CV_64F).var()) < BLURRED:
        return BLUR
    return ""
