"""Tables of what people outside say: appeals, their answers, reports, and notices held back.

All are only ever appended. Words and account names of people outside are sealed; who reports
is a keyed pseudonym. Read by `records.appeals`, `records.user_reports`, `records.notices`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
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

_case = partial(column, klass=Klass.EVIDENCE, purpose=Purpose.REVIEW, retention=Retention.CASE)
_identity = partial(column, klass=Klass.IDENTITY, purpose=Purpose.REVIEW, retention=Retention.CASE)
_account = partial(column, klass=Klass.ACCOUNT, purpose=Purpose.REVIEW, retention=Retention.CASE)
_said = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_staff = partial(
    column, klass=Klass.STAFF, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)

appeals = Table(
    "appeals", metadata,
    _case("id", IdType, primary_key=True),
    _case("number", BigInteger, unique=True),
    _case("upload_id", IdType, index=True),
    _case("case_id", IdType, nullable=True, index=True),
    _case("service", Text),
    _account("reference", Text),
    _case("claim", String(24)),
    _identity("sealed", LargeBinary),
    _case("language", String(16)),
    _case("action", String(8)),
    _case("rule", Text),
    _case("banks", Json),
    _staff("first", Json),
    _case("at", UtcDateTime),
    _case("due_at", UtcDateTime, index=True),
    _case("change", BigInteger),
    UniqueConstraint("service", "reference"),
)  # fmt: skip
"""`reference` is the service's own id of the appeal; its id here where it gave none."""

appeal_answers = Table(
    "appeal_answers", metadata,
    _said("appeal_id", IdType, ForeignKey("appeals.id"), primary_key=True),
    _said("outcome", String(16)),
    _said("ground", String(24), nullable=True),
    _staff("by", Text),
    _said("reason", Text),
    _said("at", UtcDateTime, index=True),
    _said("change", BigInteger),
)  # fmt: skip

user_reports = Table(
    "user_reports", metadata,
    _case("id", IdType, primary_key=True),
    _case("service", Text),
    _account("reference", Text),
    _account("reporter_key", LargeBinary),
    _case("reporter_kind", String(24)),
    _case("concern", String(24)),
    _case("danger", Boolean),
    _case("case_id", IdType, ForeignKey("cases.id"), index=True),
    _case("upload_id", IdType, nullable=True, index=True),
    _account("item", Text),
    _account("account_key", LargeBinary, nullable=True),
    _identity("sealed", LargeBinary),
    _case("weight", Float),
    _case("at", UtcDateTime, index=True),
    _case("change", BigInteger),
    UniqueConstraint("service", "reference"),
    Index("ix_user_reports_reporter", "reporter_key"),
    Index("ix_user_reports_item", "service", "item"),
    Index("ix_user_reports_account", "account_key"),
)  # fmt: skip

user_report_outcomes = Table(
    "user_report_outcomes", metadata,
    _said("report_id", IdType, ForeignKey("user_reports.id")),
    _said("change", BigInteger),
    _said("outcome", String(8)),
    _said("at", UtcDateTime),
    PrimaryKeyConstraint("report_id", "change"),
)  # fmt: skip
"""What became of a report; the newest row counts, so that an undone decision is unlearned."""

notice_holds = Table(
    "notice_holds", metadata,
    _said("id", IdType, primary_key=True),
    _said("upload_id", IdType, index=True),
    _said("until", UtcDateTime),
    _said("reason", Text),
    _staff("by", IdType),
    _said("at", UtcDateTime),
    _said("change", BigInteger),
)  # fmt: skip
"""Until when the user is not told; the newest row counts, and one in the past ends it."""
