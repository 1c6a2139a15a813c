"""How far people agree beyond chance: Cohen's κ of two, Krippendorff's α of any number.

Pure: answers in, a coefficient with its 95 % interval out, or the reason why there is none. κ and
its variance after Fleiss, Cohen and Everitt 1969 (linear weights on ordered scales); α after
Krippendorff 2011, its interval by resampling items (Zapf et al. 2016 found that it covers). Where
nobody ever differed both would claim certainty, so the exact binomial bound for no event, times
the worst difference between values that occur, stands in (Clopper and Pearson 1934). Read by `review.quality.quality`; checked against the published worked
examples in `tests/unit/test_review_agreement.py`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import BadInput

Floats = NDArray[np.float64]

RELIABLE: Final = 0.800
"""From here on conclusions may rest on the answers (Krippendorff 2004, p. 241)."""
TENTATIVE: Final = 0.667
"""Below this not even tentative conclusions may (ibid.)."""

COVERED: Final = 0.95
DRAWS: Final = 1000
"""Resamples for an interval; Zapf et al. 2016 use as many."""
_SEED: Final = 20_160_816
"""Fixed: the same answers always have the same interval."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What may be answered.

    Attributes:
        values: every possible answer; from least to most where they are ordered.
        ordered: a near miss counts less than a far one.
    """

    values: tuple[str, ...]
    ordered: bool = False

    def place(self, value: str) -> int:
        """Where an answer stands.

        Raises:
            BadInput: it is none of the scale's.
        """
        try:
            return self.values.index(value)
        except ValueError:
            raise BadInput(f"{value!r} is no value of this scale.") from None


@dataclass(frozen=True, slots=True)
class Agreement:
    """A coefficient: 1 is always the same answer, 0 what chance alone would bring.

    Attributes:
        low: lower end of the 95 % interval.
        high: its upper end.
        items: how many items at least two people answered.
    """

    value: float
    low: float
    high: float
    items: int

    @property
    def reliable(self) -> bool:
        """Whether the whole interval is where conclusions may rest on the answers."""
        return self.low >= RELIABLE

    @property
    def failing(self) -> bool:
        """Whether the whole interval is where not even tentative conclusions may."""
        return self.high < TENTATIVE


class Unmeasured(StrEnum):
    """Why there is no coefficient."""

    TOO_FEW = "too_few"
    NO_VARIATION = "no_variation"

    @property
    def words(self) -> str:
        """For people."""
        return _WHY[self]


_WHY: Final = {
    Unmeasured.TOO_FEW: "Fewer than two items were answered by two people.",
    Unmeasured.NO_VARIATION: "Everybody gave one and the same answer, so chance cannot be judged.",
}


def kappa(pairs: Iterable[tuple[str, str]], scale: Scale) -> Agreement | Unmeasured:
    """Measure how far two people agree.

    Args:
        pairs: the two answers to each item that both answered.
        scale: what may be answered; linear weights where it is ordered.

    Raises:
        BadInput: an answer is not of the scale.
    """
    size = len(scale.values)
    counts = np.zeros((size, size))
    for (one, other), n in Counter(pairs).items():
        counts[scale.place(one), scale.place(other)] += n
    n = int(counts.sum())
    if n < 2:
        return Unmeasured.TOO_FEW
    p = counts / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    weights = _weights(scale)
    observed = float((weights * p).sum())
    expected = float(rows @ weights @ columns)
    if math.isclose(expected, 1.0):
        return Unmeasured.NO_VARIATION
    value = max(-1.0, (observed - expected) / (1 - expected))
    if math.isclose(observed, 1.0):
        occurs = (rows + columns) > 0
        worst = 1 - float(weights[np.ix_(occurs, occurs)].min())
        return Agreement(1.0, max(-1.0, 1 - _unseen(n) * worst / (1 - expected)), 1.0, n)
    mean = (weights @ columns)[:, None] + (rows @ weights)[None, :]
    spread = (p * (weights * (1 - expected) - mean * (1 - observed)) ** 2).sum()
    spread -= (observed * expected - 2 * expected + observed) ** 2
    error = math.sqrt(max(0.0, float(spread)) / n) / (1 - expected) ** 2
    reach = NormalDist().inv_cdf(0.5 + COVERED / 2) * error
    return Agreement(value, max(-1.0, value - reach), min(1.0, value + reach), n)


def alpha(items: Iterable[Sequence[str]], scale: Scale) -> Agreement | Unmeasured:
    """Measure how far any number of people agree; not everybody need answer everything.

    Args:
        items: for each item the answers it got, in any order; those with fewer than two say
            nothing and are passed over.
        scale: what may be answered; the ordinal metric where it is ordered.

    Raises:
        BadInput: an answer is not of the scale.
    """
    shapes = Counter(
        tuple(sorted(scale.place(answer) for answer in answers))
        for answers in items
        if len(answers) > 1
    )
    n = shapes.total()
    if n < 2:
        return Unmeasured.TOO_FEW
    size = len(scale.values)
    met = np.stack([_coincidences(shape, size) for shape in shapes])
    often = np.array(list(shapes.values()), dtype=np.float64)
    whole = np.tensordot(often[None, :], met, axes=1)
    values, shares = _alpha_of(whole, ordered=scale.ordered)
    value, expected = float(values[0]), float(shares[0])
    if math.isnan(value):
        return Unmeasured.NO_VARIATION
    if math.isclose(value, 1.0):
        return Agreement(1.0, max(-1.0, 1 - _unseen(n) / expected), 1.0, n)
    # Drawing items with replacement is drawing how often each shape of answers comes up.
    rng = np.random.default_rng(_SEED)
    drawn = rng.multinomial(n, often / n, size=DRAWS).astype(np.float64)
    tried, _ = _alpha_of(np.tensordot(drawn, met, axes=1), ordered=scale.ordered)
    tail = (1 - COVERED) / 2
    low, high = np.nanquantile(tried, [tail, 1 - tail])
    return Agreement(value, max(-1.0, float(low)), float(high), n)


def _weights(scale: Scale) -> Floats:
    """1 for the same answer; on an ordered scale less for each step between, else 0."""
    size = len(scale.values)
    if not scale.ordered or size < 2:
        return np.eye(size)
    at = np.arange(size, dtype=np.float64)
    weights: Floats = 1 - np.abs(at[:, None] - at[None, :]) / (size - 1)
    return weights


def _coincidences(shape: Sequence[int], size: int) -> Floats:
    """How often each two values met in one item, so that every answer counts once."""
    counts = np.bincount(shape, minlength=size).astype(np.float64)
    met: Floats = (np.outer(counts, counts) - np.diag(counts)) / (len(shape) - 1)
    return met


def _alpha_of(met: Floats, *, ordered: bool) -> tuple[Floats, Floats]:
    """α of stacked coincidence matrices, and chance's share of the worst difference that occurs.

    Returns:
        Two vectors; NaN where only one value occurs.
    """
    each = met.sum(axis=-1)
    total = each.sum(axis=-1)
    apart = _apart(each, ordered=ordered)
    observed = (met * apart).sum(axis=(-1, -2)) / total
    together = (each[:, :, None] * each[:, None, :] * apart).sum(axis=(-1, -2))
    expected = together / (total * (total - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(expected > 0, 1 - observed / expected, np.nan)
        occurs = each > 0
        met_at_all = occurs[:, :, None] & occurs[:, None, :]
        share = expected / np.where(met_at_all, apart, 0.0).max(axis=(-1, -2))
    return value, share


def _apart(each: Floats, *, ordered: bool) -> Floats:
    """Squared differences of values: all alike, or by the ranks that lie between them."""
    if not ordered:
        size = each.shape[-1]
        return np.broadcast_to(1 - np.eye(size), (len(each), size, size))
    rank = each.cumsum(axis=-1) - each / 2
    apart: Floats = (rank[:, :, None] - rank[:, None, :]) ** 2
    return apart


def _unseen(n: int) -> float:
    """Largest share of differences that `n` items without one leave possible."""
    return 1 - math.pow((1 - COVERED) / 2, 1 / n)
