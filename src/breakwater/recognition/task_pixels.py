"""Inside the jail: frames of a file, small and in colour, for scoring. Part of `recognition.task`.

What is answered goes to `recognition.score_task` in another child, never to a model in this one.
Tests: `tests/integration/test_classifier_cases.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from breakwater.media import image
from breakwater.media.video import Video
from breakwater.media.wire import Answer, Job
from breakwater.media.wire_pixels import LONGEST, MAX_BYTES, MAX_PICTURES, write_pictures
from breakwater.model.classifier import Picture
from breakwater.model.media import Family

_FIRST_S: Final = 1e-3
"""A time of nought would be sought by counting on from the frame before."""


def pixels(job: Job) -> Answer:
    """Some frames, evenly over a video's length; of a picture its first ones.

    `side` is of the shorter side, `most` how many at most. `near_s`: each moment twice, so many
    seconds apart (likeness models follow a face). `at_s`: this one moment alone. `box` (x, y,
    width, height, 0 to 1): this part of it alone.
    """
    side, most = int(job.args["side"]), min(int(job.args["most"]), MAX_PICTURES)
    found: list[Picture] = []
    room = MAX_BYTES
    for time_s, frame in _frames(job, most):
        small = shrunk(cut(frame, job.args.get("box")), side)
        if small.nbytes > room or len(found) == most:
            break
        room -= small.nbytes
        found.append(Picture(small, time_s))
    return write_pictures(found)


HANDLERS: Final[Mapping[str, Callable[[Job], Answer]]] = {"pixels": pixels}


def warm() -> None:
    """Load what this needs."""
    shrunk(np.zeros((9, 16), np.uint8), 4)


def shrunk(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """RGB whose shorter side is `side`, or as large as it is; never enlarged.

    Args:
        pixels: (h, w) grey or (h, w, 3) RGB.
        side: of the shorter side.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, side / min(height, width), LONGEST / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA))
    rgb = cv2.cvtColor(small, cv2.COLOR_GRAY2RGB) if small.ndim == 2 else small
    return np.ascontiguousarray(rgb, dtype=np.uint8)


def cut(pixels: NDArray[np.uint8], box: Sequence[float] | None) -> NDArray[np.uint8]:
    """The part of a picture within a box of 0 to 1 of its sides; all of it without one."""
    if box is None:
        return pixels
    height, width = pixels.shape[:2]
    left, top = min(int(box[0] * width), width - 1), min(int(box[1] * height), height - 1)
    right, bottom = round((box[0] + box[2]) * width), round((box[1] + box[3]) * height)
    return pixels[top : max(bottom, top + 1), left : max(right, left + 1)]


def moments(duration_s: float, most: int, near_s: float) -> list[float]:
    """When to look: evenly over the length, each moment twice where `near_s` is over 0."""
    each = 2 if near_s > 0 else 1
    number, last = max(1, most // each), max(_FIRST_S, duration_s * 0.99)
    found = {
        max(_FIRST_S, min(last, duration_s * (n + 0.5) / number + again * near_s))
        for n in range(number)
        for again in range(each)
    }
    return sorted(found)


def _frames(job: Job, most: int) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    job.source.seek(0)
    if job.type.family is Family.IMAGE:
        for picture in image.pictures(job.source, job.type, job.limits):
            yield picture.frame.time_s, picture.frame.pixels
        return
    video = Video(job.source, job.type, job.limits)
    try:
        at_s, near_s = job.args.get("at_s"), float(job.args.get("near_s", 0.0))
        wanted = moments(video.duration_s, most, near_s) if at_s is None else [float(at_s)]
        for time_s in wanted:
            shot = video.at(0, max(_FIRST_S, time_s))
            yield time_s, image.oriented(shot.pixels, shot.turn)
    finally:
        video.close()
