"""The small inverted file: which known frames may show what a frame shows, before geometry.

In: key points of known frames by number. Out: the best candidates for a frame, for
`scenes.local.same` to check. A frame is the set of its visual words, each with the signs of what
the word does not explain, 128 bits (ASMK*, Tolias, Avrithis and Jégou, IJCV 2016): 16 bytes a
word. The vocabulary is learnt once and frozen; one learnt on other pictures does as well (mAP
.711 against .712, reference linking). In memory, for some 100,000 frames. Nothing calls it yet: the
grey zone of an alignment knows its pairs (docs/decisions/0025). Tests:
`tests/unit/test_scenes_places.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from breakwater.errors import BadInput
from breakwater.model.scene import Keypoints

WORDS: Final = 1024
_POWER: Final = 3
"""Agreement of two words is raised to this: many weak ones must not outweigh few strong ones."""

_ROUNDS: Final = 12


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Visual words: (k, 128) float32 descriptors."""

    words: NDArray[np.float32]

    @classmethod
    def learn(cls, frames: Iterable[Keypoints], *, words: int = WORDS, seed: int = 1) -> Vocabulary:
        """Learn words from key points of many different pictures.

        Raises:
            BadInput: fewer than 8 key points a word.
        """
        every = np.concatenate([frame.descriptors for frame in frames]).astype(np.float32)
        if len(every) < 8 * words:
            raise BadInput(f"A vocabulary of {words} words needs {8 * words} key points.")
        cv2.setNumThreads(1)
        cv2.setRNGSeed(seed)
        stop = (cv2.TERM_CRITERIA_MAX_ITER, _ROUNDS, 0.0)
        start = np.zeros((len(every), 1), np.int32)
        _, _, centres = cv2.kmeans(every, words, start, stop, 1, cv2.KMEANS_RANDOM_CENTERS)
        return cls(np.asarray(centres, np.float32))

    def describe(self, frame: Keypoints) -> tuple[NDArray[np.intp], NDArray[np.uint64]]:
        """A frame's words, ascending, and (n, 2) uint64: the signs of what each leaves over."""
        if not len(frame):
            return np.zeros(0, np.intp), np.zeros((0, 2), np.uint64)
        own = frame.descriptors.astype(np.float32)
        lengths = (self.words**2).sum(axis=1)
        nearest = (lengths[None] - 2 * own @ self.words.T).argmin(axis=1)
        found, place = np.unique(nearest, return_inverse=True)
        left = np.zeros((len(found), 128), np.float32)
        np.add.at(left, place, own - self.words[nearest])
        bits = np.packbits(left > 0, axis=1)
        return found, np.ascontiguousarray(bits).view(np.uint64).reshape(-1, 2)


class Places:
    """Known frames by their words. Not for several threads."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        count = len(vocabulary.words)
        self._frames: list[list[int]] = [[] for _ in range(count)]
        self._signs: list[list[NDArray[np.uint64]]] = [[] for _ in range(count)]
        self._sizes: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._sizes)

    def add(self, number: int, frame: Keypoints) -> None:
        """Make a frame known, without what lies over every frame of its source (`overlay`).

        Raises:
            BadInput: the number is taken.
        """
        if number in self._sizes:
            raise BadInput(f"Frame {number} is known already.")
        words, signs = self._vocabulary.describe(frame)
        self._sizes[number] = max(1, len(words))
        for word, sign in zip(words.tolist(), signs, strict=True):
            self._frames[word].append(number)
            self._signs[word].append(sign)

    def candidates(self, frame: Keypoints, most: int = 20) -> tuple[tuple[int, float], ...]:
        """Numbers and similarities, 0 to 1, best first."""
        words, signs = self._vocabulary.describe(frame)
        scores: dict[int, float] = dict.fromkeys(self._sizes, 0.0)
        for word, sign in zip(words.tolist(), signs, strict=True):
            if not self._frames[word]:
                continue
            rare = float(np.log((1 + len(self._sizes)) / (1 + len(self._frames[word]))))
            apart = np.bitwise_count(np.array(self._signs[word]) ^ sign).sum(axis=1)
            agreed = np.maximum(0.0, 1 - apart / 64.0) ** _POWER * max(0.0, rare)
            for number, worth in zip(self._frames[word], agreed.tolist(), strict=True):
                scores[number] += worth
        own = max(1, len(words))
        ranked = [
            (number, score / float(np.sqrt(own * self._sizes[number])))
            for number, score in scores.items()
            if score > 0
        ]
        return tuple(sorted(ranked, key=lambda one: (-one[1], one[0]))[:most])
