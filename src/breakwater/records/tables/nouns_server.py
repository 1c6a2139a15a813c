"""Tables of media servers: where they stand, what we share with them, and hooks already taken.

What we share (credentials, signing secret, passes) is sealed under the key purpose "adapters";
the token in a hook's address is found by a keyed hash. Read by `records.media_servers`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import Boolean, Integer, LargeBinary, PrimaryKeyConstraint, String, Table, Text

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

_server = partial(
    column, klass=Klass.SYSTEM, purpose=Purpose.OPERATION, retention=Retention.PERMANENT
)
_secret = partial(column, klass=Klass.SECRET, purpose=Purpose.OPERATION, retention=Retention.KEY)
_once = partial(column, klass=Klass.SYSTEM, purpose=Purpose.OPERATION, retention=Retention.SHORT)

media_servers = Table(
    "media_servers", metadata,
    _server("id", IdType, primary_key=True),
    _server("name", String(64), unique=True),
    _server("kind", String(32)),
    _server("service", Text),
    _server("control_url", Text),
    _server("rtmp_url", Text),
    _server("hls_url", Text),
    _server("hook_networks", Json),
    _secret("hook_mac", LargeBinary, unique=True),
    _secret("sealed", LargeBinary),
    _server("active", Boolean),
    _server("version", Integer),
    _server("created_at", UtcDateTime),
    _server("hook_at", UtcDateTime, nullable=True),
)  # fmt: skip

media_server_hooks = Table(
    "media_server_hooks", metadata,
    _once("server_id", IdType),
    _once("digest", LargeBinary),
    _once("at", UtcDateTime, index=True),
    PrimaryKeyConstraint("server_id", "digest"),
)  # fmt: skip
"""Hooks that must not be taken twice, by their hash; gone when they are too old to be believed."""
