"""Tables of the exchange: feeds, how far each is, which entry is whose, and what was told back.

A row of `exchange_items` joins a peer's own id with an entry of ours, one for each signal: it is
what a withdrawal or a changed entry is followed by. Lean, because a list has millions. Credentials
are sealed under the key purpose "adapters". Read by `records.exchange_feeds`,
`records.exchange_items`, `records.exchange_told`; contract: `tests/contract/test_exchange_running.py`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
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
_secret = partial(column, klass=Klass.SECRET, purpose=Purpose.OPERATION, retention=Retention.KEY)
_run = partial(column, klass=Klass.SYSTEM, purpose=Purpose.OPERATION, retention=Retention.SHORT)

exchange_feeds = Table(
    "exchange_feeds", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("number", Integer, unique=True),
    _fact("name", String(80), unique=True),
    _fact("kind", String(32)),
    _fact("bank_number", Integer, ForeignKey("banks.number"), index=True),
    _fact("url", Text),
    _fact("options", Json),
    _secret("sealed", LargeBinary),
    _fact("source", Text),
    _fact("permitted_use", Text),
    _fact("labels", Json),
    _fact("every_s", Integer),
    _staff("vouched_by", IdType, nullable=True),
    _fact("feedback", Boolean),
    _fact("counts", Boolean),
    _fact("enabled", Boolean),
    _fact("created_at", UtcDateTime),
    _fact("removed_at", UtcDateTime, nullable=True),
    _fact("version", Integer),
)  # fmt: skip

exchange_states = Table(
    "exchange_states", metadata,
    _run("feed_number", Integer, ForeignKey("exchange_feeds.number"), primary_key=True, autoincrement=False),
    _run("checkpoint", Text),
    _run("due_at", UtcDateTime, nullable=True),
    _run("pull_id", IdType, nullable=True),
    _run("tried_at", UtcDateTime, nullable=True),
    _run("pulled_at", UtcDateTime, nullable=True),
    _run("reached", UtcDateTime, nullable=True),
    _run("rows", BigInteger),
    _run("added", BigInteger),
    _run("gone", BigInteger),
    _run("bad", BigInteger),
    _run("errors", Integer),
    _run("fault", Text),
    _run("told", BigInteger),
    _run("turn", BigInteger),
)  # fmt: skip
"""`turn` numbers the whole lists that were read: an item not seen in the last one is gone."""

exchange_pulls = Table(
    "exchange_pulls", metadata,
    _run("id", IdType, primary_key=True),
    _run("feed_number", Integer, ForeignKey("exchange_feeds.number")),
    _run("started_at", UtcDateTime),
    _run("ended_at", UtcDateTime, nullable=True),
    _run("pages", BigInteger),
    _run("offered", BigInteger),
    _run("added", BigInteger),
    _run("gone", BigInteger),
    _run("bad", BigInteger),
    _run("fault", Text),
    Index("ix_exchange_pulls_feed", "feed_number", "started_at"),
)  # fmt: skip

exchange_imports = Table(
    "exchange_imports", metadata,
    _fact("import_number", Integer, ForeignKey("imports.number"), primary_key=True, autoincrement=False),
    _fact("feed_number", Integer, ForeignKey("exchange_feeds.number"), index=True),
    _fact("pull_id", IdType, index=True),
)  # fmt: skip
"""Imports that a pull made: an entry of another import was given here by somebody else."""

exchange_items = Table(
    "exchange_items", metadata,
    _known("feed_number", Integer),
    _known("remote_id", Text),
    _known("entry_number", Number),
    _known("turn", BigInteger),
    PrimaryKeyConstraint("feed_number", "remote_id", "entry_number"),
    Index("ix_exchange_items_entry_number", "entry_number", "feed_number"),
)  # fmt: skip
"""No foreign keys: 10 M rows. Feed 0 is somebody here who gave what a feed had given."""

exchange_bad = Table(
    "exchange_bad", metadata,
    _run("pull_id", IdType, ForeignKey("exchange_pulls.id")),
    _run("row", BigInteger),
    _run("place", Text),
    _run("reason", Text),
    _run("at", UtcDateTime),
    PrimaryKeyConstraint("pull_id", "row"),
)  # fmt: skip

exchange_told = Table(
    "exchange_told", metadata,
    _act("feed_number", Integer, ForeignKey("exchange_feeds.number")),
    _act("cause", IdType),
    _act("remote_id", Text),
    _act("kind", String(16)),
    _act("opinion", String(16)),
    _act("outcome", String(12)),
    _act("detail", Text),
    _act("at", UtcDateTime),
    PrimaryKeyConstraint("feed_number", "cause", "remote_id", "kind"),
    info=APPEND_ONLY,
)  # fmt: skip
"""Feedback that the peer took or refused; what waits is derived, so it is told once."""

exchange_counted = Table(
    "exchange_counted", metadata,
    _act("feed_number", Integer, ForeignKey("exchange_feeds.number")),
    _act("day", Integer),
    _act("entries", BigInteger),
    _act("matches", BigInteger),
    _act("at", UtcDateTime),
    PrimaryKeyConstraint("feed_number", "day"),
    info=APPEND_ONLY,
)  # fmt: skip
"""Days (since 1970-01-01 UTC) whose match counts the peer has."""
