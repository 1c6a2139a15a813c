"""How high a level comes in ten minutes of ordinary chats, and where it may alarm for a budget.

Peaks of blocks come in, each with what gave it (a text, an account); a threshold comes out that
rings no oftener than wanted. The promise: at 95 % confidence, level by level, the rate on further
traffic of the same kind stays within the target, if sources are independent of one another and
their peaks fall off no slower than exponentially beyond what was counted. Levels share one budget,
so their sum bounds what all of them ring together, however they depend on each other (Boole).

What comes round again is one observation: the same line in a hundred chats says once how high
lines come. So bounds go by sources, not by blocks. With hours enough, the exact Poisson bound of
what was counted decides (Garwood 1936), of clusters as large as they are. Before that, peaks over
a threshold are extrapolated (Pickands 1975): their rate and their mean excess each at the upper
95 % bound. Quantiles are those of Wilson and Hilferty (1931). Held against simulated services whose
rate is known in benchmarks/comments_promise.py. Tests: tests/unit/test_comments_peaks.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import BadInput

BLOCK_S: Final = 600.0
"""Peaks are counted by this; an alarm is not repeated within it."""

PEAKS: Final = 800
FINE: Final = 200
"""Of the heights that are counted, those a hundredth of a nat apart; further up it is a twentieth."""

KEPT: Final = 20
"""Sources that a tail is fitted to, the highest."""

LEAST: Final = 10
"""Sources from which a speed's own tail is used, and not that of another speed."""

FEWEST: Final = 3
"""With fewer sources no tail is fitted."""

RATIO: Final = 1.0
"""Nats in which a ratio of likelihoods falls to 1/e at least, where it is calibrated: its mean on
ordinary traffic is 1 (Markov's inequality). Used over the highest seen, as if every block came
there, where no tail is known."""

CROWDED: Final = 0.63
"""Of all blocks: where more reach a height, blocks no longer tell single sources apart (1 - 1/e)."""

HOURS_BY_TARGET: Final = 10.0
"""Alarms that the hours would allow from which counts decide, and no fitted tail."""

Z: Final = 1.6449
"""Of the normal distribution, one-sided 95 %."""

HEIGHTS: Final = np.concatenate([np.arange(FINE) / 100.0, 2.0 + np.arange(PEAKS - FINE) / 20.0])
"""(PEAKS,) nats, where each count begins."""

EVEN: Final = np.arange(PEAKS) / 20.0
"""The same, of snapshots before sources were kept."""


@dataclass(frozen=True, slots=True)
class Solved:
    """A threshold, and what it rests on.

    Attributes:
        threshold: nats; infinite while the cell abstains.
        target: alarms per stream-hour it was solved for.
        hours: benign stream-hours seen.
        fitted: it lies beyond what was counted, on the fitted tail.
        cautious: the hours are few, so it lies higher than it will.
        guessed: no tail is known, so the theory of ratios says how far.
        counted: nats from which what was seen rang no oftener than the target.
    """

    threshold: float
    target: float
    hours: float
    fitted: bool = False
    cautious: bool = False
    guessed: bool = False
    counted: float = 0.0

    @property
    def abstains(self) -> bool:
        """Nothing is known yet."""
        return math.isinf(self.threshold)


@dataclass(frozen=True, slots=True)
class Tail:
    """How the highest sources fall off.

    Attributes:
        start: nats that they lie over.
        sources: so many, each counted once.
        spread: nats in which they fall to 1/e, upper 95 % bound.
        per_hour: that come over the start, upper 95 % bound.
        cluster: blocks that each of them reached, on average.
    """

    start: float
    sources: int
    spread: float
    per_hour: float
    cluster: float


class Peaks:
    """How high one level comes in ten minutes of ordinary traffic."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.counts: NDArray[np.float64] = np.zeros(PEAKS)
        self._tops: dict[int, float] = {}

    def add(self, peak: float, source: int | None = None) -> None:
        """The highest value of one block; a chat without evidence counts as zero.

        Args:
            peak: nats.
            source: what gave it, the same number whenever it comes again; None: something new.
        """
        self.counts[_bin(peak)] += 1.0
        if peak > 0.0:
            self._note(-int(self.counts.sum()) if source is None else source, peak)

    def _note(self, source: int, peak: float) -> None:
        tops = self._tops
        if source in tops or len(tops) <= KEPT:
            tops[source] = max(peak, tops.get(source, peak))
            return
        least = min(tops, key=tops.__getitem__)
        if peak > tops[least]:
            del tops[least]
            tops[source] = peak

    @property
    def hours(self) -> float:
        """Benign stream-hours."""
        return float(self.counts.sum()) * BLOCK_S / 3_600.0

    def rate(self, threshold: float) -> float:
        """Alarms per stream-hour that a threshold gave on what was seen."""
        if self.hours == 0:
            return 0.0
        over = self.counts[np.searchsorted(HEIGHTS, threshold - 1e-9) :]
        return float(over.sum()) / self.hours

    def solve(self, target: float, like: Tail | None = None) -> Solved:
        """The lowest threshold that keeps to a rate with 95 % confidence.

        Args:
            target: alarms in a stream-hour.
            like: tail of another speed of the same service and language; how it falls off is taken
                from there until this one has `LEAST` sources of its own.

        Raises:
            BadInput: no rate.
        """
        if target <= 0:
            raise BadInput("A rate of alarms is above zero.")
        hours, tail = self.hours, self.tail()
        if hours == 0:
            return Solved(math.inf, target, 0.0)
        cluster = tail.cluster if tail else 1.0
        over = np.cumsum(self.counts[::-1])[::-1]
        counted = _first(over / hours <= target)
        if hours * target >= HOURS_BY_TARGET * cluster:
            bounded = _first(cluster * _at_most(over / cluster) / hours <= target)
            return Solved(bounded, target, hours, counted=counted)
        guessed = like is None and (tail is None or tail.sources < FEWEST)
        if tail is None or guessed:
            tail = Tail(max(self._tops.values(), default=0.0), 0, RATIO, 3_600.0 / BLOCK_S, 1.0)
        spread = tail.spread
        if like is not None and tail.sources < min(LEAST, like.sources):
            spread = like.spread
        fitted = tail.start + spread * math.log(max(1.0, tail.per_hour / target))
        return Solved(max(counted, fitted), target, hours, True, True, guessed, counted)

    def tail(self) -> Tail | None:
        """Of the highest sources; None: too few, or they come in nearly every block."""
        ordered = sorted(self._tops.values(), reverse=True)
        over = np.cumsum(self.counts[::-1])[::-1]
        for last in range(len(ordered) - 1, 0, -1):
            start = ordered[last]
            reached = float(over[_bin(start)]) / float(over[0])
            excess = [one - start for one in ordered if one > start]
            if reached > CROWDED or not excess:
                continue
            count = len(excess)
            per_block = -math.log1p(-reached) * float(_at_most(np.array(count))) / count
            return Tail(
                start, count, sum(excess) / _at_least(count), per_block * 3_600.0 / BLOCK_S,
                max(1.0, float(over[_bin(start)]) / count),
            )  # fmt: skip
        return None

    def snapshot(self, *, nameless: bool = False) -> dict[str, Any]:
        """Counts, and peaks by source, for JSON.

        Args:
            nameless: sources are numbered, and cannot be known again.
        """
        tops = [
            [-n if nameless else source, peak]
            for n, (source, peak) in enumerate(self._tops.items(), 1)
        ]
        return {"counts": self.counts.tolist(), "tops": tops}

    def join(self, kept: Mapping[str, Any] | Sequence[float]) -> None:
        """Add what a snapshot holds, of this form or of the one before, which had no sources.

        Raises:
            ValueError: it holds something else.
        """
        told: Mapping[str, Any] = kept if isinstance(kept, Mapping) else {"counts": kept}
        counts = np.asarray(told["counts"], dtype=np.float64)
        if counts.shape != (PEAKS,) or not np.isfinite(counts).all():
            raise ValueError(PEAKS)
        if "tops" in told:
            tops = [(int(source), float(peak)) for source, peak in told["tops"]]
        else:
            each = np.repeat(EVEN, np.minimum(counts, KEPT + 1).astype(np.intp)).tolist()
            tops = [(-n - 1, one) for n, one in enumerate(each[: -KEPT - 2 : -1])]
            counts = np.bincount([_bin(float(one)) for one in EVEN], counts, PEAKS).astype(float)
        for source, peak in tops:
            if peak > 0.0:
                self._note(source, peak)
        self.counts = self.counts + counts


def joined(*kept: Mapping[str, Any] | Sequence[float]) -> dict[str, Any]:
    """The snapshots of several processes as one."""
    made = Peaks()
    for one in kept:
        made.join(one)
    return made.snapshot()


def shape(tails: Sequence[Tail | None]) -> Tail | None:
    """The tail with most sources, to lend to other speeds; None: none has enough to be fitted."""
    known = [one for one in tails if one is not None and one.sources >= FEWEST]
    return max(known, key=lambda one: one.sources, default=None)


def _bin(peak: float) -> int:
    place = peak * 100.0 if peak < 2.0 else FINE + (peak - 2.0) * 20.0
    return min(PEAKS - 1, max(0, int(place + 1e-9)))


def _first(held: NDArray[np.bool_]) -> float:
    """The lowest height at which something holds, in nats."""
    found = np.flatnonzero(held)
    return float(HEIGHTS[found[0]]) if found.size else math.nextafter(float(HEIGHTS[-1]), math.inf)


def _at_most(count: NDArray[np.float64]) -> NDArray[np.float64]:
    """Upper 95 % bound of a Poisson mean: half the quantile of chi-square with 2 count + 2."""
    free = 2.0 * count + 2.0
    part = 2.0 / (9.0 * free)
    return np.asarray(free / 2.0 * (1.0 - part + Z * np.sqrt(part)) ** 3)


def _at_least(count: int) -> float:
    """What a sum of so many exponential values of mean 1 is under in one of twenty cases."""
    part = 1.0 / (9.0 * count)
    return count * (1.0 - part - Z * math.sqrt(part)) ** 3
