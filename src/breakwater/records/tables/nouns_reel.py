"""Tables of reels: videos that are known as a whole, and the prints they are found by.

One packed blob of prints a reel (`model.copies.ReelPrints`), apart from its facts, so that
lists stay short. Who vouches for a reel is only ever added: an automatic cut needs two. Read by
`records.reels`; contract test of the same name.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    BigInteger,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from breakwater.records.tables.columns import (
    APPEND_ONLY,
    IdType,
    Klass,
    Number,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_known = partial(
    column, klass=Klass.SIGNAL, purpose=Purpose.DETECTION, retention=Retention.PERMANENT
)
_history = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)

reels = Table(
    "reels", metadata,
    _known("number", Number, primary_key=True, autoincrement=False),
    _known("id", IdType, unique=True),
    _known("bank_number", Integer, ForeignKey("banks.number"), index=True),
    _known("label", Text),
    _known("source", Text),
    _known("status", String(12)),
    _known("duration_s", Float),
    _known("frames", Integer),
    _known("sha256", LargeBinary, index=True),
    _known("created_at", UtcDateTime),
    _known("change", BigInteger),
    Index("ix_reels_change", "change"),
)  # fmt: skip

reel_prints = Table(
    "reel_prints", metadata,
    _known("reel_number", Number, ForeignKey("reels.number"), primary_key=True,
           autoincrement=False),
    _known("packed", LargeBinary),
)  # fmt: skip

reel_looks = Table(
    "reel_looks", metadata,
    _known("reel_number", Number, ForeignKey("reels.number"), primary_key=True,
           autoincrement=False),
    _known("packed", LargeBinary),
)  # fmt: skip
"""Key points of a reel's shots and its sound, up to 500 kB: read only in the grey zone."""

reel_vouchers = Table(
    "reel_vouchers", metadata,
    _history("reel_number", Number, ForeignKey("reels.number"), primary_key=True,
             autoincrement=False),
    _history("by", String(200), primary_key=True),
    _history("at", UtcDateTime),
    info=APPEND_ONLY,
)  # fmt: skip
"""Who says that a reel is right: ids of people and names of sources."""

reel_history = Table(
    "reel_history", metadata,
    _history("change", BigInteger, primary_key=True, autoincrement=False),
    _history("reel_number", Number, ForeignKey("reels.number"), index=True),
    _history("status", String(12)),
    _history("at", UtcDateTime),
    _history("by", Text),
    _history("reason", Text),
    info=APPEND_ONLY,
)  # fmt: skip
