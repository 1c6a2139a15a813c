"""A packet that is damaged is skipped, as players do, and counted; what is no matter of bytes is raised.

Shared by the picture (`media.live`) and the sound (`media.ear`) of a broadcast; inside the jail only.
Tests: `tests/unit/test_media_ear.py`, `tests/integration/test_live_pull.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from av.error import EOFError as AvEOFError
from av.error import FFmpegError

T = TypeVar("T")


def unless_damaged(decode: Callable[[], list[T]]) -> tuple[list[T], int]:
    """What is made of one packet, and how many packets were damaged: 0 or 1.

    Raises:
        FFmpegError: the decoder failed otherwise.
    """
    try:
        return decode(), 0
    except AvEOFError:
        return [], 0
    except FFmpegError as error:
        if not isinstance(error, ValueError):
            raise
        return [], 1
