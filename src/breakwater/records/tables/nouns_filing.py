"""Tables of filings: reports on their way to authorities, every call made for them, what was sent.

A filing's row is what is true now; its steps are only ever added. Drafts and papers (what was
sent, what was answered) name people and stand sealed, apart from the steps, so that they can
go with their retention class. Read by `records.filings` and `records.filing_steps`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from breakwater.records.tables.columns import (
    NEVER_CHANGED,
    IdType,
    Klass,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_fact = partial(column, klass=Klass.EVIDENCE, purpose=Purpose.REPORTING, retention=Retention.CASE)
_who = partial(column, klass=Klass.IDENTITY, purpose=Purpose.REPORTING, retention=Retention.CASE)
_act = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)

filings = Table(
    "filings", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("number", BigInteger, unique=True),
    _fact("case_id", IdType, ForeignKey("cases.id")),
    _fact("destination", String(40)),
    _fact("group_id", IdType, index=True),
    _fact("person", Integer),
    _fact("version", Integer),
    _fact("state", String(12), index=True),
    _fact("urgent", Boolean),
    _fact("epoch", Integer),
    _fact("attempt", Integer),
    _fact("report_id", String(64)),
    _fact("knowledge_at", UtcDateTime),
    _fact("due_at", UtcDateTime),
    _fact("created_at", UtcDateTime, index=True),
    _fact("opened_at", UtcDateTime, nullable=True),
    _fact("finished_at", UtcDateTime, nullable=True),
    _fact("warned_at", UtcDateTime, nullable=True),
    _fact("fault", String(80)),
    _fact("wanted_by", Text),
    _fact("change", BigInteger),
    UniqueConstraint("case_id", "destination", "person", "version"),
)  # fmt: skip

filing_drafts = Table(
    "filing_drafts", metadata,
    _fact("filing_id", IdType, ForeignKey("filings.id"), primary_key=True),
    _who("sealed", LargeBinary),
    _fact("at", UtcDateTime),
)  # fmt: skip

filing_files = Table(
    "filing_files", metadata,
    _fact("filing_id", IdType, ForeignKey("filings.id")),
    _fact("position", Integer),
    _fact("blob_id", IdType, ForeignKey("blobs.id"), nullable=True, index=True),
    _fact("size", BigInteger),
    _fact("sha256", LargeBinary(32)),
    _fact("md5", LargeBinary(16)),
    _fact("file_id", String(64)),
    _fact("described", Boolean),
    PrimaryKeyConstraint("filing_id", "position"),
)  # fmt: skip

filing_steps = Table(
    "filing_steps", metadata,
    _act("id", IdType, primary_key=True),
    _act("filing_id", IdType, ForeignKey("filings.id")),
    _act("seq", Integer),
    _act("call", String(12)),
    _act("phase", String(8)),
    _act("attempt", Integer),
    _act("file", Integer, nullable=True),
    _act("at", UtcDateTime),
    _act("code", Integer, nullable=True),
    _act("http", Integer),
    _act("request_id", Text),
    _act("report_id", String(64)),
    _act("file_id", String(64)),
    _act("detail", String(80)),
    UniqueConstraint("filing_id", "seq"),
)  # fmt: skip

filing_papers = Table(
    "filing_papers", metadata,
    _fact("step_id", IdType, ForeignKey("filing_steps.id"), primary_key=True),
    _who("sealed", LargeBinary),
    info=NEVER_CHANGED,
)  # fmt: skip
