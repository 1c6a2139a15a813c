"""Grading: sets, facts, tables, agreement.

Revision 0005. Frozen: it names plain types and rows, and never follows the tables.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from breakwater.records.guards import guard

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
AT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT, BYTES, BOOL, FLOAT = sa.Text(), sa.LargeBinary(), sa.Boolean(), sa.Float()
SMALL, INT, BIG = sa.SmallInteger(), sa.Integer(), sa.BigInteger()

APPEND_ONLY = (
    "grade_answers",
    "grade_results",
    "grade_schemes",
    "grade_code_changes",
    "grade_golds",
    "grade_alarms",
    "grade_alarm_ends",
)


def col(name: str, type_: Any, *, nullable: bool = False, **kw: Any) -> sa.Column[Any]:
    """A column that is not empty unless said otherwise."""
    return sa.Column(name, type_, nullable=nullable, **kw)


def where(condition: str) -> dict[str, Any]:
    """A partial index, on both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Make the tables and their guards; what stood before keeps its rows."""
    grading_1()
    grading_more()
    grading_2()
    quality_1()
    for table in APPEND_ONLY:
        guard(op.get_bind(), table, ("update", "delete", "truncate"))


def grading_1() -> None:
    """Sets, items, answers, results, schemes, part 1."""
    op.create_table("grade_answers",
        col("id", ID), col("change", BIG), col("item_number", BIG), col("set_number", BIG),
        col("grader_id", ID), col("part", sa.String(12)), col("look", sa.String(16)),
        col("facts", TEXT, nullable=True), col("asked", TEXT), col("ms", INT), col("at", AT),
        col("replaces", ID, nullable=True), col("note", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_grade_answers"),
        sa.UniqueConstraint("change", name="uq_grade_answers_change"),
    )  # fmt: skip
    op.create_index(
        "ix_grade_answers_grader", "grade_answers", ["grader_id", "set_number", "change"]
    )
    op.create_index("ix_grade_answers_item_number", "grade_answers", ["item_number"])
    op.create_table("grade_assignments",
        col("item_number", BIG, autoincrement=False), col("person_id", ID), col("set_number", BIG),
        col("part", sa.String(12)), col("state", sa.String(8)), col("until", AT),
        sa.PrimaryKeyConstraint("item_number", "person_id", name="pk_grade_assignments"),
    )  # fmt: skip
    op.create_index(
        "ix_grade_assignments_person",
        "grade_assignments",
        ["person_id", "set_number", "item_number"],
    )
    op.create_index(
        "ix_grade_assignments_waiting",
        "grade_assignments",
        ["person_id", "set_number"],
        **where("state <> 'done'"),
    )
    op.create_table("grade_bad_rows",
        col("set_number", BIG, autoincrement=False), col("row", BIG, autoincrement=False),
        col("reason", TEXT),
        sa.PrimaryKeyConstraint("set_number", "row", name="pk_grade_bad_rows"),
    )  # fmt: skip


def grading_more() -> None:
    """What stands beside the sets."""
    op.create_table("grade_code_changes",
        col("change", BIG, autoincrement=False), col("item_number", BIG),
        col("scheme", sa.String(40)), col("before_version", sa.String(40)), col("before", TEXT),
        col("version", sa.String(40)), col("codes", TEXT), col("at", AT),
        sa.PrimaryKeyConstraint("change", name="pk_grade_code_changes"),
    )  # fmt: skip
    op.create_index("ix_grade_code_changes_item_number", "grade_code_changes", ["item_number"])
    op.create_index("ix_grade_code_changes_scheme", "grade_code_changes", ["scheme", "change"])
    op.create_table("grade_codes",
        col("item_number", BIG, autoincrement=False), col("scheme", sa.String(40)),
        col("version", sa.String(40)), col("codes", TEXT),
        sa.PrimaryKeyConstraint("item_number", "scheme", name="pk_grade_codes"),
    )  # fmt: skip
    op.create_table("grade_results",
        col("item_number", BIG, autoincrement=False), col("revision", INT, autoincrement=False),
        col("pertinent", BOOL), col("facts", TEXT, nullable=True), col("how", sa.String(12)),
        col("by", ID), col("at", AT), col("gradings", TEXT), col("change", BIG),
        sa.PrimaryKeyConstraint("item_number", "revision", name="pk_grade_results"),
    )  # fmt: skip
    op.create_table("grade_schemes",
        col("change", BIG, autoincrement=False), col("scheme", sa.String(40)),
        col("version", sa.String(40)), col("digest", BYTES), col("table", TEXT),
        col("adopted_by", TEXT), col("adopted_at", AT),
        sa.PrimaryKeyConstraint("change", name="pk_grade_schemes"),
        sa.UniqueConstraint("scheme", "version", name="uq_grade_schemes_scheme_version"),
    )  # fmt: skip


def grading_2() -> None:
    """Sets, items, answers, results, schemes, part 2."""
    op.create_table("grade_sets",
        col("id", ID), col("number", BIG), col("name", TEXT), col("source", TEXT),
        col("form", sa.String(16)), col("context", sa.String(32)), col("digest", TEXT),
        col("graders", SMALL), col("state", sa.String(12)), col("rows_read", BIG),
        col("rows_bad", BIG), col("share", FLOAT), col("fault", TEXT), col("created_by", TEXT),
        col("created_at", AT), col("change", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_grade_sets"),
        sa.UniqueConstraint("number", name="uq_grade_sets_number"),
    )  # fmt: skip
    op.create_index("ix_grade_sets_digest", "grade_sets", ["digest"])
    op.create_table("grade_tallies",
        col("set_number", BIG, autoincrement=False), col("state", sa.String(12)), col("n", BIG),
        sa.PrimaryKeyConstraint("set_number", "state", name="pk_grade_tallies"),
    )  # fmt: skip
    op.create_table("grade_items",
        col("number", NUMBER, autoincrement=False), col("set_number", BIG), col("row", BIG),
        col("state", sa.String(12)), col("type", TEXT), col("sha256", BYTES, nullable=True),
        col("sha1", BYTES, nullable=True), col("md5", BYTES, nullable=True),
        col("pdq", BYTES, nullable=True), col("size", BIG), col("frames", INT),
        col("duration_s", FLOAT), col("leader_number", BIG, nullable=True),
        col("bits", SMALL, nullable=True), col("needed", SMALL), col("graded", SMALL),
        col("blob_id", ID, nullable=True), col("upload_id", ID, nullable=True), col("why", TEXT),
        col("claims", TEXT), col("version", INT),
        sa.PrimaryKeyConstraint("number", name="pk_grade_items"),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="fk_grade_items_blob_id_blobs"),
        sa.UniqueConstraint("set_number", "row", name="uq_grade_items_set_number_row"),
    )  # fmt: skip
    op.create_index("ix_grade_items_blob_id", "grade_items", ["blob_id"])
    op.create_index(
        "ix_grade_items_leader",
        "grade_items",
        ["leader_number"],
        **where("leader_number IS NOT NULL"),
    )
    op.create_index("ix_grade_items_sha256", "grade_items", ["sha256"])
    op.create_index("ix_grade_items_state", "grade_items", ["set_number", "state", "number"])
    op.create_index(
        "ix_grade_items_upload", "grade_items", ["upload_id"], **where("upload_id IS NOT NULL")
    )


def quality_1() -> None:
    """Known answers, rulings, alarms."""
    op.create_table("grade_alarms",
        col("id", ID), col("kind", sa.String(16)), col("subject", TEXT), col("facts", TEXT),
        col("at", AT), sa.PrimaryKeyConstraint("id", name="pk_grade_alarms"),
    )  # fmt: skip
    op.create_index("ix_grade_alarms_subject", "grade_alarms", ["kind", "subject"])
    op.create_table("grade_golds",
        col("change", BIG, autoincrement=False), col("item_number", BIG), col("set_number", BIG),
        col("active", BOOL), col("look", sa.String(16)), col("facts", TEXT, nullable=True),
        col("by", ID), col("at", AT), col("reason", TEXT),
        sa.PrimaryKeyConstraint("change", name="pk_grade_golds"),
    )  # fmt: skip
    op.create_index("ix_grade_golds_item_number", "grade_golds", ["item_number"])
    op.create_table("grade_hashes",
        col("item_number", BIG, autoincrement=False), col("kind", sa.String(40)),
        col("value", BYTES), col("at", AT),
        sa.PrimaryKeyConstraint("item_number", "kind", name="pk_grade_hashes"),
    )  # fmt: skip
    op.create_table("grade_alarm_ends",
        col("alarm_id", ID), col("by", ID), col("note", TEXT), col("at", AT),
        sa.PrimaryKeyConstraint("alarm_id", name="pk_grade_alarm_ends"),
        sa.ForeignKeyConstraint(["alarm_id"], ["grade_alarms.id"], name="fk_grade_alarm_ends_alarm_id_grade_alarms"),
    )  # fmt: skip
