"""Inside the jail: frames of a file, small and in colour, for scoring. Part of `recognition.task`.

What is answered goes to `recognition.score_task` in another child, never to a model in this one.
Tests: `tests/integration/test_classifier_cases.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
    """Some frames, evenly over a video's length; of a picture its first ones."""
    side, most = int(job.args["side"]), min(int(job.args["most"]), MAX_PICTURES)
    found: list[Picture] = []
    room = MAX_BYTES
    for time_s, frame in _frames(job, most):
        small = shrunk(frame, side)
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


def _frames(job: Job, most: int) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    job.source.seek(0)
    if job.type.family is Family.IMAGE:
        for picture in image.pictures(job.source, job.type, job.limits):
            yield picture.frame.time_s, picture.frame.pixels
        return
    video = Video(job.source, job.type, job.limits)
    try:
        for number in range(most):
            time_s = max(_FIRST_S, video.duration_s * (number + 0.5) / most)
            shot = video.at(0, time_s)
            yield time_s, image.oriented(shot.pixels, shot.turn)
    finally:
        video.close()
