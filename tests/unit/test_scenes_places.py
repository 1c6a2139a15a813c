"""The frame that shows the same is among the first candidates of many."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tests.builders_scene import scene

from breakwater.errors import BadInput
from breakwater.model.scene import Keypoints
from breakwater.scenes import local
from breakwater.scenes.places import Places, Vocabulary


def points(seed: int, share: float = 0.0) -> Keypoints:
    picture = scene(seed)
    height, width = picture.shape
    x, y = int(width * share / 2), int(height * share / 2)
    return local.extract(np.ascontiguousarray(picture[y : height - y, x : width - x]))


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.learn([points(9000 + seed) for seed in range(12)], words=128)


def test_a_changed_frame_finds_its_own_among_many(vocabulary: Vocabulary) -> None:
    places = Places(vocabulary)
    for seed in range(24):
        places.add(seed, points(seed))
    firsts = 0
    for seed in range(0, 24, 4):
        found = places.candidates(points(seed, share=0.15), most=5)
        firsts += found[0][0] == seed
        assert seed in [number for number, _ in found]
        assert found == tuple(sorted(found, key=lambda one: -one[1]))
    assert firsts >= 5


def test_a_dark_frame_has_no_candidates(vocabulary: Vocabulary) -> None:
    places = Places(vocabulary)
    places.add(1, points(1))
    dark = local.extract(np.zeros((200, 300), np.uint8))
    places.add(2, dark)
    assert places.candidates(dark) == ()
    assert len(places) == 2
    with pytest.raises(BadInput):
        places.add(2, dark)


def test_the_same_pictures_give_the_same_words() -> None:
    frames = [points(seed) for seed in range(4)]
    first, again = (Vocabulary.learn(frames, words=32) for _ in range(2))
    assert np.array_equal(first.words, again.words)
    assert cv2.getNumThreads() == 1
    with pytest.raises(BadInput):
        Vocabulary.learn(frames[:1], words=1024)
