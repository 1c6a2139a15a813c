"""Exact intervals of a share, for whole and for weighted counts. Pure.

Clopper and Pearson (Biometrika 26, 1934) by the inverse of the regularised incomplete beta
function; weighted samples by the effective size of Korn and Graubard (Survey Methodology 24,
1998): so many equal draws would tell as much. The interval is finite where nothing was found:
none of 59 still allows 6 %. Tests: `tests/unit/test_transparency.py`.
"""

from __future__ import annotations

from math import exp, lgamma, log
from typing import Final

ALPHA: Final = 0.05
"""Of a 95 % interval, half on each side."""

_TINY: Final = 1e-300
_STEPS: Final = 300
_HALVINGS: Final = 40


def clopper_pearson(found: float, looked: float, alpha: float = ALPHA) -> tuple[float, float]:
    """Interval of a share.

    Args:
        found: how many of those looked at; a fraction where they are weighted.
        looked: how many; 0 says nothing, and the interval is everything.
        alpha: how often it may miss.

    >>> [round(one, 4) for one in clopper_pearson(0, 10)]
    [0.0, 0.3085]
    >>> [round(one, 4) for one in clopper_pearson(3, 20)]
    [0.0321, 0.3789]
    """
    if looked <= 0:
        return 0.0, 1.0
    found = min(max(0.0, found), looked)
    low = 0.0 if found <= 0 else quantile(alpha / 2, found, looked - found + 1)
    high = 1.0 if found >= looked else quantile(1 - alpha / 2, found + 1, looked - found)
    return low, high


def effective(weights: float, squares: float) -> float:
    """How many equal draws tell as much as weighted ones (Kish).

    Args:
        weights: their sum.
        squares: the sum of their squares.
    """
    return weights * weights / squares if squares > 0 else 0.0


def quantile(chance: float, a: float, b: float) -> float:
    """Where the beta distribution reaches a chance."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if beta(middle, a, b) < chance:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function.

    >>> round(beta(0.5, 2, 3), 6)
    0.6875
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """Its continued fraction by Lentz's method (DLMF 8.17.22)."""
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > _TINY else _TINY)
    value = d
    for m in range(1, _STEPS):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + step * d
            d = 1 / (d if abs(d) > _TINY else _TINY)
            c = 1 + step / c
            c = c if abs(c) > _TINY else _TINY
            value *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return value
