"""Logistic regression over hashed features, and how well a ranking does.

In: skeletons and labels. Out: sparse weights as whole numbers, and measures with bootstrap
intervals over groups. Deterministic; plain L-BFGS (Nocedal and Wright, algorithm 7.4) over numpy,
so that training needs nothing that serving does not. Tests: tests/unit/test_comment_train.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater import kernel
from breakwater.comments.model import SHORT

Floats = NDArray[np.float64]

KEPT: Final = 20_000
"""Weights that are kept: 160 KB with the same average precision (reference chat)."""

PENALTY: Final = 1e-5
LARGEST: Final = 32_000
MEMORY: Final = 8
STEPS: Final = 120
RESAMPLES: Final = 200
GROUPS: Final = 5
"""With fewer groups of a label an interval over groups would be far too narrow."""


@dataclass(frozen=True, slots=True, eq=False)
class Sparse:
    """Rows of distinct features, each worth 1/√(count + SHORT).

    Attributes:
        index: features of all rows, one row after another.
        starts: (rows,) where each begins; no row is empty.
        counts: (rows,).
    """

    index: NDArray[np.integer[Any]]
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, skeletons: Sequence[str], bits: int) -> Sparse:
        """Rows of skeletons, none of them empty."""
        rows = [kernel.text_features(text, bits) for text in skeletons]
        counts = np.array([len(row) for row in rows], np.int64)
        if not counts.all():
            raise ValueError("a row has no features")
        return cls(np.concatenate(rows), np.cumsum(counts) - counts, counts)

    def dot(self, weights: Floats) -> Floats:
        """(rows,) sums of weights, each by its worth."""
        found: Floats = np.add.reduceat(weights[self.index], self.starts) / np.sqrt(
            self.counts + SHORT
        )
        return found

    def back(self, values: Floats, size: int) -> Floats:
        """(size,) the transpose's product."""
        spread = np.repeat(values / np.sqrt(self.counts + SHORT), self.counts)
        return np.asarray(np.bincount(self.index, spread, minlength=size), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """What was learned: a score is bias + scale · sum of weights / √features."""

    index: NDArray[np.uint32]
    weight: NDArray[np.int16]
    scale: float
    bias: float


def fit(rows: Sparse, labels: NDArray[np.bool_]) -> Fit:
    """Weights for telling labels apart; both classes count alike.

    Args:
        rows: features; those of a single row are left out, they cannot be learned from.
        labels: (rows,), both present.
    """
    names, index, seen = np.unique(rows.index, return_inverse=True, return_counts=True)
    used = replace(rows, index=index)
    size = len(names)
    common = (seen > 1).astype(np.float64)
    sign = np.where(labels, 1.0, -1.0)
    share = np.where(labels, 0.5 / labels.sum(), 0.5 / (~labels).sum())

    def loss(at: Floats) -> tuple[float, Floats]:
        margin = sign * (used.dot(at[:size]) + at[size])
        pull = -sign * share / (1.0 + np.exp(np.clip(margin, -500, 500)))
        slope = np.append(common * used.back(pull, size) + PENALTY * at[:size], pull.sum())
        value = float((share * np.logaddexp(0.0, -margin)).sum())
        return value + 0.5 * PENALTY * float(at[:size] @ at[:size]), slope

    found = minimise(loss, np.zeros(size + 1))
    weights = found[:size]
    kept = np.sort(np.argsort(-np.abs(weights), kind="stable")[:KEPT])
    scale = float(np.abs(weights[kept]).max(initial=1e-9)) / LARGEST
    whole = np.rint(weights[kept] / scale).astype(np.int16)
    nonzero = whole != 0
    return Fit(names[kept[nonzero]].astype(np.uint32), whole[nonzero], scale, float(found[size]))


def minimise(loss: Callable[[Floats], tuple[float, Floats]], start: Floats) -> Floats:
    """L-BFGS with a backtracking line search, until nothing is gained."""
    at = start
    value, slope = loss(at)
    kept: deque[tuple[Floats, Floats]] = deque(maxlen=MEMORY)
    for _ in range(STEPS):
        way = -_scaled(slope, kept)
        fall = float(way @ slope)
        if fall >= -1e-12:
            break
        step = 1.0 if kept else 1.0 / max(1.0, float(np.abs(slope).max()))
        while step > 1e-10:
            further, steeper = loss(at + step * way)
            if further <= value + 1e-4 * step * fall:
                break
            step *= 0.5
        else:
            break
        move, change = step * way, steeper - slope
        if float(move @ change) > 1e-12:
            kept.append((move, change))
        gained = value - further
        at, value, slope = at + move, further, steeper
        if gained < 1e-6 * max(1.0, abs(value)):
            break
    return at


def _scaled(slope: Floats, kept: Sequence[tuple[Floats, Floats]] | deque[Any]) -> Floats:
    """The slope by the inverse curvature that the last steps showed."""
    out = slope.copy()
    shares = []
    for move, change in reversed(kept):
        share = float(move @ out) / float(move @ change)
        shares.append(share)
        out -= share * change
    if kept:
        move, change = kept[-1]
        out *= float(move @ change) / float(change @ change)
    else:
        out *= 1e2  # features are small: the first step would be too short otherwise
    for (move, change), share in zip(kept, reversed(shares), strict=True):
        out += move * (share - float(change @ out) / float(move @ change))
    return out


def average_precision(scores: Floats, labels: NDArray[np.bool_]) -> float:
    """Mean precision at each positive, ties counted as they come last."""
    order = np.lexsort((labels, -scores))
    hits = labels[order]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean()) if hits.any() else 0.0


def recall_at(scores: Floats, labels: NDArray[np.bool_], false_share: float = 0.01) -> float:
    """Of the positives, the share above what `false_share` of the others reach."""
    if not labels.any() or labels.all():
        return 0.0
    limit = np.quantile(scores[~labels], 1.0 - false_share, method="higher")
    return float((scores[labels] > limit).mean())


def interval(
    measure: Callable[[Floats, NDArray[np.bool_]], float],
    scores: Floats, labels: NDArray[np.bool_], groups: Sequence[str],
) -> tuple[float, float]:  # fmt: skip
    """A 95 % bootstrap interval over groups; 0 to 1 where too few hold a label to tell."""
    _, group = np.unique(np.array(groups), return_inverse=True)
    if min(len(np.unique(group[labels])), len(np.unique(group[~labels]))) < GROUPS:
        return 0.0, 1.0
    members = [np.flatnonzero(group == one) for one in range(group.max() + 1)]
    random = np.random.default_rng(1)
    found = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate(
            [members[one] for one in random.integers(0, len(members), len(members))]
        )
        if labels[drawn].any() and not labels[drawn].all():
            found.append(measure(scores[drawn], labels[drawn]))
    low, high = np.quantile(found, (0.025, 0.975)) if found else (0.0, 1.0)
    return float(low), float(high)
