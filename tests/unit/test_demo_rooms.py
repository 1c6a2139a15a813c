"""Rooms made from a seed: one room is one place from every side, and no two rooms are."""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
import pytest

from breakwater.cli.demo_rooms import cameras, laid_over, room, seen
from breakwater.model.scene import Keypoints
from breakwater.scenes.local import SAME, extract, same
from breakwater.scenes.overlay import mask_of


def points(picture: np.ndarray) -> Keypoints:
    return extract(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))


@pytest.fixture(scope="module")
def views() -> dict[int, list[np.ndarray]]:
    """Two views, 8 degrees apart and each on another day, of three rooms."""
    return {
        seed: [
            seen(room(seed), camera, light=n, width=480, height=360)
            for n, camera in enumerate(cameras(seed, 2, apart=8))
        ]
        for seed in range(1, 4)
    }


def test_a_seed_gives_the_same_picture(views: dict[int, list[np.ndarray]]) -> None:
    room.cache_clear()
    again = seen(room(2), cameras(2, 2, apart=8)[1], light=1, width=480, height=360)
    assert np.array_equal(again, views[2][1])


def test_views_of_a_room_show_the_same_place(views: dict[int, list[np.ndarray]]) -> None:
    for pictures in views.values():
        first, second = map(points, pictures)
        assert same(first, second).score >= SAME


def test_two_rooms_are_two_places(views: dict[int, list[np.ndarray]]) -> None:
    found = {seed: points(pictures[1]) for seed, pictures in views.items()}
    for one, other in combinations(found.values(), 2):
        assert same(one, other).score < SAME


def test_what_a_platform_lays_over_all_links_two_rooms_until_it_is_masked(
    views: dict[int, list[np.ndarray]],
) -> None:
    over = {s: [points(laid_over(one, 7)) for one in pictures] for s, pictures in views.items()}
    assert same(over[1][1], over[2][1]).score >= SAME
    mask = mask_of([pictures[1] for pictures in over.values()])
    assert mask is not None
    assert mask.share < 0.6
    for first, second in over.values():
        assert same(first, second, (mask, mask)).score >= SAME
    for (one, _), (other, _) in combinations(over.values(), 2):
        assert same(one, other, (mask, mask)).score < SAME
