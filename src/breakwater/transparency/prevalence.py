"""Shares of broadcasts and of views that are illegal, from a stratified sample. Pure.

The population is every public broadcast at the moment of every round. Within a stratum the share
is a ratio of sums weighted by one over the chance of each draw (Hájek's form of Horvitz and
Thompson's estimator); strata are put together by the sizes that the rounds wrote down, which are
known and not estimated. Intervals: Clopper and Pearson's in each stratum, by its effective size;
put together by the squares of their distances (Zou and Donner, Statistics in Medicine 27, 2008).
Where nothing was found this is at least what the worst stratum alone still allows, so it holds
whatever the truth is. A stratum where nobody looked counts from 0 to 1. What waits for a decision
is nothing for the lower end and illegal for the upper one. Simulated in
`tests/property/test_prevalence.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from breakwater.model.transparency import Share, StratumSums
from breakwater.transparency.intervals import clopper_pearson, effective


@dataclass(frozen=True, slots=True)
class Part:
    """One stratum as the sum needs it.

    Attributes:
        size: of the stratum, in broadcasts or viewers.
        looked: weights of those looked at; `squares`: of their squares.
        found, undecided: weights of those.
    """

    size: float
    looked: float
    squares: float
    found: float
    undecided: float


def streams(strata: Sequence[StratumSums]) -> Share:
    """The share of broadcasts."""
    return share([Part(s.streams, s.w, s.w2, s.found, s.undecided) for s in strata])


def views(strata: Sequence[StratumSums]) -> Share:
    """The share of viewers."""
    return share([Part(s.viewers, s.v, s.v2, s.v_found, s.v_undecided) for s in strata])


def share(parts: Sequence[Part]) -> Share:
    """A share over strata with its interval."""
    total = sum(one.size for one in parts)
    seen = [one for one in parts if one.size > 0 and one.looked > 0]
    covered = sum(one.size for one in seen)
    if total <= 0 or covered <= 0:
        return Share(None, 0.0, 1.0, 0.0)
    value = sum(one.size * one.found / one.looked for one in seen) / covered
    low = _end(seen, covered, undecided=False)[0] * covered / total
    high = (_end(seen, covered, undecided=True)[1] * covered + (total - covered)) / total
    return Share(value, max(0.0, low), min(1.0, high), covered / total)


def _end(seen: Sequence[Part], covered: float, *, undecided: bool) -> tuple[float, float]:
    """Both ends over the strata that were looked at."""
    middle = below = above = 0.0
    for one in seen:
        found = one.found + (one.undecided if undecided else 0.0)
        p, n = min(1.0, found / one.looked), effective(one.looked, one.squares)
        low, high = clopper_pearson(p * n, n)
        weight = one.size / covered
        middle += weight * p
        below += (weight * (p - low)) ** 2
        above += (weight * (high - p)) ** 2
    return middle - sqrt(below), middle + sqrt(above)
