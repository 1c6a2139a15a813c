"""After the decision: holds, packages, sanctions, acts on accounts, requests and notices.

Revision 0011. Frozen: it names plain types and rows, and never follows the tables.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from breakwater.records.guards import guard
from breakwater.records.held import LOCKS, RULES, lock, refuse

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
AT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT, BYTES, BOOL, FLOAT = sa.Text(), sa.LargeBinary(), sa.Boolean(), sa.Float()
SMALL, INT, BIG = sa.SmallInteger(), sa.Integer(), sa.BigInteger()

APPEND_ONLY: tuple[str, ...] = (
    "hold_items",
    "holds",
    "hold_destroyed",
    "hold_ends",
    "hold_item_ends",
    "hold_terms",
)


def col(name: str, type_: Any, *, nullable: bool = False, **kw: Any) -> sa.Column[Any]:
    """A column that is not empty unless said otherwise."""
    return sa.Column(name, type_, nullable=nullable, **kw)


def where(condition: str) -> dict[str, Any]:
    """A partial index, on both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Make the tables and their guards; what stood before keeps its rows."""
    hold_1()
    hold_2()
    new_indexes()
    for table in APPEND_ONLY:
        guard(op.get_bind(), table, ("update", "delete", "truncate"))
    for one in LOCKS:
        lock(op.get_bind(), one)
    for table, act, condition in RULES:
        refuse(op.get_bind(), table, act, condition)


def hold_1() -> None:
    """Why evidence is kept, until when, each thing of it, and its end, part 1."""
    op.create_table("hold_items",
        col("id", ID), col("case_id", ID), col("what", sa.String(12)), col("name", TEXT),
        col("blob_id", ID, nullable=True), col("row_table", sa.String(32)),
        col("row_id", ID, nullable=True), col("sha256", sa.LargeBinary(32), nullable=True),
        col("size", BIG), col("gap", TEXT), col("until_receipt", BOOL), col("since", AT),
        col("at", AT), sa.PrimaryKeyConstraint("id", name="pk_hold_items"),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="fk_hold_items_blob_id_blobs"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_hold_items_case_id_cases"),
    )  # fmt: skip
    op.create_index(
        "ix_hold_items_blob", "hold_items", ["blob_id"], **where("blob_id IS NOT NULL")
    )
    op.create_index("ix_hold_items_case_id", "hold_items", ["case_id"])
    op.create_index(
        "ix_hold_items_row",
        "hold_items",
        ["row_id", "row_table"],
        **where("row_id IS NOT NULL"),
    )
    op.create_table("holds",
        col("id", ID), col("number", BIG), col("case_id", ID), col("kind", sa.String(8)),
        col("seat", sa.String(16)), col("reference", TEXT), col("reason", TEXT), col("by", TEXT),
        col("at", AT), sa.PrimaryKeyConstraint("id", name="pk_holds"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_holds_case_id_cases"),
        sa.UniqueConstraint("number", name="uq_holds_number"),
    )  # fmt: skip
    op.create_index("ix_holds_case_id", "holds", ["case_id"])
    op.create_table("preservations",
        col("case_id", ID), col("wanted_at", AT), col("attempts", INT),
        col("next_at", AT, nullable=True), col("fault", sa.String(80)),
        col("done_at", AT, nullable=True), col("alarmed_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("case_id", name="pk_preservations"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_preservations_case_id_cases"),
    )  # fmt: skip
    op.create_index(
        "ix_preservations_next_at",
        "preservations",
        ["next_at"],
        **where("next_at IS NOT NULL"),
    )
    op.create_table("hold_destroyed",
        col("item_id", ID), col("by", TEXT), col("at", AT),
        sa.PrimaryKeyConstraint("item_id", name="pk_hold_destroyed"),
        sa.ForeignKeyConstraint(["item_id"], ["hold_items.id"], name="fk_hold_destroyed_item_id_hold_items"),
    )  # fmt: skip
    op.create_table("hold_ends",
        col("hold_id", ID), col("why", sa.String(16)), col("reason", TEXT), col("by", TEXT),
        col("second_by", TEXT, nullable=True), col("at", AT),
        sa.PrimaryKeyConstraint("hold_id", name="pk_hold_ends"),
        sa.ForeignKeyConstraint(["hold_id"], ["holds.id"], name="fk_hold_ends_hold_id_holds"),
    )  # fmt: skip
    op.create_index("ix_hold_ends_at", "hold_ends", ["at"])
    op.create_table("hold_item_ends",
        col("item_id", ID), col("why", sa.String(16)), col("at", AT),
        sa.PrimaryKeyConstraint("item_id", name="pk_hold_item_ends"),
        sa.ForeignKeyConstraint(["item_id"], ["hold_items.id"], name="fk_hold_item_ends_item_id_hold_items"),
    )  # fmt: skip


def hold_2() -> None:
    """Why evidence is kept, until when, each thing of it, and its end, part 2."""
    op.create_table("hold_terms",
        col("change", NUMBER, autoincrement=False), col("hold_id", ID), col("starts_at", AT),
        col("ends_at", AT, nullable=True), col("why", sa.String(16)),
        col("filing_id", ID, nullable=True), col("reason", TEXT), col("by", TEXT), col("at", AT),
        sa.PrimaryKeyConstraint("change", name="pk_hold_terms"),
        sa.ForeignKeyConstraint(["hold_id"], ["holds.id"], name="fk_hold_terms_hold_id_holds"),
    )  # fmt: skip
    op.create_index("ix_hold_terms_hold_id", "hold_terms", ["hold_id"])


def new_indexes() -> None:
    """Times that figures of a period are bounded by."""
