"""Tables of chats: sums, alarms, measures, the few comments that gave evidence, the course.

What people write is not here, but for `kept_comments`, sealed, and those lose it when nothing was
found. Sums are numbers under keyed hashes. Names of accounts and messages stand sealed, apart
from what is only ever added, so that they can go. Read by `records.chats` and its neighbours.
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
    UniqueConstraint,
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

_fact = partial(column, klass=Klass.SYSTEM, purpose=Purpose.DETECTION, retention=Retention.CASE)
_case = partial(column, klass=Klass.EVIDENCE, purpose=Purpose.REVIEW, retention=Retention.CASE)
_acct = partial(column, klass=Klass.ACCOUNT, purpose=Purpose.REVIEW, retention=Retention.CASE)
_who = partial(column, klass=Klass.IDENTITY, purpose=Purpose.REPORTING, retention=Retention.CASE)
_sums = partial(column, klass=Klass.ACCOUNT, purpose=Purpose.DETECTION, retention=Retention.SHORT)
_null = partial(
    column, klass=Klass.SYSTEM, purpose=Purpose.DETECTION, retention=Retention.PERMANENT
)
_act = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)

chats = Table(
    "chats", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("kind", String(16)),
    _fact("service", Text),
    _acct("reference_key", LargeBinary, unique=True),
    _who("sealed", LargeBinary),
    _fact("stream_id", IdType, ForeignKey("streams.id"), nullable=True, index=True),
    _fact("messages", BigInteger),
    _fact("scored", BigInteger),
    _fact("unscored", BigInteger),
    _case("risk", Float),
    _case("level", String(8)),
    _case("measure", String(12)),
    _fact("lang", String(8)),
    _fact("band", String(12)),
    _case("case_id", IdType, ForeignKey("cases.id"), nullable=True, index=True),
    _fact("began_at", UtcDateTime),
    _fact("last_at", UtcDateTime),
    _fact("ended_at", UtcDateTime, nullable=True),
    _fact("change", BigInteger),
    _fact("version", Integer),
    Index("ix_chats_kind_last_at", "kind", "last_at"),
)  # fmt: skip

chat_sums = Table(
    "chat_sums", metadata,
    _sums("chat_id", IdType, ForeignKey("chats.id"), primary_key=True),
    _sums("sealed", LargeBinary),
    _sums("at", UtcDateTime),
)  # fmt: skip
"""The engine's sums of a chat, sealed: numbers under keyed hashes; replaced every minute."""

chat_across = Table(
    "chat_across", metadata,
    _sums("lane", SmallInteger, primary_key=True, autoincrement=False),
    _sums("lanes", SmallInteger),
    _sums("sealed", LargeBinary),
    _sums("at", UtcDateTime),
)  # fmt: skip
"""The engine's sums across chats, sealed, one row for each process that holds an engine."""

chat_cells = Table(
    "chat_cells", metadata,
    _null("lane", SmallInteger),
    _null("service", Text),
    _null("lang", String(8)),
    _null("band", String(12)),
    _null("blocks", Integer),
    _null("messages", Float),
    _null("counts", LargeBinary),
    _null("at", UtcDateTime),
    PrimaryKeyConstraint("lane", "service", "lang", "band"),
)  # fmt: skip
"""What ordinary traffic of a service, language and speed looks like: counts; replaced."""

chat_alarms = Table(
    "chat_alarms", metadata,
    _act("id", IdType, primary_key=True),
    _act("chat_id", IdType, ForeignKey("chats.id")),
    _act("case_id", IdType, ForeignKey("cases.id"), nullable=True),
    _act("level", String(8)),
    _act("evidence", Float),
    _act("threshold", Float),
    _act("at", UtcDateTime),
    _act("change", BigInteger),
    Index("ix_chat_alarms_chat_id_change", "chat_id", "change"),
    Index("ix_chat_alarms_at", "at"),
)  # fmt: skip

chat_reasons = Table(
    "chat_reasons", metadata,
    _case("alarm_id", IdType, ForeignKey("chat_alarms.id"), primary_key=True),
    _case("chat_id", IdType, ForeignKey("chats.id"), index=True),
    _who("sealed", LargeBinary),
)  # fmt: skip
"""Why an alarm rang: it names accounts and messages, and goes when nothing was found."""

chat_measures = Table(
    "chat_measures", metadata,
    _act("id", IdType, primary_key=True),
    _act("chat_id", IdType, ForeignKey("chats.id")),
    _act("to", String(12)),
    _act("by", String(80)),
    _act("why", String(40)),
    _act("at", UtcDateTime),
    _act("change", BigInteger),
    Index("ix_chat_measures_chat_id_change", "chat_id", "change"),
)  # fmt: skip

chat_measure_acks = Table(
    "chat_measure_acks", metadata,
    _act("change", Number, primary_key=True, autoincrement=False),
    _act("measure_id", IdType, ForeignKey("chat_measures.id"), index=True),
    _act("step", String(24)),
    _act("done", Boolean),
    _act("detail", Text),
    _act("ms", Integer),
    _act("at", UtcDateTime),
)  # fmt: skip

kept_comments = Table(
    "kept_comments", metadata,
    _case("id", IdType, primary_key=True),
    _case("chat_id", IdType, ForeignKey("chats.id")),
    _acct("message_key", LargeBinary),
    _acct("author_key", LargeBinary, nullable=True, index=True),
    _who("sealed", LargeBinary, nullable=True),
    _case("nats", Float),
    _case("at", UtcDateTime),
    _case("kept_at", UtcDateTime),
    _case("state", String(10)),
    _case("held", Boolean),
    _case("case_id", IdType, ForeignKey("cases.id"), nullable=True, index=True),
    _case("change", BigInteger),
    UniqueConstraint("chat_id", "message_key"),
)  # fmt: skip
"""Comments that gave evidence: text, author and parts sealed; empty once nothing was found."""

chat_events = Table(
    "chat_events", metadata,
    _fact("chat_id", IdType, ForeignKey("chats.id")),
    _fact("minute", UtcDateTime),
    _fact("messages", Integer),
    _fact("unscored", Integer),
    _fact("joins", Integer),
    _fact("leaves", Integer),
    _fact("gifts", Integer),
    _fact("reports", Integer),
    _fact("nats", Float),
    PrimaryKeyConstraint("chat_id", "minute"),
)  # fmt: skip
"""How a chat went, a row for each minute in which something happened; bounded."""

conversations = Table(
    "conversations", metadata,
    _fact("chat_id", IdType, ForeignKey("chats.id"), primary_key=True),
    _case("jurisdiction", String(8)),
    _case("basis", String(200)),
    _fact("reports", Integer),
    _sums("sealed", LargeBinary, nullable=True),
    _fact("at", UtcDateTime),
)  # fmt: skip
"""What a conversation has beside its chat: its law, and what each side showed, sealed: numbers
and dates under keyed hashes."""
