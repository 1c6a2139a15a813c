"""Small pictures and luma as a jailed child answers them; the parent reads both as untrusted.

Written by `recognition.task`, read by `media.sandbox`. Tests: `tests/integration/test_jail.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from breakwater.media.source import Source
from breakwater.media.wire import Answer, BadAnswer
from breakwater.model.media import MediaType

Luma = tuple[NDArray[np.float32], ...]


def read_still(answer: Answer, _kind: MediaType, _file: Source) -> bytes:
    """A WebP picture.

    Raises:
        BadAnswer: it is none.
    """
    if answer.block[:4] != b"RIFF" or answer.block[8:12] != b"WEBP":
        raise BadAnswer("The still is not a WebP picture.")
    return answer.block


def luma_of(frames: int) -> Callable[[Answer, MediaType, Source], Luma]:
    """Reads that many tables of 64 x 64 numbers; what it makes raises `BadAnswer`."""

    def read(answer: Answer, _kind: MediaType, _file: Source) -> Luma:
        if len(answer.block) != frames * 64 * 64 * 4:
            raise BadAnswer("The luma has another size.")
        table = np.frombuffer(answer.block, np.float32).reshape(-1, 64, 64)
        if not np.isfinite(table).all():
            raise BadAnswer("The luma has values that are no numbers.")
        return tuple(table)

    return read
