"""Known videos in an uploaded one: prints in, stretches that bear their bank out.

Joins what `recognition.align` finds with reels and banks, and looks closer where the alignment
is not sure (`recognition.grey`: local features and sound, in the jail); where that cannot tell,
the stretch stays in the zone LOOK and is a person's. Tests: tests/integration/test_copies_api.py.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import BinaryIO, Final, Protocol

from breakwater.errors import BadSignal
from breakwater.fingerprint.video import frame_hashes
from breakwater.matching.align import Follower
from breakwater.matching.reels import ReelChange, ReelIndex
from breakwater.media.sandbox import JailPool
from breakwater.model.bank import Bank
from breakwater.model.copies import CopyMatch, Reel, ReelPrints, ReelStatus, Segment, Zone
from breakwater.model.media import MediaLimits
from breakwater.model.signal import Fingerprints
from breakwater.recognition import grey
from breakwater.recognition.align import Aligner, join
from breakwater.recognition.screen import enabled
from breakwater.records import reels
from breakwater.records.database import Database

MOST: Final = 20
"""Stretches told of one video, best first."""

MOST_LOOKED: Final = 3
"""Unsure stretches that are looked at closer: each decodes a few frames again."""

LANE: Final = "copies"


class Bytes(Protocol):
    """A file that can be opened again."""

    def reader(self) -> AbstractContextManager[BinaryIO]:
        """From its start."""
        ...


class CopyFinder:
    """Finds known videos in uploads. Safe from many threads."""

    def __init__(
        self, *, pool: JailPool, aligner: Aligner, db: Database, limits: MediaLimits
    ) -> None:
        self._pool = pool
        self._aligner = aligner
        self._db = db
        self._limits = limits

    @property
    def known_until(self) -> int:
        """The change number up to which known videos are looked for."""
        return self._aligner.index.applied

    @property
    def wanted(self) -> bool:
        """Whether there are known videos to look for."""
        return self._aligner.any

    def find(
        self, outcome: Fingerprints, source: Bytes | None, *, unit: str
    ) -> tuple[CopyMatch, ...]:
        """Stretches of known videos in one file, those that act first, then best first.

        Args:
            outcome: what the jail made of it.
            source: the file, to look closer; None: what is unsure stays unsure.
            unit: what a bank's enabled share is chosen by.
        """
        if outcome.views is None or not self.wanted:
            return ()
        segments = self._aligner.find(outcome.views.frames())[:MOST]
        with self._db.read() as tx:
            found = [
                _match(copy.segment, copy.reel, copy.bank, unit=unit) for copy in join(tx, segments)
            ]
        looked = 0
        for at, one in enumerate(found):
            if grey.unsure(one.segment) and one.acting and source is not None:
                looked += 1
                if looked <= MOST_LOOKED:
                    found[at] = self._looked_at(one, outcome, source)
        return tuple(sorted(found, key=lambda m: (not m.acting, -m.segment.score)))

    def _looked_at(self, one: CopyMatch, outcome: Fingerprints, source: Bytes) -> CopyMatch:
        """Decide an unsure stretch by its key frames and sound, where the reel has any."""
        with self._db.read() as tx:
            packed = reels.look_of(tx, one.number)
        if packed is None:
            return one
        try:
            known = grey.Known.parse(packed)
        except BadSignal:
            return one
        with source.reader() as file:
            segment, seen = grey.examine(
                self._pool, file, frame_hashes(outcome.items), one.segment, known,
                declared=outcome.type, limits=self._limits, lane=LANE,
            )  # fmt: skip
        looked = tuple(match.inliers for match in seen)
        if segment.zone is Zone.NOTHING:
            return replace(one, acting=False, why_not="apart", looked=looked)
        return replace(one, segment=segment, looked=looked)


def later(
    db: Database, views: ReelPrints, numbers: Collection[int], *, unit: str
) -> tuple[CopyMatch, ...]:
    """Sure stretches of reels that became known after a video passed; unsure ones are left out:
    its bytes are gone, and nobody could look.

    Args:
        db: where the reels are.
        views: what was kept of the video (`fingerprint.views.thin`).
        numbers: of the reels.
        unit: what a bank's enabled share is chosen by.
    """
    index = ReelIndex()
    with db.read() as tx:
        known = {n: reels.prints_of(tx, n) for n in reels.many(tx, numbers)}
    index.apply(ReelChange(n, n, prints) for n, prints in known.items())
    follower = Follower(index)
    for frame in views.frames():
        follower.feed(frame)
    sure = [one for one in follower.finish() if one.zone is Zone.LINK][:MOST]
    with db.read() as tx:
        return tuple(
            _match(copy.segment, copy.reel, copy.bank, unit=unit) for copy in join(tx, sure)
        )


def _match(segment: Segment, reel: Reel, bank: Bank, *, unit: str) -> CopyMatch:
    why_not = ""
    if reel.status is not ReelStatus.ACTIVE:
        why_not = reel.status.value
    elif not enabled(bank, unit):
        why_not = "not_enabled"
    return CopyMatch(
        reel=reel.id, number=reel.number, bank=bank.name, label=reel.label, segment=segment,
        acting=not why_not, why_not=why_not, sources=reel.sources,
    )  # fmt: skip


def refresh(found: Sequence[CopyMatch], known: dict[int, Reel]) -> tuple[CopyMatch, ...]:
    """Stretches with the present state of their reels; those of withdrawn ones are gone."""
    out = []
    for one in found:
        reel = known.get(one.number)
        if reel is None or reel.status is ReelStatus.WITHDRAWN:
            continue
        if reel.status is not ReelStatus.ACTIVE and one.acting:
            out.append(replace(one, acting=False, why_not=reel.status.value))
        elif reel.status is ReelStatus.ACTIVE and one.why_not == ReelStatus.QUARANTINED.value:
            out.append(replace(one, acting=True, why_not=""))
        else:
            out.append(one)
    return tuple(out)
