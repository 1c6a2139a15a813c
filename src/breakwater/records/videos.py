"""The packed frame hashes of screened videos, and the views of those that passed.

Written by `intake.outcome` in the transaction of the verdict; `fingerprint.video` packs and
unpacks. Contract: tests/contract/test_records_videos.py.
"""

from __future__ import annotations

import sqlalchemy as sa

from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_video import video_prints, video_views


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


def keep_views(tx: Tx, upload: Id, *, frames: int, packed: bytes) -> None:
    """Keep what a video known later is looked for in; a second time changes nothing."""
    if views_of(tx, upload) is None:
        row = {"upload_id": upload, "frames": frames, "packed": packed}
        tx.execute(sa.insert(video_views), row)


def views_of(tx: Tx, upload: Id) -> bytes | None:
    """Packed `ReelPrints` of one upload; None when none are kept."""
    found = tx.execute(
        sa.select(video_views.c.packed).where(video_views.c.upload_id == upload)
    ).scalar()
    return None if found is None else bytes(found)


def views_page(tx: Tx, *, after: Id | None = None, limit: int = 200) -> list[tuple[Id, bytes]]:
    """Kept views in the order of their uploads' ids, for paging."""
    wanted = sa.select(video_views.c.upload_id, video_views.c.packed)
    if after is not None:
        wanted = wanted.where(video_views.c.upload_id > after)
    rows = tx.execute(wanted.order_by(video_views.c.upload_id).limit(limit))
    return [(Id(row.upload_id), bytes(row.packed)) for row in rows]


def views_kept(tx: Tx) -> int:
    """How many uploads have views."""
    return int(tx.execute(sa.select(sa.func.count()).select_from(video_views)).scalar_one())
