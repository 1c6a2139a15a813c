"""Pictures that people know of themselves: requests by code, their hashes, what was said.

Revision 0013. Frozen: it names plain types and rows, and never follows the tables.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from breakwater.records.guards import guard

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
AT = sa.DateTime(timezone=True)
INT = sa.Integer()
BIG = sa.BigInteger()

APPEND_ONLY: tuple[str, ...] = (
    "own_requests",
    "own_hashes",
    "own_request_ends",
    "own_answers",
)


def col(name: str, type_: Any, *, nullable: bool = False, **kw: Any) -> sa.Column[Any]:
    """A column that is not empty unless said otherwise."""
    return sa.Column(name, type_, nullable=nullable, **kw)


def upgrade() -> None:
    """Make the tables and their guards; what stood before keeps its rows."""
    part_1()
    for table in APPEND_ONLY:
        guard(op.get_bind(), table, ("update", "delete", "truncate"))


def part_1() -> None:
    """Tables, part 1 of 1."""
    op.create_table("own_requests",
        col("id", ID),
        col("code_key", sa.LargeBinary(32)),
        col("at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_own_requests"),
        sa.UniqueConstraint("code_key", name="uq_own_requests_code_key"),
    )  # fmt: skip
    op.create_index("ix_own_requests_at", "own_requests", ["at"])
    op.create_table("own_hashes",
        col("request_id", ID),
        col("picture", INT),
        col("entry_number", BIG),
        sa.PrimaryKeyConstraint("request_id", "entry_number", name="pk_own_hashes"),
        sa.ForeignKeyConstraint(["entry_number"], ["entries.number"], name="fk_own_hashes_entry_number_entries"),
        sa.ForeignKeyConstraint(["request_id"], ["own_requests.id"], name="fk_own_hashes_request_id_own_requests"),
    )  # fmt: skip
    op.create_index("ix_own_hashes_entry_number", "own_hashes", ["entry_number"])
    op.create_table("own_request_ends",
        col("request_id", ID),
        col("at", AT),
        sa.PrimaryKeyConstraint("request_id", name="pk_own_request_ends"),
        sa.ForeignKeyConstraint(["request_id"], ["own_requests.id"], name="fk_own_request_ends_request_id_own_requests"),
    )  # fmt: skip
    op.create_table("own_answers",
        col("id", ID),
        col("entry_number", BIG),
        col("said", sa.String(12)),
        col("case_id", ID),
        col("decision_id", ID),
        col("by", sa.String(80)),
        col("at", AT),
        col("change", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_own_answers"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_own_answers_case_id_cases"),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name="fk_own_answers_decision_id_decisions"),
        sa.ForeignKeyConstraint(["entry_number"], ["entries.number"], name="fk_own_answers_entry_number_entries"),
    )  # fmt: skip
    op.create_index("ix_own_answers_entry_number", "own_answers", ["entry_number"])
