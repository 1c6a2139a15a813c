"""Small pictures as a jailed child answers them, for scoring; the parent reads them as untrusted.

As `wire`: a JSON header with sizes, a block of RGB pixels, every field checked. Written by
`recognition.task_pixels` and `recognition.watch_pixels`; read by `media.sandbox` and
`live.watching.classifying`. Tests: `tests/unit/test_media_wire_pixels.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from breakwater.media.wire import Answer, BadAnswer, seconds
from breakwater.model.classifier import Picture

MAX_PICTURES: Final = 16
LONGEST: Final = 2048
MAX_BYTES: Final = 24 << 20
"""Of all pictures of one answer; `wire.MAX_BLOCK` is above."""


def write_pictures(pictures: Sequence[Picture]) -> Answer:
    """Spell small pictures."""
    rows = [[one.time_s, one.pixels.shape[1], one.pixels.shape[0]] for one in pictures]
    return Answer({"pictures": rows}, b"".join(one.pixels.tobytes() for one in pictures))


def taken(answer: Answer, *_: object) -> tuple[Picture, ...]:
    """Read an answer of the file jail. Raises `BadAnswer`."""
    return read_pictures(answer.header, answer.block)


def read_pictures(header: Mapping[str, Any], block: bytes) -> tuple[Picture, ...]:
    """Read and check them.

    Raises:
        BadAnswer: a field is missing, of another type or out of its range.
    """
    rows = header.get("pictures")
    if not isinstance(rows, list) or len(rows) > MAX_PICTURES:
        raise BadAnswer("Its pictures are not well formed.")
    found, at = [], 0
    for row in rows:
        if not isinstance(row, list) or len(row) != 3:
            raise BadAnswer("A picture is not well formed.")
        time_s, *size = row
        if not all(type(one) is int and 1 <= one <= LONGEST for one in size):
            raise BadAnswer("A picture is out of its range.")
        width, height = size
        end = at + width * height * 3
        if end > min(len(block), MAX_BYTES):
            raise BadAnswer("A picture is cut short.")
        pixels = np.frombuffer(block[at:end], np.uint8).reshape(height, width, 3)
        found.append(Picture(pixels, seconds(time_s)))
        at = end
    if at != len(block):
        raise BadAnswer("Its pictures have bytes too many.")
    return tuple(found)
