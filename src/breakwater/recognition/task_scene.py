"""Inside the jail: key points of frames, and sound. Part of `recognition.task`.

What is answered is compared outside by `scenes.local.same` and `fingerprint.audio.find`.
Tests: `tests/integration/test_jail_scene.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from breakwater.fingerprint import audio
from breakwater.media import image
from breakwater.media.sound import pcm
from breakwater.media.video import Video
from breakwater.media.wire import Answer, Job
from breakwater.media.wire_scene import MAX_FRAMES, write_keypoints, write_sound
from breakwater.model.media import Family
from breakwater.model.scene import Keypoints
from breakwater.scenes import local

_FIRST_S: Final = 1e-3
"""A time of nought would be sought by counting on from the frame before."""


def local_points(job: Job) -> Answer:
    """Key points of the frames at some times; of a picture, its first frame's."""
    if job.type.family is Family.IMAGE:
        picture = next(iter(image.pictures(job.source, job.type, job.limits)))
        return write_keypoints([_points(picture.frame.pixels, 0.0)])
    video = Video(job.source, job.type, job.limits)
    try:
        found = []
        for time_s in job.args["times"][:MAX_FRAMES]:
            shot = video.at(0, max(_FIRST_S, float(time_s)))
            found.append(_points(image.oriented(shot.pixels, shot.turn), float(time_s)))
        return write_keypoints(found)
    finally:
        video.close()


def sound(job: Job) -> Answer:
    """The sound of a video."""
    return write_sound(audio.print_of(pcm(job.source, job.type, job.limits, audio.RATE)))


HANDLERS: Final[Mapping[str, Callable[[Job], Answer]]] = {"local": local_points, "sound": sound}


def warm() -> None:
    """Load what these need: the library of sound, OpenCV's tables."""
    noise = np.random.default_rng(1).integers(-8000, 8000, 4 * audio.RATE).astype(np.int16)
    if audio.version():
        audio.print_of(iter([noise]))
    grey = noise[: 128 * 128].view(np.uint8)[: 128 * 128].reshape(128, 128)
    seen = local.extract(cv2.GaussianBlur(grey, (0, 0), 2).astype(np.uint8, copy=False))
    local.same(seen, seen)


def _points(pixels: NDArray[np.uint8], time_s: float) -> Keypoints:
    """Key points of RGB or grey pixels."""
    grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return local.extract(grey.astype(np.uint8, copy=False), time_s)
