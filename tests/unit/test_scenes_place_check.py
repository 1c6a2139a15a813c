"""The same room is a place, one poster in two rooms is décor, and what cannot be told is not told."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.builders_scene import scene

from breakwater.cli.demo_photos import photo
from breakwater.cli.demo_rooms import cameras, laid_over, room, seen
from breakwater.model.link import LinkKind
from breakwater.model.place import Abstained, PlaceVerdict
from breakwater.model.scene import Keypoints
from breakwater.scenes.local import extract_place
from breakwater.scenes.overlay import mask_of
from breakwater.scenes.place_check import compare

Picture = NDArray[np.uint8]


def points(picture: Picture, time_s: float = 0.0) -> Keypoints:
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return extract_place(np.ascontiguousarray(grey, np.uint8), time_s)


@pytest.fixture(scope="module")
def views() -> dict[int, list[Picture]]:
    return {
        seed: [
            seen(room(seed), camera, light=n) for n, camera in enumerate(cameras(seed, 2, apart=8))
        ]
        for seed in range(1, 5)
    }


def hung(picture: Picture, at: tuple[int, int]) -> Picture:
    """With one poster on the wall."""
    out = picture.copy()
    x, y = at
    out[y : y + 150, x : x + 150] = np.asarray(photo(77, width=150, height=150), np.uint8)
    return out


def test_two_views_of_a_room_are_one_place(views: dict[int, list[Picture]]) -> None:
    for first, second in views.values():
        match = compare([points(first, 3.0)], [points(second, 8.0)])
        assert match.verdict is PlaceVerdict.PLACE
        assert match.verdict.link is LinkKind.PLACE
        assert match.score >= 0.5
        shown = match.evidence()["pairs"][0]
        assert (shown["a_s"], shown["b_s"], shown["inliers"]) == (3.0, 8.0, match.inliers)
        assert 19 <= len(shown["points"]) <= 64
        assert all(0 <= value <= 1 for point in shown["points"] for value in point)


def test_two_rooms_are_none(views: dict[int, list[Picture]]) -> None:
    for one, other in ((1, 2), (1, 3), (2, 4), (3, 4)):
        match = compare([points(views[one][0])], [points(views[other][1])])
        assert match.verdict.link is None


def test_one_poster_in_two_rooms_is_decor_and_not_the_place(
    views: dict[int, list[Picture]],
) -> None:
    match = compare([points(hung(views[1][0], (90, 60)))], [points(hung(views[2][0], (300, 110)))])
    assert match.verdict is PlaceVerdict.DECOR
    assert match.verdict.link is LinkKind.DECOR


def test_a_platforms_overlay_links_nothing_and_hides_no_link(
    views: dict[int, list[Picture]],
) -> None:
    over = {s: [points(laid_over(one, 7)) for one in pictures] for s, pictures in views.items()}
    mask = mask_of([pictures[1] for pictures in over.values()])
    for first, second in over.values():
        assert compare([first], [second], (mask, mask)).verdict is PlaceVerdict.PLACE
    for masks in ((mask, mask), (None, None)):
        for one, other in ((1, 2), (2, 3), (3, 4), (1, 4)):
            match = compare([over[one][0]], [over[other][1]], masks)
            assert match.verdict.link is None


def test_several_frames_of_a_video_agree(views: dict[int, list[Picture]]) -> None:
    a = [points(views[n][0], float(n)) for n in (1, 2, 3)]
    b = [points(views[n][1], 10.0 + n) for n in (4, 2, 3)]
    match = compare(a, b)
    assert match.verdict is PlaceVerdict.PLACE
    assert {(pair.a_s, pair.b_s) for pair in match.pairs} == {(2.0, 12.0), (3.0, 13.0)}


def test_a_frame_that_stands_still_says_nothing(views: dict[int, list[Picture]]) -> None:
    still = points(views[1][0])
    match = compare([still], [still])
    assert (match.verdict, match.reason) == (PlaceVerdict.ABSTAINS, Abstained.UNMOVED)


def test_a_day_of_one_camera_is_bounded(views: dict[int, list[Picture]]) -> None:
    match = compare([points(views[1][0])] * 100_000, [points(views[1][1])] * 3)
    assert match.verdict is PlaceVerdict.PLACE
    assert len(match.pairs) <= 6


def text(words: str) -> Picture:
    page = np.full((480, 640), 235, np.uint8)
    for line in range(16):
        at = (20, 30 + 28 * line)
        cv2.putText(page, words * 3, at, cv2.FONT_HERSHEY_SIMPLEX, 0.7, 20, 2)
    return page


def bricks(shift: int) -> Picture:
    wall = np.full((480, 640), 150, np.uint8)
    for row in range(20):
        y = row * 26
        cv2.line(wall, (0, y), (640, y), 60, 4)
        for x in range(-60, 700, 60):
            left = x + shift + 30 * (row % 2)
            cv2.line(wall, (left, y), (left, y + 26), 60, 4)
    return wall


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.zeros((480, 640), np.uint8), scene(1, 640, 480)),
        (cv2.GaussianBlur(scene(1, 640, 480), (0, 0), 25), scene(1, 640, 480)),
        (scene(1, 24, 18), scene(1, 640, 480)),
        (text("hello there "), text("good evening ")),
        (bricks(0), bricks(17)),
    ],
    ids=["black", "blurred", "tiny", "text", "brick"],
)
def test_what_tells_no_place_makes_no_link(one: Picture, other: Picture) -> None:
    match = compare([points(one)], [points(other)])
    assert match.verdict.link is None
    assert (match.verdict is PlaceVerdict.ABSTAINS) == (match.reason is not None)


def test_nothing_to_compare_is_said() -> None:
    match = compare([], [points(scene(1))])
    assert (match.verdict, match.reason) == (PlaceVerdict.ABSTAINS, Abstained.EMPTY)
    assert compare([points(bricks(0))], [points(scene(1, 640, 480))]).reason is Abstained.REPEATS
