"""Key points and sound come out of the jail, and bad media are a reason there too."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from breakwater.fingerprint import audio
from breakwater.media.sandbox import JailPool
from breakwater.model.media import MediaLimits, Reason, Undecodable
from breakwater.scenes import local
from tests.builders_media import blobs, clip, encoded
from tests.builders_sound import clip_with_sound, melody

DATA = Path(__file__).parent.parent / "data"
LIMITS = MediaLimits(max_wall_s=20)


@pytest.fixture(scope="module")
def pool() -> Iterator[JailPool]:
    with JailPool(size=1) as jail:
        yield jail


def test_a_picture_and_its_variant_share_their_points(pool: JailPool) -> None:
    found = []
    for name in ("aaa-orig", "shrink-a-little"):
        data = (DATA / "images" / "bridge" / f"{name}.jpg").read_bytes()
        points = pool.local(io.BytesIO(data), declared="", limits=LIMITS, times=[0.0])
        assert isinstance(points, tuple), points
        found += points
    assert local.same(*found).score >= local.SAME


def test_the_frames_of_a_video_are_those_of_the_times(pool: JailPool) -> None:
    data = (DATA / "videos" / "chair-19-sd-bar.mp4").read_bytes()
    found = pool.local(io.BytesIO(data), declared="", limits=LIMITS, times=[0.0, 2.0, 1.0])
    assert isinstance(found, tuple), found
    assert [one.time_s for one in found] == [0.0, 2.0, 1.0]
    assert all(len(one) > 50 for one in found)


def test_the_sound_of_a_video_is_the_sound_that_was_put_in(pool: JailPool) -> None:
    samples = melody(3, 12.0)
    found = pool.sound(io.BytesIO(clip_with_sound(samples)), declared="", limits=LIMITS)
    assert not isinstance(found, Undecodable), found
    match = audio.find(found, audio.print_of(iter([samples])))
    assert match is not None
    assert match.error_rate < 0.15
    assert match.start_s == pytest.approx(match.reference_start_s, abs=0.3)


def test_a_video_without_a_sound_track_has_an_empty_print(pool: JailPool) -> None:
    found = pool.sound(io.BytesIO(clip()), declared="", limits=LIMITS)
    assert not isinstance(found, Undecodable)
    assert found.items.shape == (0,)


def test_broken_media_are_a_reason(pool: JailPool) -> None:
    broken = clip()[:3000]
    for outcome in (
        pool.sound(io.BytesIO(broken), declared="", limits=LIMITS),
        pool.local(io.BytesIO(broken), declared="", limits=LIMITS, times=[0.5]),
    ):
        assert isinstance(outcome, Undecodable)
        assert outcome.reason is Reason.TRUNCATED
    flat = np.zeros((64, 64, 3), np.uint8)
    empty = pool.local(io.BytesIO(encoded(flat, "PNG")), declared="", limits=LIMITS, times=[0.0])
    assert isinstance(empty, tuple)
    assert len(empty[0]) == 0
    some = pool.local(io.BytesIO(encoded(blobs(), "PNG")), declared="", limits=LIMITS, times=[0.0])
    assert isinstance(some, tuple)
