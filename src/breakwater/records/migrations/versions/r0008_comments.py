"""Spot checks, classifiers of operators, and the risk of what people write.

Revision 0008. Frozen: it names plain types and rows, and never follows the tables.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from breakwater.records.guards import guard

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
AT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT, BYTES, BOOL, FLOAT = sa.Text(), sa.LargeBinary(), sa.Boolean(), sa.Float()
SMALL, INT, BIG = sa.SmallInteger(), sa.Integer(), sa.BigInteger()

APPEND_ONLY: tuple[str, ...] = (
    "classifiers",
    "classifier_steps",
    "spot_designs",
    "spot_rounds",
    "spot_strata",
    "spot_draws",
    "spot_takings",
    "spot_answers",
    "spot_findings",
    "spot_purges",
)


def col(name: str, type_: Any, *, nullable: bool = False, **kw: Any) -> sa.Column[Any]:
    """A column that is not empty unless said otherwise."""
    return sa.Column(name, type_, nullable=nullable, **kw)


def where(condition: str) -> dict[str, Any]:
    """A partial index, on both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Make the tables and their guards; what stood before keeps its rows."""
    classifier_1()
    course_1()
    spot_1()
    spot_2()
    video_1()
    for table in APPEND_ONLY:
        guard(op.get_bind(), table, ("update", "delete", "truncate"))
    guard(op.get_bind(), "stream_course", ("update",))


def classifier_1() -> None:
    """Classifiers of operators, and who may use them."""
    op.create_table("classifiers",
        col("id", ID), col("name", sa.String(40)), col("version", sa.String(40)),
        col("card", TEXT), col("sha256", sa.String(64)), col("size", BIG), col("blob_id", ID),
        col("people", INT), col("added_by", ID), col("person_id", ID, nullable=True),
        col("added_at", AT), sa.PrimaryKeyConstraint("id", name="pk_classifiers"),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="fk_classifiers_blob_id_blobs"),
        sa.UniqueConstraint("name", "version", name="uq_classifiers_name_version"),
    )  # fmt: skip
    op.create_index("ix_classifiers_blob_id", "classifiers", ["blob_id"])
    op.create_table("classifier_steps",
        col("change", NUMBER, autoincrement=False), col("classifier_id", ID),
        col("step", sa.String(12)), col("by", TEXT), col("detail", TEXT), col("at", AT),
        sa.PrimaryKeyConstraint("change", name="pk_classifier_steps"),
        sa.ForeignKeyConstraint(["classifier_id"], ["classifiers.id"], name="fk_classifier_steps_classifier_id_classifiers"),
    )  # fmt: skip
    op.create_index("ix_classifier_steps_classifier_id", "classifier_steps", ["classifier_id"])
    op.create_table("classifier_tallies",
        col("classifier_id", ID), col("subject", ID), col("frames", INT), col("over", INT),
        col("best", FLOAT), col("best_s", FLOAT), col("last_at", AT),
        col("trouble", sa.String(20)),
        sa.PrimaryKeyConstraint("classifier_id", "subject", name="pk_classifier_tallies"),
        sa.ForeignKeyConstraint(["classifier_id"], ["classifiers.id"], name="fk_classifier_tallies_classifier_id_classifiers"),
    )  # fmt: skip
    op.create_index("ix_classifier_tallies_last_at", "classifier_tallies", ["last_at"])


def course_1() -> None:
    """How broadcasts went, and of whom it is not known who they are."""
    op.create_table("stream_course",
        col("stream_id", ID), col("kind", sa.String(8)), col("n", INT, autoincrement=False),
        col("at", AT), col("value", FLOAT), col("why", sa.String(16)),
        sa.PrimaryKeyConstraint("stream_id", "kind", "n", name="pk_stream_course"),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name="fk_stream_course_stream_id_streams"),
    )  # fmt: skip
    op.create_table("stream_roles",
        col("order_id", ID), col("stream_id", ID), col("publisher_id", ID, nullable=True),
        col("at", AT), sa.PrimaryKeyConstraint("order_id", name="pk_stream_roles"),
        sa.ForeignKeyConstraint(["order_id"], ["stream_orders.id"], name="fk_stream_roles_order_id_stream_orders"),
        sa.ForeignKeyConstraint(["publisher_id"], ["stream_publishers.id"], name="fk_stream_roles_publisher_id_stream_publishers"),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name="fk_stream_roles_stream_id_streams"),
    )  # fmt: skip
    op.create_index("ix_stream_roles_at", "stream_roles", ["at"])
    op.create_index("ix_stream_roles_stream_id", "stream_roles", ["stream_id"])


def spot_1() -> None:
    """spot, part 1."""
    op.create_table("spot_designs",
        col("number", NUMBER, autoincrement=False), col("rules", TEXT), col("at", AT),
        sa.PrimaryKeyConstraint("number", name="pk_spot_designs"),
    )  # fmt: skip
    op.create_table("spot_rounds",
        col("slot", NUMBER, autoincrement=False), col("design", NUMBER),
        col("seed", sa.String(64)), col("at", AT), col("wanted", INT), col("left_out", TEXT),
        sa.PrimaryKeyConstraint("slot", name="pk_spot_rounds"),
        sa.ForeignKeyConstraint(["design"], ["spot_designs.number"], name="fk_spot_rounds_design_spot_designs"),
    )  # fmt: skip
    op.create_table("spot_draws",
        col("id", ID), col("slot", NUMBER), col("stratum", sa.String(32)), col("inclusion", FLOAT),
        col("viewers", INT), col("at", AT), sa.PrimaryKeyConstraint("id", name="pk_spot_draws"),
        sa.ForeignKeyConstraint(["slot"], ["spot_rounds.slot"], name="fk_spot_draws_slot_spot_rounds"),
    )  # fmt: skip
    op.create_index("ix_spot_draws_at", "spot_draws", ["at"])
    op.create_index("ix_spot_draws_slot", "spot_draws", ["slot"])
    op.create_table("spot_strata",
        col("slot", NUMBER, autoincrement=False), col("name", sa.String(32)), col("streams", INT),
        col("viewers", BIG), col("weight", INT), col("inclusion", FLOAT), col("drawn", INT),
        sa.PrimaryKeyConstraint("slot", "name", name="pk_spot_strata"),
        sa.ForeignKeyConstraint(["slot"], ["spot_rounds.slot"], name="fk_spot_strata_slot_spot_rounds"),
    )  # fmt: skip
    op.create_table("spot_answers",
        col("change", NUMBER, autoincrement=False), col("draw_id", ID), col("part", INT),
        col("answer", sa.String(12)), col("frames", INT), col("by", ID), col("at", AT),
        sa.PrimaryKeyConstraint("change", name="pk_spot_answers"),
        sa.ForeignKeyConstraint(["draw_id"], ["spot_draws.id"], name="fk_spot_answers_draw_id_spot_draws"),
    )  # fmt: skip
    op.create_index("ix_spot_answers_draw_id", "spot_answers", ["draw_id"])
    op.create_table("spot_cases",
        col("draw_id", ID), col("case_id", ID),
        sa.PrimaryKeyConstraint("draw_id", name="pk_spot_cases"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_spot_cases_case_id_cases"),
        sa.ForeignKeyConstraint(["draw_id"], ["spot_draws.id"], name="fk_spot_cases_draw_id_spot_draws"),
    )  # fmt: skip
    op.create_index("ix_spot_cases_case_id", "spot_cases", ["case_id"])
    op.create_table("spot_findings",
        col("change", NUMBER, autoincrement=False), col("draw_id", ID), col("kind", sa.String(20)),
        col("at", AT), sa.PrimaryKeyConstraint("change", name="pk_spot_findings"),
        sa.ForeignKeyConstraint(["draw_id"], ["spot_draws.id"], name="fk_spot_findings_draw_id_spot_draws"),
    )  # fmt: skip
    op.create_index("ix_spot_findings_draw_id", "spot_findings", ["draw_id"])
    op.create_table("spot_purges",
        col("draw_id", ID), col("part", INT, autoincrement=False), col("stills", INT),
        col("late", BOOL), col("at", AT),
        sa.PrimaryKeyConstraint("draw_id", "part", name="pk_spot_purges"),
        sa.ForeignKeyConstraint(["draw_id"], ["spot_draws.id"], name="fk_spot_purges_draw_id_spot_draws"),
    )  # fmt: skip


def spot_2() -> None:
    """spot, part 2."""
    op.create_table("spot_stills",
        col("draw_id", ID), col("part", INT, autoincrement=False),
        col("place", INT, autoincrement=False), col("blob", ID),
        sa.PrimaryKeyConstraint("draw_id", "part", "place", name="pk_spot_stills"),
        sa.ForeignKeyConstraint(["blob"], ["blobs.id"], name="fk_spot_stills_blob_blobs"),
        sa.ForeignKeyConstraint(["draw_id"], ["spot_draws.id"], name="fk_spot_stills_draw_id_spot_draws"),
    )  # fmt: skip
    op.create_table("spot_strips",
        col("draw_id", ID), col("part", INT, autoincrement=False), col("stream_id", ID),
        col("state", sa.String(12)), col("asked_at", AT), col("taken_at", AT, nullable=True),
        col("expires_at", AT), col("held_by", ID, nullable=True),
        col("held_until", AT, nullable=True),
        sa.PrimaryKeyConstraint("draw_id", "part", name="pk_spot_strips"),
        sa.ForeignKeyConstraint(["draw_id"], ["spot_draws.id"], name="fk_spot_strips_draw_id_spot_draws"),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name="fk_spot_strips_stream_id_streams"),
    )  # fmt: skip
    op.create_index("ix_spot_strips_expires_at", "spot_strips", ["expires_at"])
    op.create_index("ix_spot_strips_state", "spot_strips", ["state", "taken_at"])
    op.create_index("ix_spot_strips_stream_id", "spot_strips", ["stream_id"])
    op.create_table("spot_takings",
        col("draw_id", ID), col("part", INT, autoincrement=False), col("stills", INT),
        col("why", TEXT), col("at", AT),
        sa.PrimaryKeyConstraint("draw_id", "part", name="pk_spot_takings"),
        sa.ForeignKeyConstraint(["draw_id"], ["spot_draws.id"], name="fk_spot_takings_draw_id_spot_draws"),
    )  # fmt: skip


def video_1() -> None:
    """Prints of videos, whole."""
    op.create_table("video_views",
        col("upload_id", ID), col("frames", INT), col("packed", BYTES),
        sa.PrimaryKeyConstraint("upload_id", name="pk_video_views"),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], name="fk_video_views_upload_id_uploads", ondelete="CASCADE"),
    )  # fmt: skip
