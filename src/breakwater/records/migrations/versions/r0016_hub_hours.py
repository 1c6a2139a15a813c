"""How each member followed, hour by hour.

Revision 0016. Frozen: it names plain types and rows, and never follows the tables.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
AT = sa.DateTime(timezone=True)
BIG = sa.BigInteger()


def col(name: str, type_: Any, *, nullable: bool = False, **kw: Any) -> sa.Column[Any]:
    """A column that is not empty unless said otherwise."""
    return sa.Column(name, type_, nullable=nullable, **kw)


def upgrade() -> None:
    """Make the table; what stood before keeps its rows."""
    op.create_table("hub_pull_hours",
        col("member_id", ID),
        col("dialect", sa.String(12)),
        col("hour", AT),
        col("rows", BIG),
        col("requests", BIG),
        col("errors", BIG),
        col("behind", BIG, nullable=True),
        sa.PrimaryKeyConstraint("member_id", "dialect", "hour", name="pk_hub_pull_hours"),
        sa.ForeignKeyConstraint(["member_id"], ["hub_members.id"], name="fk_hub_pull_hours_member_id_hub_members"),
    )  # fmt: skip
    op.create_index("ix_hub_pull_hours_hour", "hub_pull_hours", ["hour"])
