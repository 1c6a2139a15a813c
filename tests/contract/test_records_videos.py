"""The packed frame hashes of a video: kept once, read whole, gone with their upload."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from breakwater.fingerprint.video import FrameHash, pack, unpack
from breakwater.model.ids import new_id
from breakwater.model.match import Action, Verdict
from breakwater.model.upload import Origin, Surface, Upload, UploadState
from breakwater.records import uploads, videos
from breakwater.records.database import Database


def test_a_blob_is_kept_once_and_goes_with_its_upload(database: Database) -> None:
    frames = [FrameHash(n, n / 2, bytes([n]) * 32, 90) for n in range(5)]
    with database.transaction() as tx:
        upload = Upload(
            new_id(), "photos", Surface.PUBLIC, Origin(), UploadState.PENDING, tx.now, 9, "ab" * 32
        )
        uploads.start(tx, upload)
        verdict = Verdict(Action.ALLOW, "no_match", "")
        uploads.finish(tx, replace(upload, state=UploadState.DONE, verdict=verdict, revision=1))
        videos.put(tx, upload.id, frames=5, packed=pack(frames))
        videos.put(tx, upload.id, frames=0, packed=b"another")
    with database.read() as tx:
        found = videos.packed_of(tx, upload.id)
        assert found is not None
        assert unpack(found) == frames
        assert videos.packed_of(tx, new_id()) is None
    with database.transaction() as tx:
        assert uploads.drop_before(tx, tx.now + timedelta(days=1)) == 1
        assert videos.packed_of(tx, upload.id) is None
