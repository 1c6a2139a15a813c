"""Tables of holds: why a case's evidence is kept, until when, each thing that is, and its end.

All but the state of the keeping itself is only ever added. Triggers of `records.held` read these
tables: what an item names is not deleted while a hold of its case stands, and no end is written
before its time or by one person. Read by `records.holds` and its neighbours.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
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

_act = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_staff = partial(
    column, klass=Klass.STAFF, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_fact = partial(column, klass=Klass.SYSTEM, purpose=Purpose.REPORTING, retention=Retention.CASE)

holds = Table(
    "holds", metadata,
    _act("id", IdType, primary_key=True),
    _act("number", BigInteger, unique=True),
    _act("case_id", IdType, ForeignKey("cases.id"), index=True),
    _act("kind", String(8)),
    _act("seat", String(16)),
    _act("reference", Text),
    _act("reason", Text),
    _staff("by", Text),
    _act("at", UtcDateTime),
    info=APPEND_ONLY,
)  # fmt: skip

hold_terms = Table(
    "hold_terms", metadata,
    _act("change", Number, primary_key=True, autoincrement=False),
    _act("hold_id", IdType, ForeignKey("holds.id"), index=True),
    _act("starts_at", UtcDateTime),
    _act("ends_at", UtcDateTime, nullable=True),
    _act("why", String(16)),
    _act("filing_id", IdType, nullable=True),
    _act("reason", Text),
    _staff("by", Text),
    _act("at", UtcDateTime),
    info=APPEND_ONLY,
)  # fmt: skip
"""Until when a hold stands; the newest counts, and none is shorter than the one before."""

hold_ends = Table(
    "hold_ends", metadata,
    _act("hold_id", IdType, ForeignKey("holds.id"), primary_key=True),
    _act("why", String(16)),
    _act("reason", Text),
    _staff("by", Text),
    _staff("second_by", Text, nullable=True),
    _act("at", UtcDateTime, index=True),
    info=APPEND_ONLY,
)  # fmt: skip

hold_items = Table(
    "hold_items", metadata,
    _act("id", IdType, primary_key=True),
    _act("case_id", IdType, ForeignKey("cases.id"), index=True),
    _act("what", String(12)),
    _act("name", Text),
    _act("blob_id", IdType, ForeignKey("blobs.id"), nullable=True),
    _act("row_table", String(32)),
    _act("row_id", IdType, nullable=True),
    _act("sha256", LargeBinary(32), nullable=True),
    _act("size", BigInteger),
    _act("gap", Text),
    _act("until_receipt", Boolean),
    _act("since", UtcDateTime),
    _act("at", UtcDateTime),
    Index(
        "ix_hold_items_blob", "blob_id",
        sqlite_where=text("blob_id IS NOT NULL"), postgresql_where=text("blob_id IS NOT NULL"),
    ),
    Index(
        "ix_hold_items_row", "row_id", "row_table",
        sqlite_where=text("row_id IS NOT NULL"), postgresql_where=text("row_id IS NOT NULL"),
    ),
    info=APPEND_ONLY,
)  # fmt: skip

hold_item_ends = Table(
    "hold_item_ends", metadata,
    _act("item_id", IdType, ForeignKey("hold_items.id"), primary_key=True),
    _act("why", String(16)),
    _act("at", UtcDateTime),
    info=APPEND_ONLY,
)  # fmt: skip
"""Media that the law of the seat lets be kept until the receipt only."""

hold_destroyed = Table(
    "hold_destroyed", metadata,
    _act("item_id", IdType, ForeignKey("hold_items.id"), primary_key=True),
    _staff("by", Text),
    _act("at", UtcDateTime),
    info=APPEND_ONLY,
)  # fmt: skip
"""What was destroyed, and when: kept when the thing itself is gone."""

preservations = Table(
    "preservations", metadata,
    _fact("case_id", IdType, ForeignKey("cases.id"), primary_key=True),
    _fact("wanted_at", UtcDateTime),
    _fact("attempts", Integer),
    _fact("next_at", UtcDateTime, nullable=True),
    _fact("fault", String(80)),
    _fact("done_at", UtcDateTime, nullable=True),
    _fact("alarmed_at", UtcDateTime, nullable=True),
    Index(
        "ix_preservations_next_at", "next_at",
        sqlite_where=text("next_at IS NOT NULL"), postgresql_where=text("next_at IS NOT NULL"),
    ),
)  # fmt: skip
"""How far the keeping of a case is; what is not done is tried again until it is."""
