"""What a picture's EXIF says of the device and the time it was made: a few facts, never a place.

Untrusted bytes in, names and short texts out; pixels are not decoded. That a place is in the file
is told, the place itself is not: it stays in the file, which goes with a report as it came. What
is broken is as if it were not there. Runs inside the jail only; the parent reads the answer by
`wire_exif` as untrusted too. Names and tags: EXIF 2.32. Tests: `tests/unit/test_media_exif.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO, Final

from PIL import Image

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


def facts(source: BinaryIO, kind: MediaType) -> dict[str, str]:
    """Facts by EXIF's names; empty where there are none or they are broken."""
    if kind.family is not Family.IMAGE:
        return {}
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


def _named(exif: Mapping[int, Any], names: Mapping[int, str]) -> dict[str, str]:
    words = {name: _text(exif.get(tag)) for tag, name in names.items()}
    return {name: text for name, text in words.items() if text}


def _text(value: object) -> str:
    """A text without what cannot be shown."""
    said = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if not isinstance(said, str):
        return ""
    return "".join(one for one in said if one.isprintable()).strip()[:LONGEST].strip()
