"""How often chance alone would link: measured on unrelated frame pairs, carried on by a model.

A false link needs a score of 3 on one time line. Over unrelated videos nothing comes near it, so
the tail of scores cannot be fitted; what can be measured is what a stretch of 16 frames of one video
adds to a score on a line through another, by the product's own `line.fit`: the four best pairs of
views are chosen anew for each stretch, and what speaks against is left out (alignment chooses once
for the whole line, counts both, and asks for two sightings by key besides, so this overstates).
Stretches hold the likeness of neighbouring frames, in long takes too; different stretches are taken
as independent. A line of 64 frames is 4 of them: the distribution of its score is the 4-fold
convolution of the measured one, whose highest thousandth is replaced by a fitted exponential tail,
so that more than was seen can happen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.copies_clips import FPS
from benchmarks.copies_work import Source, grey_of, once_a_second
from breakwater.fingerprint.views import ViewMaker, reference_prints
from breakwater.matching.align import LINK_SCORE, WINDOW
from breakwater.matching.line import SPEEDS, Line, Seen, fit
from breakwater.matching.reels import lay_out
from breakwater.model.copies import FramePrints, ReelPrints

STRETCH = 16
APART = 4
"""Seconds between the lines that are tried."""
NEAREST = 4
"""Frames of the known video beside the line that each frame is compared with, in all views."""
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


def frames_of(source: Source, query: bool) -> list[FramePrints]:
    """A frame a second, as a query's or as a known video's."""
    movie, maker = source.movie(), ViewMaker()
    make = maker.feed if query else reference_prints
    return [make(grey_of(movie.frame(n)), n / FPS) for n in once_a_second(movie)]


def seen(frames: Sequence[FramePrints]) -> list[Seen]:
    """A query's frames with how new each is."""
    out: list[Seen] = []
    last: np.ndarray | None = None
    for number, one in enumerate(frames):
        whole = one.hashes[np.flatnonzero(one.views == 0)[0]]
        moved = 24 if last is None else int(np.bitwise_count(whole ^ last).sum())
        out.append(Seen.of(one, number, min(1.0, moved / 24)))
        last = whole
    return out


def chance_task(pair: tuple[list[Source], list[Source]]) -> Chance:
    """Stretches of some queries on lines through some known videos."""
    known = [lay_out(ReelPrints.of(frames_of(source, query=False))) for source in pair[1]]
    sums, stretches, pairs, least = [], 0, 0, 256
    for source in pair[0]:
        mine = seen(frames_of(source, query=True))
        for laid in known:
            for first in range(0, len(mine) - STRETCH + 1, STRETCH // 2):
                for at in range(0, len(laid.times) - STRETCH + 1, APART):
                    window = mine[first : first + STRETCH]
                    line = Line(1.0, window[0].time_s - float(laid.times[at]))
                    found = fit(laid, window, line)
                    total = sum(max(0.0, point.worth) for point in found.values())
                    stretches += 1
                    pairs += STRETCH * NEAREST
                    least = min([least, *(point.distance for point in found.values())])
                    if total > 0:
                        sums.append(total)
    return Chance(np.array(sums), stretches, pairs, least)


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
