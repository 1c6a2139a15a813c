"""Inside the jail: the prints by which copies are found. Part of `recognition.task`.

`Views` sees the frames of an upload while it is fingerprinted: one decode for both. `prints`
makes the reference prints of a known video. Tests: `tests/integration/test_copies_attacks.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from breakwater.fingerprint.views import ReferenceMaker, ViewMaker
from breakwater.media import image
from breakwater.media.failures import Unreadable
from breakwater.media.live import luma
from breakwater.media.video import Video, turn_of
from breakwater.media.wire import Answer, Job
from breakwater.media.wire_views import with_views
from breakwater.model.copies import FramePrints, ReelPrints
from breakwater.model.media import Family, Reason

SHORT_S: Final = 120.0
SHORT_STEP_S: Final = 0.25
"""In videos up to two minutes: a clip of four seconds has sixteen query frames."""
STEP_S: Final = 0.5
LONG_S: Final = 1800.0
LONG_STEP_S: Final = 1.0
"""In videos of over half an hour: prints of four hours stay under the answer's 32 MB."""
MOST_BYTES: Final = 24 << 20


class Views:
    """Query prints of a video, from the frames that are decoded anyhow."""

    def __init__(self, duration_s: float) -> None:
        self._step_s = LONG_STEP_S
        for most_s, step_s in ((LONG_S, STEP_S), (SHORT_S, SHORT_STEP_S)):
            if 0 < duration_s <= most_s:
                self._step_s = step_s
        self._due_s = 0.0
        self._room = MOST_BYTES
        self._maker = ViewMaker()
        self._frames: list[FramePrints] = []

    def see(self, frame: Any, time_s: float) -> None:
        """Take a decoded frame when it is time for one."""
        if time_s < self._due_s - 1e-3 or self._room <= 0:
            return
        self._due_s = max(self._due_s + self._step_s, time_s)
        made = self._maker.feed(image.oriented(luma(frame), turn_of(frame)), time_s)
        self._frames.append(made)
        self._room -= 34 * len(made.views) + 8

    def prints(self) -> ReelPrints:
        """All that was seen."""
        return ReelPrints.of(self._frames)


def prints(job: Job) -> Answer:
    """The reference prints of a known video.

    Raises:
        Unreadable: it is a picture, or cannot be decoded.
    """
    if job.type.family is Family.IMAGE:
        raise Unreadable(Reason.UNSUPPORTED, "a picture has no prints", kind=job.type)
    video = Video(job.source, job.type, job.limits)
    made: list[FramePrints] = []
    room = MOST_BYTES
    try:
        maker = ReferenceMaker(video.duration_s)

        def see(frame: Any, time_s: float) -> None:
            nonlocal room
            one = maker.feed(image.oriented(luma(frame), turn_of(frame)), time_s)
            if one is not None and room > 0:
                made.append(one)
                room -= 34 * len(one.views) + 8

        for _ in video.shots(see):
            pass
        last_s = max([video.duration_s, *(one.time_s for one in made[-1:])])
        return with_views(Answer({"duration_s": last_s}), ReelPrints.of(made))
    finally:
        video.close()


HANDLERS: Final[Mapping[str, Callable[[Job], Answer]]] = {"prints": prints}
