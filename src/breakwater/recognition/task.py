"""What runs inside the jail: decode, hash, answer. Bytes in, signals or small stills out.

`media.child` imports this module by name, calls `warm()` once in the zygote and then, in
locked-up children, one handler a request. Nothing here may open, import or connect to
anything after `warm()`. Only signals, reasons and small stills leave. Tests:
`tests/integration/test_jail.py`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from typing import Any, Final

import av
import cv2
import numpy as np
import PIL
import pillow_heif
import simplejpeg
from numpy.typing import NDArray

from breakwater import kernel
from breakwater.fingerprint import audio, pdq
from breakwater.fingerprint.registry import Hasher, Registry
from breakwater.media import exif, golden, image, stills
from breakwater.media.failures import Unreadable
from breakwater.media.preload import load_lazy_parts
from breakwater.media.video import Video
from breakwater.media.wire import Answer, Job, write_fingerprints
from breakwater.media.wire_views import with_views
from breakwater.model.media import Family, Fault, Level, MediaLimits, MediaType, Reason
from breakwater.model.signal import Fingerprint, Fingerprints, Signal
from breakwater.recognition import task_links, task_pixels, task_scene, task_views

Handler = Callable[[Job], Answer]

_hashers: dict[str, Hasher] = {}
"""Plug-ins' hashers; filled by `warm` in the zygote, inherited by every child."""


def fingerprint(job: Job) -> Answer:
    """Hash every frame of a picture or every sampled frame of a video."""
    if job.type.family is Family.IMAGE:
        return write_fingerprints(_picture_prints(job))
    found = _video_prints(job)
    answer = write_fingerprints(found)
    return answer if found.views is None else with_views(answer, found.views)


def still(job: Job) -> Answer:
    """One frame as a small WebP picture."""
    pixels = _frame(job, int(job.args["frame"]), job.args.get("time_s"))
    level, watermark = Level(job.args["level"]), str(job.args["watermark"])
    return Answer({"level": level}, stills.render(pixels, level, watermark))


def luma(job: Job) -> Answer:
    """The 64 × 64 luma of frames, for the evidence package; as older tools see them on request."""
    frames, times = list(job.args["frames"]), list(job.args["times"])
    times += [None] * (len(frames) - len(times))
    old = bool(job.args.get("compatible"))
    tables = [
        kernel.luma64(_frame(job, number, time_s, compatible=old))
        for number, time_s in zip(frames, times, strict=True)
    ]
    return Answer({"count": len(tables)}, b"".join(t.astype("<f4").tobytes() for t in tables))


def exif_facts(job: Job) -> Answer:
    """A few facts of what a file says of itself, without decoding it."""
    return Answer({"exif": exif.facts(job.source, job.type)})


HANDLERS: Final[Mapping[str, Handler]] = {
    "fingerprint": fingerprint,
    "still": still,
    "luma": luma,
    "exif": exif_facts,
    **task_links.HANDLERS,
    **task_pixels.HANDLERS,
    **task_scene.HANDLERS,
    **task_views.HANDLERS,
}


def versions() -> Mapping[str, str]:
    """Versions of everything that parses untrusted bytes, and the kernel's variant."""
    return {
        "pillow": str(PIL.__version__),
        "simplejpeg": str(simplejpeg.__version__),
        "pillow_heif": str(pillow_heif.__version__),
        "av": str(av.__version__),
        "ffmpeg": str(av.ffmpeg_version_info).removeprefix("n"),
        "kernel": kernel.variant(),
        "opencv": str(cv2.__version__),
        "chromaprint": audio.version(),
    }


def warm(registry: Registry | None = None) -> None:
    """Load everything: libraries import lazily, and in the jail it is too late.

    Args:
        registry: the kinds to make; everything that is installed when not given.
    """
    load_lazy_parts()
    image.prepare()
    task_pixels.warm()
    task_scene.warm()
    _hashers.update((registry or Registry.installed()).hashers)
    files = golden.files()
    for one in files:
        _warm(fingerprint, one, {})
    for one in (files[0], files[-1]):  # a still and a video
        _warm(luma, one, {"frames": [0], "times": [0.0]})
        _warm(task_scene.local_points, one, {"times": [0.0]})
        _warm(exif_facts, one, {})
        for level in Level:
            _warm(still, one, {"frame": 0, "level": level, "watermark": "warm", "time_s": 0.1})
    _warm(fingerprint, files[-1], {"views": True})
    _warm(task_views.prints, files[-1], {})
    for one in files:
        _warm(task_links.links, one, {})


def _warm(handler: Handler, one: golden.Golden, args: Mapping[str, Any]) -> None:
    """Run a handler over a golden file, as a child will over an upload."""
    with tempfile.TemporaryFile() as file:
        file.write(one.open().read())
        file.seek(0)
        with os.fdopen(os.dup(file.fileno()), "rb") as source:
            handler(Job("warm", MediaType(one.type), MediaLimits(), source, args))


def _picture_prints(job: Job) -> Fingerprints:
    """Every frame of a still or an animation, in all views."""
    items: list[Fingerprint] = []
    width = height = frames = 0
    for picture in image.pictures(job.source, job.type, job.limits):
        frame = picture.frame
        with _Hashing(job.type):
            items += pdq.of_picture(
                frame.pixels, picture.compatible, frame=frame.index, time_s=frame.time_s
            )
            items += _brought(frame.pixels, frame.index, frame.time_s)
        if frames == 0:
            height, width = frame.pixels.shape[:2]
        frames += 1
    return Fingerprints(job.type.value, width, height, frames, 0.0, tuple(items))


def _video_prints(job: Job) -> Fingerprints:
    """Every sampled frame, as a player shows it; unturned besides where players turn it."""
    items: list[Fingerprint] = []
    width = height = 0
    video = Video(job.source, job.type, job.limits)
    views = task_views.Views(video.duration_s) if job.args.get("views") else None
    try:
        for shot in video.shots(None if views is None else _tapped(views, job.type)):
            with _Hashing(job.type):
                seen = image.oriented(shot.pixels, shot.turn)
                one = pdq.of_frame(seen, frame=shot.index, time_s=shot.time_s)
                items.append(one)
                if shot.turn != 1:
                    items += pdq.of_compatible(
                        shot.pixels, one.signal.value, frame=shot.index, time_s=shot.time_s
                    )
                items += _brought(seen, shot.index, shot.time_s)
            if not width:
                height, width = seen.shape[:2]
        return Fingerprints(
            job.type.value, width, height, video.frames, video.duration_s, tuple(items),
            video.coverage, None if views is None else views.prints(),
        )  # fmt: skip
    finally:
        video.close()


def _tapped(views: task_views.Views, kind: MediaType) -> Callable[[Any, float], None]:
    """Shows decoded frames to the maker of views; what fails there is our fault."""

    def see(frame: Any, time_s: float) -> None:
        with _Hashing(kind):
            views.see(frame, time_s)

    return see


def _brought(pixels: NDArray[np.uint8], frame: int, time_s: float) -> list[Fingerprint]:
    """Values of the kinds that plug-ins bring."""
    found = []
    for kind, hasher in _hashers.items():
        made = hasher(pixels)
        if made is not None:
            found.append(Fingerprint(Signal(kind, made[0]), made[1], frame, time_s))
    return found


def _frame(
    job: Job, number: int, time_s: float | None, *, compatible: bool = False
) -> NDArray[np.uint8]:
    """Pixels of one frame as a person sees it, or as older tools hash it where that differs."""
    job.source.seek(0)
    if job.type.family is Family.IMAGE:
        for picture in image.pictures(job.source, job.type, job.limits):
            if picture.frame.index == number:
                old = picture.compatible if compatible else None
                return picture.frame.pixels if old is None else old
        raise Unreadable(Reason.NO_FRAMES, f"it has no frame {number}")
    video = Video(job.source, job.type, job.limits)
    try:
        shot = video.at(number, time_s)
        return shot.pixels if compatible else image.oriented(shot.pixels, shot.turn)
    finally:
        video.close()


class _Hashing:
    """Marks where decoding has ended: what fails in here is our fault, not the media's."""

    def __init__(self, kind: MediaType) -> None:
        self._kind = kind

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Name the fault."""
        if isinstance(error, Exception):
            raise Unreadable(
                Reason.OUR_FAULT, f"hashing: {type(error).__name__}: {error}",
                fault=Fault.OUR_FAULT, kind=self._kind,
            ) from error  # fmt: skip
