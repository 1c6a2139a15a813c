"""The packed frame hashes of screened videos.

Written by `intake.outcome` in the transaction of the verdict; `fingerprint.video` packs and
unpacks. Contract: tests/contract/test_records_videos.py.
"""

from __future__ import annotations

import sqlalchemy as sa

from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_video import video_prints


def put(tx: Tx, upload: Id, *, frames: int, packed: bytes) -> None:
    """Keep the frame hashes of one upload; a second time changes nothing."""
    if packed_of(tx, upload) is None:
        row = {"upload_id": upload, "frames": frames, "packed": packed}
        tx.execute(sa.insert(video_prints), row)


def packed_of(tx: Tx, upload: Id) -> bytes | None:
    """The blob of one upload; None when it was no video or is forgotten."""
    found = tx.execute(
        sa.select(video_prints.c.packed).where(video_prints.c.upload_id == upload)
    ).scalar()
    return None if found is None else bytes(found)
