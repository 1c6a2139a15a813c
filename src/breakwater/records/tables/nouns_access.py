"""Tables of signing in over several processes: linked accounts, spent challenges, buckets.

A challenge is not stored when it is made (it carries its own proof), only when it is used, so
that nobody who is not signed in can fill this table. Buckets are named by a keyed hash: no
address stands here. Read by `records.linked_accounts`, `records.challenges`, `records.buckets`
and `records.sessions`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import Float, ForeignKey, LargeBinary, Table, Text, UniqueConstraint

from breakwater.records.tables.columns import (
    IdType,
    Klass,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_staff = partial(column, klass=Klass.STAFF, purpose=Purpose.ACCESS, retention=Retention.PERMANENT)
_session = partial(column, klass=Klass.STAFF, purpose=Purpose.ACCESS, retention=Retention.SHORT)
_short = partial(column, klass=Klass.SYSTEM, purpose=Purpose.ACCESS, retention=Retention.SHORT)

linked_accounts = Table(
    "linked_accounts", metadata,
    _staff("id", IdType, primary_key=True),
    _staff("person_id", IdType, ForeignKey("people.id"), index=True),
    _staff("issuer", Text),
    _staff("subject", Text),
    _staff("created_at", UtcDateTime),
    _staff("used_at", UtcDateTime, nullable=True),
    UniqueConstraint("issuer", "subject"),
)  # fmt: skip

session_agents = Table(
    "session_agents", metadata,
    _session(
        "session_id", IdType, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True
    ),
    _session("agent", Text),
)  # fmt: skip

spent_challenges = Table(
    "spent_challenges", metadata,
    _short("sha256", LargeBinary, primary_key=True),
    _short("expires_at", UtcDateTime, index=True),
)  # fmt: skip

rate_buckets = Table(
    "rate_buckets", metadata,
    _short("name_mac", LargeBinary, primary_key=True),
    _short("level", Float),
    _short("at", UtcDateTime, index=True),
)  # fmt: skip
