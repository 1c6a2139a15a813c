"""Tables of who watched: a session's place and keys, what viewers did, what was illegal, imports.

`stream_viewers` names the session and seals account, address and port; what is here hangs on it
and goes with it. Keys are keyed hashes and find the same device, address or payment again without
naming it. Read by `records.watchers` and `records.watch_imports`; contract tests:
`tests/contract/test_watchers.py`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
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
    Number,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_fact = partial(column, klass=Klass.SYSTEM, purpose=Purpose.REPORTING, retention=Retention.CASE)
_acct = partial(column, klass=Klass.ACCOUNT, purpose=Purpose.REPORTING, retention=Retention.CASE)
_who = partial(column, klass=Klass.IDENTITY, purpose=Purpose.REPORTING, retention=Retention.CASE)
_act = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)

viewer_imports = Table(
    "viewer_imports", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("mark", LargeBinary, unique=True),
    _fact("service", Text),
    _fact("name", Text),
    _fact("form", String(32)),
    _fact("offset", Number),
    _fact("counts", Json),
    _fact("by", String(80)),
    _fact("began_at", UtcDateTime),
    _fact("changed_at", UtcDateTime),
    _fact("finished_at", UtcDateTime, nullable=True),
)  # fmt: skip
"""An access log that is read: how far, and how many of its lines were of use."""

viewer_sessions = Table(
    "viewer_sessions", metadata,
    _fact("viewer_id", IdType, ForeignKey("stream_viewers.id", ondelete="CASCADE"), primary_key=True),
    _fact("stream_id", IdType, index=True),
    _acct("person", LargeBinary, index=True),
    _acct("address_key", LargeBinary, nullable=True),
    _fact("source", String(8)),
    _fact("import_id", IdType, ForeignKey("viewer_imports.id"), nullable=True),
    _acct("country", String(2)),
    _fact("certainty", String(9)),
    _fact("requests", Integer),
    _who("sealed", LargeBinary),
)  # fmt: skip

viewer_keys = Table(
    "viewer_keys", metadata,
    _fact("viewer_id", IdType, ForeignKey("stream_viewers.id", ondelete="CASCADE")),
    _fact("stream_id", IdType, index=True),
    _fact("kind", String(8)),
    _acct("key", LargeBinary),
    PrimaryKeyConstraint("viewer_id", "kind", "key"),
    Index("ix_viewer_keys_kind_key", "kind", "key"),
)  # fmt: skip

viewer_acts = Table(
    "viewer_acts", metadata,
    _act("id", IdType, primary_key=True),
    _act("stream_id", IdType, index=True),
    _act("kind", String(8)),
    _acct("person", LargeBinary),
    _acct("payment_key", LargeBinary, nullable=True),
    _act("reference_key", LargeBinary),
    _who("sealed", LargeBinary),
    _act("by", String(80)),
    _act("at", UtcDateTime),
    UniqueConstraint("stream_id", "kind", "reference_key"),
    info=NEVER_CHANGED,
)  # fmt: skip
"""What a viewer did besides watching."""

viewer_spans = Table(
    "viewer_spans", metadata,
    _act("change", Number, primary_key=True, autoincrement=False),
    _act("stream_id", IdType, ForeignKey("streams.id"), index=True),
    _act("spans", Json),
    _act("reason", Text),
    _act("by", String(80)),
    _act("at", UtcDateTime),
)  # fmt: skip
"""What of a broadcast a person says is illegal; the newest counts."""
