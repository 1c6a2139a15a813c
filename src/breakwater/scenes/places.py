"""The inverted file of places: which known media may show what one shows, before geometry.

In: key points of media by number. Out: the best candidates, for `scenes.place_check` to check. What
is compared is a shot, the set of its visual words with 128 signs each (ASMK*, Tolias, Avrithis and
Jégou, IJCV 2016; `scenes.vocabulary`): a word takes 20 bytes. What a query finds does not depend on
the order in which media came, nor on what was taken out. A cache of SQL: `save` writes a directory,
`load` refuses a damaged one or one of another vocabulary, so that it is built again and never
answers "nothing alike" for want of a file. Not for several threads. Tests:
`tests/unit/test_scenes_places.py`, `tests/property/test_places.py`, `benchmarks/places.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import BadInput
from breakwater.model.scene import Keypoints
from breakwater.scenes import places_files
from breakwater.scenes.places_segment import Segment, made, merged
from breakwater.scenes.vocabulary import Vocabulary, Words

MOST_SHOTS: Final = 16
"""Shots of one medium that are kept, spread evenly: a camera that never moves fills nothing."""

LEAST_WORDS: Final = 8
"""A shot with fewer words is not kept: it would be like anything."""

INDEXED: Final = 1000
"""Points of a frame that are kept, the strongest: geometry looks at all of them afterwards."""

NEAR: Final = 50
"""Signs of 128 that may differ: 64 do by chance, and 2.4 standard deviations are left out."""

TAIL: Final = 256
"""Shots that wait before they become a segment."""

_POWER: Final = 3
"""Agreement of two words is raised to this: many weak ones must not outweigh few strong ones."""

_WORTH: Final = np.maximum(0.0, 1 - np.arange(129) / 64.0) ** _POWER
_LEAST_SIZE: Final = 60
"""Fewer words count as so many: a nearly empty frame is not like everything."""


class Places:
    """Known media by the words of their shots."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Begin empty.

        Args:
            vocabulary: `vocabulary.packaged()`, or an operator's.
        """
        self.vocabulary = vocabulary
        self.covered = 0
        """The last number of SQL that it covers, as its keeper says."""
        self._segments: list[Segment] = []
        self._tail: list[tuple[int, Words]] = []
        self._tail_made: Segment | None = None
        self._owners = np.zeros(0, np.int64)
        self._sizes = np.zeros(0, np.int32)
        self._alive = np.zeros(0, bool)
        self._docs = 0
        self._shots: dict[int, tuple[int, ...]] = {}
        self._holding = np.zeros(len(vocabulary.words), np.int64)

    def __len__(self) -> int:
        """How many media are known."""
        return len(self._shots)

    def __contains__(self, number: int) -> bool:
        return number in self._shots

    @property
    def bytes(self) -> int:
        """What it takes, but for what Python itself adds."""
        held = sum(one.bytes for one in self._segments)
        return held + sum(20 * len(words) for _, (words, _) in self._tail) + 13 * len(self._owners)

    def add(
        self, number: int, frames: Keypoints | Sequence[Keypoints], shots: Sequence[int] = ()
    ) -> None:
        """Make a medium known, without what lies over every frame of its source (`overlay`).

        Args:
            number: of the medium, not negative.
            frames: of a picture its one, of a video several.
            shots: number of the shot of each frame; empty: each is a shot of its own.

        Raises:
            BadInput: the number is taken or negative, or shots do not fit the frames.
        """
        if number in self._shots or number < 0:
            raise BadInput(f"Medium {number} is known already, or is no number of a medium.")
        self.add_words(number, self._described(frames, shots))

    def add_words(self, number: int, described: Sequence[Words]) -> None:
        """Make a medium known by the words of its shots, as `Vocabulary.describe` says them."""
        own = []
        for words, signs in described:
            if len(words) >= LEAST_WORDS:
                doc = self._document(number, len(words))
                self._holding[words] += 1
                self._tail.append((doc, (words, signs)))
                own.append(doc)
        self._shots[number] = tuple(own)
        self._tail_made = None
        if len(self._tail) >= TAIL:
            self._freeze()

    def remove(self, number: int) -> None:
        """Forget a medium; one that is not known is forgotten already."""
        gone = self._shots.pop(number, ())
        for doc in gone:
            self._alive[doc] = False
            for segment in self._segments:
                self._holding[segment.words_of(doc)] -= 1
        for doc, (words, _) in self._tail:
            if doc in gone:
                self._holding[words] -= 1
        self._tail = [one for one in self._tail if one[0] not in gone]
        self._tail_made = None
        dead = self._docs - int(self._alive[: self._docs].sum())
        if dead > TAIL and dead > self._docs // 3:
            self._pack()

    def candidates(
        self,
        frames: Keypoints | Sequence[Keypoints],
        most: int = 20,
        *,
        shots: Sequence[int] = (),
    ) -> tuple[tuple[int, float], ...]:
        """Numbers and similarities of known media, 0 to 1, best first.

        Args:
            frames: as of `add`, overlays left out.
            most: how many.
            shots: as of `add`.
        """
        every: dict[int, float] = {}
        for described in self._described(frames, shots):
            for number, score in self._alike(described, most):
                every[number] = max(score, every.get(number, 0.0))
        return tuple(sorted(every.items(), key=lambda one: (-one[1], one[0]))[:most])

    def save(self, path: Path, *, covered: int | None = None) -> None:
        """Write it into a directory; only what is new is written.

        Args:
            path: of the directory, made where it is not there.
            covered: the last number of SQL that it covers; None: as before.
        """
        self.covered = self.covered if covered is None else covered
        self._freeze()
        kept = places_files.Kept(
            self.vocabulary.sha256, self.covered, tuple(self._segments), self._docs,
            self._owners, self._sizes, self._alive,
            tuple(number for number, own in self._shots.items() if not own),
        )  # fmt: skip
        places_files.write(path, kept)

    @classmethod
    def load(cls, path: Path, vocabulary: Vocabulary) -> Self:
        """Read what `save` wrote.

        Raises:
            CorruptSegment: nothing is there, something is damaged, or it was made with another
                vocabulary: begin with an empty one and add everything again.
        """
        kept = places_files.read(path, vocabulary.sha256, len(vocabulary.words))
        found = cls(vocabulary)
        found.covered = kept.covered
        found._segments = list(kept.segments)
        found._docs = kept.docs
        found._owners, found._sizes, found._alive = kept.owners, kept.sizes, kept.alive
        own: dict[int, list[int]] = {number: [] for number in kept.empty}
        for doc in np.flatnonzero(kept.alive[: kept.docs]).tolist():
            own.setdefault(int(kept.owners[doc]), []).append(doc)
        found._shots = {number: tuple(docs) for number, docs in own.items()}
        for segment in found._segments:
            found._holding += segment.holding(found._alive)
        return found

    def _described(
        self, frames: Keypoints | Sequence[Keypoints], shots: Sequence[int]
    ) -> list[Words]:
        given = [frames] if isinstance(frames, Keypoints) else list(frames)
        numbers = list(shots) or list(range(len(given)))
        if len(numbers) != len(given):
            raise BadInput("Each frame has the number of its shot, or none has.")
        grouped: dict[int, list[Keypoints]] = {}
        for shot, frame in zip(numbers, given, strict=True):
            strongest = frame.only(np.arange(len(frame)) < INDEXED)
            grouped.setdefault(shot, []).append(strongest)
        kept = list(grouped.values())
        if len(kept) > MOST_SHOTS:
            kept = [
                kept[at] for at in np.linspace(0, len(kept) - 1, MOST_SHOTS).round().astype(int)
            ]
        return [self.vocabulary.describe(one) for one in kept]

    def _alike(self, described: Words, most: int) -> list[tuple[int, float]]:
        """Media most like one shot."""
        words, signs = described
        if len(words) < LEAST_WORDS or not self._shots:
            return []
        scores = np.zeros(self._docs, np.float64)
        count = int(self._alive[: self._docs].sum())
        segments = [*self._segments, *self._waiting()]
        for word, sign in zip(words.tolist(), signs, strict=True):
            if not self._holding[word]:
                continue
            rare = float(np.log1p(count / self._holding[word]))
            for segment in segments:
                docs, apart = segment.near(word, sign, NEAR)
                scores[docs] += rare * _WORTH[apart]
        scores[~self._alive[: self._docs]] = 0.0
        own = max(_LEAST_SIZE, len(words))
        sizes = np.maximum(_LEAST_SIZE, self._sizes[: self._docs])
        scores /= np.sqrt(own * sizes) * max(1.0, float(np.log1p(count)))
        return self._best(scores, most)

    def _best(self, scores: NDArray[np.float64], most: int) -> list[tuple[int, float]]:
        """The best media: several shots of one may stand before another's first."""
        ranked = np.flatnonzero(scores > 0)
        if len(ranked) > most * MOST_SHOTS:
            least = np.partition(scores[ranked], -most * MOST_SHOTS)[-most * MOST_SHOTS]
            ranked = ranked[scores[ranked] >= least]
        found: dict[int, float] = {}
        for doc in ranked.tolist():
            number = int(self._owners[doc])
            found[number] = max(found.get(number, 0.0), float(scores[doc]))
        return sorted(found.items(), key=lambda one: (-one[1], one[0]))[:most]

    def _document(self, number: int, size: int) -> int:
        if self._docs == len(self._owners):
            room = max(1024, len(self._owners) // 2)
            self._owners = np.concatenate([self._owners, np.zeros(room, np.int64)])
            self._sizes = np.concatenate([self._sizes, np.zeros(room, np.int32)])
            self._alive = np.concatenate([self._alive, np.zeros(room, bool)])
        doc = self._docs
        self._owners[doc], self._sizes[doc], self._alive[doc] = number, size, True
        self._docs += 1
        return doc

    def _waiting(self) -> list[Segment]:
        """What is no segment yet, as one."""
        if self._tail and self._tail_made is None:
            self._tail_made = made(self._tail, len(self.vocabulary.words))
        return [self._tail_made] if self._tail_made else []

    def _freeze(self) -> None:
        """Make a segment of what waits; those that are not much larger are taken in with it."""
        fresh = self._waiting()
        self._tail, self._tail_made = [], None
        if not fresh:
            return
        size = len(fresh[0])
        while self._segments and len(self._segments[-1]) < 2 * size:
            fresh.insert(0, self._segments.pop())
            size += len(fresh[0])
        self._segments.append(merged(fresh, self._alive) if len(fresh) > 1 else fresh[0])

    def _pack(self) -> None:
        """Make one segment without what was removed, and count documents anew."""
        self._freeze()
        if not self._segments:
            return
        whole = merged(self._segments, self._alive)
        alive = self._alive[: self._docs]
        fresh = np.cumsum(alive) - 1
        self._segments = [whole.renumbered(fresh.astype(np.uint32))]
        self._owners = self._owners[: self._docs][alive]
        self._sizes = self._sizes[: self._docs][alive]
        self._docs = int(alive.sum())
        self._alive = np.ones(self._docs, bool)
        self._shots = {n: tuple(int(fresh[doc]) for doc in own) for n, own in self._shots.items()}
