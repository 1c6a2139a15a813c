"""Facts of a file's EXIF or tags on their way out of the jail: names that are known, short texts.

In: an answer of a child, which may have been taken over. Out: facts by EXIF's names (EXIF 2.32).
Written by `media.exif`. Tests: `tests/unit/test_media_exif.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.media.wire import Answer, BadAnswer

GPS: Final = "GPS"
"""That there is a place in the file; the place itself never leaves the jail."""
PRESENT: Final = "present"
NAMES: Final = frozenset({
    "Make", "Model", "Software", "DateTime", "Artist", "HostComputer", "DateTimeOriginal",
    "DateTimeDigitized", "OffsetTimeOriginal", "ImageUniqueID", "CameraOwnerName",
    "BodySerialNumber", "LensMake", "LensModel", "LensSerialNumber", GPS,
})  # fmt: skip
LONGEST: Final = 200
"""Letters of one value; devices write far less."""


def taken(answer: Answer, *_: object) -> dict[str, str]:
    """Read and check facts in the parent.

    Raises:
        BadAnswer: a name that is none, or a value that is no short text.
    """
    told = answer.header.get("exif")
    if not isinstance(told, dict) or not set(told) <= NAMES:
        raise BadAnswer("Its EXIF has names that are none.")
    if not all(isinstance(one, str) and 0 < len(one) <= LONGEST for one in told.values()):
        raise BadAnswer("Its EXIF has values that are no short texts.")
    return told
