"""The delta: what was added since the last segment, searched by a plain scan.

Append-only. The writer fills rows behind the published length and then publishes the new
length in one assignment, so readers need no lock. When a merge begins the delta is frozen,
a fresh one takes its place, and the frozen one is searched until its segment is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from breakwater import kernel
from breakwater.matching import flat
from breakwater.matching.found import Found, found
from breakwater.matching.ring import WIDTHS
from breakwater.matching.source import Input
from breakwater.model.ports import IndexFactory, KindIndex
from breakwater.model.signal import Measure, SignalKind

FIRST_ROOM: Final = 256


class Delta(Protocol):
    """What both forms of a delta offer, besides searching as a `Part` does."""

    @property
    def count(self) -> int:
        """Rows."""
        ...

    def add(self, change: int, number: int, value: bytes) -> None:
        """Append one row; visible to the next search."""
        ...

    def add_many(self, rows: Sequence[tuple[int, int, bytes]]) -> None:
        """Append rows of change, number, value; visible together."""
        ...

    def find(self, value: bytes, limit: int) -> list[tuple[int, int]]:
        """Number and distance of every row within the limit."""
        ...

    def find_many(self, values: NDArray[np.uint8], limit: int) -> Found:
        """The same for many queries."""
        ...

    def rows(self) -> Input:
        """Values and numbers, as they are now."""
        ...

    def after(self, change: int) -> list[tuple[int, int, bytes]]:
        """Rows of later changes: change, number, value."""
        ...


def new_delta(kind: SignalKind, factory: IndexFactory | None) -> Delta:
    """An empty delta of the form that suits the kind."""
    if factory is not None:
        return LicensedDelta(kind, factory)
    return ExactDelta(kind) if kind.measure is Measure.EXACT else ScanDelta(kind)


class ScanDelta:
    """Rows in growing buffers, scanned by the kernel."""

    def __init__(self, kind: SignalKind) -> None:
        self._size = kind.size
        self._width = kind.bits
        self._values = np.empty((FIRST_ROOM, kind.size), np.uint8)
        self._numbers = np.empty(FIRST_ROOM, np.uint32)
        self._changes = np.empty(FIRST_ROOM, np.int64)
        self._seen: tuple[NDArray[np.uint8], NDArray[np.uint32]] | None = None
        self.count = 0

    def add(self, change: int, number: int, value: bytes) -> None:
        """Append one row."""
        self.add_many(((change, number, value),))

    def add_many(self, rows: Sequence[tuple[int, int, bytes]]) -> None:
        """Append rows."""
        start = self.count
        end = start + len(rows)
        if end > len(self._values):
            self._grow(end)
        changes, numbers, values = zip(*rows, strict=True)
        self._values[start:end].reshape(-1)[:] = np.frombuffer(b"".join(values), np.uint8)
        self._numbers[start:end] = numbers
        self._changes[start:end] = changes
        self.count = end
        self._seen = (self._values[:end], self._numbers)

    def _grow(self, least: int) -> None:
        """At least double the buffers; readers keep the old ones they hold."""
        room = max(least, len(self._values) * 2)
        values = np.empty((room, self._size), np.uint8)
        numbers, changes = np.empty(room, np.uint32), np.empty(room, np.int64)
        for new, old in (
            (values, self._values), (numbers, self._numbers), (changes, self._changes)
        ):  # fmt: skip
            new[: self.count] = old[: self.count]
        self._values, self._numbers, self._changes = values, numbers, changes

    def find(self, value: bytes, limit: int) -> list[tuple[int, int]]:
        """Number and distance of every row within the limit."""
        seen = self._seen
        if seen is None:
            return []
        values, numbers = seen
        if self._width in WIDTHS:
            rows, distances = kernel.scan(values, value, limit, width=self._width)
        else:
            one = np.frombuffer(value, np.uint8).reshape(1, -1)
            _, rows, distances = flat.scan(values, one, limit)
        if not len(rows):
            return []
        return list(zip(numbers[rows].tolist(), distances.tolist(), strict=True))

    def find_many(self, values: NDArray[np.uint8], limit: int) -> Found:
        """The same for many queries."""
        seen = self._seen
        if seen is None:
            return found()
        query, row, distance = flat.scan(seen[0], values, limit)
        return found(query, seen[1][row], distance)

    def rows(self) -> Input:
        """Values and numbers, as they are now."""
        return Input(self._values[: self.count], self._numbers[: self.count])

    def after(self, change: int) -> list[tuple[int, int, bytes]]:
        """Rows of later changes."""
        keep = np.flatnonzero(self._changes[: self.count] > change).tolist()
        return [
            (int(self._changes[i]), int(self._numbers[i]), self._values[i].tobytes()) for i in keep
        ]


class ExactDelta:
    """Rows in a dictionary."""

    def __init__(self, kind: SignalKind) -> None:
        self._size = kind.size
        self._by_value: dict[bytes, tuple[int, ...]] = {}
        self._log: list[tuple[int, int, bytes]] = []

    @property
    def count(self) -> int:
        """Rows."""
        return len(self._log)

    def add(self, change: int, number: int, value: bytes) -> None:
        """Append one row."""
        self.add_many(((change, number, value),))

    def add_many(self, rows: Sequence[tuple[int, int, bytes]]) -> None:
        """Append rows."""
        self._log += rows
        known = self._by_value
        for _, number, value in rows:
            held = known.get(value)
            known[value] = (number,) if held is None else (*held, number)

    def find(self, value: bytes, limit: int) -> list[tuple[int, int]]:
        """Number and distance (0) of every row of this value."""
        del limit
        return [(number, 0) for number in self._by_value.get(value, ())]

    def find_many(self, values: NDArray[np.uint8], limit: int) -> Found:
        """The same for many queries."""
        del limit
        if not self._log:
            return found()
        size, data, known = self._size, values.tobytes(), self._by_value
        hits = [
            (at, number)
            for at in range(len(values))
            for number in known.get(data[at * size : (at + 1) * size], ())
        ]
        if not hits:
            return found()
        query, number = zip(*hits, strict=True)
        return found(query, number, np.zeros(len(hits), np.uint16))

    def rows(self) -> Input:
        """Values and numbers, as they are now."""
        log = self._log[:]
        values = np.frombuffer(b"".join(value for _, _, value in log), np.uint8)
        numbers = np.fromiter((number for _, number, _ in log), np.uint32, len(log))
        return Input(values.reshape(len(log), self._size), numbers)

    def after(self, change: int) -> list[tuple[int, int, bytes]]:
        """Rows of later changes."""
        return [row for row in self._log if row[0] > change]


class LicensedDelta(ScanDelta):
    """Rows in growing buffers, compared by the operator's library."""

    def __init__(self, kind: SignalKind, factory: IndexFactory) -> None:
        super().__init__(kind)
        self._factory = factory
        self._opened: tuple[int, NDArray[np.uint32], KindIndex] | None = None

    def find(self, value: bytes, limit: int) -> list[tuple[int, int]]:
        """Number and distance of every row the library calls near."""
        answer = self.find_many(np.frombuffer(value, np.uint8).reshape(1, -1), limit)
        return list(zip(answer.number.tolist(), answer.distance.tolist(), strict=True))

    def find_many(self, values: NDArray[np.uint8], limit: int) -> Found:
        """The same for many queries."""
        seen = self._seen
        if seen is None:
            return found()
        opened = self._opened
        if opened is None or opened[0] != len(seen[0]):
            known = seen[0].view()
            known.flags.writeable = False
            opened = self._opened = (len(known), seen[1], self._factory.open(known, {}))
        query, row, distance = opened[2].search(values, limit)
        return found(query, opened[1][row.astype(np.int64)], distance)
