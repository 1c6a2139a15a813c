"""Tables of broadcasts: streams and who sends, alerts, orders with every answer, denials.

A stream's row is what is true now; what led to it is only ever added: alerts, orders, the
states an order went through, every answer of a media server, what was preserved. Names, keys,
accounts and addresses are sealed; a keyed pseudonym finds them again. Read by
`records.streams`, `records.stream_orders` and `records.stream_alerts`.
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
    String,
    Table,
    Text,
    UniqueConstraint,
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

_fact = partial(column, klass=Klass.SYSTEM, purpose=Purpose.DETECTION, retention=Retention.CASE)
_case = partial(column, klass=Klass.EVIDENCE, purpose=Purpose.REVIEW, retention=Retention.CASE)
_acct = partial(column, klass=Klass.ACCOUNT, purpose=Purpose.REVIEW, retention=Retention.CASE)
_who = partial(column, klass=Klass.IDENTITY, purpose=Purpose.REPORTING, retention=Retention.CASE)
_act = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_ban = partial(
    column, klass=Klass.ACCOUNT, purpose=Purpose.DETECTION, retention=Retention.PERMANENT
)

streams = Table(
    "streams", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("label", String(32), unique=True),
    _fact("server", Text),
    _fact("service", Text),
    _acct("name_key", LargeBinary),
    _acct("account_key", LargeBinary, nullable=True),
    _acct("device_key", LargeBinary, nullable=True),
    _who("sealed", LargeBinary),
    _fact("state", String(8)),
    _case("control", String(8)),
    _case("order_id", IdType, nullable=True),
    _case("order_state", String(12)),
    _case("risk", Float),
    _case("risks", Json),
    _case("priority", String(8)),
    _fact("viewers", Integer),
    _fact("surface", String(16)),
    _fact("jurisdiction", String(8)),
    _fact("seen_share", Float),
    _fact("seen_at", UtcDateTime, nullable=True),
    _fact("started_at", UtcDateTime, index=True),
    _fact("ended_at", UtcDateTime, nullable=True),
    _case("case_id", IdType, ForeignKey("cases.id"), nullable=True, index=True),
    _fact("change", BigInteger),
    _fact("version", Integer),
    Index("ix_streams_name_key_state", "name_key", "state"),
    Index("ix_streams_account_key", "account_key"),
    Index(
        "ix_streams_running", "server", "risk",
        sqlite_where=text("state <> 'ended'"), postgresql_where=text("state <> 'ended'"),
    ),
)  # fmt: skip

stream_publishers = Table(
    "stream_publishers", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("stream_id", IdType, ForeignKey("streams.id"), index=True),
    _fact("key", Text),
    _acct("account_key", LargeBinary, nullable=True),
    _who("sealed", LargeBinary),
    _fact("joined_at", UtcDateTime),
    _fact("left_at", UtcDateTime, nullable=True),
    _case("risk", Float),
    _case("control", String(8)),
)  # fmt: skip

stream_alerts = Table(
    "stream_alerts", metadata,
    _case("id", IdType, primary_key=True),
    _case("stream_id", IdType, ForeignKey("streams.id")),
    _case("case_id", IdType, ForeignKey("cases.id"), nullable=True),
    _case("at", UtcDateTime),
    _case("time_s", Float),
    _case("kind", String(16)),
    _case("why", Text),
    _case("frames", Integer),
    _case("span_s", Float),
    _case("score", Float),
    _case("reference", IdType, nullable=True),
    _case("bank", Text),
    _case("auto_cut", Boolean),
    _case("evidence", Json),
    _case("wanted", String(8)),
    _case("change", BigInteger),
    Index("ix_stream_alerts_stream_id_change", "stream_id", "change"),
    Index("ix_stream_alerts_at", "at"),
)  # fmt: skip

stream_orders = Table(
    "stream_orders", metadata,
    _act("id", IdType, primary_key=True),
    _act("stream_id", IdType, ForeignKey("streams.id")),
    _act("publisher_id", IdType, ForeignKey("stream_publishers.id"), nullable=True),
    _act("to", String(8)),
    _act("by", String(80)),
    _act("why", String(40)),
    _act("broadcaster", String(16)),
    _act("at", UtcDateTime),
    _act("epoch", Integer),
    _act("change", BigInteger),
    UniqueConstraint("stream_id", "epoch"),
)  # fmt: skip

stream_order_states = Table(
    "stream_order_states", metadata,
    _act("change", Number, primary_key=True, autoincrement=False),
    _act("order_id", IdType, ForeignKey("stream_orders.id"), index=True),
    _act("state", String(12)),
    _act("at", UtcDateTime),
)  # fmt: skip
"""Every state an order went through; the newest is where it stands."""

stream_acks = Table(
    "stream_acks", metadata,
    _act("change", Number, primary_key=True, autoincrement=False),
    _act("order_id", IdType, ForeignKey("stream_orders.id"), index=True),
    _act("step", String(24)),
    _act("done", Boolean),
    _act("detail", Text),
    _act("ms", Integer),
    _act("at", UtcDateTime),
)  # fmt: skip

stream_denials = Table(
    "stream_denials", metadata,
    _ban("id", IdType, primary_key=True),
    _ban("scope", String(8)),
    _ban("value_key", LargeBinary, index=True),
    _ban("stream_id", IdType, ForeignKey("streams.id"), index=True),
    _ban("order_id", IdType, ForeignKey("stream_orders.id")),
    _ban("at", UtcDateTime),
)  # fmt: skip
"""Who may not publish again: a stream key, an account, a device, each by its pseudonym."""

stream_denial_ends = Table(
    "stream_denial_ends", metadata,
    _act("denial_id", IdType, ForeignKey("stream_denials.id"), primary_key=True),
    _act("by", String(80)),
    _act("at", UtcDateTime),
)  # fmt: skip

stream_viewers = Table(
    "stream_viewers", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("stream_id", IdType, ForeignKey("streams.id")),
    _acct("viewer_key", LargeBinary),
    _who("sealed", LargeBinary),
    _fact("joined_at", UtcDateTime),
    _fact("left_at", UtcDateTime, nullable=True),
    UniqueConstraint("stream_id", "viewer_key"),
)  # fmt: skip
"""Who watched, while it runs; forgotten with a broadcast that has no case."""

stream_preserved = Table(
    "stream_preserved", metadata,
    _case("id", IdType, primary_key=True),
    _case("stream_id", IdType, ForeignKey("streams.id"), index=True),
    _case("what", String(16)),
    _case("blob", IdType, ForeignKey("blobs.id"), nullable=True),
    _case("detail", Text),
    _case("gap", Text),
    _case("at", UtcDateTime),
)  # fmt: skip

bank_cuts = Table(
    "bank_cuts", metadata,
    _act("change", Number, primary_key=True, autoincrement=False),
    _act("bank_id", IdType, ForeignKey("banks.id"), index=True),
    _act("allowed", Boolean),
    _act("by", IdType),
    _act("second_by", IdType, nullable=True),
    _act("at", UtcDateTime),
)  # fmt: skip
"""Whether a bank may cut by itself: set by two people, taken back by one; the newest counts."""
