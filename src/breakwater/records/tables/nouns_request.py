"""Tables of legal requests both ways, and all that was done about each.

A request's row is where it stands now; what it asks for and its reference name people and stand
sealed. Its steps are only ever added. Read by `records.legal_requests`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    BigInteger,
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
    IdType,
    Klass,
    Number,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_fact = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_who = partial(column, klass=Klass.IDENTITY, purpose=Purpose.REPORTING, retention=Retention.CASE)
_staff = partial(
    column, klass=Klass.STAFF, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)

legal_requests = Table(
    "legal_requests", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("number", BigInteger, unique=True),
    _fact("direction", String(8)),
    _fact("party", Text),
    _fact("country", String(2)),
    _fact("basis", String(16)),
    _fact("law", Text),
    _who("sealed", LargeBinary),
    _fact("state", String(12)),
    _fact("case_id", IdType, ForeignKey("cases.id"), nullable=True, index=True),
    _fact("received_at", UtcDateTime, index=True),
    _fact("due_at", UtcDateTime),
    _staff("opened_by", String(80)),
    _staff("wanted_by", String(80)),
    _fact("package_id", IdType, ForeignKey("packages.id"), nullable=True),
    _fact("ended_at", UtcDateTime, nullable=True),
    _fact("warned_at", UtcDateTime, nullable=True),
    _fact("version", Integer),
    _fact("change", BigInteger),
)  # fmt: skip
Index(
    "ix_legal_requests_waiting", legal_requests.c.due_at,
    sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
)  # fmt: skip

legal_request_steps = Table(
    "legal_request_steps", metadata,
    _fact("change", Number, primary_key=True, autoincrement=False),
    _fact("request_id", IdType, ForeignKey("legal_requests.id"), index=True),
    _fact("at", UtcDateTime),
    _staff("by", String(80)),
    _fact("what", String(16)),
    _who("sealed", LargeBinary),
    _fact("package_id", IdType, ForeignKey("packages.id"), nullable=True),
)  # fmt: skip
