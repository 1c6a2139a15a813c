"""The index of known videos: the views of all reels by 64-bit keys, verified on 256 bits.

Changes of `records.reels` in (`recognition.align` feeds them), views of one frame in, sightings
out: which reel, at what time. Sealed rings and a delta that is scanned; small rings are joined
as they become many. It lives in memory and is a cache of SQL: it starts empty and is fed from
change 0. Exact for keys within 11 bits, of some views 13 (`kernel.ring`, Qin and Xiao, VLDB
2018), then at most 90 of 256 bits. Tests: tests/unit/test_matching_align.py.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater import kernel
from breakwater.model.copies import FramePrints, ReelPrints

KEY_RADIUS: Final = 11
WIDE_RADIUS: Final = 13
"""Of the views that see past a bar: under one, at a low rate, a key within 11 bits is rare."""
FAR: Final = 90
"""Bits of 256 at which two views still show the same (reference: d <= 90 reaches .84-.88)."""
MIN_QUALITY: Final = 30

_WIDE: Final = np.isin(np.arange(256) & 127, (0, 1, 12, 13, 40, 41))
"""Whole, c90, tl70 and br70, with and without borders, mirrored too (`fingerprint.views`)."""

MOST_DELTA: Final = 32_768
"""Rows scanned one by one: under a millisecond a frame."""

_JOIN: Final = 4
_HELD: Final = 256
"""Reels whose prints are kept laid out for alignment."""


@dataclass(frozen=True, slots=True)
class ReelChange:
    """One reel that came or went.

    Attributes:
        change: its change number.
        number: of the reel.
        prints: None when it is no longer searched.
    """

    change: int
    number: int
    prints: ReelPrints | None


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """Views of one query frame that known views are near to; arrays of one length.

    Attributes:
        query: row of the query's views.
        reel: number of the known video.
        frame: number of its frame.
        distance: of 256 bits.
    """

    query: NDArray[np.uint32]
    reel: NDArray[np.uint32]
    frame: NDArray[np.uint32]
    distance: NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """A reel laid out for alignment: every frame has a row for every view.

    Attributes:
        times: (f,) seconds.
        views: (v,) numbers.
        words: (f, v, 4) uint64: the hashes.
        there: (f, v): whether the frame has that view.
    """

    times: NDArray[np.float64]
    views: NDArray[np.uint8]
    words: NDArray[np.uint64]
    there: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Views of many reels, row by row."""

    keys: NDArray[np.uint8]
    hashes: NDArray[np.uint8]
    reel: NDArray[np.uint32]
    frame: NDArray[np.uint32]

    @classmethod
    def of(cls, number: int, prints: ReelPrints) -> _Rows:
        counts = prints.starts[1:] - prints.starts[:-1]
        frame = np.repeat(np.arange(len(prints.times), dtype=np.uint32), counts)
        good = prints.qualities >= MIN_QUALITY
        hashes = np.ascontiguousarray(prints.hashes[good])
        reel = np.full(len(hashes), number, np.uint32)
        return cls(kernel.video_key(hashes), hashes, reel, frame[good])

    @classmethod
    def joined(cls, parts: Iterable[_Rows], gone: frozenset[int] = frozenset()) -> _Rows:
        many = list(parts)
        out = cls(
            np.concatenate([np.zeros((0, 8), np.uint8), *(p.keys for p in many)]),
            np.concatenate([np.zeros((0, 32), np.uint8), *(p.hashes for p in many)]),
            np.concatenate([np.zeros(0, np.uint32), *(p.reel for p in many)]),
            np.concatenate([np.zeros(0, np.uint32), *(p.frame for p in many)]),
        )
        if not gone:
            return out
        keep = ~np.isin(out.reel, np.fromiter(gone, np.uint32, len(gone)))
        return cls(out.keys[keep], out.hashes[keep], out.reel[keep], out.frame[keep])


class _Sealed:
    """Rows with a ring over their keys."""

    def __init__(self, rows: _Rows) -> None:
        self.rows = rows
        self._ring = kernel.Ring.build(rows.keys, width=64, verify=rows.hashes)

    def search(self, keys: NDArray[np.uint8], hashes: NDArray[np.uint8], radius: int) -> Sightings:
        query, row, distance = self._ring.search_batch(
            keys, radius, verify=hashes, verify_limit=FAR
        )
        return Sightings(query, self.rows.reel[row], self.rows.frame[row], distance)


def _scanned(
    rows: _Rows, keys: NDArray[np.uint8], hashes: NDArray[np.uint8], radius: int
) -> Sightings:
    query, row, _ = kernel.scan_many(rows.keys, keys, radius, width=64)
    apart = np.bitwise_count(hashes[query].view(np.uint64) ^ rows.hashes[row].view(np.uint64))
    distance = apart.sum(1, dtype=np.uint16)
    near = distance <= FAR
    return Sightings(
        query[near], rows.reel[row[near]], rows.frame[row[near]], distance[near]
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _View:
    """What a search looks at: replaced as a whole, so that searches take no lock."""

    sealed: tuple[_Sealed, ...] = ()
    delta: _Rows | None = None
    gone: frozenset[int] = frozenset()


def _sought(view: _View, some: NDArray[np.uint8], radius: int) -> list[Sightings]:
    """What some hashes are near to, in each part of the index."""
    hashes = np.ascontiguousarray(some)
    keys = kernel.video_key(hashes)
    found = [part.search(keys, hashes, radius) for part in view.sealed]
    if view.delta is not None and len(view.delta.keys):
        found.append(_scanned(view.delta, keys, hashes, radius))
    return found


def _named(found: Sightings, rows: NDArray[np.uint32]) -> Sightings:
    """With rows of the query's views in place of rows of those that were sought."""
    return Sightings(rows[found.query], found.reel, found.frame, found.distance)


class ReelIndex:
    """Known videos, searchable by the views of a frame. Safe from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._view = _View()
        self._pending: list[_Rows] = []
        self._prints: dict[int, ReelPrints] = {}
        self._laid: OrderedDict[int, Laid] = OrderedDict()
        self.applied = 0

    def __len__(self) -> int:
        return len(self._prints)

    @property
    def rows(self) -> int:
        """Views that are searched."""
        view = self._view
        delta = 0 if view.delta is None else len(view.delta.keys)
        return delta + sum(len(part.rows.keys) for part in view.sealed)

    def apply(self, changes: Iterable[ReelChange]) -> None:
        """Take changes in the order of their numbers; the next search knows them."""
        with self._lock:
            gone = set(self._view.gone)
            for one in changes:
                self.applied = max(self.applied, one.change)
                known = one.number in self._prints
                if one.prints is None and known:
                    gone.add(one.number)
                    del self._prints[one.number]
                    self._laid.pop(one.number, None)
                elif one.prints is not None and not known:
                    if one.number in gone:  # its old rows must not come back beside the new
                        self._drop(frozenset(gone))
                        gone.clear()
                    self._prints[one.number] = one.prints
                    self._pending.append(_Rows.of(one.number, one.prints))
            self._publish(frozenset(gone))

    def search(self, frame: FramePrints) -> Sightings:
        """Known views near to those of a frame."""
        good = frame.qualities >= MIN_QUALITY
        wide = _WIDE[frame.views]
        view, found = self._view, []
        for mine, radius in ((good & ~wide, KEY_RADIUS), (good & wide, WIDE_RADIUS)):
            rows = np.flatnonzero(mine).astype(np.uint32)
            if len(rows):
                found += [_named(one, rows) for one in _sought(view, frame.hashes[rows], radius)]
        none = np.zeros(0, np.uint32)
        reel = np.concatenate([none, *(one.reel for one in found)])
        query = np.concatenate([none, *(one.query for one in found)])
        number = np.concatenate([none, *(one.frame for one in found)])
        distance = np.concatenate([np.zeros(0, np.uint16), *(one.distance for one in found)])
        if view.gone and len(reel):
            keep = ~np.isin(reel, np.fromiter(view.gone, np.uint32, len(view.gone)))
            query, reel, number, distance = query[keep], reel[keep], number[keep], distance[keep]
        return Sightings(query, reel, number, distance)

    def laid(self, number: int) -> Laid | None:
        """A reel laid out for alignment; None when it is gone."""
        with self._lock:
            if number in self._laid:
                self._laid.move_to_end(number)
                return self._laid[number]
            prints = self._prints.get(number)
        if prints is None:
            return None
        made = lay_out(prints)
        with self._lock:
            if number in self._prints:
                self._laid[number] = made
                while len(self._laid) > _HELD:
                    self._laid.popitem(last=False)
        return made

    def _publish(self, gone: frozenset[int]) -> None:
        delta = _Rows.joined(self._pending)
        self._pending = [delta]
        sealed = list(self._view.sealed)
        if len(delta.keys) > MOST_DELTA:
            rows = _Rows.joined([delta], gone)
            while sealed and len(sealed[-1].rows.keys) < _JOIN * len(rows.keys):
                rows = _Rows.joined([sealed.pop().rows, rows], gone)
            sealed.append(_Sealed(rows))
            self._pending, delta = [], _Rows.joined([])
        self._view = _View(tuple(sealed), delta, gone)

    def _drop(self, gone: frozenset[int]) -> None:
        """Forget the rows of reels that went."""
        sealed = tuple(
            _Sealed(_Rows.joined([part.rows], gone))
            if np.isin(part.rows.reel, np.fromiter(gone, np.uint32, len(gone))).any()
            else part
            for part in self._view.sealed
        )
        self._pending = [_Rows.joined(self._pending, gone)]
        self._view = _View(sealed, self._pending[0])


def lay_out(prints: ReelPrints) -> Laid:
    """Every frame with a row for every view that any frame has."""
    views = np.unique(prints.views)
    slot = np.zeros(256, np.intp)
    slot[views] = np.arange(len(views))
    frame = np.repeat(np.arange(len(prints.times)), prints.starts[1:] - prints.starts[:-1])
    words = np.zeros((len(prints.times), len(views), 4), np.uint64)
    there = np.zeros(words.shape[:2], np.bool_)
    at = (frame, slot[prints.views])
    words[at] = np.ascontiguousarray(prints.hashes).view(np.uint64)
    there[at] = prints.qualities >= MIN_QUALITY
    return Laid(prints.times.astype(np.float64), views, words, there)
