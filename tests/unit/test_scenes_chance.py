"""What one camera movement explains is told from what the best of thousands finds among chance matches."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from breakwater.cli.demo_rooms import cameras, room, seen
from breakwater.model.place import Abstained, PlaceVerdict
from breakwater.scenes.chance import expected, scattered
from breakwater.scenes.local import extract_place
from breakwater.scenes.place_check import BY_CHANCE, SCATTERED, compare

SIDES = (np.array((640, 480), np.float32),) * 2
Points = NDArray[np.float32]


def found(here: Points, there: Points) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    matrix, inside = cv2.findFundamentalMat(here, there, cv2.USAC_MAGSAC, 1.5, 0.999, 4000)
    assert matrix is not None
    return np.asarray(matrix, np.float64), np.asarray(inside, bool).ravel()


def anywhere(count: int, seed: int) -> Points:
    return np.asarray(np.random.default_rng(seed).random((count, 2)) * SIDES[0], np.float32)


def two_views(count: int, seed: int) -> tuple[Points, Points]:
    """Points of a deep scene from two places half a metre apart."""
    rng = np.random.default_rng(seed)
    scene = np.c_[rng.uniform(-2, 2, (count, 2)), rng.uniform(3, 7, count)]
    views = []
    for turn, moved in ((0.0, 0.0), (0.1, 0.5)):
        spin, _ = cv2.Rodrigues(np.array((0.0, turn, 0.0)))
        at = (scene - (moved, 0, 0)) @ spin.T
        views.append(np.asarray(at[:, :2] / at[:, 2:] * 500 + (320, 240), np.float32))
    return views[0], views[1]


@pytest.mark.parametrize("count", [30, 80, 200, 400])
def test_matches_that_lie_anywhere_are_no_finding(count: int) -> None:
    for seed in range(5):
        here, there = anywhere(count, seed), anywhere(count, seed + 100)
        matrix, _ = found(here, there)
        assert expected(here, there, matrix, SIDES) > BY_CHANCE + 5


@pytest.mark.parametrize(("true", "false"), [(25, 20), (30, 80), (90, 300)])
def test_a_camera_that_moved_is_one_among_wrong_matches_too(true: int, false: int) -> None:
    here, there = two_views(true, 1)
    here, there = np.r_[here, anywhere(false, 2)], np.r_[there, anywhere(false, 3)]
    matrix, inside = found(here, there)
    assert expected(here, there, matrix, SIDES) < BY_CHANCE
    assert scattered(here[inside], there[inside]) < SCATTERED


def test_a_pattern_keeps_its_lines_and_jumps_along_them() -> None:
    bricks = np.array([(x, y) for y in range(20, 460, 40) for x in range(20, 620, 60)], np.float32)
    rng = np.random.default_rng(4)
    jumped = bricks + np.c_[rng.integers(-4, 5, len(bricks)) * 60, np.zeros(len(bricks))]
    jumped = np.asarray(jumped + rng.normal(0, 0.3, bricks.shape), np.float32)
    matrix, inside = found(bricks, jumped)
    assert expected(bricks, jumped, matrix, SIDES) < BY_CHANCE, "the lines alone look like a camera"
    assert scattered(bricks[inside], jumped[inside]) > SCATTERED


def test_too_few_are_nothing() -> None:
    few = anywhere(7, 1)
    assert expected(few, few, np.eye(3), SIDES) == float("inf")
    assert scattered(few[:1], few[:1]) == float("inf")


@pytest.mark.parametrize(
    ("one", "other"), [((94, 5), (0, 2)), ((162, 6), (196, 4)), ((61, 6), (18, 7))]
)
def test_two_rooms_papered_alike_are_not_one(one: tuple[int, int], other: tuple[int, int]) -> None:
    """Bricks and stripes: 19 to 29 inliers each, linked until chance was asked."""
    shown = []
    for seed, view in (one, other):
        camera = cameras(seed, 10)[view]
        picture = seen(room(seed), camera, light=seed * 100 + view, width=480, height=360)
        shown.append(extract_place(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)))
    match = compare([shown[0]], [shown[1]])
    assert (match.verdict, match.reason) == (PlaceVerdict.ABSTAINS, Abstained.REPEATS)
