"""Tables of reports that others send to us: the report, its files, every call, referrals.

What senders write is sealed; files lie in the vault. A report that was retracted or expired
keeps its row and loses its content. Read by `records.received`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from breakwater.records.tables.columns import (
    IdType,
    Klass,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_case = partial(column, klass=Klass.EVIDENCE, purpose=Purpose.REPORTING, retention=Retention.CASE)
_identity = partial(
    column, klass=Klass.IDENTITY, purpose=Purpose.REPORTING, retention=Retention.CASE
)
_signal = partial(column, klass=Klass.SIGNAL, purpose=Purpose.DETECTION, retention=Retention.CASE)
_staff = partial(
    column, klass=Klass.STAFF, purpose=Purpose.ACCOUNTABILITY, retention=Retention.CASE
)
_system = partial(column, klass=Klass.SYSTEM, purpose=Purpose.OPERATION, retention=Retention.CASE)

received_reports = Table(
    "received_reports", metadata,
    _case("id", IdType, primary_key=True),
    _case("number", BigInteger),
    _system("sender_id", IdType, index=True),
    _system("service", String(64)),
    _case("state", String(12)),
    _case("opened_at", UtcDateTime),
    _case("modified_at", UtcDateTime),
    _case("closed_at", UtcDateTime, nullable=True),
    _case("size", BigInteger),
    _signal("sha256", LargeBinary(32)),
    _identity("sealed", LargeBinary, nullable=True),
    _case("case_id", IdType, nullable=True, index=True),
    _case("change", BigInteger),
    UniqueConstraint("number"),
    Index("ix_received_reports_open", "state", "modified_at"),
)  # fmt: skip

received_files = Table(
    "received_files", metadata,
    _case("id", IdType, primary_key=True),
    _case("report_id", IdType, ForeignKey("received_reports.id"), index=True),
    _case("place", Integer),
    _case("size", BigInteger),
    _signal("md5", LargeBinary(16), index=True),
    _signal("sha256", LargeBinary(32), index=True),
    _case("declared_type", String(255)),
    _identity("name_sealed", LargeBinary, nullable=True),
    _case("blob_id", IdType, ForeignKey("blobs.id"), nullable=True),
    _identity("details_sealed", LargeBinary, nullable=True),
    _case("received_at", UtcDateTime),
    _case("described_at", UtcDateTime, nullable=True),
    UniqueConstraint("report_id", "place"),
)  # fmt: skip

received_prints = Table(
    "received_prints", metadata,
    _signal("file_id", IdType, ForeignKey("received_files.id")),
    _signal("place", Integer),
    _signal("value", LargeBinary(32)),
    PrimaryKeyConstraint("file_id", "place"),
)  # fmt: skip
"""Perceptual hashes of received pictures, by which near copies in later reports are found."""

received_calls = Table(
    "received_calls", metadata,
    _system("change", BigInteger, primary_key=True, autoincrement=False),
    _system("number", BigInteger, index=True),
    _system("what", String(12)),
    _system("code", Integer),
    _system("sender_id", IdType),
    _system("request_id", String(64)),
    _system("at", UtcDateTime),
)  # fmt: skip
"""Every call that opened or named a report and what was answered; only ever added."""

received_referrals = Table(
    "received_referrals", metadata,
    _case("id", IdType, primary_key=True),
    _case("report_id", IdType, ForeignKey("received_reports.id"), index=True),
    _case("recipient", Text),
    _case("reference", Text),
    _staff("by", IdType),
    _case("at", UtcDateTime),
    _case("change", BigInteger),
)  # fmt: skip
"""To whom a received report was referred; only ever added."""
