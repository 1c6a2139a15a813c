"""Tables of what was screened: uploads, their verdicts and matches, cases and account data.

"No match and no suspicion means no media and no address kept" (reference: law): of a passed
upload there is a keyed pseudonym of the account, the service's reference, hashes and the
time, dropped after the retention of its surface. Account data of the others are sealed.
Verdicts, matches, case history and snapshots are only ever appended (database triggers).
Read by `records.uploads`, `records.cases`, `records.accounts`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from breakwater.records.tables.columns import (
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

_passed = partial(column, klass=Klass.SYSTEM, purpose=Purpose.DETECTION, retention=Retention.INGEST)
_account = partial(
    column, klass=Klass.ACCOUNT, purpose=Purpose.DETECTION, retention=Retention.INGEST
)
_hash = partial(column, klass=Klass.SIGNAL, purpose=Purpose.DETECTION, retention=Retention.INGEST)
_identity = partial(
    column, klass=Klass.IDENTITY, purpose=Purpose.REPORTING, retention=Retention.CASE
)
_verdict = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_case = partial(column, klass=Klass.EVIDENCE, purpose=Purpose.REVIEW, retention=Retention.CASE)
_tally = partial(
    column, klass=Klass.SYSTEM, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_once = partial(column, klass=Klass.SYSTEM, purpose=Purpose.OPERATION, retention=Retention.SHORT)

uploads = Table(
    "uploads", metadata,
    _passed("id", IdType, primary_key=True),
    _passed("service", Text),
    _passed("surface", String(8)),
    _passed("state", String(8)),
    _passed("received_at", UtcDateTime),
    _passed("size", BigInteger),
    _hash("sha256", LargeBinary, nullable=True),
    _hash("sha1", LargeBinary, nullable=True),
    _hash("md5", LargeBinary, nullable=True),
    _passed("declared_type", Text),
    _passed("type", Text),
    _account("reference", Text),
    _account("account_key", LargeBinary, nullable=True),
    _identity("origin_sealed", LargeBinary, nullable=True),
    _passed("action", String(8), nullable=True),
    _passed("rule", Text, nullable=True),
    _passed("reason", Text, nullable=True),
    _passed("revision", Integer),
    _passed("case_id", IdType, nullable=True),
    _passed("blob_id", IdType, ForeignKey("blobs.id"), nullable=True, index=True),
    _passed("change", BigInteger),
)  # fmt: skip
Index("ix_uploads_account", uploads.c.account_key, uploads.c.received_at)
Index("ix_uploads_received_at", uploads.c.received_at)
Index("ix_uploads_case_id", uploads.c.case_id, sqlite_where=text("case_id IS NOT NULL"),
      postgresql_where=text("case_id IS NOT NULL"))  # fmt: skip
Index("ix_uploads_sha256", uploads.c.sha256)
Index("ix_uploads_sha1", uploads.c.sha1)
Index("ix_uploads_md5", uploads.c.md5)
Index("ix_uploads_reference", uploads.c.service, uploads.c.reference)
Index("ix_uploads_pending", uploads.c.received_at, sqlite_where=text("state = 'pending'"),
      postgresql_where=text("state = 'pending'"))  # fmt: skip

upload_verdicts = Table(
    "upload_verdicts", metadata,
    _verdict("upload_id", IdType),
    _verdict("revision", Integer),
    _verdict("action", String(8)),
    _verdict("rule", Text),
    _verdict("reason", Text),
    _verdict("at", UtcDateTime),
    _verdict("change", BigInteger),
    PrimaryKeyConstraint("upload_id", "revision"),
)  # fmt: skip
"""Every verdict but a plain first "allow", which stands in its upload's row alone.

No foreign key: a passed upload is dropped by day, its later verdicts stay as numbers.
"""

upload_matches = Table(
    "upload_matches", metadata,
    _verdict("upload_id", IdType),
    _verdict("revision", Integer),
    _verdict("position", Integer),
    _verdict("entry_number", Number, index=True),
    _verdict("distance", Integer),
    _verdict("limit", Integer),
    _verdict("acting", Boolean),
    _verdict("why_not", String(16)),
    _verdict("view", String(16)),
    _verdict("frame", Integer, nullable=True),
    _verdict("time_s", Float, nullable=True),
    _verdict("quality", SmallInteger),
    _verdict("entry", Json),
    PrimaryKeyConstraint("upload_id", "revision", "position"),
    Index("ix_upload_matches_touched", "entry_number", "upload_id"),
)  # fmt: skip
"""`entry` keeps what the entry said then (bank, kind, value, labels, source): evidence."""

upload_tallies = Table(
    "upload_tallies", metadata,
    _tally("minute", BigInteger),
    _tally("service", Text),
    _tally("action", String(8)),
    _tally("rule", Text),
    _tally("n", BigInteger),
    PrimaryKeyConstraint("minute", "service", "action", "rule"),
)  # fmt: skip

idempotency_keys = Table(
    "idempotency_keys", metadata,
    _once("principal_id", IdType),
    _once("key_sha256", LargeBinary),
    _once("body_sha256", LargeBinary),
    _once("upload_id", IdType),
    _once("created_at", UtcDateTime, index=True),
    PrimaryKeyConstraint("principal_id", "key_sha256"),
)  # fmt: skip

cases = Table(
    "cases", metadata,
    _case("id", IdType, primary_key=True),
    _case("number", BigInteger, unique=True),
    _case("kind", String(16)),
    _case("subject_id", IdType, index=True),
    _case("why", Text),
    _case("priority", String(8)),
    _case("urgency", SmallInteger),
    _case("state", String(8)),
    _case("service", Text),
    _case("account_key", LargeBinary, nullable=True),
    _identity("account_sealed", LargeBinary, nullable=True),
    _case("opened_at", UtcDateTime),
    _case("due_at", UtcDateTime),
    _case("change", BigInteger),
    _case("version", Integer),
    _case("held_by", IdType, nullable=True),
    _case("held_until", UtcDateTime, nullable=True),
    _case("closed_at", UtcDateTime, nullable=True),
    _case("queue", String(32), nullable=True),
)  # fmt: skip
Index(
    "ix_cases_waiting", cases.c.urgency, cases.c.due_at, cases.c.number,
    sqlite_where=text("state <> 'closed'"), postgresql_where=text("state <> 'closed'"),
)  # fmt: skip
Index(
    "ix_cases_closed", cases.c.number,
    sqlite_where=text("state = 'closed'"), postgresql_where=text("state = 'closed'"),
)  # fmt: skip
Index("ix_cases_account", cases.c.account_key, cases.c.number)
Index("ix_cases_opened_at", cases.c.opened_at)

case_history = Table(
    "case_history", metadata,
    _case("change", BigInteger, primary_key=True, autoincrement=False),
    _case("case_id", IdType, ForeignKey("cases.id"), index=True),
    _case("at", UtcDateTime),
    _case("by", Text),
    _case("what", String(32)),
    _case("note", Text),
    _case("facts", Json),
    Index("ix_case_history_what_at", "what", "at"),
)  # fmt: skip

account_snapshots = Table(
    "account_snapshots", metadata,
    _case("id", IdType, primary_key=True),
    _case("service", Text),
    _case("account_key", LargeBinary),
    _identity("sealed", LargeBinary),
    _case("source", String(16)),
    _case("gap", Text),
    _case("taken_at", UtcDateTime),
    _case("stored_at", UtcDateTime),
    Index("ix_account_snapshots_account", "account_key", "taken_at"),
)  # fmt: skip
