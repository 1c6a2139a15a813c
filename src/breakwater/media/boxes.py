"""Whether a container holds as many bytes as it says it does.

FFmpeg plays a file that was cut off as if it ended there. Half an upload must not pass as a
whole one, so the outermost lengths are read first: boxes of ISO base media (ISO/IEC 14496-12)
and the segment of Matroska (RFC 9559). Transport streams and FLV have no such length.
Tests: `tests/unit/test_media_video.py`.
"""

from __future__ import annotations

import os
from typing import BinaryIO, Final

from breakwater.media.failures import Unreadable
from breakwater.model.media import MediaType, Reason

_MOST_BOXES: Final = 100_000
"""Fragmented files have two boxes a fragment; more than this is no film."""

_HOLDS_PICTURES: Final = frozenset({b"moov", b"mdat", b"moof"})
_SEGMENT: Final = b"\x18\x53\x80\x67"


def check_whole(source: BinaryIO, kind: MediaType) -> None:
    """Compare declared lengths with the file's size.

    Raises:
        Unreadable: TRUNCATED.
    """
    size = os.fstat(source.fileno()).st_size
    if kind is MediaType.MP4:
        _check_boxes(source, size)
    elif kind is MediaType.MATROSKA:
        _check_segment(source, size)


def _check_boxes(source: BinaryIO, size: int) -> None:
    """Walk the outermost boxes. Nonsense behind the last good one is left to the decoder."""
    at = 0
    for _ in range(_MOST_BOXES):
        source.seek(at)
        head = source.read(16)
        if len(head) < 8:
            return
        length, name = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length == 0:
            return
        if length < 8:
            return
        at += length
        if at > size and name in _HOLDS_PICTURES:
            raise Unreadable(Reason.TRUNCATED, f"{at - size} bytes are missing")


def _check_segment(source: BinaryIO, size: int) -> None:
    """The segment's length, when it is known."""
    source.seek(4)
    length, taken = _number(source.read(8))
    at = 4 + taken + length
    source.seek(at)
    if source.read(4) != _SEGMENT:
        return
    raw = source.read(8)
    length, taken = _number(raw)
    unknown = length == (1 << 7 * taken) - 1
    missing = at + 4 + taken + length - size
    if taken and not unknown and missing > 0:
        raise Unreadable(Reason.TRUNCATED, f"{missing} bytes are missing")


def _number(data: bytes) -> tuple[int, int]:
    """An EBML number of variable size: value and bytes taken."""
    if not data or data[0] == 0:
        return 0, 0
    taken = 9 - data[0].bit_length()
    value = int.from_bytes(data[:taken], "big") & ((1 << 7 * taken) - 1)
    return value, taken
