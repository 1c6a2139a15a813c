"""What media are before anyone knows what they show: types, limits, frames, and failures.

`media` makes these from untrusted bytes inside the jail; `fingerprint` reads the frames;
`intake` reads the outcome. A file that cannot be read is `Undecodable`, a value with a
reason that becomes a case for a person: never an empty answer and never "no match".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray


class Family(StrEnum):
    """Still or moving."""

    IMAGE = "image"
    VIDEO = "video"


class MediaType(StrEnum):
    """The containers and codecs that are decoded at all; everything else is refused."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    GIF = "image/gif"
    WEBP = "image/webp"
    BMP = "image/bmp"
    TIFF = "image/tiff"
    AVIF = "image/avif"
    HEIF = "image/heif"
    MP4 = "video/mp4"
    MATROSKA = "video/x-matroska"
    MPEGTS = "video/mp2t"
    FLV = "video/x-flv"

    @property
    def family(self) -> Family:
        """Image types may be animated; they are still decoded by the image decoder."""
        return Family.IMAGE if self.value.startswith("image/") else Family.VIDEO


ALIASES: Final = {
    "image/jpg": MediaType.JPEG,
    "image/pjpeg": MediaType.JPEG,
    "image/x-png": MediaType.PNG,
    "image/apng": MediaType.PNG,
    "image/vnd.mozilla.apng": MediaType.PNG,
    "image/x-ms-bmp": MediaType.BMP,
    "image/x-bmp": MediaType.BMP,
    "image/x-windows-bmp": MediaType.BMP,
    "image/heic": MediaType.HEIF,
    "image/heic-sequence": MediaType.HEIF,
    "image/heif-sequence": MediaType.HEIF,
    "application/mp4": MediaType.MP4,
    "video/3gpp": MediaType.MP4,
    "video/3gpp2": MediaType.MP4,
    "video/quicktime": MediaType.MP4,
    "video/x-m4v": MediaType.MP4,
    "video/webm": MediaType.MATROSKA,
    "video/mp2ts": MediaType.MPEGTS,
    "video/flv": MediaType.FLV,
}
"""Other names that senders use for the same decoder."""


def media_type(declared: str) -> MediaType | None:
    """Read a declared content type; None when it is not one that is decoded."""
    name = declared.split(";", 1)[0].strip().lower()
    try:
        return MediaType(name)
    except ValueError:
        return ALIASES.get(name)


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """Caps on one decode. Beyond a cap the answer is `Undecodable`, never a partial "allow".

    Attributes:
        max_bytes: size of the file as sent.
        max_pixels: width × height of one frame (100 MP: above any camera in common use).
        max_frames: frames hashed of one animation or video.
        max_duration_s: length of a video by its own clock.
        max_wall_s: seconds of real time before the child is killed.
        max_memory: bytes of address space of the child above its warm size.
        sample_fps: video frames hashed per second; key frames are always hashed.
    """

    max_bytes: int = 4 << 30
    max_pixels: int = 100_000_000
    max_frames: int = 20_000
    max_duration_s: float = 4 * 3600.0
    max_wall_s: float = 5.0
    max_memory: int = 2 << 30
    sample_fps: float = 1.0


class Level(StrEnum):
    """How much of a picture is shown (console reference §10). S0 is words and hashes: no picture.

    S1 and S2 are made in the jail by box down-scale, so that nothing can be un-blurred.
    """

    S1 = "s1"
    S2 = "s2"
    S3 = "s3"
    S4 = "s4"

    @property
    def box(self) -> tuple[int, int]:
        """Width and height that the picture is fitted into."""
        return {"s1": (32, 18), "s2": (96, 54), "s3": (480, 480), "s4": (960, 960)}[self.value]

    @property
    def colour(self) -> bool:
        """Only S4 shows colour."""
        return self is Level.S4

    @property
    def watermarked(self) -> bool:
        """From S3 on the viewer's name and the time are drawn into the picture."""
        return self in {Level.S3, Level.S4}


class Fault(StrEnum):
    """Whose fault a failed decode is. Bad media go to a person; our fault also raises an alarm."""

    BAD_MEDIA = "bad_media"
    OUR_FAULT = "our_fault"


class Reason(StrEnum):
    """Why media could not be read, each with the words a person sees."""

    EMPTY = "empty"
    UNKNOWN_TYPE = "unknown_type"
    TYPE_MISMATCH = "type_mismatch"
    REFUSED_TYPE = "refused_type"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_FRAMES = "too_many_frames"
    TOO_LONG = "too_long"
    TOO_SLOW = "too_slow"
    TOO_MUCH_MEMORY = "too_much_memory"
    TOO_MANY_BYTES = "too_many_bytes"
    NO_FRAMES = "no_frames"
    UNSUPPORTED = "unsupported"
    CRASHED = "crashed"
    FORBIDDEN_ACT = "forbidden_act"
    OUR_FAULT = "our_fault"

    @property
    def words(self) -> str:
        """One factual sentence for the case page and the API."""
        return _WORDS[self]


_WORDS: Final = {
    Reason.EMPTY: "The file is empty.",
    Reason.UNKNOWN_TYPE: "The file's first bytes are of no type that is decoded here.",
    Reason.TYPE_MISMATCH: "The declared type is not the type of the file's content.",
    Reason.REFUSED_TYPE: "Files of this type are refused because they can name other files.",
    Reason.TRUNCATED: "The file ends before its content does.",
    Reason.MALFORMED: "The content does not follow its format and cannot be decoded.",
    Reason.TOO_MANY_PIXELS: "The picture has more pixels than are decoded here.",
    Reason.TOO_MANY_FRAMES: "The file has more frames than are decoded here.",
    Reason.TOO_LONG: "The video is longer than is decoded here.",
    Reason.TOO_SLOW: "Decoding took longer than is allowed.",
    Reason.TOO_MUCH_MEMORY: "Decoding needed more memory than is allowed.",
    Reason.TOO_MANY_BYTES: "The file is larger than is taken here.",
    Reason.NO_FRAMES: "The file holds no picture.",
    Reason.UNSUPPORTED: "The content uses a coding that is not decoded here.",
    Reason.CRASHED: "The decoder crashed on this file; its process was ended.",
    Reason.FORBIDDEN_ACT: "Decoding this file tried an act the jail forbids; it was ended.",
    Reason.OUR_FAULT: "Our decoder failed on this file; the fault is ours and was reported.",
}


@dataclass(frozen=True, slots=True)
class Undecodable:
    """Media that could not be read: a case for a person.

    Attributes:
        reason: the class of failure.
        fault: whose fault it is.
        detail: the decoder's own words, cut to 200 characters, never content.
        type: what the magic said, when it said anything.
    """

    reason: Reason
    fault: Fault = Fault.BAD_MEDIA
    detail: str = ""
    type: MediaType | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture.

    Attributes:
        pixels: read-only (h, w, 3) uint8 RGB with EXIF orientation applied, or (h, w) grey.
        index: number of the frame in its file, from 0.
        time_s: seconds from the start of the file.
    """

    pixels: NDArray[np.uint8]
    index: int = 0
    time_s: float = 0.0

    def __post_init__(self) -> None:
        """Freeze the array too."""
        self.pixels.flags.writeable = False
