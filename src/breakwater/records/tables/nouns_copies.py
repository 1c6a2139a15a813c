"""What alignment found in uploaded videos: one row a stretch of a known video.

Evidence, appended with the verdict it belongs to; complete without the bank as it is today.
Read by `records.copies`; contract test of the same name.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import Boolean, Float, Integer, PrimaryKeyConstraint, String, Table, Text

from breakwater.records.tables.columns import (
    APPEND_ONLY,
    IdType,
    Json,
    Klass,
    Number,
    Purpose,
    Retention,
    column,
    metadata,
)

_verdict = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)

upload_copies = Table(
    "upload_copies", metadata,
    _verdict("upload_id", IdType),
    _verdict("revision", Integer),
    _verdict("position", Integer),
    _verdict("reel_number", Number, index=True),
    _verdict("bank", Text),
    _verdict("zone", String(8)),
    _verdict("score", Float),
    _verdict("acting", Boolean),
    _verdict("why_not", String(16)),
    _verdict("segment", Json),
    PrimaryKeyConstraint("upload_id", "revision", "position"),
    info=APPEND_ONLY,
)  # fmt: skip
