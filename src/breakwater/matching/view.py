"""What a search sees of one kind: its open segments and deltas, never changed, only replaced.

A search takes the view once and works on it; a merge publishes another view beside it. The
maps of removed files live until the last search that holds them ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from breakwater.matching.delta import Delta
from breakwater.matching.found import Found, found
from breakwater.matching.manifest import Listed
from breakwater.matching.numberset import NumberSet
from breakwater.matching.parts import Part
from breakwater.model.signal import SignalKind

Find = Callable[[bytes, int], list[tuple[int, int]]]


@dataclass(frozen=True, slots=True, eq=False)
class Live:
    """One open segment."""

    listed: Listed
    part: Part


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """All that is searched for one kind.

    Attributes:
        segments: largest first.
        frozen: deltas on their way into a segment.
        delta: the one that takes new rows.
        finds: bound `find` of each, so that a single search looks nothing up.
    """

    kind: SignalKind
    segments: tuple[Live, ...]
    frozen: tuple[Delta, ...]
    delta: Delta
    finds: tuple[Find, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Bind what a single search calls."""
        object.__setattr__(self, "finds", tuple(part.find for part in self.parts))

    @property
    def parts(self) -> list[Part | Delta]:
        """All that is searched."""
        return [*(live.part for live in self.segments), *self.frozen, self.delta]

    @property
    def pending(self) -> int:
        """Rows that no segment holds yet."""
        return self.delta.count + sum(delta.count for delta in self.frozen)

    def find_many(self, values: NDArray[np.uint8], limit: int, gone: NumberSet) -> Found:
        """Everything within the limit that is not withdrawn, by query, distance, number."""
        answers = [part.find_many(values, limit) for part in self.parts if part.count]
        answers = [answer for answer in answers if len(answer.query)]
        if not answers:
            return found()
        query, number, distance = (np.concatenate(column) for column in zip(*answers, strict=True))
        if gone:
            keep = ~gone.mask(number)
            query, number, distance = query[keep], number[keep], distance[keep]
        order = np.lexsort((number, distance, query))
        return Found(query[order], number[order], distance[order])

    def dead(self, gone: NumberSet) -> int:
        """Rows of segments and deltas that were withdrawn."""
        if not gone:
            return 0
        rows = [live.part.numbers() for live in self.segments]
        rows += [delta.rows().numbers for delta in (*self.frozen, self.delta)]
        return sum(int(np.count_nonzero(gone.mask(numbers))) for numbers in rows)
