"""Tables of who acts: people, machine keys, sessions, approvals, views, webhooks.

Secrets are here only as keyed or plain hashes of random tokens, as argon2 strings, or
sealed. Views, their ends, approvals and their decisions are only ever appended: every view
is a row with who, what, why and the milliseconds on screen (reference: law). Read by
`records.people`, `records.api_keys`, `records.approvals`, `records.views`,
`records.webhooks`.
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
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_staff = partial(column, klass=Klass.STAFF, purpose=Purpose.ACCESS, retention=Retention.PERMANENT)
_secret = partial(column, klass=Klass.SECRET, purpose=Purpose.ACCESS, retention=Retention.KEY)
_session = partial(column, klass=Klass.STAFF, purpose=Purpose.ACCESS, retention=Retention.SHORT)
_token = partial(column, klass=Klass.SECRET, purpose=Purpose.ACCESS, retention=Retention.SHORT)
_key = partial(column, klass=Klass.SYSTEM, purpose=Purpose.ACCESS, retention=Retention.PERMANENT)
_approval = partial(
    column, klass=Klass.STAFF, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_view = partial(
    column, klass=Klass.STAFF, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_hook = partial(column, klass=Klass.SYSTEM, purpose=Purpose.OPERATION, retention=Retention.SHORT)

people = Table(
    "people", metadata,
    _staff("id", IdType, primary_key=True),
    _staff("name", Text),
    _staff("name_key", Text, unique=True),
    _staff("roles", Json),
    _staff("active", Boolean),
    _staff("created_at", UtcDateTime),
    _secret("password_hash", Text, nullable=True),
    _staff("failures", Integer),
    _staff("locked_until", UtcDateTime, nullable=True),
)  # fmt: skip

passkeys = Table(
    "passkeys", metadata,
    _staff("id", IdType, primary_key=True),
    _staff("person_id", IdType, ForeignKey("people.id"), index=True),
    _secret("credential_id", LargeBinary, unique=True),
    _secret("public_key", LargeBinary),
    _secret("sign_count", BigInteger),
    _staff("name", Text),
    _staff("created_at", UtcDateTime),
    _staff("used_at", UtcDateTime, nullable=True),
)  # fmt: skip

login_links = Table(
    "login_links", metadata,
    _token("token_sha256", LargeBinary, primary_key=True),
    _session("person_id", IdType, ForeignKey("people.id"), index=True),
    _session("created_at", UtcDateTime),
    _session("expires_at", UtcDateTime),
    _session("used_at", UtcDateTime, nullable=True),
)  # fmt: skip

sessions = Table(
    "sessions", metadata,
    _session("id", IdType, primary_key=True),
    _token("token_sha256", LargeBinary, unique=True),
    _session("person_id", IdType, ForeignKey("people.id"), index=True),
    _session("method", String(16)),
    _session("created_at", UtcDateTime),
    _session("seen_at", UtcDateTime),
    _session("expires_at", UtcDateTime),
    _session("revoked_at", UtcDateTime, nullable=True),
)  # fmt: skip

api_keys = Table(
    "api_keys", metadata,
    _key("id", IdType, primary_key=True),
    _key("name", Text),
    _secret("secret_mac", LargeBinary),
    _key("scopes", Json),
    _key("service", Text),
    _key("networks", Json),
    _key("per_second", Float),
    _key("test", Boolean),
    _key("expires_at", UtcDateTime, nullable=True),
    _key("revoked_at", UtcDateTime, nullable=True),
    _key("created_at", UtcDateTime),
    _key("created_by", Text),
)  # fmt: skip

approvals = Table(
    "approvals", metadata,
    _approval("id", IdType, primary_key=True),
    _approval("kind", Text),
    _approval("subject", Text),
    _approval("reason", Text),
    _approval("facts", Json),
    _approval("proposed_by", IdType),
    _approval("proposed_at", UtcDateTime, index=True),
    _approval("lapses_at", UtcDateTime),
    Index("ix_approvals_subject", "kind", "subject"),
)  # fmt: skip

approval_decisions = Table(
    "approval_decisions", metadata,
    _approval("approval_id", IdType, ForeignKey("approvals.id"), primary_key=True),
    _approval("outcome", String(16)),
    _approval("by", IdType),
    _approval("at", UtcDateTime),
    _approval("note", Text),
)  # fmt: skip

views = Table(
    "views", metadata,
    _view("id", IdType, primary_key=True),
    _view("person_id", IdType),
    _view("item_id", IdType, index=True),
    _view("case_id", IdType, nullable=True, index=True),
    _view("others", Json),
    _view("frame", Integer, nullable=True),
    _view("level", String(4)),
    _view("reason", Text),
    _view("at", UtcDateTime),
    _view("cap_ms", Integer),
    Index("ix_views_person_id_at", "person_id", "at"),
)  # fmt: skip

view_ends = Table(
    "view_ends", metadata,
    _view("view_id", IdType, ForeignKey("views.id"), primary_key=True),
    _view("ms", Integer),
    _view("at", UtcDateTime),
)  # fmt: skip

webhook_endpoints = Table(
    "webhook_endpoints", metadata,
    _key("id", IdType, primary_key=True),
    _key("service", Text),
    _key("url", Text),
    _secret("secret_sealed", LargeBinary),
    _key("events", Json),
    _key("active", Boolean),
    _key("created_at", UtcDateTime),
)  # fmt: skip

webhook_deliveries = Table(
    "webhook_deliveries", metadata,
    _hook("id", IdType, primary_key=True),
    _hook("endpoint_id", IdType, ForeignKey("webhook_endpoints.id")),
    _hook("event_id", IdType),
    _hook("type", String(32)),
    _hook("body", Json),
    _hook("state", String(16)),
    _hook("attempts", Integer),
    _hook("next_at", UtcDateTime),
    _hook("status", Integer, nullable=True),
    _hook("error", Text),
    _hook("created_at", UtcDateTime),
    _hook("done_at", UtcDateTime, nullable=True),
    UniqueConstraint("endpoint_id", "event_id"),
    Index(
        "ix_webhook_deliveries_waiting", "next_at",
        sqlite_where=text("state = 'waiting'"), postgresql_where=text("state = 'waiting'"),
    ),
)  # fmt: skip
