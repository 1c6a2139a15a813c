"""Copies of known videos: frames' prints in, segments out, joined with reel and bank.

One `Aligner` for the process: it keeps the reel index in step with SQL (a cache that replays
`records.reels` by change number) and gives each live broadcast a `Follower` and each file an
answer. A new reel is found by the next frame after `catch_up`, a withdrawn one no longer. Tests:
tests/integration/test_copies_api.py.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from breakwater.matching import align
from breakwater.matching.reels import ReelChange, ReelIndex
from breakwater.model.bank import Bank
from breakwater.model.copies import FramePrints, Reel, ReelStatus, Segment
from breakwater.records import banks, reels
from breakwater.records.database import Database, Tx

BATCH: Final = 200
"""Reels read at once: some 100 kB each."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A segment with what it shows.

    Attributes:
        acting: reel active and bank enabled; else it is shown and does nothing.
        verified: by two people or sources, as an automatic cut needs.
    """

    segment: Segment
    reel: Reel
    bank: Bank

    @property
    def acting(self) -> bool:
        """Whether it may act."""
        return self.reel.status is ReelStatus.ACTIVE and self.bank.enabled_share > 0

    @property
    def verified(self) -> bool:
        """Whether two people or sources vouch for the reel."""
        return self.reel.sources > 1


class Follower:
    """Follows one broadcast; see `matching.align.Follower`. Not for several threads."""

    def __init__(self, index: ReelIndex) -> None:
        self._index = index
        self._inner: align.Follower | None = None

    def feed(self, frame: FramePrints, *, between: bool = False) -> tuple[Segment, ...]:
        """Take the next frame; segments (LOOK or LINK) that it began or strengthened.

        Args:
            frame: what `fingerprint.views.ViewMaker.feed` made, in the order of time. Time may
                jump forwards by any amount; frames that go back are left out.
            between: see `matching.align.Follower.feed`.
        """
        if self._inner is None:
            self._inner = align.Follower(self._index)
        return self._inner.feed(frame, between=between)

    @property
    def sighted(self) -> dict[int, int]:
        """Known videos that the newest frame is near to, and how many bits from them."""
        return {} if self._inner is None else self._inner.sighted

    def finish(self) -> tuple[Segment, ...]:
        """All segments so far, best first."""
        return () if self._inner is None else self._inner.finish()


class Aligner:
    """The reel index of this process. Safe from many threads."""

    def __init__(self, *, db: Database, index: ReelIndex | None = None) -> None:
        self._db = db
        self.index = index or ReelIndex()
        self._lock = threading.Lock()

    @property
    def any(self) -> bool:
        """Whether there are known videos at all: without, nobody need make views."""
        return len(self.index) > 0

    def catch_up(self) -> int:
        """Take what was committed since; answers how many reels came or went."""
        applied = 0
        with self._lock:
            while True:
                with self._db.read() as tx:
                    rows = reels.since(tx, self.index.applied, BATCH)
                if not rows:
                    return applied
                self.index.apply(ReelChange(r.change, r.number, r.prints) for r in rows)
                applied += len(rows)

    def follow(self) -> Follower:
        """A new query whose frames come one by one."""
        return Follower(self.index)

    def find(self, prints: Iterable[FramePrints]) -> tuple[Segment, ...]:
        """Every segment of a whole file, best first."""
        follower = align.Follower(self.index)
        for frame in prints:
            follower.feed(frame)
        return follower.finish()


def join(tx: Tx, segments: Iterable[Segment]) -> tuple[Copy, ...]:
    """Segments with their reels and banks; those of reels that were withdrawn are left out."""
    wanted = list(segments)
    if not wanted:
        return ()
    known = reels.many(tx, {one.reel for one in wanted})
    lists = {bank.id: bank for bank in banks.every(tx)}
    found = []
    for segment in wanted:
        reel = known.get(segment.reel)
        if reel is None or reel.status is ReelStatus.WITHDRAWN or reel.bank not in lists:
            continue
        found.append(Copy(segment, reel, lists[reel.bank]))
    return tuple(found)
