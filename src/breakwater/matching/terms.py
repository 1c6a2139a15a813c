"""What goes into the index and what comes out of it, as values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Change:
    """One entry as it is since a change number: findable or not."""

    change: int
    number: int
    kind: str
    value: bytes
    present: bool


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Answers to a batch: parallel arrays, ordered by query, distance, number."""

    query: NDArray[np.uint32]
    number: NDArray[np.uint32]
    distance: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.query)

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        columns = self.query.tolist(), self.number.tolist(), self.distance.tolist()
        return zip(*columns, strict=True)


class KindStatus(NamedTuple):
    """How one kind stands.

    Attributes:
        size: entries that can be found.
        delta: rows in no segment yet.
        segments: files searched.
        tombstones: rows that were withdrawn and not yet merged away.
        covered: change number up to which the files hold everything.
        bytes: of the files.
    """

    size: int
    delta: int
    segments: int
    tombstones: int
    covered: int
    bytes: int
