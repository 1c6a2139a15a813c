"""Tables of how a broadcast went: its risk, its viewers, what was not seen, who is to be asked.

A row of `stream_course` is never changed and is forgotten with a broadcast that led to nothing.
`stream_roles` holds cuts whose broadcaster nobody named yet: a working list, the answers stand
in the orders. Read by `records.stream_course` and `records.stream_roles`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import Float, ForeignKey, Integer, PrimaryKeyConstraint, String, Table

from breakwater.records.tables.columns import (
    NEVER_CHANGED,
    IdType,
    Klass,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_fact = partial(column, klass=Klass.SYSTEM, purpose=Purpose.DETECTION, retention=Retention.CASE)
_case = partial(column, klass=Klass.EVIDENCE, purpose=Purpose.REVIEW, retention=Retention.CASE)

stream_course = Table(
    "stream_course", metadata,
    _fact("stream_id", IdType, ForeignKey("streams.id")),
    _fact("kind", String(8)),
    _fact("n", Integer),
    _fact("at", UtcDateTime),
    _fact("value", Float),
    _fact("why", String(16)),
    PrimaryKeyConstraint("stream_id", "kind", "n"),
    info=NEVER_CHANGED,
)  # fmt: skip
"""Changes only, the first first by `n`: risk, viewers, and whether its frames were looked at."""

stream_roles = Table(
    "stream_roles", metadata,
    _case("order_id", IdType, ForeignKey("stream_orders.id"), primary_key=True),
    _case("stream_id", IdType, ForeignKey("streams.id"), index=True),
    _case("publisher_id", IdType, ForeignKey("stream_publishers.id"), nullable=True),
    _case("at", UtcDateTime, index=True),
)  # fmt: skip
"""Cuts of which nobody said who broadcasts: the account's sanction waits for the answer."""
