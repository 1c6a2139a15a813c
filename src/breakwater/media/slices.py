"""Which packets of H.264 hold a picture whole: an I picture that is no key frame.

An encoder that has just sent a key frame codes the next cut so. Such a picture can be looked at
alone, as a key frame can, though nothing after it can be decoded from there. One packet in,
whether its first slice is intra coded out; nothing is decoded. Source: ITU-T H.264, 7.3.1 and
7.3.3. Tests: tests/unit/test_media_slices.py.
"""

from __future__ import annotations

from typing import Any, Final

MOST: Final = 4
"""Such pictures looked at between two key frames: each costs what a key frame does."""

_START: Final = b"\0\0\1"
_SLICE: Final = 1
_INTRA: Final = 2
_TYPES: Final = 5
"""Slice types repeat: 2 is one I slice, 7 says that all of the picture's are."""
_LENGTH: Final = 4
_MOST_UNITS: Final = 16
_SOUGHT: Final = 1024
"""Bytes in which a start code is looked for: what comes before a slice is short."""


class Wholes:
    """Of one broadcast: which pictures between its key frames to look at, and no more than few."""

    def __init__(self, context: Any) -> None:
        """With PyAV's codec context; of other codecs than H.264 none is told."""
        self._most = MOST if context.name == "h264" else 0
        self._lengths = bytes(context.extradata or b"")[:1] == b"\1"
        self._left = 0

    def begin(self) -> None:
        """A key frame has come."""
        self._left = self._most

    def tell(self, packet: Any) -> bool:
        """Whether a packet that is no key frame can be looked at alone, and is to be."""
        if not self._left or not whole_picture(memoryview(packet), lengths=self._lengths):
            return False
        self._left -= 1
        return True


def whole_picture(body: memoryview, *, lengths: bool) -> bool:
    """Whether a packet begins an I picture that is no key frame.

    Args:
        body: the packet.
        lengths: four bytes before each unit say how long it is, as in FLV; else start codes do.
    """
    at = _LENGTH if lengths else _after_start(body, 0)
    for _ in range(_MOST_UNITS):
        if not 0 < at < len(body):
            return False
        if body[at] & 31 == _SLICE:
            return _slice_type(bytes(body[at + 1 : at + 9])) % _TYPES == _INTRA
        if lengths:
            at += int.from_bytes(body[at - _LENGTH : at], "big") + _LENGTH
        else:
            at = _after_start(body, at)
    return False


def _after_start(body: memoryview, at: int) -> int:
    """Where the next unit begins; 0 when none does within reach."""
    found = bytes(body[at : at + _SOUGHT]).find(_START)
    return 0 if found < 0 else at + found + len(_START)


def _slice_type(head: bytes) -> int:
    """The second Exp-Golomb number of a slice: after its first macroblock, its type."""
    left, value = int.from_bytes(head, "big"), 0
    room = 8 * len(head)
    for _ in range(2):
        zeros = room - left.bit_length()
        if 2 * zeros >= room:
            return 0
        room -= 2 * zeros + 1
        value = (left >> room) - 1
        left &= (1 << room) - 1
    return value
