"""Stretches of known videos are kept with the verdict they belong to, and found by their reel."""

from __future__ import annotations

from dataclasses import replace

from breakwater.model.copies import CopyMatch, FramePair, Segment, Zone
from breakwater.model.ids import new_id
from breakwater.model.match import Action, Verdict
from breakwater.model.upload import Origin, Surface, Upload, UploadState
from breakwater.records import copies, uploads
from breakwater.records.database import Database

SHOWN = CopyMatch(
    reel=new_id(), number=7, bank="CLIPS", label="clip 7", sources=2, looked=(31, 4),
    segment=Segment(
        reel=7, start_s=12.0, end_s=16.25, reference_start_s=0.0, reference_end_s=4.25, speed=1.0,
        score=5.5, frames=8, mirrored=True, zone=Zone.LINK,
        pairs=(FramePair(12.5, 0.5, 17, 128, 0), FramePair(13.0, 1.0, 21, 128, 4)),
    ),
)  # fmt: skip


def test_a_verdict_names_the_stretches_it_was_made_of(database: Database) -> None:
    with database.transaction() as tx:
        upload = Upload(
            new_id(), "photos", Surface.PUBLIC, Origin(), UploadState.PENDING, tx.now, 9, "ab" * 32,
            type="video/mp4",
        )  # fmt: skip
        uploads.start(tx, upload)
        quiet = replace(
            SHOWN, acting=False, why_not="quarantined", number=8,
            segment=replace(SHOWN.segment, reel=8),
        )  # fmt: skip
        verdict = Verdict(Action.BLOCK, "bank.block", "Shows it.", copies=(SHOWN, quiet))
        uploads.finish(tx, replace(upload, state=UploadState.DONE, verdict=verdict))
    with database.read() as tx:
        found = uploads.get(tx, upload.id)
        assert found.verdict == verdict
        assert copies.touched_by(tx, 7) == [upload.id]
        assert copies.touched_by(tx, 7, after=upload.id) == []
    with database.transaction() as tx:
        uploads.revise(tx, upload.id, Verdict(Action.ALLOW, "no_match", ""))
        assert copies.touched_by(tx, 7) == []
        assert uploads.get(tx, upload.id).verdict == Verdict(Action.ALLOW, "no_match", "")
        assert copies.of(tx, [(upload.id, 1)])[upload.id, 1] == verdict.copies


def test_words_say_what_was_done_to_it() -> None:
    assert SHOWN.words == "Shows 4.2 s of a known video from 0:12 on, mirrored"
    fast = replace(SHOWN, segment=replace(SHOWN.segment, speed=0.8, mirrored=False, zone=Zone.LOOK))
    assert fast.words == "May show 4.2 s of a known video from 0:12 on, at 1.25 x speed"
