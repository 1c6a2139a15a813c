"""Pictures for `places`: rooms, photographs, their points, fillers, and the plain method beside ours."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tests.builders_patterns import NEXT_S, studio

from breakwater.cli.demo_rooms import cameras, laid_over, room, seen
from breakwater.model.scene import Keypoints
from breakwater.scenes.local import PLACE_SIDE, extract_place
from breakwater.scenes.places import INDEXED
from breakwater.scenes.vocabulary import Vocabulary, Words

OVER_VIEWS = 4
"""Views of a room that are seen under an overlay too."""

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


def made(seed: int, views: int, apart: float) -> tuple[list[Look], list[Look], list[Look]]:
    """Views of a room, plain; of one in four under an overlay too, of another under one that changes."""
    own, over, changed = [], [], []
    for n, camera in enumerate(cameras(seed, views, apart=apart)):
        picture = seen(room(seed), camera, light=seed * 100 + n, width=480, height=360)
        own.append(look(_grey(picture)))
        if n < OVER_VIEWS and not seed % 4:
            over.append(look(_grey(laid_over(picture, 7))))
        if n < OVER_VIEWS and seed % 4 == 1:
            changed.append(look(_grey(studio(picture, seed % 40 + n * 2 * NEXT_S))))
    return own, over, changed


class Collages:
    """Media that nobody took: the words of one picture, each as another picture shows it."""

    def __init__(self, frames: Sequence[Keypoints], vocabulary: Vocabulary) -> None:
        """Of real pictures."""
        self._frames = [one.only(np.arange(len(one)) < INDEXED) for one in frames]
        self._of = [_words_of(one, vocabulary) for one in self._frames]
        self._described = [vocabulary.describe([one]) for one in self._frames]
        words = np.concatenate([own[0] for own in self._described])
        whose = np.repeat(np.arange(len(frames)), [len(own[0]) for own in self._described])
        order = np.argsort(words, kind="stable")
        self._signs = np.concatenate([own[1] for own in self._described])[order]
        self._whose = whose[order]
        self._starts = np.searchsorted(words[order], np.arange(1 << 16))
        self._having = np.diff(np.append(self._starts, len(words)))
        self.average = len(words) / len(frames)

    def words(self, number: int) -> Words:
        """As the index has it."""
        own, at = self._chosen(number)
        return own, self._signs[at]

    def points(self, number: int, without: range) -> Keypoints:
        """As geometry has it: each word's points at the places that the other picture has them.

        Points of the pictures `without` are left out: those of the room that is asked for do show it.
        """
        own, at = self._chosen(number)
        frame = self._frames[0]
        taken = [
            (self._frames[whose], np.flatnonzero(self._of[whose] == word))
            for word, whose in zip(own.tolist(), self._whose[at].tolist(), strict=True)
            if whose not in without
        ]
        points = np.concatenate([one.points[rows] for one, rows in taken])
        descriptors = np.concatenate([one.descriptors[rows] for one, rows in taken])
        return Keypoints(0.0, frame.width, frame.height, points, descriptors)

    def _chosen(self, number: int) -> tuple[NDArray[np.uint16], NDArray[np.intp]]:
        chance = np.random.default_rng([number, 0xF111])
        own = self._described[int(chance.integers(len(self._described)))][0]
        return own, self._starts[own] + (chance.random(len(own)) * self._having[own]).astype(int)


def _words_of(frame: Keypoints, vocabulary: Vocabulary) -> NDArray[np.intp]:
    """The word of each point."""
    words = vocabulary.words.astype(np.float32)
    apart = (words**2).sum(axis=1) - 2 * frame.descriptors.astype(np.float32) @ words.T
    return np.asarray(apart.argmin(axis=1), np.intp)


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
