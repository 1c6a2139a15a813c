"""What a file says of the device and the time it was made: a few facts, never a place.

Of a picture its EXIF, of a video the tags of its container (QuickTime's and Android's keys, the
boxes of `udta`, Matroska's tags), under EXIF's names. Untrusted bytes in, names and short texts
out; pixels are not decoded. That a place is in the file is told, the place itself is not: it stays
in the file, which goes with a report as it came. What is broken is as if it were not there. Runs
inside the jail only; the parent reads the answer by `wire_exif` as untrusted too. Names and tags:
EXIF 2.32; QuickTime File Format, "Metadata". Tests: `tests/unit/test_media_exif.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, BinaryIO, Final

import av
import av.container
from PIL import Image

from breakwater.media import video
from breakwater.media.image import FORMATS
from breakwater.media.wire_exif import GPS, LONGEST, PRESENT
from breakwater.model.media import Family, MediaType

_MAIN: Final = {
    0x010F: "Make", 0x0110: "Model", 0x0131: "Software", 0x0132: "DateTime", 0x013B: "Artist",
    0x013C: "HostComputer",
}  # fmt: skip
_DETAIL: Final = {
    0x9003: "DateTimeOriginal", 0x9004: "DateTimeDigitized", 0x9011: "OffsetTimeOriginal",
    0xA420: "ImageUniqueID", 0xA430: "CameraOwnerName", 0xA431: "BodySerialNumber",
    0xA433: "LensMake", 0xA434: "LensModel", 0xA435: "LensSerialNumber",
}  # fmt: skip
_DETAIL_IFD, _GPS_IFD, _LATITUDE, _LONGITUDE = 0x8769, 0x8825, 2, 4

_KEYS: Final = {
    "Make": ("com.apple.quicktime.make", "com.android.manufacturer", "make"),
    "Model": ("com.apple.quicktime.model", "com.android.model", "model"),
    "Software": ("com.apple.quicktime.software", "software"),
    "Artist": ("com.apple.quicktime.author", "artist", "author"),
    "DateTimeOriginal": ("com.apple.quicktime.creationdate", "creation_time", "date"),
}  # fmt: skip
"""Tags of containers, in small letters, the more telling first."""

_PLACES: Final = ("com.apple.quicktime.location.iso6709", "location", "xyz")
_MOMENT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?$"
)
_NEVER: Final = frozenset({"1904", "1970"})
"""Years that a clock of nought is in: no time was written."""


def facts(source: BinaryIO, kind: MediaType) -> dict[str, str]:
    """Facts by EXIF's names; empty where there are none or they are broken."""
    if kind.family is not Family.IMAGE:
        return _of_video(source, kind)
    try:
        with Image.open(source, formats=(FORMATS[kind],)) as image:
            exif = image.getexif()
            found = _named(exif, _MAIN) | _named(exif.get_ifd(_DETAIL_IFD), _DETAIL)
            where = exif.get_ifd(_GPS_IFD)
            if _LATITUDE in where and _LONGITUDE in where:
                found[GPS] = PRESENT
    except Exception:  # noqa: BLE001 - hostile EXIF may raise anything; then there is none
        return {}
    return found


def _of_video(source: BinaryIO, kind: MediaType) -> dict[str, str]:
    """The tags of a container and of its tracks, under EXIF's names."""
    try:
        source.seek(0)
        with av.open(
            source, mode="r", format=video.FORMATS[kind], options=dict(video.OPTIONS),
            metadata_errors="replace",
        ) as container:  # fmt: skip
            kept = (*(one.metadata for one in reversed(container.streams)), container.metadata)
            tags = {str(k).lower(): v for one in kept for k, v in dict(one).items()}
    except Exception:  # noqa: BLE001 - hostile containers may raise anything; then there is none
        return {}
    found = {}
    for name, keys in _KEYS.items():
        said = next((text for key in keys if (text := _text(tags.get(key)))), "")
        if said:
            found[name] = said
    if when := found.pop("DateTimeOriginal", ""):
        found |= _moment(when)
    if any(key.startswith(_PLACES) and _text(tags[key]) for key in tags):
        found[GPS] = PRESENT
    return found


def _moment(said: str) -> dict[str, str]:
    """A container's time as EXIF writes it, with its offset; what is none is left out."""
    read = _MOMENT.match(said)
    if read is None or read[1] in _NEVER:
        return {}
    found = {"DateTimeOriginal": f"{read[1]}:{read[2]}:{read[3]} {read[4]}"}
    if zone := read[5]:
        plain = "+0000" if zone == "Z" else zone.replace(":", "")
        found["OffsetTimeOriginal"] = f"{plain[:3]}:{plain[3:]}"
    return found


def _named(exif: Mapping[int, Any], names: Mapping[int, str]) -> dict[str, str]:
    words = {name: _text(exif.get(tag)) for tag, name in names.items()}
    return {name: text for name, text in words.items() if text}


def _text(value: object) -> str:
    """A text without what cannot be shown."""
    said = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if not isinstance(said, str):
        return ""
    return "".join(one for one in said if one.isprintable()).strip()[:LONGEST].strip()
