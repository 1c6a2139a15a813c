"""One frozen piece of the inverted file: for each word the shots that have it, with their signs.

Part of `scenes.places`, tested with it. Within a word shots ascend; signs lie in two planes of
64 bits, so that a word of 50,000 shots is compared in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from breakwater.scenes.vocabulary import Words


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Entries of many shots, sorted by word.

    Attributes:
        starts: (k + 1,) int64, where the entries of each word begin.
        docs: (n,) uint32 shots.
        low, high: (n,) uint64 signs.
    """

    starts: NDArray[np.int64]
    docs: NDArray[np.uint32]
    low: NDArray[np.uint64]
    high: NDArray[np.uint64]

    def __len__(self) -> int:
        """How many entries."""
        return len(self.docs)

    @property
    def bytes(self) -> int:
        """What it takes."""
        return self.starts.nbytes + 20 * len(self.docs)

    def near(
        self, word: int, sign: NDArray[np.uint64], most: int
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
        """Shots that have a word with signs of which `most` differ at most, and how many do."""
        begin, end = self.starts[word], self.starts[word + 1]
        apart = np.bitwise_count(self.low[begin:end] ^ sign[0])
        apart += np.bitwise_count(self.high[begin:end] ^ sign[1])
        kept = np.flatnonzero(apart <= most)
        return self.docs[begin:end][kept], apart[kept]

    def words_of(self, doc: int) -> NDArray[np.intp]:
        """Words of one shot; none where it is elsewhere."""
        places = np.flatnonzero(self.docs == doc)
        return np.searchsorted(self.starts, places, side="right") - 1

    def holding(self, alive: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(k,) how many shots that are still known have each word."""
        known = np.concatenate([[0], np.cumsum(alive[self.docs], dtype=np.int64)])
        return np.asarray(known[self.starts[1:]] - known[self.starts[:-1]], np.int64)

    def renumbered(self, fresh: NDArray[np.uint32]) -> Segment:
        """With other numbers of shots, which ascend as before."""
        return Segment(self.starts, fresh[self.docs], self.low, self.high)


def made(shots: Sequence[tuple[int, Words]], words: int) -> Segment:
    """Of shots, which ascend."""
    docs = np.repeat(np.array([doc for doc, _ in shots]), [len(own[0]) for _, own in shots])
    every = np.concatenate([own[0] for _, own in shots])
    signs = np.concatenate([own[1] for _, own in shots])
    order = np.argsort(every, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(every, minlength=words))])
    return Segment(
        starts.astype(np.int64), docs[order].astype(np.uint32),
        np.ascontiguousarray(signs[order, 0]), np.ascontiguousarray(signs[order, 1]),
    )  # fmt: skip


def merged(segments: Sequence[Segment], alive: NDArray[np.bool_]) -> Segment:
    """One of several whose shots follow one another, without what was removed."""
    counts = np.stack([one.holding(alive) for one in segments])
    starts = np.concatenate([[0], np.cumsum(counts.sum(axis=0))]).astype(np.int64)
    size = int(starts[-1])
    docs = np.empty(size, np.uint32)
    low, high = np.empty(size, np.uint64), np.empty(size, np.uint64)
    behind = starts[:-1].copy()
    for one, own in zip(segments, counts, strict=True):
        kept = np.flatnonzero(alive[one.docs])
        inside = np.arange(len(kept)) - np.repeat(np.cumsum(own) - own, own)
        to = np.repeat(behind, own) + inside
        docs[to], low[to], high[to] = one.docs[kept], one.low[kept], one.high[kept]
        behind += own
    return Segment(starts, docs, low, high)
