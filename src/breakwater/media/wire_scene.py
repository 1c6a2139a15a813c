"""Key points and sound as a jailed child answers them; the parent reads both as untrusted.

As `wire`: a JSON header with counts, a block of fixed records, every field checked. Written
by `recognition.task`, read by `media.sandbox`. Tests: `tests/unit/test_media_wire.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from breakwater.media.wire import Answer, BadAnswer
from breakwater.model.scene import Keypoints, SoundPrint

MAX_POINTS: Final = 2000
MAX_FRAMES: Final = 64
_MAX_SIDE: Final = 4096
_POINT: Final = 8 + 128


def write_keypoints(frames: Sequence[Keypoints]) -> Answer:
    """Spell the key points of several frames."""
    rows = [[one.time_s, one.width, one.height, len(one)] for one in frames]
    parts = [one.points.astype("<f4").tobytes() + one.descriptors.tobytes() for one in frames]
    return Answer({"keypoints": rows}, b"".join(parts))


def read_keypoints(answer: Answer, *_: object) -> tuple[Keypoints, ...]:
    """Read and check them.

    Raises:
        BadAnswer: a field is missing, of another type or out of its range.
    """
    rows = answer.header.get("keypoints")
    if not isinstance(rows, list) or len(rows) > MAX_FRAMES:
        raise BadAnswer("Its key points are not well formed.")
    frames, at = [], 0
    for row in rows:
        time_s, width, height, count = _row(row)
        middle, end = at + 8 * count, at + _POINT * count
        if end > len(answer.block):
            raise BadAnswer("Its key points are cut short.")
        points = np.frombuffer(answer.block[at:middle], "<f4").reshape(count, 2)
        if not (np.isfinite(points).all() and (points >= -1).all() and (points <= _MAX_SIDE).all()):
            raise BadAnswer("A key point is out of its range.")
        descriptors = np.frombuffer(answer.block[middle:end], np.uint8).reshape(count, 128)
        frames.append(Keypoints(time_s, width, height, points.astype(np.float32), descriptors))
        at = end
    if at != len(answer.block):
        raise BadAnswer("Its key points have bytes too many.")
    return tuple(frames)


def _row(row: Any) -> tuple[float, int, int, int]:
    """Time, width, height and count of one frame."""
    if not isinstance(row, list) or len(row) != 4:
        raise BadAnswer("A frame's key points are not well formed.")
    time_s, *whole = row
    fits = isinstance(time_s, int | float) and abs(time_s) < 1e9
    fits = fits and all(type(value) is int for value in whole)
    if not fits or not (0 < whole[0] <= _MAX_SIDE and 0 < whole[1] <= _MAX_SIDE):
        raise BadAnswer("A frame's key points are out of their range.")
    if not 0 <= whole[2] <= MAX_POINTS:
        raise BadAnswer("A frame has more key points than are taken.")
    return float(time_s), whole[0], whole[1], whole[2]


def write_sound(found: SoundPrint) -> Answer:
    """Spell a sound print."""
    header = {"start_s": found.start_s, "step_s": found.step_s, "levels": len(found.levels)}
    return Answer(header, found.items.astype("<u4").tobytes() + found.levels)


def read_sound(answer: Answer, *_: object) -> SoundPrint:
    """Read and check it.

    Raises:
        BadAnswer: a field is missing, of another type or out of its range.
    """
    start, step = answer.header.get("start_s"), answer.header.get("step_s")
    numbers = isinstance(start, int | float) and isinstance(step, int | float)
    if not numbers or not (abs(float(start or 0)) < 1e9 and 0.01 < float(step or 0) < 10):
        raise BadAnswer("Its sound is not well formed.")
    measured = answer.header.get("levels", 0)
    if type(measured) is not int or measured not in {0, len(answer.block) // 5}:
        raise BadAnswer("Its sound has another number of levels.")
    size = len(answer.block) - measured
    if size % 4 or (measured and size != 4 * measured):
        raise BadAnswer("Its sound is cut short.")
    items = np.frombuffer(answer.block[:size], "<u4").astype(np.uint32)
    levels = bytes(answer.block[size:])
    return SoundPrint(items, float(start or 0), float(step or 0), levels)
