"""What the grey zone becomes: a link by two shots, or one and sound; else a person's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.builders_scene import logo, scene

from breakwater.errors import BadSignal
from breakwater.fingerprint.audio import STEP_S
from breakwater.fingerprint.video import FrameHash
from breakwater.model.copies import Segment, Zone
from breakwater.model.scene import Keypoints, SoundMatch, SoundPrint
from breakwater.recognition import grey
from breakwater.scenes import local

SOUND = SoundMatch(10, 18, 5, 0.1)


def points(picture: NDArray[np.uint8], time_s: float = 0.0) -> Keypoints:
    return local.extract(np.ascontiguousarray(picture), time_s)


def segment(**changes: object) -> Segment:
    fields = {
        "reel": 1, "start_s": 10.0, "end_s": 20.0, "reference_start_s": 5.0,
        "reference_end_s": 15.0, "speed": 1.0, "score": 1.2, "frames": 3, "mirrored": False,
        "zone": Zone.LOOK,
    }  # fmt: skip
    return Segment(**{**fields, **changes})  # type: ignore[arg-type]


def pairs(same: int, other: int) -> list[tuple[Keypoints, Keypoints]]:
    alike = [(points(scene(i)[20:, 30:]), points(scene(i))) for i in range(same)]
    return alike + [(points(scene(50 + i)), points(scene(90 + i))) for i in range(other)]


@pytest.mark.parametrize(
    ("same", "other", "sound", "zone"),
    [
        (2, 0, None, Zone.LINK),
        (2, 2, None, Zone.LINK),
        (1, 1, SOUND, Zone.LINK),
        (1, 1, None, Zone.LOOK),
        (0, 3, SOUND, Zone.LOOK),
        (0, 3, None, Zone.NOTHING),
        (0, 1, None, Zone.LOOK),
        (0, 0, SOUND, Zone.LOOK),
    ],
)
def test_frames_decide_and_sound_only_helps(
    same: int, other: int, sound: SoundMatch | None, zone: Zone
) -> None:
    found, matches = grey.decide(segment(), pairs(same, other), ((), ()), sound)
    assert found.zone is zone
    assert len(matches) == same + other


def test_one_logo_does_not_raise_a_look() -> None:
    mine = [points(logo(scene(i))) for i in range(6)]
    theirs = [points(logo(scene(40 + i))) for i in range(6)]
    looked = list(zip(mine[:4], theirs[:4], strict=True))
    assert grey.decide(segment(), looked, ((), ()))[0].zone is Zone.LINK, "as without a mask"
    assert grey.decide(segment(), looked, (mine, theirs))[0].zone is not Zone.LINK


def test_a_mirrored_segment_is_compared_mirrored() -> None:
    looked = [(points(scene(i)[:, ::-1]), points(scene(i))) for i in range(2)]
    assert grey.decide(segment(), looked, ((), ()))[0].zone is not Zone.LINK
    assert grey.decide(segment(mirrored=True), looked, ((), ()))[0].zone is Zone.LINK


def test_a_strong_link_needs_no_second_opinion() -> None:
    link = segment(zone=Zone.LINK, score=6.5)
    assert not grey.unsure(link)
    assert grey.decide(link, pairs(0, 3), ((), ())) == (link, ())


def test_a_weak_link_that_nothing_bears_out_is_a_persons() -> None:
    link = segment(zone=Zone.LINK, score=3.9)
    assert grey.unsure(link)
    assert grey.decide(link, pairs(0, 3), ((), ()))[0].zone is Zone.LOOK
    assert grey.decide(link, pairs(1, 2), ((), ()))[0].zone is Zone.LINK
    assert grey.decide(link, pairs(0, 1), ((), ()))[0].zone is Zone.LINK, "one pair tells nothing"


def test_looks_are_kept_frames_inside_the_segment() -> None:
    frames = tuple(points(scene(1), time_s) for time_s in (1.0, 6.0, 9.0, 30.0))
    looks = grey.plan(segment(speed=1.25), grey.Known(frames))
    assert looks == (grey.Look(11.25, 1), grey.Look(15.0, 2))
    many = grey.Known(tuple(points(scene(1), 5.0 + i) for i in range(10)))
    assert len(grey.plan(segment(), many)) == grey.LOOKS


def test_what_is_kept_comes_back_or_is_refused() -> None:
    sound = SoundPrint(np.arange(50, dtype=np.uint32) * 7, 1.5, STEP_S)
    known = grey.Known((points(scene(1), 2.0), points(scene(2), 8.0)), sound)
    blob = known.pack()
    again = grey.Known.parse(blob)
    assert again.pack() == blob
    assert np.array_equal(again.sound.items, sound.items)
    assert [one.time_s for one in again.frames] == [2.0, 8.0]
    for broken in (blob[:-1], blob + b"x", b"", b"XXXX" + blob[4:], blob[:40]):
        with pytest.raises(BadSignal):
            grey.Known.parse(broken)


def test_frames_before_and_after_speak_for_a_segment_and_never_against_it() -> None:
    short = segment(end_s=12.0, reference_end_s=7.0)
    inside, outside = pairs(1, 0), pairs(2, 0)[1:]
    assert grey.decide(short, inside, ((), ()))[0].zone is Zone.LOOK
    found, matches = grey.decide(short, inside, ((), ()), outside=outside)
    assert (found.zone, len(matches)) == (Zone.LINK, 2)
    assert grey.decide(short, [], ((), ()), outside=pairs(0, 3))[0].zone is Zone.LOOK


def test_frames_beyond_are_the_nearest_of_what_was_seen() -> None:
    frames = tuple(points(scene(1), time_s) for time_s in (1.0, 4.0, 6.0, 17.0, 30.0))
    known = grey.Known(frames)
    at = segment(speed=1.25)
    assert grey.beyond(at, known, 30.0, 4) == (
        grey.Look(8.75, 1), grey.Look(25.0, 3), grey.Look(5.0, 0),
    )  # fmt: skip
    assert grey.beyond(at, known, 24.0, 4) == (grey.Look(8.75, 1), grey.Look(5.0, 0))
    assert grey.beyond(at, known, 30.0, 1) == (grey.Look(8.75, 1),)
    assert grey.beyond(at, known, 30.0, 0) == ()


def test_a_short_known_video_keeps_several_moments() -> None:
    same = bytes(range(32))
    hashes = [FrameHash(n, float(n), same, 90) for n in range(5)]
    kept = grey.moments(hashes)
    assert len(kept) == 8
    assert (kept[0], kept[-1]) == (0.0, 4.0)
    assert min(b - a for a, b in itertools.pairwise(kept)) >= 0.5
    assert grey.moments([]) == ()
    assert grey.moments(hashes[:1]) == (0.0,)
    assert len(grey.moments([FrameHash(n, float(n), same, 90) for n in range(600)])) == grey.KEPT
