"""Tables of grading's quality: gold items and rates, alarms and how they ended, hashes made later.

All but the hashes are only ever added: the last row about an item says whether it is gold and
what holds for it, and an alarm is open until a row about its end. Answers themselves stand in
`nouns_grading`; agreement is computed from them and stored nowhere. Read by `records.quality`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
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

_gold = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.CASE
)
_alarm = partial(
    column, klass=Klass.STAFF, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_hash = partial(column, klass=Klass.SIGNAL, purpose=Purpose.REVIEW, retention=Retention.CASE)

grade_golds = Table(
    "grade_golds", metadata,
    _gold("change", BigInteger, primary_key=True, autoincrement=False),
    _gold("item_number", BigInteger, index=True),
    _gold("set_number", BigInteger),
    _gold("active", Boolean),
    _gold("look", String(16)),
    _gold("facts", Json, nullable=True),
    _gold("by", IdType),
    _gold("at", UtcDateTime),
    _gold("reason", Text),
)  # fmt: skip
"""What became gold, with the answer that holds, and what ceased to be."""

grade_gold_rates = Table(
    "grade_gold_rates", metadata,
    _gold("change", BigInteger, primary_key=True, autoincrement=False),
    _gold("set_number", BigInteger, nullable=True),
    _gold("share", Float),
    _gold("by", IdType),
    _gold("at", UtcDateTime),
    _gold("reason", Text),
)  # fmt: skip
"""How much gold graders meet, of one set or of all that have no rate of their own."""

grade_gold_reach = Table(
    "grade_gold_reach", metadata,
    _gold("change", BigInteger, primary_key=True, autoincrement=False),
    _gold("item_number", BigInteger, index=True),
    _gold("everywhere", Boolean),
    _gold("by", IdType),
    _gold("at", UtcDateTime),
)  # fmt: skip
"""Which gold items are met in every set; without a row only in their own."""

grade_alarms = Table(
    "grade_alarms", metadata,
    _alarm("id", IdType, primary_key=True),
    _alarm("kind", String(16)),
    _alarm("subject", Text),
    _alarm("facts", Json),
    _alarm("at", UtcDateTime),
    Index("ix_grade_alarms_subject", "kind", "subject"),
)  # fmt: skip

grade_alarm_ends = Table(
    "grade_alarm_ends", metadata,
    _alarm("alarm_id", IdType, ForeignKey("grade_alarms.id"), primary_key=True),
    _alarm("by", IdType),
    _alarm("note", Text),
    _alarm("at", UtcDateTime),
)  # fmt: skip

grade_hashes = Table(
    "grade_hashes", metadata,
    _hash("item_number", BigInteger),
    _hash("kind", String(40)),
    _hash("value", LargeBinary),
    _hash("at", UtcDateTime),
    PrimaryKeyConstraint("item_number", "kind"),
)  # fmt: skip
"""Hashes of kinds that were added after an item came in."""
