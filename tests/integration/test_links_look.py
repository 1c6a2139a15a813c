"""A look at a medium: frames, prints and sound of what shows something, and a reason where nothing does."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from breakwater.errors import DecoderFault
from breakwater.media.sandbox import JailPool
from breakwater.model.link_signals import MOST_FRAMES, LinkSignals
from breakwater.model.media import MediaLimits, Reason, Undecodable
from breakwater.recognition.links import LinkLooker
from breakwater.scenes import local
from tests.builders_files import scene
from tests.builders_films import endless, film
from tests.builders_media import clip, encoded
from tests.builders_sound import clip_with_sound, melody

DATA = Path(__file__).parent.parent / "data"
LIMITS = MediaLimits(max_wall_s=60)


@pytest.fixture(scope="module")
def looker() -> Iterator[LinkLooker]:
    with JailPool(size=1) as jail:
        yield LinkLooker(pool=jail, limits=LIMITS)


def look(looker: LinkLooker, body: bytes) -> LinkSignals:
    found = looker.look(io.BytesIO(body))
    assert isinstance(found, LinkSignals), found
    return found


def pixels(seed: int) -> NDArray[np.uint8]:
    return np.asarray(scene(seed, (320, 240)))


def test_a_picture_has_one_frame_and_its_hash_in_every_view(looker: LinkLooker) -> None:
    found = look(looker, (DATA / "places" / "berlin-01.jpg").read_bytes())
    assert (len(found.frames), found.shots, len(found.prints)) == (1, (0,), 8)
    assert (found.sound, found.seconds, found.abstained) == (None, 0.0, "")
    assert found.reel is not None
    assert len(found.reel.views) > 10, "the parts by which cut ones are found"


def test_each_shot_of_a_video_is_looked_at(looker: LinkLooker) -> None:
    found = look(looker, film([pixels(seed) for seed in range(4)], each=15))
    assert found.shots == (0, 1, 2, 3)
    assert len(found.prints) == 4
    assert found.reel is not None
    assert len(found.reel.times) > 4
    assert found.views is not None
    assert found.seconds == pytest.approx(12.0, abs=0.3)
    still = look(looker, encoded(scene(2, (320, 240)), "PNG"))
    assert local.same(found.frames[2], still.frames[0]).score >= local.SAME


def test_a_long_shot_has_three_frames_and_a_short_one_one(looker: LinkLooker) -> None:
    moving = [pixels(1)[:, at : at + 240] for at in range(80)]
    found = look(looker, film(moving, each=1))
    assert found.shots == (0, 0, 0)
    assert len({one.time_s for one in found.frames}) == 3
    assert len(look(looker, film(moving[:12], each=1)).frames) == 1


def test_the_sound_comes_with_it(looker: LinkLooker) -> None:
    found = look(looker, clip_with_sound(melody(3, 12.0)))
    assert found.sound is not None
    assert found.sound.end_s == pytest.approx(12.0, abs=3)
    assert look(looker, clip()).sound is None


def text(seed: int) -> NDArray[np.uint8]:
    page = np.full((240, 320, 3), 255, np.uint8)
    random = np.random.default_rng(seed)
    for line in range(20, 230, 18):
        words = "".join(random.choice(list("abc def ghi"), 24))
        cv2.putText(page, words, (8, line), cv2.FONT_HERSHEY_PLAIN, 0.9, (0, 0, 0))
    return page


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        (np.zeros((240, 320, 3), np.uint8), "flat"),
        (np.full((240, 320, 3), 250, np.uint8), "flat"),
        (text(1), "text"),
        (pixels(1)[:40, :48], "tiny"),
    ],
)
def test_what_shows_nothing_abstains_and_says_why(looker, shown, why) -> None:
    for body in (encoded(shown, "PNG"), film([shown], each=10)):
        found = look(looker, body)
        assert (found.frames, found.prints, found.abstained) == ((), (), why)


def test_what_is_out_of_focus_has_no_points_and_may_be_a_copy(looker: LinkLooker) -> None:
    soft = cv2.GaussianBlur(pixels(1), (0, 0), 12).astype(np.uint8)
    found = look(looker, encoded(soft, "PNG"))
    assert found.frames == ()
    assert len(found.prints) == 8


def test_black_and_text_between_shots_are_left_out(looker: LinkLooker) -> None:
    black = np.zeros((240, 320, 3), np.uint8)
    found = look(looker, film([pixels(1), black, text(2), pixels(3)]))
    assert len(found.frames) == 2
    assert found.abstained == ""


def test_many_shots_stay_within_bounds(looker: LinkLooker) -> None:
    found = look(looker, film([pixels(seed) for seed in range(90)], each=6))
    assert 50 <= len(found.frames) <= MOST_FRAMES
    assert list(found.shots) == sorted(found.shots)


def test_a_hundred_thousand_frames_of_one_camera_are_few(looker) -> None:
    patient = LinkLooker(pool=looker._pool, limits=MediaLimits(max_wall_s=24))
    found = look(patient, endless(pixels(1), 100_000))
    assert found.seconds == pytest.approx(100_000 / 30, rel=0.01)
    assert 1 <= len(found.frames) <= 20, "a shot is split every ten minutes"
    assert len(found.pack()) < 12 << 20


def test_what_cannot_be_read_is_a_reason(looker) -> None:
    outcome = looker.look(io.BytesIO(clip()[:3000]))
    assert isinstance(outcome, Undecodable)
    assert outcome.reason is Reason.TRUNCATED


def test_too_little_memory_is_a_reason_whichever_library_says_so(looker) -> None:
    """NumPy says it for a large picture, OpenCV for a small one."""
    short = LinkLooker(pool=looker._pool, limits=MediaLimits(max_memory=1, max_wall_s=60))
    for tiles in (1, 20):
        outcome = short.look(io.BytesIO(encoded(np.tile(pixels(1), (tiles, tiles, 1)), "PNG")))
        assert isinstance(outcome, Undecodable) or tiles == 1, "a small one may fit"
        if isinstance(outcome, Undecodable):
            assert outcome.reason is Reason.TOO_MUCH_MEMORY


def test_our_fault_is_raised_so_that_it_is_tried_again() -> None:
    picture = io.BytesIO(encoded(scene(1), "PNG"))
    entry = "breakwater.recognition.score_task"
    with JailPool(size=1, entry=entry) as other, pytest.raises(DecoderFault):
        LinkLooker(pool=other, limits=LIMITS).look(picture)
