"""Views of what passed are kept with their upload, searched for a new reel, and named by an event."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np

from breakwater.banks.retroactive_reels import RetroactiveReels
from breakwater.fingerprint.views import thin
from breakwater.model.copies import FramePrints, ReelPrints
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.model.match import Action, Verdict
from breakwater.model.upload import Origin, Surface, Upload, UploadState
from breakwater.records import banks, reels, uploads, videos
from breakwater.records.database import Database, Tx


def clip(seed: int, count: int = 30) -> list[FramePrints]:
    """Random frames, two a second."""
    random = np.random.default_rng(seed)
    views, quality = np.zeros(1, np.uint8), np.full(1, 90, np.uint8)
    return [
        FramePrints(at / 2, views, random.integers(0, 256, (1, 32), dtype=np.uint8), quality)
        for at in range(count)
    ]


def passed(tx: Tx, shown: list[FramePrints]) -> Id:
    """An upload that passed, with its views."""
    upload = Upload(
        new_id(), "photos", Surface.PUBLIC, Origin(), UploadState.PENDING, tx.now, 9, "ab" * 32
    )
    uploads.start(tx, upload)
    verdict = Verdict(Action.ALLOW, "no_match", "")
    uploads.finish(tx, replace(upload, state=UploadState.DONE, verdict=verdict, revision=1))
    kept = thin(ReelPrints.of(shown))
    videos.keep_views(tx, upload.id, frames=len(kept.times), packed=kept.pack())
    return upload.id


def test_views_are_thin_kept_once_and_go_with_their_upload(database: Database) -> None:
    with database.transaction() as tx:
        upload = passed(tx, clip(1))
        videos.keep_views(tx, upload, frames=0, packed=b"another")
    with database.read() as tx:
        packed = videos.views_of(tx, upload)
        assert packed is not None
        assert ReelPrints.parse(packed).times.tolist() == [float(at) for at in range(15)]
        assert videos.views_page(tx) == [(upload, packed)]
        assert videos.views_page(tx, after=upload) == []
        assert videos.views_of(tx, new_id()) is None
    with database.transaction() as tx:
        assert videos.views_kept(tx) == 1
        uploads.drop_before(tx, tx.now + timedelta(days=1))
        assert videos.views_kept(tx) == 0


def test_a_new_reel_is_looked_for_in_what_passed(database: Database) -> None:
    told: list[float] = []
    with database.transaction() as tx:
        showing = passed(tx, [*clip(2, 10), *(replace_time(one, 5.0) for one in clip(1))])
        for seed in range(5, 9):
            passed(tx, clip(seed))
        bank = banks.create(tx, name="CLIPS")
        before = reels.add(
            tx, bank=bank, label="", source="", duration_s=15.0, frames=clip(99), by="anna"
        )
        reel = reels.add(
            tx, bank=bank, label="", source="", duration_s=15.0, frames=clip(1), by="anna"
        )
        assert reels.numbers_since(tx, before.change) == [reel.number]
    backwards = RetroactiveReels(database)
    assert backwards.run({"number": reel.number}, told.append) == 1
    assert backwards.run({"number": 4711}, told.append) == 0
    assert told == [1.0]
    with database.transaction() as tx:
        rows = tx.run("SELECT type, subject FROM outbox ORDER BY change")
    found = [str(row[1]) for row in rows if row[0] == EventType.UPLOAD_MATCHED.value]
    assert found == [str(showing)]


def replace_time(one: FramePrints, later_s: float) -> FramePrints:
    """The same frame, later."""
    return FramePrints(one.time_s + later_s, one.views, one.hashes, one.qualities)
