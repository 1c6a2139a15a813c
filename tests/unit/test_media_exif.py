"""A few facts of EXIF and of videos' tags come out of the jail, a place never, and what is broken is none."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pillow_heif
import pytest
from PIL import Image
from tests.builders_files import tagged_clip
from tests.builders_media import blobs, clip

from breakwater.media import wire_exif
from breakwater.media.sandbox import JailPool
from breakwater.media.wire import Answer, BadAnswer
from breakwater.model.media import MediaLimits, Undecodable

LIMITS = MediaLimits(max_wall_s=20)


@pytest.fixture(scope="module")
def pool() -> Iterator[JailPool]:
    with JailPool(size=1) as jail:
        yield jail


def shot(form: str = "JPEG", **main: object) -> bytes:
    """A synthetic picture with the EXIF of a camera."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = main.get("make", "Heron"), "H-1\0\0"
    exif.get_ifd(0x8769)[0x9003] = "2026:02:01 10:00:00"
    exif.get_ifd(0x8769)[0xA431] = "SN-77"
    exif.get_ifd(0x8825)[1], exif.get_ifd(0x8825)[2] = "N", (51.0, 30.0, 26.0)
    exif.get_ifd(0x8825)[3], exif.get_ifd(0x8825)[4] = "W", (0.0, 7.0, 39.0)
    pillow_heif.register_heif_opener()
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(blobs())).save(out, form, exif=exif)
    return out.getvalue()


def read(pool: JailPool, body: bytes) -> dict[str, str] | Undecodable:
    return pool.exif(io.BytesIO(body), declared="", limits=LIMITS)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
def test_device_and_time_come_out_and_of_the_place_only_that_there_is_one(pool, form) -> None:
    assert read(pool, shot(form)) == {
        "Make": "Heron", "Model": "H-1", "DateTimeOriginal": "2026:02:01 10:00:00",
        "BodySerialNumber": "SN-77", "GPS": "present",
    }  # fmt: skip


def test_a_tiff_has_its_own_tags_read(pool) -> None:
    assert read(pool, shot("TIFF")) == {"Make": "Heron", "Model": "H-1"}, "Pillow writes no more"


APPLE = {
    "com.apple.quicktime.make": "Heron", "com.apple.quicktime.model": "H-1",
    "com.apple.quicktime.software": "17.1",
    "com.apple.quicktime.creationdate": "2026-02-01T10:00:00+0100",
    "com.apple.quicktime.location.ISO6709": "+51.5074-000.1278/",
}  # fmt: skip
PLAIN = {
    "make": "Heron", "model": "H-1", "creation_time": "2026-02-01T10:00:00Z",
    "location": "+51.5074-000.1278/",
}  # fmt: skip


@pytest.mark.parametrize("form", ["mp4", "mov", "matroska", "flv"])
@pytest.mark.parametrize(("tags", "zone"), [(APPLE, "+01:00"), (PLAIN, "+00:00")])
def test_a_video_says_device_and_time_and_of_the_place_only_that_there_is_one(
    pool, form, tags, zone
) -> None:
    told = read(pool, tagged_clip(tags, form))
    assert isinstance(told, dict)
    assert told.pop("Software", "17.1") == "17.1"
    assert told == {
        "Make": "Heron", "Model": "H-1", "DateTimeOriginal": "2026:02:01 10:00:00",
        "OffsetTimeOriginal": zone, "GPS": "present",
    }  # fmt: skip


@pytest.mark.parametrize(
    "said", ["1970-01-01T00:00:00Z", "1904-01-01T00:00:00Z", "yesterday", "2026-02-01", ""]
)
def test_a_clock_that_was_never_set_is_no_time(pool, said) -> None:
    assert read(pool, tagged_clip({"make": "Heron", "creation_time": said}, "matroska")) == {
        "Make": "Heron"
    }


def test_a_picture_and_a_video_without_have_none(pool) -> None:
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(blobs())).save(out, "PNG")
    assert read(pool, out.getvalue()) == {}
    assert read(pool, clip()) == {}


def test_what_is_broken_is_none_and_what_is_long_or_hidden_is_cut(pool) -> None:
    body = shot()
    place = body.index(b"Exif\0\0")
    broken = body[: place + 10] + b"\xff" * 40 + body[place + 50 :]
    assert read(pool, broken) == {}
    told = read(pool, shot(make="a\x07" + "b" * 900))
    assert told["Make"] == "a" + "b" * 199


@pytest.mark.parametrize(
    "told", [None, {"Latitude": "51"}, {"Make": 7}, {"Make": "x" * 201}, {"Make": ""}, ["Make"]]
)
def test_an_answer_with_anything_else_is_refused(told) -> None:
    with pytest.raises(BadAnswer):
        wire_exif.taken(Answer({"exif": told}))
