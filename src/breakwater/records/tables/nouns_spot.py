"""Tables of spot checks: what prevalence is told from, and what is gone within 72 hours.

Designs, rounds, strata, draws and answers are only ever added and name no broadcast, account or
person outside. `spot_strips` and `spot_stills` lead to a broadcast and its pictures and are
deleted by the purge; `spot_cases` stands only where a person opened a case, and stays with it.
Read by `records.spots`; contract: `tests/contract/test_records_spots.py`.
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

_kept = partial(
    column, klass=Klass.SYSTEM, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_found = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_staff = partial(
    column, klass=Klass.STAFF, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_short = partial(column, klass=Klass.EVIDENCE, purpose=Purpose.DETECTION, retention=Retention.SHORT)
_case = partial(column, klass=Klass.EVIDENCE, purpose=Purpose.REVIEW, retention=Retention.CASE)

spot_designs = Table(
    "spot_designs", metadata,
    _kept("number", Number, primary_key=True, autoincrement=False),
    _kept("rules", Json),
    _kept("at", UtcDateTime),
    info=APPEND_ONLY,
)  # fmt: skip
"""The rules that draws were made by, word for word."""

spot_rounds = Table(
    "spot_rounds", metadata,
    _kept("slot", Number, primary_key=True, autoincrement=False),
    _kept("design", Number, ForeignKey("spot_designs.number")),
    _kept("seed", String(64)),
    _kept("at", UtcDateTime),
    _kept("wanted", Integer),
    _kept("left_out", Json),
    info=APPEND_ONLY,
)  # fmt: skip

spot_strata = Table(
    "spot_strata", metadata,
    _kept("slot", Number, ForeignKey("spot_rounds.slot"), primary_key=True, autoincrement=False),
    _kept("name", String(32), primary_key=True),
    _kept("streams", Integer),
    _kept("viewers", BigInteger),
    _kept("weight", Integer),
    _kept("inclusion", Float),
    _kept("drawn", Integer),
    info=APPEND_ONLY,
)  # fmt: skip

spot_draws = Table(
    "spot_draws", metadata,
    _kept("id", IdType, primary_key=True),
    _kept("slot", Number, ForeignKey("spot_rounds.slot"), index=True),
    _kept("stratum", String(32)),
    _kept("inclusion", Float),
    _kept("viewers", Integer),
    _kept("at", UtcDateTime, index=True),
    info=APPEND_ONLY,
)  # fmt: skip

spot_takings = Table(
    "spot_takings", metadata,
    _kept("draw_id", IdType, ForeignKey("spot_draws.id"), primary_key=True),
    _kept("part", Integer, primary_key=True),
    _kept("stills", Integer),
    _kept("why", Text),
    _kept("at", UtcDateTime),
    info=APPEND_ONLY,
)  # fmt: skip
"""Whether there was a strip to look at, and why not."""

spot_answers = Table(
    "spot_answers", metadata,
    _found("change", Number, primary_key=True, autoincrement=False),
    _found("draw_id", IdType, ForeignKey("spot_draws.id"), index=True),
    _found("part", Integer),
    _found("answer", String(12)),
    _found("frames", Integer),
    _staff("by", IdType),
    _found("at", UtcDateTime),
    info=APPEND_ONLY,
)  # fmt: skip

spot_findings = Table(
    "spot_findings", metadata,
    _found("change", Number, primary_key=True, autoincrement=False),
    _found("draw_id", IdType, ForeignKey("spot_draws.id"), index=True),
    _found("kind", String(20)),
    _found("at", UtcDateTime),
    info=APPEND_ONLY,
)  # fmt: skip
"""What became of the case that a draw led to; empty where a decision was taken back."""

spot_purges = Table(
    "spot_purges", metadata,
    _kept("draw_id", IdType, ForeignKey("spot_draws.id"), primary_key=True),
    _kept("part", Integer, primary_key=True),
    _kept("stills", Integer),
    _kept("late", Boolean),
    _kept("at", UtcDateTime),
    info=APPEND_ONLY,
)  # fmt: skip
"""That a strip is gone, keys first; `late`: after it should have been."""

spot_strips = Table(
    "spot_strips", metadata,
    _short("draw_id", IdType, ForeignKey("spot_draws.id"), primary_key=True),
    _short("part", Integer, primary_key=True),
    _short("stream_id", IdType, ForeignKey("streams.id"), index=True),
    _short("state", String(12)),
    _short("asked_at", UtcDateTime),
    _short("taken_at", UtcDateTime, nullable=True),
    _short("expires_at", UtcDateTime, index=True),
    _short("held_by", IdType, nullable=True),
    _short("held_until", UtcDateTime, nullable=True),
    Index("ix_spot_strips_state", "state", "taken_at"),
)  # fmt: skip

spot_stills = Table(
    "spot_stills", metadata,
    _short("draw_id", IdType, ForeignKey("spot_draws.id"), primary_key=True),
    _short("part", Integer, primary_key=True),
    _short("place", Integer, primary_key=True),
    _short("blob", IdType, ForeignKey("blobs.id")),
)  # fmt: skip

spot_cases = Table(
    "spot_cases", metadata,
    _case("draw_id", IdType, ForeignKey("spot_draws.id"), primary_key=True),
    _case("case_id", IdType, ForeignKey("cases.id"), index=True),
)  # fmt: skip
