"""Exact hashes (MD5, SHA-1, SHA-256): a segment bucketed by the first bits of the value.

Cryptographic hashes are uniform, so a table of about one bucket for two rows leads to the row
in one step: about a microsecond alone, over a million a second in batches. Values that are
not uniform (a list somebody made up) only make buckets longer: within one the rows are
sorted by their first eight bytes. Contract test: tests/unit/test_matching_exact.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater.matching.found import Found, found
from breakwater.matching.segments import Arrays, Segment, Spec
from breakwater.matching.source import Source
from breakwater.model.signal import SignalKind

LONG_BUCKET: Final = 64
"""Rows above which a bucket is halved by its keys before it is looked through."""
MOST_BITS: Final = 26


def leading(values: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The first eight bytes of each value as a number that sorts as the bytes do."""
    first = np.zeros((len(values), 8), np.uint8)
    width = min(8, values.shape[1])
    first[:, :width] = values[:, :width]
    return first.reshape(-1).view(">u8").astype(np.uint64)


def layout(kind: SignalKind, source: Source) -> tuple[Spec, Callable[[Arrays], None]]:
    """Sections of a new segment and the function that fills them."""
    count = source.count
    bits = min(MOST_BITS, max(1, (count // 2).bit_length()))
    spec: Spec = {
        "values": ("|u1", (count, kind.size)),
        "numbers": ("<u4", (count,)),
        "off": ("<u4", ((1 << bits) + 1,)),
    }

    def fill(arrays: Arrays) -> None:
        keys = np.empty(count, np.uint64)
        for places, values in source.chunks():
            keys[places] = leading(values)
        order = np.argsort(keys)
        rank = np.empty(count, np.intp)
        rank[order] = np.arange(count)
        for places, values in source.chunks():
            arrays["values"][rank[places]] = values
        arrays["numbers"][:] = source.numbers[order]
        buckets = (keys >> np.uint64(64 - bits)).astype(np.int64)
        arrays["off"][0] = 0
        np.cumsum(np.bincount(buckets, minlength=1 << bits), out=arrays["off"][1:])

    return spec, fill


class ExactPart:
    """A mapped exact segment."""

    def __init__(self, kind: SignalKind, segment: Segment) -> None:
        self.count = segment.header.count
        self._values: NDArray[np.uint8] = segment.arrays["values"]
        self._numbers: NDArray[np.uint32] = segment.arrays["numbers"]
        self._table: NDArray[np.uint32] = segment.arrays["off"]
        self._bits = (len(self._table) - 1).bit_length() - 1
        self._size = kind.size
        self._map = segment.map
        self._base = next(s.offset for s in segment.header.sections if s.name == "values")
        self._off = self._table.data
        self._number = self._numbers.data
        self._shift = 64 - self._bits
        self._lead = self._leads() if kind.size >= 8 else None

    def _leads(self) -> NDArray[np.uint64]:
        """First eight bytes of every row, seen in place."""
        shape, strides = (self.count,), (self._size,)
        return np.ndarray(shape, np.dtype(">u8"), self._map, self._base, strides)

    def numbers(self) -> NDArray[np.uint32]:
        """Entry numbers in row order."""
        return self._numbers

    def values(self) -> NDArray[np.uint8]:
        """Values in row order."""
        return self._values

    def _same(
        self, row: NDArray[np.integer], values: NDArray[np.uint8], query: NDArray[np.integer]
    ) -> NDArray[np.bool_]:
        """Whether whole values are equal: word by word, which numpy does fastest."""
        word = next(step for step in (8, 4, 1) if self._size % step == 0)
        known, asked = self._values.view(f"<u{word}"), values.view(f"<u{word}")
        same = np.ones(len(row), np.bool_)
        for column in range(known.shape[1]):
            same &= known[row, column] == asked[query, column]
        return same

    def _bucket(self, value: bytes) -> tuple[int, int]:
        """Rows start and stop among which the value stands, if it is here."""
        key = int.from_bytes(value[:8].ljust(8, b"\0"), "big")
        bucket = key >> self._shift
        low, high = self._off[bucket], self._off[bucket + 1]
        if high - low > LONG_BUCKET:
            keys = leading(self._values[low:high])
            start = int(np.searchsorted(keys, np.uint64(key), side="left"))
            stop = int(np.searchsorted(keys, np.uint64(key), side="right"))
            return low + start, low + stop
        return low, high

    def find(self, value: bytes, limit: int) -> list[tuple[int, int]]:
        """Number and distance (0) of every row of this value."""
        del limit
        low, high = self._bucket(value)
        if low == high:
            return []
        hits = []
        size, base, search = self._size, self._base, self._map.find
        at, end = base + low * size, base + high * size
        while (at := search(value, at, end)) >= 0:
            row, off = divmod(at - base, size)
            if off:
                at += 1
                continue
            hits.append((self._number[row], 0))
            at += size
        return hits

    def find_many(self, values: NDArray[np.uint8], limit: int) -> Found:
        """The same for many queries."""
        del limit
        keys = leading(values)
        bucket = (keys >> np.uint64(self._shift)).astype(np.int64)
        low = self._table[bucket].astype(np.int64)
        left = self._table[bucket + 1].astype(np.int64) - low
        queries: list[NDArray[np.integer]] = []
        rows: list[NDArray[np.integer]] = []
        if self._lead is None or (left > LONG_BUCKET).any():
            odd = left > LONG_BUCKET if self._lead is not None else left > 0
            for one in np.flatnonzero(odd).tolist():
                start, stop = self._bucket(values[one].tobytes())
                rows.append(np.arange(start, stop))
                queries.append(np.full(stop - start, one))
            left[odd] = 0
        wanted = keys.astype(">u8")
        active = np.flatnonzero(left)
        while len(active) and self._lead is not None:
            here = low[active]
            same = self._lead[here] == wanted[active]
            queries.append(active[same])
            rows.append(here[same])
            low[active] += 1
            left[active] -= 1
            active = active[left[active] > 0]
        if not rows:
            return found()
        query, row = np.concatenate(queries), np.concatenate(rows)
        same = self._same(row, values, query)
        query, row = query[same], row[same]
        return found(query, self._numbers[row], np.zeros(len(row), np.uint16))
