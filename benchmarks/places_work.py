"""Pictures for `places`: rooms, photographs, their points, and the plain method beside ours."""

import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from breakwater.cli.demo_rooms import cameras, laid_over, room, seen
from breakwater.model.scene import Keypoints
from breakwater.scenes.local import PLACE_SIDE, extract_place

NEEDED = 19
"""Inliers that the plain method wants, as ours does."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture: points of ours and of ORB, and the seconds that ours took."""

    points: Keypoints
    spots: NDArray[np.float32]
    bits: NDArray[np.uint8]
    seconds: float


def look(grey: NDArray[np.uint8]) -> Look:
    """See one picture by both methods."""
    begun = time.perf_counter()
    points = extract_place(grey)
    seconds = time.perf_counter() - begun
    scale = min(1.0, PLACE_SIDE / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    found, bits = cv2.ORB.create(nfeatures=2000).detectAndCompute(small, None)
    spots = np.array([one.pt for one in found], np.float32).reshape(-1, 2)
    return Look(
        points,
        spots,
        np.zeros((0, 32), np.uint8) if bits is None else np.asarray(bits, np.uint8),
        seconds,
    )


def photograph(path: Path) -> Look:
    """Of a file."""
    return look(np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8))


def made(seed: int, views: int, apart: float) -> tuple[list[Look], list[Look]]:
    """Views of a room, plain; of one room in four under an overlay too."""
    own, over = [], []
    for n, camera in enumerate(cameras(seed, views, apart=apart)):
        picture = seen(room(seed), camera, light=seed * 100 + n, width=480, height=360)
        own.append(look(_grey(picture)))
        if not seed % 4:
            over.append(look(_grey(laid_over(picture, 7))))
    return own, over


def plain(one: Look, other: Look) -> bool:
    """ORB, ratio test, a fundamental matrix by RANSAC, as many inliers as ours wants."""
    if min(len(one.bits), len(other.bits)) < 2:
        return False
    matched = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(one.bits, other.bits, k=2)
    good = [m for m, second in matched if m.distance < 0.8 * second.distance]
    if len(good) < NEEDED:
        return False
    here = one.spots[[m.queryIdx for m in good]]
    there = other.spots[[m.trainIdx for m in good]]
    _, inside = cv2.findFundamentalMat(here, there, cv2.FM_RANSAC, 1.5, 0.999)
    return inside is not None and int(inside.sum()) >= NEEDED


def _grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
