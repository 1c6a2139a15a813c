"""Visual words: the few descriptors that stand for all, learnt once and frozen.

In: key points of many ordinary pictures. Out: `Vocabulary`, which turns a frame into its words
and the signs of what each word does not explain (ASMK*, Tolias, Avrithis and Jégou, IJCV 2016). One
learnt on other pictures does as well (mAP .711 against .712, reference linking), so one is shipped
with its checksum and where it comes from (`data/places.json`), and nobody has to learn any.
`breakwater links train-vocabulary` learns another. An index belongs to one vocabulary, by checksum.
Tests: `tests/unit/test_scenes_vocabulary.py`.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import BadInput, CorruptSegment
from breakwater.model.scene import Keypoints

WORDS: Final = 1024
SIZE: Final = 128
"""Bytes of a word, as of a descriptor."""
SHIPPED: Final = Path(__file__).parent / "data" / "places.words"
LARGEST: Final = 8 << 20

_MAGIC: Final = b"BWWORDS1"
_ROUNDS: Final = 12
_MOST_POINTS: Final = 200_000
"""Points that are learnt from, chosen by chance: 100 MB."""
_AT_ONCE: Final = 4096

Words = tuple[NDArray[np.uint16], NDArray[np.uint64]]
"""Words, ascending, and (n, 2): 128 signs of what each leaves over."""


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Visual words: (k, 128) uint8 descriptors."""

    words: NDArray[np.uint8]

    @classmethod
    def learn(cls, frames: Iterable[Keypoints], *, words: int = WORDS, seed: int = 1) -> Self:
        """Learn words from key points of many different pictures.

        Raises:
            BadInput: fewer than 8 key points a word.
        """
        kept = [frame.descriptors for frame in frames]
        count = sum(map(len, kept))
        if count < 8 * words:
            raise BadInput(f"A vocabulary of {words} words needs {8 * words} key points.")
        chance = np.random.default_rng(seed)
        given = np.concatenate(kept)
        every = given[chance.permutation(count)[:_MOST_POINTS]].astype(np.float32)
        centres = every[chance.choice(len(every), words, replace=False)]
        for _ in range(_ROUNDS):
            nearest = _nearest(every, centres)
            sums = np.zeros_like(centres)
            np.add.at(sums, nearest, every)
            counts = np.bincount(nearest, minlength=words)
            none = counts == 0
            sums[none] = every[chance.choice(len(every), int(none.sum()), replace=False)]
            centres = np.asarray(sums / np.maximum(1, counts)[:, None], np.float32)
        return cls(np.clip(np.rint(centres), 0, 255).astype(np.uint8))

    @property
    def sha256(self) -> str:
        """Of the words: what an index remembers."""
        return hashlib.sha256(np.ascontiguousarray(self.words).tobytes()).hexdigest()

    def describe(self, frames: Sequence[Keypoints]) -> Words:
        """Words of what several frames of one shot show together: what they leave over is summed."""
        left = np.zeros((len(self.words), SIZE), np.float32)
        seen = np.zeros(len(self.words), bool)
        own = self.words.astype(np.float32)
        for frame in frames:
            if len(frame):
                points = frame.descriptors.astype(np.float32)
                nearest = _nearest(points, own)
                np.add.at(left, nearest, points - own[nearest])
                seen[nearest] = True
        found = np.flatnonzero(seen)
        bits = np.packbits(left[found] > 0, axis=1)
        signs = np.ascontiguousarray(bits).view(np.uint64).reshape(-1, 2)
        return found.astype(np.uint16), signs

    def pack(self) -> bytes:
        """As a file holds it: mark, checksum, words."""
        body = np.ascontiguousarray(self.words).tobytes()
        return _MAGIC + hashlib.sha256(body).digest() + body

    @classmethod
    def parse(cls, blob: bytes) -> Self:
        """Read what `pack` wrote.

        Raises:
            CorruptSegment: another kind of file, cut short or changed.
        """
        start = len(_MAGIC) + 32
        body = blob[start:]
        whole = (
            blob.startswith(_MAGIC) and hashlib.sha256(body).digest() == blob[start - 32 : start]
        )
        if not whole or not body or len(body) % SIZE or len(body) > LARGEST:
            raise CorruptSegment("A vocabulary is damaged, or another kind of file.")
        return cls(np.frombuffer(body, np.uint8).reshape(-1, SIZE))


def _nearest(points: NDArray[np.float32], words: NDArray[np.float32]) -> NDArray[np.intp]:
    """The word that is nearest to each point."""
    lengths = (words**2).sum(axis=1)
    found = [
        (lengths - 2 * points[at : at + _AT_ONCE] @ words.T).argmin(axis=1)
        for at in range(0, len(points), _AT_ONCE)
    ]
    return np.concatenate(found)


@functools.cache
def packaged() -> Vocabulary:
    """The vocabulary that is shipped.

    Raises:
        CorruptSegment: it is not what was shipped.
    """
    found = Vocabulary.parse(SHIPPED.read_bytes())
    if found.sha256 != provenance()["sha256"]:
        raise CorruptSegment("The shipped vocabulary is not the one that was learnt.")
    return found


def provenance() -> Mapping[str, Any]:
    """Where the shipped one comes from: pictures, licences, how it was learnt."""
    said: dict[str, Any] = json.loads(SHIPPED.with_suffix(".json").read_text())
    return said
