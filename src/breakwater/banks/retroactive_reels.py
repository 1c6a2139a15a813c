"""Retroactive match of a known video: uploads that passed before it was known are looked through.

Subscribed to `reel.added`, through a job with progress. What was kept of each video that passed
(`records.videos`, as long as its upload) is searched page by page: one batch against the new reel
alone says which uploads two of its frames were sighted in, and only those are aligned. Each find
is an `upload.matched` event that names the reel; `intake` aligns and judges that upload again.
Tests: tests/integration/test_retroactive_reels.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from breakwater.errors import BadSignal, NotFound
from breakwater.matching.align import Follower
from breakwater.matching.reels import ReelChange, ReelIndex
from breakwater.model.copies import FramePrints, ReelPrints, Zone
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id
from breakwater.observe import logger
from breakwater.records import jobs, reels, videos
from breakwater.records.database import Database

REEL_JOB: Final = "banks.retroactive_reel"
"""Kind of the job; its payload is the number of a reel."""

PAGE: Final = 200
"""Uploads searched in one batch: 25 to 40 kB a minute each."""

LEAST_FRAMES: Final = 2
"""Frames of an upload that must be sighted before it is aligned: the gate of alignment."""

_log = logger("banks")


class RetroactiveReels:
    """Looks for new known videos in what passed."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def on_reel(self, event: Event) -> None:
        """Queue the search for the reel that one event is about."""
        payload = {"number": int(event.body["number"])}
        with self._db.transaction() as tx:
            jobs.enqueue(tx, REEL_JOB, payload, dedup_key=f"retro:reel:{payload['number']}")

    def run(self, payload: Mapping[str, Any], beat: Callable[[float], None]) -> int:
        """Search, and tell of each upload that shows the reel for sure.

        Args:
            payload: of the job.
            beat: called with the share done; keeps the job's lease.

        Returns:
            How many uploads show it.
        """
        number = int(payload["number"])
        with self._db.read() as tx:
            try:
                prints = reels.prints_of(tx, number)
            except NotFound:
                return 0
            every = max(1, videos.views_kept(tx))
        index = ReelIndex()
        index.apply([ReelChange(1, number, prints)])
        after: Id | None = None
        found, done = 0, 0
        while True:
            with self._db.read() as tx:
                page = videos.views_page(tx, after=after, limit=PAGE)
            showing = searched(index, page)
            with self._db.transaction() as tx:
                for upload in showing:
                    tx.emit(EventType.UPLOAD_MATCHED, upload, reels=[number])
            found += len(showing)
            done += len(page)
            beat(min(1.0, done / every))
            if len(page) < PAGE:
                break
            after = page[-1][0]
        _log.info("retroactive_reel", reel=number, uploads=done, found=found)
        return found


def searched(index: ReelIndex, page: Sequence[tuple[Id, bytes]]) -> list[Id]:
    """Uploads of a page that surely show a video of the index.

    Args:
        index: of the new known videos alone.
        page: uploads with their packed views; damaged ones are left out.
    """
    held: list[tuple[Id, ReelPrints]] = []
    for upload, packed in page:
        try:
            held.append((upload, ReelPrints.parse(packed)))
        except BadSignal:
            _log.error("views_damaged", upload=upload)
    if not held:
        return []
    rows = FramePrints(
        0.0,
        np.concatenate([one.views for _, one in held]),
        np.concatenate([one.hashes for _, one in held]),
        np.concatenate([one.qualities for _, one in held]),
    )
    sighted = np.unique(index.search(rows).query)
    ends = np.cumsum([len(one.views) for _, one in held])
    out: list[Id] = []
    for at, (upload, prints) in enumerate(held):
        first = int(ends[at]) - len(prints.views)
        mine = sighted[(sighted >= first) & (sighted < ends[at])] - first
        frames = np.unique(np.searchsorted(prints.starts, mine, side="right"))
        if len(frames) >= LEAST_FRAMES and _shows(index, prints):
            out.append(upload)
    return out


def _shows(index: ReelIndex, prints: ReelPrints) -> bool:
    follower = Follower(index)
    for frame in prints.frames():
        follower.feed(frame)
    return any(one.zone is Zone.LINK for one in follower.finish())
