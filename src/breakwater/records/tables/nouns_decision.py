"""Tables of decisions: what people said of cases, and what it did to each upload.

Both are only ever appended: undo is a row that names the one it takes back. Read by
`records.decisions`; contract tests of the same name.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)

from breakwater.records.tables.columns import (
    IdType,
    Json,
    Klass,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_said = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_staff = partial(
    column, klass=Klass.STAFF, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)

decisions = Table(
    "decisions", metadata,
    _said("id", IdType, primary_key=True),
    _said("case_id", IdType, ForeignKey("cases.id")),
    _said("kind", String(16)),
    _staff("by", IdType),
    _staff("second_by", IdType, nullable=True),
    _said("at", UtcDateTime, index=True),
    _said("reason", Text),
    _said("facts", Json),
    _said("undoes", IdType, ForeignKey("decisions.id"), nullable=True, unique=True),
    _said("lead_id", IdType, ForeignKey("decisions.id"), nullable=True),
    _said("knowledge_at", UtcDateTime, nullable=True),
    _said("priority_before", String(8)),
    _said("change", BigInteger),
    Index("ix_decisions_case", "case_id", "change"),
    Index("ix_decisions_by", "by", "at"),
)  # fmt: skip
Index(
    "ix_decisions_lead", decisions.c.lead_id,
    sqlite_where=text("lead_id IS NOT NULL"), postgresql_where=text("lead_id IS NOT NULL"),
)  # fmt: skip

decision_effects = Table(
    "decision_effects", metadata,
    _said("decision_id", IdType, ForeignKey("decisions.id")),
    _said("upload_id", IdType, index=True),
    _said("case_id", IdType, nullable=True),
    _said("outcome", String(16)),
    _said("before", Integer),
    _said("after", Integer),
    PrimaryKeyConstraint("decision_id", "upload_id"),
)  # fmt: skip
"""Revisions of each upload's verdict, so that undo finds what stood before."""
