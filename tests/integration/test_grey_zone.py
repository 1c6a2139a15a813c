"""From file to decision through the jail: an unsure copy is borne out, another video is not."""

import io
from collections.abc import Iterator

import pytest

from breakwater.fingerprint.video import FrameHash, frame_hashes
from breakwater.media.sandbox import JailPool
from breakwater.model.copies import Segment, Zone
from breakwater.model.media import MediaLimits, Undecodable
from breakwater.recognition import grey
from tests.builders_copies import altered, encode, scene
from tests.builders_sound import clip_with_sound, melody

LIMITS = MediaLimits(max_wall_s=30)
SECONDS = 9.0


@pytest.fixture(scope="module")
def pool() -> Iterator[JailPool]:
    with JailPool(size=1) as jail:
        yield jail


@pytest.fixture(scope="module")
def film() -> bytes:
    return encode(scene(21, SECONDS, height=216, width=384))


def frames(pool: JailPool, data: bytes) -> list[FrameHash]:
    found = pool.fingerprint(io.BytesIO(data), declared="", limits=LIMITS)
    assert not isinstance(found, Undecodable), found
    return frame_hashes(found.items)


def surveyed(pool: JailPool, data: bytes) -> grey.Known:
    found = grey.survey(pool, io.BytesIO(data), frames(pool, data), limits=LIMITS)
    assert isinstance(found, grey.Known), found
    return grey.Known.parse(found.pack())


def looked(pool: JailPool, query: bytes, known: grey.Known, *, mirrored: bool = False) -> Zone:
    segment = Segment(
        1, 0.0, SECONDS, 0.0, SECONDS, 1.0, 1.4, 3, mirrored, Zone.LOOK
    )  # fmt: skip
    made = frames(pool, query)
    found, _ = grey.examine(pool, io.BytesIO(query), made, segment, known, limits=LIMITS)
    return found.zone


def test_a_copy_is_borne_out_and_another_video_is_not(pool: JailPool, film: bytes) -> None:
    known = surveyed(pool, film)
    assert 3 <= len(known.frames) <= grey.KEPT
    turned = altered(film, ("rotate", "0.12"), ("crop", "in_w*0.85:in_h*0.85"), bit_rate=90_000)
    assert looked(pool, turned, known) is Zone.LINK
    mirrored = altered(film, ("hflip", ""), bit_rate=90_000)
    assert looked(pool, mirrored, known, mirrored=True) is Zone.LINK
    assert looked(pool, mirrored, known) is not Zone.LINK
    other = encode(scene(22, SECONDS, height=216, width=384))
    assert looked(pool, other, known) is Zone.NOTHING


def test_sound_is_kept_and_found_on_the_line(pool: JailPool) -> None:
    if not pool.facts["chromaprint"]:
        pytest.skip("libchromaprint1 is not installed")
    known = surveyed(pool, clip_with_sound(melody(31, SECONDS)))
    again = surveyed(pool, clip_with_sound(melody(31, SECONDS), codec="mp3"))
    other = surveyed(pool, clip_with_sound(melody(32, SECONDS)))
    segment = Segment(1, 0.0, SECONDS, 0.0, SECONDS, 1.0, 1.4, 3, False, Zone.LOOK)
    match = grey.on_the_line(segment, again.sound, known.sound)
    assert match is not None
    assert match.seconds >= 5
    assert grey.on_the_line(segment, other.sound, known.sound) is None
    late = Segment(1, 4.0, SECONDS, 0.0, SECONDS, 1.0, 1.4, 3, False, Zone.LOOK)
    assert grey.on_the_line(late, again.sound, known.sound) is None


def test_what_cannot_be_decoded_stays_a_persons(pool: JailPool, film: bytes) -> None:
    known = surveyed(pool, film)
    segment = Segment(1, 0.0, SECONDS, 0.0, SECONDS, 1.0, 1.4, 3, False, Zone.LOOK)
    broken = io.BytesIO(film[: len(film) // 2])
    found, matches = grey.examine(pool, broken, frames(pool, film), segment, known, limits=LIMITS)
    assert (found.zone, matches) == (Zone.LOOK, ())
