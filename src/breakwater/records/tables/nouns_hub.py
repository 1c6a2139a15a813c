"""Tables of the hub: members, shared lists, rules, who gave what, and what members said.

An entry's first contributor is its import's: 3.5 M entries need no row here each. Everything else
(a second contributor, a withdrawal of one of them, feedback) is a row that is only ever added.
Read by `records.hub_members`, `records.hub_lists`, `records.hub_given`, `records.hub_feedback`,
`records.hub_feeds`; contract: `tests/contract/test_hub_*.py`.
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
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from breakwater.records.tables.columns import (
    APPEND_ONLY,
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

_fact = partial(
    column, klass=Klass.SYSTEM, purpose=Purpose.DETECTION, retention=Retention.PERMANENT
)
_known = partial(
    column, klass=Klass.SIGNAL, purpose=Purpose.DETECTION, retention=Retention.PERMANENT
)
_act = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_staff = partial(
    column, klass=Klass.STAFF, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_tally = partial(column, klass=Klass.SYSTEM, purpose=Purpose.OPERATION, retention=Retention.SHORT)

hub_members = Table(
    "hub_members", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("number", Integer, unique=True),
    _fact("name", Text, unique=True),
    _fact("kind", String(16)),
    _fact("country", String(2)),
    _staff("contact", Text),
    _fact("state", String(16)),
    _fact("purposes", Json),
    _fact("trusted", Boolean),
    _fact("created_at", UtcDateTime),
    _fact("change", BigInteger),
)  # fmt: skip

hub_member_keys = Table(
    "hub_member_keys", metadata,
    _fact("key_id", IdType, ForeignKey("api_keys.id"), primary_key=True),
    _fact("member_id", IdType, ForeignKey("hub_members.id"), index=True),
    _fact("at", UtcDateTime),
)  # fmt: skip

hub_lists = Table(
    "hub_lists", metadata,
    _fact("bank_number", Integer, ForeignKey("banks.number"), primary_key=True, autoincrement=False),
    _fact("tlp", String(8)),
    _fact("open", Boolean),
    _fact("created_at", UtcDateTime),
    _fact("ended_at", UtcDateTime, nullable=True),
    _fact("change", BigInteger),
)  # fmt: skip

hub_contributions = Table(
    "hub_contributions", metadata,
    _act("import_number", Integer, ForeignKey("imports.number"), primary_key=True, autoincrement=False),
    _act("member_id", IdType, ForeignKey("hub_members.id"), index=True),
    _act("bank_number", Integer, ForeignKey("banks.number"), index=True),
    _act("way", String(8)),
    _act("category", String(40)),
    _act("at", UtcDateTime),
    _act("published_at", UtcDateTime, nullable=True),
    _staff("published_by", String(80)),
    _staff("second_by", IdType, nullable=True),
    _act("change", BigInteger),
)  # fmt: skip

hub_gives = Table(
    "hub_gives", metadata,
    _act("change", Number, primary_key=True, autoincrement=False),
    _act("entry_number", Number),
    _act("member_id", IdType, ForeignKey("hub_members.id"), index=True),
    _act("import_number", Integer, nullable=True),
    _act("gives", Boolean),
    _act("category", String(40)),
    _act("reason", Text),
    _act("at", UtcDateTime),
    Index("ix_hub_gives_entry_number", "entry_number", "change"),
    info=APPEND_ONLY,
)  # fmt: skip
"""A further contributor of an entry, or one who takes back; the last row of a member counts."""

hub_rules = Table(
    "hub_rules", metadata,
    _act("id", IdType, primary_key=True),
    _act("effect", String(8)),
    _act("source", IdType, ForeignKey("hub_members.id"), nullable=True),
    _act("list", Integer, ForeignKey("banks.number"), nullable=True),
    _act("recipient", IdType, ForeignKey("hub_members.id"), nullable=True),
    _act("recipient_kind", String(16), nullable=True),
    _act("recipient_country", String(2), nullable=True),
    _act("purpose", String(16), nullable=True),
    _act("category", String(40), nullable=True),
    _act("expires_at", UtcDateTime, nullable=True),
    _act("reason", Text),
    _staff("by", String(80)),
    _staff("second_by", IdType, nullable=True),
    _act("at", UtcDateTime),
    _act("change", BigInteger),
    info=APPEND_ONLY,
)  # fmt: skip

hub_rule_ends = Table(
    "hub_rule_ends", metadata,
    _act("rule_id", IdType, ForeignKey("hub_rules.id"), primary_key=True),
    _act("reason", Text),
    _staff("by", String(80)),
    _act("at", UtcDateTime),
    _act("change", BigInteger),
    info=APPEND_ONLY,
)  # fmt: skip

hub_served = Table(
    "hub_served", metadata,
    _act("member_id", IdType, ForeignKey("hub_members.id")),
    _act("import_number", Integer),
    _act("since", UtcDateTime),
    _act("profile", String(64)),
    _act("ended_at", UtcDateTime, nullable=True),
    PrimaryKeyConstraint("member_id", "import_number"),
)  # fmt: skip
"""Batches that are, or were, for a member: it is told when they are no longer for it.

`profile` is the digest of what the rules say of the batch; a change of it moves its entries.
"""

hub_feedback = Table(
    "hub_feedback", metadata,
    _act("id", IdType, primary_key=True),
    _act("entry_number", Number),
    _act("member_id", IdType, ForeignKey("hub_members.id"), index=True),
    _act("signal_kind", String(16)),
    _act("opinion", String(12), nullable=True),
    _act("reasons", Json),
    _act("note", Text),
    _act("at", UtcDateTime),
    _act("change", BigInteger),
    Index("ix_hub_feedback_entry_number", "entry_number", "change"),
    info=APPEND_ONLY,
)  # fmt: skip

hub_seen = Table(
    "hub_seen", metadata,
    _tally("entry_number", Number, autoincrement=False),
    _tally("member_id", IdType, ForeignKey("hub_members.id")),
    _tally("day", Integer),
    _tally("matches", BigInteger),
    _tally("wrong", BigInteger),
    PrimaryKeyConstraint("entry_number", "member_id", "day"),
    Index("ix_hub_seen_day", "day"),
)  # fmt: skip
"""What members met, per entry and day (days since 1970-01-01 UTC), as counts without content."""

hub_scores = Table(
    "hub_scores", metadata,
    _known("entry_number", Number, primary_key=True, autoincrement=False),
    _known("value", Float),
    _known("terms", Json),
    _known("at", UtcDateTime),
    Index("ix_hub_scores_value", "value", "entry_number"),
)  # fmt: skip

hub_clusters = Table(
    "hub_clusters", metadata,
    _known("entry_number", Number, primary_key=True, autoincrement=False),
    _known("cluster", Number, index=True),
    _known("distance", Integer),
)  # fmt: skip
"""Entries that look alike; `cluster` is the smallest entry number among them."""

hub_queue = Table(
    "hub_queue", metadata,
    _act("id", IdType, primary_key=True),
    _act("entry_number", Number, index=True),
    _act("why", String(16)),
    _act("facts", Json),
    _act("at", UtcDateTime),
    _act("settled_at", UtcDateTime, nullable=True),
    _act("outcome", String(16)),
    _staff("settled_by", String(80)),
    _act("note", Text),
    _act("change", BigInteger),
    Index("ix_hub_queue_open", "settled_at", "at"),
)  # fmt: skip
"""What curators look at: disagreements, entries held for their traffic, floods, re-instatements."""

hub_stamps = Table(
    "hub_stamps", metadata,
    _fact("second", BigInteger, primary_key=True, autoincrement=False),
    _fact("change", BigInteger, index=True),
)  # fmt: skip
"""Entries changed up to `change` (and after the row before) carry this second in feeds by time."""

hub_marks = Table(
    "hub_marks", metadata,
    _fact("name", String(16), primary_key=True),
    _fact("value", BigInteger),
)  # fmt: skip
"""How far the hub's own clocks are: `closed`, the second before which no entry appears any more,
and `expired`, the second up to which entries that ended were told of."""

hub_pulls = Table(
    "hub_pulls", metadata,
    _tally("member_id", IdType, ForeignKey("hub_members.id")),
    _tally("dialect", String(12)),
    _tally("last_at", UtcDateTime),
    _tally("change", BigInteger),
    _tally("rows", BigInteger),
    _tally("requests", BigInteger),
    _tally("errors", BigInteger),
    _tally("fault", Text),
    PrimaryKeyConstraint("member_id", "dialect"),
)  # fmt: skip

hub_pull_hours = Table(
    "hub_pull_hours", metadata,
    _tally("member_id", IdType, ForeignKey("hub_members.id")),
    _tally("dialect", String(12)),
    _tally("hour", UtcDateTime, index=True),
    _tally("rows", BigInteger),
    _tally("requests", BigInteger),
    _tally("errors", BigInteger),
    _tally("behind", BigInteger, nullable=True),
    PrimaryKeyConstraint("member_id", "dialect", "hour"),
)  # fmt: skip
"""For plots, 14 days (`records.hub_hours`)."""

hub_segments = Table(
    "hub_segments", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("view", String(64), index=True),
    _fact("ordinal", Integer),
    _fact("from_change", BigInteger),
    _fact("to_change", BigInteger),
    _fact("rows", BigInteger),
    _fact("size", BigInteger),
    _fact("sha256", String(64)),
    _fact("created_at", UtcDateTime),
    _fact("ended_at", UtcDateTime, nullable=True),
)  # fmt: skip
"""Files that members download; `view` is the digest of what may go to those who see alike."""
