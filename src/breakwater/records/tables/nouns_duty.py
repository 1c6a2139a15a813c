"""Tables of duty: the rota, calls for a person, rings, answers, and what is on its way.

All but the two work lists are only ever appended to. `duty_waiting` holds the calls nobody
answered, so that finding them costs nothing after years of calls; `duty_deliveries` the rings
that a pager service still has to take. Read by `records.duty` and `records.duty_calls`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    Boolean,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    text,
)

from breakwater.records.tables.columns import (
    IdType,
    Klass,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_duty = partial(
    column, klass=Klass.STAFF, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_case = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.CASE
)
_work = partial(column, klass=Klass.SYSTEM, purpose=Purpose.OPERATION, retention=Retention.SHORT)

duty_shifts = Table(
    "duty_shifts", metadata,
    _duty("id", IdType, primary_key=True),
    _duty("person_id", IdType, ForeignKey("people.id"), index=True),
    _duty("rank", SmallInteger),
    _duty("starts_at", UtcDateTime),
    _duty("ends_at", UtcDateTime, index=True),
    _duty("made_by", String(80)),
    _duty("made_at", UtcDateTime),
)  # fmt: skip

duty_endings = Table(
    "duty_endings", metadata,
    _duty("shift_id", IdType, ForeignKey("duty_shifts.id"), primary_key=True),
    _duty("ends_at", UtcDateTime),
    _duty("why", String(16)),
    _duty("by", String(80)),
    _duty("at", UtcDateTime),
)  # fmt: skip

duty_calls = Table(
    "duty_calls", metadata,
    _duty("id", IdType, primary_key=True),
    _duty("kind", String(16)),
    _duty("subject_id", IdType),
    _duty("only_person", IdType, nullable=True),
    _duty("by", String(80)),
    _duty("opened_at", UtcDateTime, index=True),
    Index("ix_duty_calls_subject_id_kind", "subject_id", "kind"),
)  # fmt: skip

duty_rings = Table(
    "duty_rings", metadata,
    _duty("id", IdType, primary_key=True),
    _duty("call_id", IdType, ForeignKey("duty_calls.id")),
    _duty("number", Integer),
    _duty("person_id", IdType, nullable=True),
    _duty("at", UtcDateTime),
    _duty("answer_by", UtcDateTime),
    UniqueConstraint("call_id", "number"),
)  # fmt: skip

duty_answers = Table(
    "duty_answers", metadata,
    _duty("call_id", IdType, ForeignKey("duty_calls.id"), primary_key=True),
    _duty("outcome", String(16)),
    _duty("by", String(80)),
    _duty("at", UtcDateTime),
)  # fmt: skip

duty_freezes = Table(
    "duty_freezes", metadata,
    _case("id", IdType, primary_key=True),
    _case("case_id", IdType, ForeignKey("cases.id"), index=True),
    _case("why", String(20)),
    _case("by", String(80)),
    _case("at", UtcDateTime),
)  # fmt: skip

duty_waiting = Table(
    "duty_waiting", metadata,
    _work("call_id", IdType, ForeignKey("duty_calls.id"), primary_key=True),
    _work("next_at", UtcDateTime, index=True),
)  # fmt: skip

duty_deliveries = Table(
    "duty_deliveries", metadata,
    _work("ring_id", IdType, ForeignKey("duty_rings.id"), primary_key=True),
    _work("attempts", SmallInteger),
    _work("next_at", UtcDateTime),
    _work("status", Integer, nullable=True),
    _work("error", String(40)),
    _work("delivered", Boolean),
    _work("done_at", UtcDateTime, nullable=True),
    Index(
        "ix_duty_deliveries_waiting", "next_at",
        sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL"),
    ),
)  # fmt: skip
