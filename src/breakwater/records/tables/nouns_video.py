"""The frame hashes of videos, and the views of those that passed: one packed blob each.

A row a frame would be sixty rows a minute; a blob is 45 bytes a frame and is read as a whole
(matching reference, "vPDQ"). It lives as long as what may be kept of its upload. Read by
`records.videos`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import ForeignKey, Integer, LargeBinary, Table

from breakwater.records.tables.columns import (
    IdType,
    Klass,
    Purpose,
    Retention,
    column,
    metadata,
)

video_prints = Table(
    "video_prints", metadata,
    column(
        "upload_id", IdType, ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True,
        klass=Klass.SIGNAL, purpose=Purpose.DETECTION, retention=Retention.INGEST,
    ),
    column(
        "frames", Integer,
        klass=Klass.SIGNAL, purpose=Purpose.DETECTION, retention=Retention.INGEST,
    ),
    column(
        "packed", LargeBinary,
        klass=Klass.SIGNAL, purpose=Purpose.DETECTION, retention=Retention.INGEST,
    ),
)  # fmt: skip

_kept = partial(column, klass=Klass.SIGNAL, purpose=Purpose.DETECTION, retention=Retention.INGEST)

video_views = Table(
    "video_views", metadata,
    _kept("upload_id", IdType, ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True),
    _kept("frames", Integer),
    _kept("packed", LargeBinary),
)  # fmt: skip
"""What a video known later is looked for in: 25 to 40 kB a minute (`fingerprint.views.thin`)."""
