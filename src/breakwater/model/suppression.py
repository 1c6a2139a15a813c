"""Hides counts that are too small to be told, so that totals do not give them away. Pure.

First every count from 1 to `LEAST` - 1 goes (primary), then as many others as it takes that no sum
at hand narrows a hidden one down (complementary): from a line's total and what
is shown of it, each hidden count could still be anything from 1 to `LEAST` at least. Where even
that cannot be had, the total is hidden too. Zero is told: it points at nobody. Read by `viewers.policy` and `transparency`. Property test:
`tests/property/test_suppression.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

LEAST: Final = 5
"""A count below this is not told in statistics: with it a few could be told apart."""


def suppressed(counts: Mapping[str, int], least: int = LEAST) -> dict[str, int | None]:
    """Counts of one line whose total is known; hidden ones are None.

    >>> suppressed({"DE": 40, "GB": 3, "PH": 9})
    {'DE': 40, 'GB': None, 'PH': None}
    """
    told: dict[str, int | None] = dict(counts)
    hidden = [name for name, count in counts.items() if 0 < count < least]
    for _, name in sorted((count, name) for name, count in counts.items() if count >= least):
        if not hidden or _safe([counts[one] for one in hidden], least):
            break
        hidden.append(name)
    for name in hidden:
        told[name] = None
    return told


def total(
    counts: Mapping[str, int], told: Mapping[str, int | None], least: int = LEAST
) -> int | None:
    """The total of a line, unless it would give a hidden count away.

    >>> total({"GB": 3}, {"GB": None}) is None
    True
    """
    hidden = [count for name, count in counts.items() if told[name] is None]
    return sum(counts.values()) if not hidden or _safe(hidden, least) else None


def _safe(hidden: Sequence[int], least: int) -> bool:
    """Whether their sum leaves each of them anything from 1 up to `least`."""
    return len(hidden) > 1 and sum(hidden) - (len(hidden) - 1) >= least
