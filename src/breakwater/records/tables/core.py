"""The machinery's tables: change counter, outbox, jobs, leases, keys, blobs, audit log.

A column elsewhere that names a blob carries a foreign key to `blobs.id`: the vault's sweeper
goes by these keys and removes what none of them names. A table with `info=APPEND_ONLY` gets
triggers from the migrations, on both databases, that refuse every change and deletion.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from breakwater.records.tables.columns import (
    APPEND_ONLY,
    IdType,
    Json,
    Klass,
    Number,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)


def _col(name: str, type_: Any, *args: Any, **kw: Any) -> sa.Column[Any]:
    """Our own bookkeeping, short-lived unless said otherwise."""
    kw.setdefault("klass", Klass.SYSTEM)
    kw.setdefault("purpose", Purpose.OPERATION)
    kw.setdefault("retention", Retention.SHORT)
    return column(name, type_, *args, **kw)


def _kept(name: str, type_: Any, *args: Any, **kw: Any) -> sa.Column[Any]:
    """What accounts for our acts: kept as long as the installation stands."""
    kw.setdefault("klass", Klass.SYSTEM)
    kw.setdefault("purpose", Purpose.ACCOUNTABILITY)
    kw.setdefault("retention", Retention.PERMANENT)
    return column(name, type_, *args, **kw)


changes: Final = sa.Table(
    "changes",
    metadata,
    _kept("id", sa.SmallInteger, primary_key=True, autoincrement=False),
    _kept("last", sa.BigInteger),
    sa.CheckConstraint("id = 1", name="one_row"),
)
"""One row: the last number given out, locked until commit: number order is commit order."""

outbox: Final = sa.Table(
    "outbox",
    metadata,
    _col("change", Number, primary_key=True, autoincrement=False),
    _col("id", IdType, unique=True),
    _col("type", sa.String(40)),
    _col("subject", IdType),
    _col("at", UtcDateTime),
    _col("body", Json),
    sa.Index("ix_outbox_at", "at"),
)

outbox_cursors: Final = sa.Table(
    "outbox_cursors",
    metadata,
    _col("subscriber", sa.String(80), primary_key=True),
    _col("change", sa.BigInteger),
    _col("epoch", sa.BigInteger),
    _col("owner", sa.String(80)),
    _col("until", UtcDateTime, nullable=True),
    _col("updated_at", UtcDateTime),
)
"""How far each subscriber was served; all up to `change` is delivered or parked."""

outbox_parked: Final = sa.Table(
    "outbox_parked",
    metadata,
    _col("subscriber", sa.String(80), primary_key=True),
    _col("change", Number, primary_key=True, autoincrement=False),
    _col("attempts", sa.Integer),
    _col("next_at", UtcDateTime),
    _col("dead", sa.Boolean),
    _col("fault", sa.String(80)),
    sa.Index("ix_outbox_parked_next_at", "next_at"),
)
"""Deliveries that failed, tried again later without holding up those behind them."""

jobs: Final = sa.Table(
    "jobs",
    metadata,
    _col("id", IdType, primary_key=True),
    _col("kind", sa.String(60)),
    _col("payload", Json),
    _col("dedup_key", sa.String(200), nullable=True, unique=True),
    _col("run_at", UtcDateTime),
    _col("attempts", sa.Integer),
    _col("epoch", sa.BigInteger),
    _col("owner", sa.String(80), nullable=True),
    _col("lease_until", UtcDateTime, nullable=True),
    _col("dead", sa.Boolean),
    _col("fault", sa.String(80)),
    _col("progress", Json),
    _col("created_at", UtcDateTime),
    sa.Index("ix_jobs_run_at", "dead", "run_at"),
)
"""Work that is due. A finished job's row is deleted: the table stays small."""

leases: Final = sa.Table(
    "leases",
    metadata,
    _col("key", sa.String(200), primary_key=True),
    _col("owner", sa.String(80)),
    _col("epoch", sa.BigInteger),
    _col("until", UtcDateTime),
)
"""Who acts for what now. The epoch grows with every change of hands and never goes back."""

key_wraps: Final = sa.Table(
    "key_wraps",
    metadata,
    column(
        "purpose", sa.String(80), primary_key=True,
        klass=Klass.SYSTEM, purpose=Purpose.ACCESS, retention=Retention.KEY,
    ),
    column(
        "version", sa.Integer, primary_key=True, autoincrement=False,
        klass=Klass.SYSTEM, purpose=Purpose.ACCESS, retention=Retention.KEY,
    ),
    column(
        "wrapped", sa.LargeBinary,
        klass=Klass.SECRET, purpose=Purpose.ACCESS, retention=Retention.KEY,
    ),
    column(
        "created_at", UtcDateTime,
        klass=Klass.SYSTEM, purpose=Purpose.ACCESS, retention=Retention.KEY,
    ),
)  # fmt: skip
"""Keys per purpose, each wrapped by the root key. Deleting a row shreds what it opened."""

blobs: Final = sa.Table(
    "blobs",
    metadata,
    _col("id", IdType, primary_key=True, klass=Klass.EVIDENCE, retention=Retention.CASE),
    _col("purpose", sa.String(80), retention=Retention.CASE),
    _col("size", sa.BigInteger, klass=Klass.EVIDENCE, retention=Retention.CASE),
    _col("created_at", UtcDateTime, retention=Retention.CASE),
    sa.Index("ix_blobs_created_at", "created_at"),
)
"""Files of the vault that exist. The row is written after the file is durable."""

blob_keys: Final = sa.Table(
    "blob_keys",
    metadata,
    column(
        "blob", IdType, sa.ForeignKey("blobs.id", ondelete="CASCADE"), primary_key=True,
        klass=Klass.SYSTEM, purpose=Purpose.ACCESS, retention=Retention.KEY,
    ),
    column(
        "wrapped", sa.LargeBinary,
        klass=Klass.SECRET, purpose=Purpose.ACCESS, retention=Retention.KEY,
    ),
)  # fmt: skip
"""The key of each blob, wrapped by its class's key. Deleting a row shreds the blob."""

audit: Final = sa.Table(
    "audit",
    metadata,
    _kept("number", Number, primary_key=True, autoincrement=False),
    _kept("at", UtcDateTime),
    _kept("actor", sa.String(80), klass=Klass.STAFF),
    _kept("action", sa.String(60)),
    _kept("subject", sa.String(80)),
    _kept("facts", Json),
    _kept("leaf", sa.LargeBinary(32)),
    sa.Index("ix_audit_subject_number", "subject", "number"),
    info=APPEND_ONLY,
)
"""The audit log. `leaf` is the RFC 6962 leaf hash of the other columns' canonical JSON."""

audit_head: Final = sa.Table(
    "audit_head",
    metadata,
    _kept("id", sa.SmallInteger, primary_key=True, autoincrement=False),
    _kept("size", sa.BigInteger),
    _kept("frontier", sa.LargeBinary),
    _kept("seal", sa.LargeBinary),
    sa.CheckConstraint("id = 1", name="one_row"),
)
"""One row: the tree's size and the roots of its full subtrees, so an append is O(log n)."""
