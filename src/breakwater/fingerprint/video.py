"""vPDQ: the frame hashes of one video as one packed blob, and in the text form of the tools.

A video is stored as a bag of frames (frame number, time, PDQ, quality) in one blob: 45 bytes
a frame instead of a row each. The text form `frame,quality,hash,seconds` is that of
facebook/ThreatExchange `vpdq/sample-hashes`; conformance (same frames; for quality >= 50 on
both sides a distance < 31) is tested against them. Tests: `tests/unit/test_fingerprint_video.py`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from breakwater.errors import BadSignal
from breakwater.model.signal import PDQ, Fingerprint, View

MAGIC: Final = b"BWV1"
_HEAD: Final = struct.Struct("<4sI")
_FRAME: Final = struct.Struct("<dI32sB")

CONFORMANT_QUALITY: Final = 50
CONFORMANT_DISTANCE: Final = 31


@dataclass(frozen=True, slots=True)
class FrameHash:
    """One frame of a video.

    Attributes:
        frame: its number, from 0.
        time_s: seconds from the start.
        value: PDQ.
        quality: 0..100.
    """

    frame: int
    time_s: float
    value: bytes
    quality: int


def frame_hashes(items: Iterable[Fingerprint], *, compatible: bool = False) -> list[FrameHash]:
    """The frames among a file's fingerprints, in order.

    Args:
        items: of one file.
        compatible: prefer the hash that existing tools make (not turned by the display
            matrix) where a frame has one.
    """
    found: dict[int, FrameHash] = {}
    for item in items:
        if item.signal.kind != PDQ.name or item.frame is None or item.view is not View.ORIGINAL:
            continue
        if item.frame not in found or (compatible and item.compatible):
            found[item.frame] = FrameHash(
                item.frame, item.time_s or 0.0, item.signal.value, item.quality
            )
    return [found[number] for number in sorted(found)]


def pack(frames: Iterable[FrameHash]) -> bytes:
    """Write frames as one blob."""
    parts = [_FRAME.pack(one.time_s, one.frame, one.value, one.quality) for one in frames]
    return _HEAD.pack(MAGIC, len(parts)) + b"".join(parts)


def unpack(blob: bytes) -> list[FrameHash]:
    """Read a blob.

    Raises:
        BadSignal: another form, or cut short.
    """
    try:
        magic, count = _HEAD.unpack_from(blob)
    except struct.error:
        raise BadSignal("The packed video hash is cut short.") from None
    if magic != MAGIC or len(blob) != _HEAD.size + count * _FRAME.size:
        raise BadSignal("This is not a packed video hash, or it is cut short.")
    return [
        FrameHash(frame, time_s, value, quality)
        for time_s, frame, value, quality in _FRAME.iter_unpack(blob[_HEAD.size :])
    ]


def write_text(frames: Iterable[FrameHash]) -> str:
    """One line a frame, as vPDQ's tools write them."""
    return "".join(
        f"{one.frame},{one.quality},{one.value.hex()},{one.time_s:.3f}\n" for one in frames
    )


def read_text(text: str) -> list[FrameHash]:
    """Read what vPDQ's tools write.

    Raises:
        BadSignal: a line has other fields; the detail names it.
    """
    frames = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            frame, quality, value, time_s = line.split(",")
            parsed = FrameHash(int(frame), float(time_s), PDQ.parse(value), int(quality))
        except ValueError:
            raise BadSignal(f"Line {number} is not frame,quality,hash,seconds.") from None
        frames.append(parsed)
    return frames


def conforms(ours: list[FrameHash], theirs: list[FrameHash]) -> bool:
    """The rule of vPDQ of conformance between two hashings of the same video."""
    if [one.frame for one in ours] != [one.frame for one in theirs]:
        return False
    for one, other in zip(ours, theirs, strict=True):
        if min(one.quality, other.quality) < CONFORMANT_QUALITY:
            continue
        differ = int.from_bytes(one.value, "big") ^ int.from_bytes(other.value, "big")
        if differ.bit_count() >= CONFORMANT_DISTANCE:
            return False
    return True
