"""Two frames that show the same are told from two that only share what lies over them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.builders_scene import logo, scene

from breakwater.model.scene import Keypoints, LocalModel
from breakwater.scenes import local
from breakwater.scenes.overlay import mask_of

BRIDGE = Path(__file__).parent.parent / "data" / "images" / "bridge"


def points(picture: NDArray[np.uint8]) -> Keypoints:
    return local.extract(np.ascontiguousarray(picture))


def warped(picture: NDArray[np.uint8], degrees: float, scale: float) -> NDArray[np.uint8]:
    height, width = picture.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    return cv2.warpAffine(picture, matrix, (width, height)).astype(np.uint8)


def screen(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Filmed from a screen: perspective, blur, less contrast, noise."""
    height, width = picture.shape
    here = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    there = here * 0.8 + np.array([[30, 20], [60, 5], [40, 50], [20, 30]], np.float32)
    matrix = cv2.getPerspectiveTransform(here, there)
    seen = cv2.GaussianBlur(cv2.warpPerspective(picture, matrix, (width, height)), (0, 0), 1.2)
    noise = np.random.default_rng(1).normal(0, 6, seen.shape)
    return (seen * 0.6 + 30 + noise).clip(0, 255).astype(np.uint8)


ATTACKS = {
    "same": lambda p: p,
    "cropped": lambda p: p[27:-27, 48:-48],
    "half the size": lambda p: cv2.resize(p, None, fx=0.5, fy=0.5, interpolation=3),
    "turned": lambda p: warped(p, 8, 0.9),
    "gamma": lambda p: (255 * (p / 255) ** 1.8).astype(np.uint8),
    "logo and chat": logo,
    "screen": screen,
    "bordered": lambda p: cv2.copyMakeBorder(p, 60, 60, 90, 90, cv2.BORDER_CONSTANT, value=0),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_changed_copy_shows_the_same(attack: str) -> None:
    for seed in range(2):
        found = local.same(points(ATTACKS[attack](scene(seed))), points(scene(seed)))
        assert found.score >= local.SAME, (attack, seed, found.inliers, found.area)
        assert found.model is LocalModel.HOMOGRAPHY
        assert all(0 <= v <= 1 for pair in found.points for v in pair)


def test_a_mirrored_copy_is_found_without_its_pixels() -> None:
    kept = points(scene(1))
    seen = points(scene(1)[:, ::-1])
    assert local.same(seen, kept).score < local.SAME
    assert local.same(local.mirrored(seen), kept).score >= local.SAME
    again = local.mirrored(local.mirrored(seen))
    assert np.array_equal(again.descriptors, seen.descriptors)
    assert np.allclose(again.points, seen.points, atol=1e-3)


def test_unrelated_frames_never_show_the_same() -> None:
    found = [points(scene(seed)) for seed in range(10)]
    scores = [local.same(one, other).score for i, one in enumerate(found) for other in found[:i]]
    assert max(scores) < local.SAME / 2


def test_one_logo_on_all_never_links() -> None:
    sources = [[points(logo(scene(100 * s + i))) for i in range(4)] for s in range(3)]
    masks = [mask_of(frames) for frames in sources]
    assert all(mask is not None and 0.1 < mask.share < 0.6 for mask in masks)
    bare, masked = [], []
    for one in range(3):
        for other in range(one):
            for a in sources[one]:
                for b in sources[other]:
                    bare.append(local.same(a, b).score)
                    masked.append(local.same(a, b, (masks[one], masks[other])).score)
    assert max(bare) >= local.SAME, "the logo is large enough to fool without a mask"
    assert max(masked) < local.SAME / 2


def test_a_masked_copy_is_still_found() -> None:
    frames = [points(logo(scene(seed))) for seed in range(5)]
    mask = mask_of(frames)
    assert local.same(frames[2], points(scene(2)), (mask, None)).score >= local.SAME


def test_a_static_room_masks_itself() -> None:
    room = scene(7)
    frames = []
    for step in range(6):
        noisy = room + np.random.default_rng(step).normal(0, 3, room.shape)
        picture = noisy.clip(0, 255).astype(np.uint8)
        cv2.circle(picture, (60 + 50 * step, 140), 30, 20 * step, -1)
        frames.append(points(picture))
    mask = mask_of(frames)
    assert local.same(frames[0], frames[4], (mask, mask)).score < local.SAME


def test_dark_and_plain_frames_have_no_points_and_match_nothing() -> None:
    random = np.random.default_rng(0)
    dark = points(random.integers(0, 4, (270, 480), np.uint8))
    assert len(dark) == 0
    assert local.same(dark, dark).inliers == 0
    assert local.same(dark, points(scene(1))).score == 0
    assert mask_of([dark] * 5) is not None
    assert mask_of([dark, dark]) is None


def test_a_photograph_and_its_variants() -> None:
    first = points(cv2.imread(str(BRIDGE / "aaa-orig.jpg"), cv2.IMREAD_GRAYSCALE))
    for path in BRIDGE.glob("*.jpg"):
        other = points(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))
        assert local.same(other, first).score >= local.SAME, path.name
        assert local.same(other, first, parallax=True).score >= local.SAME, path.name


def few(picture: NDArray[np.uint8], seed: int) -> Keypoints:
    """One in thirty of a frame's key points: what is left under heavy blur."""
    one = points(picture)
    return one.only(np.random.default_rng(seed).random(len(one)) < 0.03)


def test_several_frames_say_together_what_none_says_alone() -> None:
    def moved(seed: int) -> NDArray[np.uint8]:
        return warped(scene(seed), 3, 0.95)

    pairs = [(few(moved(n), n), points(scene(n))) for n in range(4)]
    alone = [local.same(*pair).score >= local.SAME for pair in pairs]
    assert sum(alone) < 2
    together = local.together(pairs)
    assert sum(one.score >= local.SAME for one in together) >= 2
    other = [(few(moved(n), n), points(scene(n + 40))) for n in range(4)]
    assert all(one.score == 0 for one in local.together(other))
    assert local.together(pairs[:1])[0].score == 0
    assert local.together([]) == ()


def test_frames_that_are_moved_each_in_its_own_way_say_nothing_together() -> None:
    pairs = [
        (few(warped(scene(n), turn, 0.9), n), points(scene(n)))
        for n, turn in enumerate((-40, -14, 14, 40))
    ]
    assert sum(one.score >= local.SAME for one in local.together(pairs)) == 0


def test_one_logo_on_all_frames_is_one_place_and_not_many() -> None:
    mine, theirs = ([points(logo(scene(n + shift))) for n in range(6)] for shift in (0, 40))
    masks = mask_of(mine), mask_of(theirs)
    pairs = [
        (masks[0].uncovered(a), masks[1].uncovered(b)) for a, b in zip(mine, theirs, strict=True)
    ]
    assert all(one.score < local.SAME for one in local.together(pairs))
