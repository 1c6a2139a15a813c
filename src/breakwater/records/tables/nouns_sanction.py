"""Tables of sanctions: accounts that were, keyed hashes they are known by, registrations found.

No identifier stands here, in clear or sealed: keys are HMACs under a versioned key, and end with
their sanction. Sanctions, their ends and what was found are only ever added. Read by
`records.sanctions` and `records.identifiers`; contract: `tests/contract/test_sanctions.py`.
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
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from breakwater.records.tables.columns import (
    NEVER_CHANGED,
    IdType,
    Json,
    Klass,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_act = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_acct = partial(
    column, klass=Klass.ACCOUNT, purpose=Purpose.DETECTION, retention=Retention.PERMANENT
)
_key = partial(column, klass=Klass.ACCOUNT, purpose=Purpose.DETECTION, retention=Retention.CASE)
_staff = partial(
    column, klass=Klass.STAFF, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)

sanctions = Table(
    "sanctions", metadata,
    _act("id", IdType, primary_key=True),
    _act("number", BigInteger, unique=True),
    _act("service", Text),
    _acct("account_key", LargeBinary, index=True),
    _act("case_id", IdType, ForeignKey("cases.id"), index=True),
    _act("decision_id", IdType, ForeignKey("decisions.id")),
    _act("at", UtcDateTime),
    _act("until", UtcDateTime),
    _act("round", Integer),
    _act("change", BigInteger),
    UniqueConstraint("decision_id", "account_key", "round"),
)  # fmt: skip
"""One decision sanctions an account once, however often word of it comes; again only where it was
taken back and stands again."""

sanction_ends = Table(
    "sanction_ends", metadata,
    _act("sanction_id", IdType, ForeignKey("sanctions.id"), primary_key=True),
    _act("kind", String(16)),
    _act("reason", Text),
    _staff("by", String(80)),
    _staff("second_by", IdType, nullable=True),
    _act("at", UtcDateTime),
    _act("change", BigInteger),
)  # fmt: skip

sanction_keys = Table(
    "sanction_keys", metadata,
    _key("key", LargeBinary),
    _key("kind", String(16)),
    _key("version", Integer),
    _key("sanction_id", IdType, ForeignKey("sanctions.id")),
    _key("seen_at", UtcDateTime),
    _key("until", UtcDateTime),
    PrimaryKeyConstraint("key", "kind", "sanction_id"),
    Index("ix_sanction_keys_sanction_id", "sanction_id"),
    Index("ix_sanction_keys_until", "until"),
    info=NEVER_CHANGED,
)  # fmt: skip
"""`version` is the key's own; 0 where the hash was made when viewers and devices were kept."""

sanction_key_ends = Table(
    "sanction_key_ends", metadata,
    _key("key", LargeBinary),
    _key("kind", String(16)),
    _key("sanction_id", IdType, ForeignKey("sanctions.id")),
    _key("hit_id", IdType, index=True),
    _key("by", String(80)),
    _key("at", UtcDateTime),
    PrimaryKeyConstraint("key", "kind", "sanction_id"),
    info=NEVER_CHANGED,
)  # fmt: skip
"""Hashes that led to somebody else: they find nobody again, and are not made anew."""

registration_hits = Table(
    "registration_hits", metadata,
    _act("id", IdType, primary_key=True),
    _act("service", Text),
    _act("answer", String(8)),
    _act("confidence", Float),
    _act("clues", Json),
    _act("sanction_id", IdType, ForeignKey("sanctions.id"), index=True),
    _acct("keys", Json),
    _act("by", String(80)),
    _act("at", UtcDateTime, index=True),
    _act("change", BigInteger),
)  # fmt: skip
"""`keys` are the hashes by which it was found, so that a wrong match can let go of just them."""
