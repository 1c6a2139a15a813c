"""What devices and programs leave in files comes out of the jail as traits, and names no more than it can."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from breakwater.media.sandbox import JailPool
from breakwater.model.link import TraitKind
from breakwater.model.link_signals import LONGEST, LinkSignals
from breakwater.model.media import MediaLimits
from tests.builders_files import photo, scene, tagged_clip
from tests.builders_media import clip, encoded

LIMITS = MediaLimits(max_wall_s=20)


@pytest.fixture(scope="module")
def pool() -> Iterator[JailPool]:
    with JailPool(size=1) as jail:
        yield jail


def traits(pool: JailPool, body: bytes) -> dict[TraitKind, list[str]]:
    found = pool.links(io.BytesIO(body), declared="", limits=LIMITS)
    assert isinstance(found, LinkSignals), found
    out: dict[TraitKind, list[str]] = {}
    for one in found.traits:
        out.setdefault(one.kind, []).append(one.value)
    return out


def test_two_telephones_of_one_model_are_two_devices(pool: JailPool) -> None:
    one = traits(pool, photo(1, make="Heron", model="H-1"))
    other = traits(pool, photo(2, make="HERON ", model="H-1"))
    assert one[TraitKind.CAMERA_MODEL] == other[TraitKind.CAMERA_MODEL] == ["heron h 1"]
    assert TraitKind.CAMERA not in one


def test_a_serial_number_names_a_camera_and_a_made_up_one_does_not(pool: JailPool) -> None:
    camera = {"make": "Heron", "model": "H-1"}
    assert traits(pool, photo(serial="0042-77813", **camera))[TraitKind.CAMERA] == [
        "heron h 1 0042 77813"
    ]
    for none in ("00000000", "123456789", "unknown", "N/A", "77", "1111111"):
        assert TraitKind.CAMERA not in traits(pool, photo(serial=none, **camera)), none
    assert TraitKind.CAMERA not in traits(pool, photo(serial="0042-77813")), "of no make"


def test_tables_tell_programs_apart_and_not_pictures(pool: JailPool) -> None:
    tables = [
        traits(pool, encoded(scene(seed), "JPEG", quality=quality, subsampling=sub))[TraitKind.TABLES]
        for seed, quality, sub in ((1, 88, 2), (2, 88, 2), (1, 70, 2), (1, 88, 0))
    ]  # fmt: skip
    assert tables[0] == tables[1]
    assert len({one[0] for one in tables}) == 3
    assert traits(pool, encoded(scene(1), "PNG")) == {}


@pytest.mark.parametrize(
    ("form", "codec"),
    [("mp4", "libx264"), ("mov", "libx264"), ("matroska", "libx264"), ("webm", "libvpx"),
     ("mpegts", "libx264"), ("flv", "libx264")],
)  # fmt: skip
def test_encoder_container_and_groups_are_those_of_the_program(pool, form, codec) -> None:
    one, same = traits(pool, clip(form, codec)), traits(pool, clip(form, codec, frames=25))
    assert one[TraitKind.GOP] == same[TraitKind.GOP]
    assert " key 5 " in one[TraitKind.GOP][0]
    assert one.get(TraitKind.ENCODER) == same.get(TraitKind.ENCODER)
    assert one.get(TraitKind.CONTAINER) == same.get(TraitKind.CONTAINER)
    assert (TraitKind.CONTAINER in one) == (form not in {"mpegts", "flv"})
    if codec == "libx264":
        assert any(value.startswith("x264 - core") for value in one[TraitKind.ENCODER])
    other = traits(pool, clip(form, codec, gop=8, rate=12))
    assert other[TraitKind.GOP] != one[TraitKind.GOP]


def test_a_video_says_its_camera_and_a_place_never_leaves_the_jail(pool: JailPool) -> None:
    tags = {
        "com.apple.quicktime.make": "Heron", "com.apple.quicktime.model": "H-1",
        "com.apple.quicktime.location.ISO6709": "+51.5074-000.1278/",
    }  # fmt: skip
    body = tagged_clip(tags)
    found = pool.links(io.BytesIO(body), declared="", limits=LIMITS)
    assert isinstance(found, LinkSignals)
    assert b"51.5074" in body
    assert b"51.5074" not in found.pack()
    assert traits(pool, body)[TraitKind.CAMERA_MODEL] == ["heron h 1"]


def test_hostile_words_are_cut_and_printable(pool: JailPool) -> None:
    found = traits(pool, tagged_clip({"make": "a\x07\u202e" + "b" * 3000, "encoder": "c\n" * 900}))
    every = [value for values in found.values() for value in values]
    assert all(len(one) <= LONGEST and one.isprintable() for one in every)


def test_a_broken_head_has_fewer_traits_and_is_no_failure(pool: JailPool) -> None:
    body = bytearray(photo(make="Heron", model="H-1"))
    place = body.index(b"Exif\0\0")
    body[place + 10 : place + 50] = b"\xff" * 40
    assert TraitKind.CAMERA_MODEL not in traits(pool, bytes(body))
    assert TraitKind.TABLES in traits(pool, bytes(body))
