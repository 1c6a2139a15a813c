"""Tables of the exposure clock and of workstations.

Changes of limits, breaks, severe marks and overtime are only ever appended; what holds is
derived. About people who work here, kept to account for their protection, never for how much
they do. Read by `records.exposure` and `records.devices`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Table, Text

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

_staff = partial(
    column, klass=Klass.STAFF, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_device = partial(column, klass=Klass.SYSTEM, purpose=Purpose.ACCESS, retention=Retention.PERMANENT)
_secret = partial(column, klass=Klass.SECRET, purpose=Purpose.ACCESS, retention=Retention.KEY)
_code = partial(column, klass=Klass.SYSTEM, purpose=Purpose.ACCESS, retention=Retention.SHORT)

limit_changes = Table(
    "limit_changes", metadata,
    _staff("id", IdType, primary_key=True),
    _staff("at", UtcDateTime),
    _staff("person_id", IdType, nullable=True),
    _staff("limits", Json),
    _staff("by", IdType),
    _staff("second", IdType, nullable=True),
    _staff("reason", Text),
    Index("ix_limit_changes_person_id_at", "person_id", "at"),
)  # fmt: skip

rests = Table(
    "rests", metadata,
    _staff("id", IdType, primary_key=True),
    _staff("person_id", IdType),
    _staff("made_at", UtcDateTime),
    _staff("begins_at", UtcDateTime),
    _staff("until", UtcDateTime),
    _staff("why", String(16)),
    Index("ix_rests_person_id_made_at", "person_id", "made_at"),
)  # fmt: skip

severe_marks = Table(
    "severe_marks", metadata,
    _staff("id", IdType, primary_key=True),
    _staff("person_id", IdType),
    _staff("at", UtcDateTime),
    _staff("subject_id", IdType),
    Index("ix_severe_marks_person_id_at", "person_id", "at"),
)  # fmt: skip

overtime = Table(
    "overtime", metadata,
    _staff("id", IdType, primary_key=True),
    _staff("person_id", IdType),
    _staff("case_id", IdType, index=True),
    _staff("at", UtcDateTime),
    _staff("until", UtcDateTime),
    _staff("reason", Text),
    Index("ix_overtime_person_id_at", "person_id", "at"),
)  # fmt: skip

devices = Table(
    "devices", metadata,
    _device("id", IdType, primary_key=True),
    _device("name", Text),
    _device("way", String(16)),
    _device("by", IdType),
    _device("at", UtcDateTime),
    _secret("token_sha256", LargeBinary, unique=True),
    _device("seen_at", UtcDateTime, nullable=True),
    _device("revoked_at", UtcDateTime, nullable=True),
)  # fmt: skip

device_codes = Table(
    "device_codes", metadata,
    _secret("code_sha256", LargeBinary, primary_key=True),
    _code("name", Text),
    _code("made_by", IdType, ForeignKey("people.id")),
    _code("made_at", UtcDateTime),
    _code("expires_at", UtcDateTime),
    _code("used_at", UtcDateTime, nullable=True),
)  # fmt: skip
