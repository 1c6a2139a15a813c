"""Tables of the queue: where cases wait, by which rules, who skipped them, and bulk acts.

A case's place is what is true now; its queue stands in the case's own row, so that one index
gives the order of one queue. Every routing of it, live or in shadow, is a row that is
only ever added, with the facts the rules saw: a dry run reads these. Rules and what a version
was told to do are only ever added too. Read by `records.queue`, `records.routing` and
`records.bulk`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from breakwater.records.tables.columns import (
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
from breakwater.records.tables.nouns_intake import cases

_case = partial(column, klass=Klass.EVIDENCE, purpose=Purpose.REVIEW, retention=Retention.CASE)
_rules = partial(
    column, klass=Klass.SYSTEM, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_staff = partial(column, klass=Klass.STAFF, purpose=Purpose.REVIEW, retention=Retention.PERMANENT)
_act = partial(
    column, klass=Klass.STAFF, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)

Index(
    "ix_cases_held_until", cases.c.held_until,
    sqlite_where=text("held_until IS NOT NULL"), postgresql_where=text("held_until IS NOT NULL"),
)  # fmt: skip

Index(
    "ix_cases_queue", cases.c.queue, cases.c.urgency, cases.c.due_at, cases.c.number,
    sqlite_where=text("state <> 'closed'"), postgresql_where=text("state <> 'closed'"),
)  # fmt: skip

case_places = Table(
    "case_places", metadata,
    _case("case_id", IdType, ForeignKey("cases.id"), primary_key=True),
    _case("skill", String(32)),
    _case("rule", Text),
    _case("version", Integer),
    _case("viewers", Integer),
    _case("reports", Integer),
    _case("told", SmallInteger),
    _case("next_at", UtcDateTime, nullable=True),
)  # fmt: skip
Index(
    "ix_case_places_next_at", case_places.c.next_at,
    sqlite_where=text("next_at IS NOT NULL"), postgresql_where=text("next_at IS NOT NULL"),
)  # fmt: skip

case_content = Table(
    "case_content", metadata,
    _case("case_id", IdType, ForeignKey("cases.id")),
    _case("word", String(64)),
    PrimaryKeyConstraint("case_id", "word"),
)  # fmt: skip
"""What a case shows, in words: those who opted out of one are not offered it."""

case_skips = Table(
    "case_skips", metadata,
    _case("change", Number, primary_key=True, autoincrement=False),
    _case("case_id", IdType, ForeignKey("cases.id")),
    _case("person_id", IdType),
    _case("at", UtcDateTime),
    _case("until", UtcDateTime, nullable=True),
    _case("reason", Text),
    Index("ix_case_skips_case_id_person_id", "case_id", "person_id"),
)  # fmt: skip
"""Who is not offered a case, until when; without an end for who must not judge it at all."""

case_routes = Table(
    "case_routes", metadata,
    _case("change", Number, primary_key=True, autoincrement=False),
    _case("case_id", IdType, ForeignKey("cases.id"), index=True),
    _case("at", UtcDateTime, index=True),
    _case("version", Integer),
    _case("shadow", Boolean),
    _case("rule", Text),
    _case("queue", String(32)),
    _case("priority", String(8)),
    _case("skill", String(32)),
    _case("due_minutes", Integer),
    _case("facts", Json),
)  # fmt: skip

routing_versions = Table(
    "routing_versions", metadata,
    _rules("number", Integer, primary_key=True, autoincrement=False),
    _rules("rules", Json),
    _rules("note", Text),
    _rules("by", Text),
    _rules("at", UtcDateTime),
)  # fmt: skip

routing_modes = Table(
    "routing_modes", metadata,
    _rules("change", Number, primary_key=True, autoincrement=False),
    _rules("version", Integer),
    _rules("mode", String(8)),
    _rules("by", Text),
    _rules("at", UtcDateTime),
)  # fmt: skip
"""What each version was told to do, newest last. The newest `live` one decides."""

work_terms = Table(
    "work_terms", metadata,
    _staff("person_id", IdType, ForeignKey("people.id"), primary_key=True),
    _staff("skills", Json),
    _staff("opt_outs", Json),
    _staff("changed_at", UtcDateTime),
)  # fmt: skip
"""What a person is offered. Why somebody opted out is nobody's business and kept nowhere."""

bulk_acts = Table(
    "bulk_acts", metadata,
    _act("id", IdType, primary_key=True),
    _act("kind", String(16)),
    _act("value", Text),
    _act("reason", Text),
    _act("by", IdType),
    _act("at", UtcDateTime),
    _act("changes", Json),
    Index("ix_bulk_acts_by_at", "by", "at"),
)  # fmt: skip

bulk_undos = Table(
    "bulk_undos", metadata,
    _act("act_id", IdType, ForeignKey("bulk_acts.id"), primary_key=True),
    _act("by", IdType),
    _act("at", UtcDateTime),
    _act("restored", BigInteger),
    _act("left", BigInteger),
)  # fmt: skip
