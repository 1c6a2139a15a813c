"""Tables of uploads that arrive in parts: what was announced, and the parts so far.

A part is a blob of the vault, encrypted like everything else that waits; the rows go with
the finished or forgotten upload. Read by `records.resumables`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, PrimaryKeyConstraint, Table

from breakwater.records.tables.columns import (
    IdType,
    Klass,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_short = partial(column, klass=Klass.SYSTEM, purpose=Purpose.OPERATION, retention=Retention.SHORT)
_sealed = partial(
    column, klass=Klass.IDENTITY, purpose=Purpose.OPERATION, retention=Retention.SHORT
)

resumables = Table(
    "resumables", metadata,
    _short("id", IdType, primary_key=True),
    _short("principal_id", IdType),
    _short("size", BigInteger),
    _sealed("submission_sealed", LargeBinary),
    _short("created_at", UtcDateTime, index=True),
)  # fmt: skip

resumable_parts = Table(
    "resumable_parts", metadata,
    _short("resumable_id", IdType, ForeignKey("resumables.id", ondelete="CASCADE")),
    _short("offset", BigInteger),
    _short("size", BigInteger),
    _short("blob_id", IdType, ForeignKey("blobs.id")),
    PrimaryKeyConstraint("resumable_id", "offset"),
)  # fmt: skip
