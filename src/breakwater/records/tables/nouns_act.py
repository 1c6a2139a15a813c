"""Tables of acts on services: what each is about, the wish itself, and all that became of it.

A fence is one thing acts are about (an object's content, an account): its name stands sealed, and
its row gives out epochs. An act's row says where it stands now; its steps are only ever added.
Read by `records.platform_acts`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    BigInteger,
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
    Klass,
    Number,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_fact = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.CASE
)
_key = partial(column, klass=Klass.ACCOUNT, purpose=Purpose.REVIEW, retention=Retention.CASE)
_who = partial(column, klass=Klass.IDENTITY, purpose=Purpose.REVIEW, retention=Retention.CASE)
_step = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)

act_fences = Table(
    "act_fences", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("service", Text),
    _fact("lane", String(12)),
    _key("name_key", LargeBinary),
    _who("sealed", LargeBinary),
    _fact("epoch", Integer),
    UniqueConstraint("lane", "name_key"),
)  # fmt: skip

platform_acts = Table(
    "platform_acts", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("fence_id", IdType, ForeignKey("act_fences.id")),
    _fact("epoch", Integer),
    _fact("kind", String(24)),
    _fact("service", Text),
    _fact("why", String(12)),
    _fact("by", String(80)),
    _fact("reason", Text),
    _fact("case_id", IdType, ForeignKey("cases.id"), nullable=True, index=True),
    _fact("upload_id", IdType, nullable=True),
    _fact("decision_id", IdType, ForeignKey("decisions.id"), nullable=True),
    _fact("reverses", IdType, ForeignKey("platform_acts.id"), nullable=True),
    _fact("at", UtcDateTime),
    _fact("until", UtcDateTime),
    _fact("state", String(12)),
    _fact("attempts", Integer),
    _fact("fault", Text),
    _fact("confirmed_at", UtcDateTime, nullable=True),
    _fact("change", BigInteger),
    UniqueConstraint("fence_id", "epoch"),
)  # fmt: skip
Index(
    "ix_platform_acts_failed", platform_acts.c.id,
    sqlite_where=text("state IN ('unconfirmed', 'impossible')"),
    postgresql_where=text("state IN ('unconfirmed', 'impossible')"),
)  # fmt: skip

platform_act_steps = Table(
    "platform_act_steps", metadata,
    _step("change", Number, primary_key=True, autoincrement=False),
    _step("act_id", IdType, ForeignKey("platform_acts.id"), index=True),
    _step("at", UtcDateTime),
    _step("what", String(16)),
    _step("by", String(80)),
    _step("outcome", String(12)),
    _step("detail", Text),
)  # fmt: skip
