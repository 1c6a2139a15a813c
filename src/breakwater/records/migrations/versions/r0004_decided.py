"""Cases find their people: queues, decisions, appeals, reports, and who is on call.

Revision 0004. Frozen: it names plain types and rows, and never follows the tables.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from breakwater.records.guards import guard

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
AT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT, BYTES, BOOL, FLOAT = sa.Text(), sa.LargeBinary(), sa.Boolean(), sa.Float()
SMALL, INT, BIG = sa.SmallInteger(), sa.Integer(), sa.BigInteger()

APPEND_ONLY = (
    "appeals",
    "appeal_answers",
    "user_reports",
    "user_report_outcomes",
    "notice_holds",
    "decisions",
    "decision_effects",
    "duty_shifts",
    "duty_endings",
    "duty_calls",
    "duty_rings",
    "duty_answers",
    "duty_freezes",
    "case_skips",
    "case_routes",
    "routing_versions",
    "routing_modes",
    "bulk_acts",
    "bulk_undos",
)


def col(name: str, type_: Any, *, nullable: bool = False, **kw: Any) -> sa.Column[Any]:
    """A column that is not empty unless said otherwise."""
    return sa.Column(name, type_, nullable=nullable, **kw)


def where(condition: str) -> dict[str, Any]:
    """A partial index, on both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Make the tables and their guards; cases that wait are in no queue until they are routed."""
    waiting_cases()
    queue_1()
    queue_2()
    decision_1()
    appeal_1()
    duty_1()
    duty_2()
    for table in APPEND_ONLY:
        guard(op.get_bind(), table, ("update", "delete", "truncate"))


def waiting_cases() -> None:
    """A case has a place in a queue, and is found by it."""
    op.add_column("cases", col("queue", sa.String(32), nullable=True))
    op.create_index("ix_cases_held_until", "cases", ["held_until"],
                    **where("held_until IS NOT NULL"))  # fmt: skip
    op.create_index("ix_cases_queue", "cases", ["queue", "urgency", "due_at", "number"],
                    **where("state <> 'closed'"))  # fmt: skip
    op.create_index("ix_upload_matches_touched", "upload_matches", ["entry_number", "upload_id"])


def queue_1() -> None:
    """Queues, routing rules, places of cases, work terms, acts on many, part 1."""
    op.create_table("bulk_acts",
        col("id", ID), col("kind", sa.String(16)), col("value", TEXT), col("reason", TEXT),
        col("by", ID), col("at", AT), col("changes", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_acts"),
    )  # fmt: skip
    op.create_index("ix_bulk_acts_by_at", "bulk_acts", ["by", "at"])
    op.create_table("routing_modes",
        col("change", NUMBER, autoincrement=False), col("version", INT), col("mode", sa.String(8)),
        col("by", TEXT), col("at", AT), sa.PrimaryKeyConstraint("change", name="pk_routing_modes"),
    )  # fmt: skip
    op.create_table("routing_versions",
        col("number", INT, autoincrement=False), col("rules", TEXT), col("note", TEXT),
        col("by", TEXT), col("at", AT),
        sa.PrimaryKeyConstraint("number", name="pk_routing_versions"),
    )  # fmt: skip
    op.create_table("bulk_undos",
        col("act_id", ID), col("by", ID), col("at", AT), col("restored", BIG), col("left", BIG),
        sa.PrimaryKeyConstraint("act_id", name="pk_bulk_undos"),
        sa.ForeignKeyConstraint(["act_id"], ["bulk_acts.id"], name="fk_bulk_undos_act_id_bulk_acts"),
    )  # fmt: skip
    op.create_table("case_content",
        col("case_id", ID), col("word", sa.String(64)),
        sa.PrimaryKeyConstraint("case_id", "word", name="pk_case_content"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_content_case_id_cases"),
    )  # fmt: skip
    op.create_table("case_places",
        col("case_id", ID), col("skill", sa.String(32)), col("rule", TEXT), col("version", INT),
        col("viewers", INT), col("reports", INT), col("told", SMALL),
        col("next_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("case_id", name="pk_case_places"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_places_case_id_cases"),
    )  # fmt: skip
    op.create_index(
        "ix_case_places_next_at", "case_places", ["next_at"], **where("next_at IS NOT NULL")
    )
    op.create_table("case_routes",
        col("change", NUMBER, autoincrement=False), col("case_id", ID), col("at", AT),
        col("version", INT), col("shadow", BOOL), col("rule", TEXT), col("queue", sa.String(32)),
        col("priority", sa.String(8)), col("skill", sa.String(32)), col("due_minutes", INT),
        col("facts", TEXT), sa.PrimaryKeyConstraint("change", name="pk_case_routes"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_routes_case_id_cases"),
    )  # fmt: skip
    op.create_index("ix_case_routes_at", "case_routes", ["at"])
    op.create_index("ix_case_routes_case_id", "case_routes", ["case_id"])
    op.create_table("case_skips",
        col("change", NUMBER, autoincrement=False), col("case_id", ID), col("person_id", ID),
        col("at", AT), col("until", AT, nullable=True), col("reason", TEXT),
        sa.PrimaryKeyConstraint("change", name="pk_case_skips"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_skips_case_id_cases"),
    )  # fmt: skip
    op.create_index("ix_case_skips_case_id_person_id", "case_skips", ["case_id", "person_id"])


def queue_2() -> None:
    """Queues, routing rules, places of cases, work terms, acts on many, part 2."""
    op.create_table("work_terms",
        col("person_id", ID), col("skills", TEXT), col("opt_outs", TEXT), col("changed_at", AT),
        sa.PrimaryKeyConstraint("person_id", name="pk_work_terms"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_work_terms_person_id_people"),
    )  # fmt: skip


def decision_1() -> None:
    """Decisions and what they reached."""
    op.create_table("decisions",
        col("id", ID), col("case_id", ID), col("kind", sa.String(16)), col("by", ID),
        col("second_by", ID, nullable=True), col("at", AT), col("reason", TEXT),
        col("facts", TEXT), col("undoes", ID, nullable=True), col("lead_id", ID, nullable=True),
        col("knowledge_at", AT, nullable=True), col("priority_before", sa.String(8)),
        col("change", BIG), sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_decisions_case_id_cases"),
        sa.ForeignKeyConstraint(["lead_id"], ["decisions.id"], name="fk_decisions_lead_id_decisions"),
        sa.ForeignKeyConstraint(["undoes"], ["decisions.id"], name="fk_decisions_undoes_decisions"),
        sa.UniqueConstraint("undoes", name="uq_decisions_undoes"),
    )  # fmt: skip
    op.create_index("ix_decisions_at", "decisions", ["at"])
    op.create_index("ix_decisions_by", "decisions", ["by", "at"])
    op.create_index("ix_decisions_case", "decisions", ["case_id", "change"])
    op.create_index("ix_decisions_lead", "decisions", ["lead_id"], **where("lead_id IS NOT NULL"))
    op.create_table("decision_effects",
        col("decision_id", ID), col("upload_id", ID), col("case_id", ID, nullable=True),
        col("outcome", sa.String(16)), col("before", INT), col("after", INT),
        sa.PrimaryKeyConstraint("decision_id", "upload_id", name="pk_decision_effects"),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name="fk_decision_effects_decision_id_decisions"),
    )  # fmt: skip
    op.create_index("ix_decision_effects_upload_id", "decision_effects", ["upload_id"])


def appeal_1() -> None:
    """Appeals, user reports, notices."""
    op.create_table("appeals",
        col("id", ID), col("number", BIG), col("upload_id", ID), col("case_id", ID, nullable=True),
        col("service", TEXT), col("reference", TEXT), col("claim", sa.String(24)),
        col("sealed", BYTES), col("language", sa.String(16)), col("action", sa.String(8)),
        col("rule", TEXT), col("banks", TEXT), col("first", TEXT), col("at", AT),
        col("due_at", AT), col("change", BIG), sa.PrimaryKeyConstraint("id", name="pk_appeals"),
        sa.UniqueConstraint("number", name="uq_appeals_number"),
        sa.UniqueConstraint("service", "reference", name="uq_appeals_service_reference"),
    )  # fmt: skip
    op.create_index("ix_appeals_case_id", "appeals", ["case_id"])
    op.create_index("ix_appeals_due_at", "appeals", ["due_at"])
    op.create_index("ix_appeals_upload_id", "appeals", ["upload_id"])
    op.create_table("notice_holds",
        col("id", ID), col("upload_id", ID), col("until", AT), col("reason", TEXT), col("by", ID),
        col("at", AT), col("change", BIG), sa.PrimaryKeyConstraint("id", name="pk_notice_holds"),
    )  # fmt: skip
    op.create_index("ix_notice_holds_upload_id", "notice_holds", ["upload_id"])
    op.create_table("appeal_answers",
        col("appeal_id", ID), col("outcome", sa.String(16)),
        col("ground", sa.String(24), nullable=True), col("by", TEXT), col("reason", TEXT),
        col("at", AT), col("change", BIG),
        sa.PrimaryKeyConstraint("appeal_id", name="pk_appeal_answers"),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeals.id"], name="fk_appeal_answers_appeal_id_appeals"),
    )  # fmt: skip
    op.create_index("ix_appeal_answers_at", "appeal_answers", ["at"])
    op.create_table("user_reports",
        col("id", ID), col("service", TEXT), col("reference", TEXT), col("reporter_key", BYTES),
        col("reporter_kind", sa.String(24)), col("concern", sa.String(24)), col("danger", BOOL),
        col("case_id", ID), col("upload_id", ID, nullable=True), col("item", TEXT),
        col("account_key", BYTES, nullable=True), col("sealed", BYTES), col("weight", FLOAT),
        col("at", AT), col("change", BIG), sa.PrimaryKeyConstraint("id", name="pk_user_reports"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_user_reports_case_id_cases"),
        sa.UniqueConstraint("service", "reference", name="uq_user_reports_service_reference"),
    )  # fmt: skip
    op.create_index("ix_user_reports_account", "user_reports", ["account_key"])
    op.create_index("ix_user_reports_at", "user_reports", ["at"])
    op.create_index("ix_user_reports_case_id", "user_reports", ["case_id"])
    op.create_index("ix_user_reports_item", "user_reports", ["service", "item"])
    op.create_index("ix_user_reports_reporter", "user_reports", ["reporter_key"])
    op.create_index("ix_user_reports_upload_id", "user_reports", ["upload_id"])
    op.create_table("user_report_outcomes",
        col("report_id", ID), col("change", BIG, autoincrement=False),
        col("outcome", sa.String(8)), col("at", AT),
        sa.PrimaryKeyConstraint("report_id", "change", name="pk_user_report_outcomes"),
        sa.ForeignKeyConstraint(["report_id"], ["user_reports.id"], name="fk_user_report_outcomes_report_id_user_reports"),
    )  # fmt: skip


def duty_1() -> None:
    """Shifts, calls, rings, answers, part 1."""
    op.create_table("duty_calls",
        col("id", ID), col("kind", sa.String(16)), col("subject_id", ID),
        col("only_person", ID, nullable=True), col("by", sa.String(80)), col("opened_at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_duty_calls"),
    )  # fmt: skip
    op.create_index("ix_duty_calls_opened_at", "duty_calls", ["opened_at"])
    op.create_index("ix_duty_calls_subject_id_kind", "duty_calls", ["subject_id", "kind"])
    op.create_table("duty_answers",
        col("call_id", ID), col("outcome", sa.String(16)), col("by", sa.String(80)), col("at", AT),
        sa.PrimaryKeyConstraint("call_id", name="pk_duty_answers"),
        sa.ForeignKeyConstraint(["call_id"], ["duty_calls.id"], name="fk_duty_answers_call_id_duty_calls"),
    )  # fmt: skip
    op.create_table("duty_freezes",
        col("id", ID), col("case_id", ID), col("why", sa.String(20)), col("by", sa.String(80)),
        col("at", AT), sa.PrimaryKeyConstraint("id", name="pk_duty_freezes"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_duty_freezes_case_id_cases"),
    )  # fmt: skip
    op.create_index("ix_duty_freezes_case_id", "duty_freezes", ["case_id"])
    op.create_table("duty_rings",
        col("id", ID), col("call_id", ID), col("number", INT), col("person_id", ID, nullable=True),
        col("at", AT), col("answer_by", AT), sa.PrimaryKeyConstraint("id", name="pk_duty_rings"),
        sa.ForeignKeyConstraint(["call_id"], ["duty_calls.id"], name="fk_duty_rings_call_id_duty_calls"),
        sa.UniqueConstraint("call_id", "number", name="uq_duty_rings_call_id_number"),
    )  # fmt: skip
    op.create_table("duty_shifts",
        col("id", ID), col("person_id", ID), col("rank", SMALL), col("starts_at", AT),
        col("ends_at", AT), col("made_by", sa.String(80)), col("made_at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_duty_shifts"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_duty_shifts_person_id_people"),
    )  # fmt: skip
    op.create_index("ix_duty_shifts_ends_at", "duty_shifts", ["ends_at"])
    op.create_index("ix_duty_shifts_person_id", "duty_shifts", ["person_id"])
    op.create_table("duty_waiting",
        col("call_id", ID), col("next_at", AT),
        sa.PrimaryKeyConstraint("call_id", name="pk_duty_waiting"),
        sa.ForeignKeyConstraint(["call_id"], ["duty_calls.id"], name="fk_duty_waiting_call_id_duty_calls"),
    )  # fmt: skip
    op.create_index("ix_duty_waiting_next_at", "duty_waiting", ["next_at"])
    op.create_table("duty_deliveries",
        col("ring_id", ID), col("attempts", SMALL), col("next_at", AT),
        col("status", INT, nullable=True), col("error", sa.String(40)), col("delivered", BOOL),
        col("done_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("ring_id", name="pk_duty_deliveries"),
        sa.ForeignKeyConstraint(["ring_id"], ["duty_rings.id"], name="fk_duty_deliveries_ring_id_duty_rings"),
    )  # fmt: skip
    op.create_index(
        "ix_duty_deliveries_waiting", "duty_deliveries", ["next_at"], **where("done_at IS NULL")
    )


def duty_2() -> None:
    """Shifts, calls, rings, answers, part 2."""
    op.create_table("duty_endings",
        col("shift_id", ID), col("ends_at", AT), col("why", sa.String(16)),
        col("by", sa.String(80)), col("at", AT),
        sa.PrimaryKeyConstraint("shift_id", name="pk_duty_endings"),
        sa.ForeignKeyConstraint(["shift_id"], ["duty_shifts.id"], name="fk_duty_endings_shift_id_duty_shifts"),
    )  # fmt: skip
