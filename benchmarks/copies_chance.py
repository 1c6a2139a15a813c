"""How often chance alone would link: measured on unrelated frame pairs, carried on by a model.

A false link needs a score of 3 on one time line. Over unrelated videos nothing comes near it, so
the tail of scores cannot be fitted; what can be measured is what a stretch of 16 consecutive
frame pairs of unrelated videos adds to a score: the sum of weight x novelty, the distance of each
pair being the least over *all* pairs of views (alignment takes it over 4 pairs of views only, and
asks for two sightings by key besides, so this overstates). Stretches hold the likeness of
neighbouring frames, in long takes too; different stretches are taken as independent. A line of 64
frames is 4 of them: the distribution of its score is the 4-fold convolution of the measured one,
whose highest thousandth is replaced by a fitted exponential tail, so that more than was seen can
happen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.copies_clips import FPS
from benchmarks.copies_work import Source, grey_of, once_a_second
from breakwater.fingerprint.views import REFERENCE, ViewMaker, reference_prints
from breakwater.matching.align import LINK_SCORE, WINDOW
from breakwater.matching.line import SPEEDS, weights

STRETCH = 16
BIN = 0.01
LINES = 2 * 60 / 0.5 * len(SPEEDS) * 3
"""Lines between a query minute and a known minute: offsets half a second apart, speeds, variants."""


@dataclass(frozen=True, slots=True)
class Chance:
    """What was measured: scores of stretches, and in how many frame pairs."""

    sums: np.ndarray
    stretches: int
    pairs: int
    least: int


def views(source: Source, query: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hashes of all views by frame (f, v, 4), which are there (f, v), novelty (f,)."""
    movie, maker = source.movie(), ViewMaker()
    frames = []
    for number in once_a_second(movie):
        luma = grey_of(movie.frame(number))
        made = maker.feed(luma, number / FPS) if query else reference_prints(luma, number / FPS)
        frames.append(made)
    wanted = [one.views for one in frames] if query else [[plan.number for plan in REFERENCE]]
    names = np.unique(np.concatenate(wanted))
    words = np.zeros((len(frames), len(names), 4), np.uint64)
    there = np.zeros(words.shape[:2], bool)
    for number, one in enumerate(frames):
        slots = np.searchsorted(names, one.views)
        words[number, slots] = np.ascontiguousarray(one.hashes).view(np.uint64).reshape(-1, 4)
        there[number, slots] = one.qualities >= 30
    whole = words[:, int(np.searchsorted(names, 0))]
    moved = np.bitwise_count(whole[1:] ^ whole[:-1]).sum(1)
    return words, there, np.concatenate([[1.0], np.minimum(1.0, moved / 24)])


def chance_task(pair: tuple[list[Source], list[Source]]) -> Chance:
    """Every frame of some queries against every frame of some known videos, all views."""
    known = [views(source, query=False) for source in pair[1]]
    words = np.concatenate([one[0] for one in known])
    present = np.concatenate([one[1] for one in known])
    ends = np.cumsum([len(one[2]) for one in known])
    sums, stretches, pairs, least = [np.zeros(0)], 0, 0, 256
    for source in pair[0]:
        mine, there, novelty = views(source, query=True)
        apart = nearest(mine, there, words, present)
        least, pairs = min(least, int(apart.min())), pairs + apart.size
        worth = weights(apart) * novelty[:, None]
        for part in np.split(worth, ends[:-1], axis=1):
            count = [max(0, side - STRETCH + 1) for side in part.shape]
            total = sum(part[k : k + count[0], k : k + count[1]] for k in range(STRETCH))
            stretches += total.size
            sums.append(total[total > 0])
    return Chance(np.concatenate(sums), stretches, pairs, least)


def nearest(
    words: np.ndarray, there: np.ndarray, theirs: np.ndarray, present: np.ndarray
) -> np.ndarray:
    """(f, g): the least distance of two frames over all pairs of their views."""
    flat = np.ascontiguousarray(theirs.reshape(-1, 4).T)
    absent = ~present.reshape(-1)
    best = np.full((len(words), len(absent)), 256, np.uint16)
    for number in range(len(words)):
        for view in np.flatnonzero(there[number]):
            one = words[number, view]
            apart = np.bitwise_count(flat[0] ^ one[0]).astype(np.uint16)
            for part in range(1, 4):
                apart += np.bitwise_count(flat[part] ^ one[part])
            np.minimum(best[number], apart, out=best[number])
    best[:, absent] = 256
    return best.reshape(len(words), len(theirs), -1).min(2).astype(np.int64)


def joined(parts: Sequence[Chance]) -> Chance:
    """All measurements as one."""
    return Chance(
        np.concatenate([one.sums for one in parts]),
        sum(one.stretches for one in parts),
        sum(one.pairs for one in parts),
        min(one.least for one in parts),
    )


def link_chance(found: Chance, sums: np.ndarray) -> float:
    """Probability that one line of `WINDOW` frames reaches the score of a link."""
    size = 1 << math.ceil(math.log2(4 * LINK_SCORE / BIN))
    density = np.zeros(size)
    order = np.sort(sums)
    high = max(10, round(found.stretches * 1e-3))
    body, tail = (order[:-high], order[-high:]) if len(order) > high else (order[:0], order)
    np.add.at(density, np.minimum(size - 1, np.ceil(body / BIN).astype(int)), 1.0)
    if len(tail):
        start = float(tail[0])
        excess = max(BIN, float((tail - start).mean()))
        edges = start + BIN * np.arange(size + 1)
        mass = len(tail) * -np.diff(np.exp(-(edges - start) / excess))
        places = np.minimum(size - 1, np.ceil(edges[:-1] / BIN).astype(int))
        np.add.at(density, places, mass)
    density /= found.stretches
    density[0] += max(0.0, 1 - density.sum())
    total = np.zeros(size)
    total[0] = 1.0
    for _ in range(math.ceil(WINDOW / STRETCH)):
        total = convolved(total, density)
    return float(total[round(LINK_SCORE / BIN) :].sum())


def convolved(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Direct, not by Fourier: probabilities of 1e-30 must not drown in rounding."""
    size = len(one)
    out = np.zeros(size)
    for place in np.flatnonzero(other):
        out[place:] += other[place] * one[: size - place]
        out[-1] += other[place] * one[size - place :].sum()
    return out


def per_minute_pair(found: Chance) -> tuple[float, float]:
    """False links a query minute and known minute: estimate, 95th percentile of 20 resamples."""
    random = np.random.default_rng(1)
    if not len(found.sums):
        return 0.0, LINES * (3 / found.stretches) ** 3
    samples = [random.choice(found.sums, len(found.sums)) for _ in range(20)]
    tried = [link_chance(found, sample) for sample in samples]
    return LINES * link_chance(found, found.sums), LINES * float(np.quantile(tried, 0.95))
