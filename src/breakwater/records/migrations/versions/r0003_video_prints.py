"""Frame hashes of videos, one packed blob each.

Revision 0003. Frozen: it names plain types and rows, and never follows the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")


def upgrade() -> None:
    """Make the table; videos screened before have no blob and are hashed anew when asked for."""
    op.create_table(
        "video_prints",
        sa.Column("upload_id", ID, nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("upload_id", name="pk_video_prints"),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.id"], name="fk_video_prints_upload_id_uploads",
            ondelete="CASCADE",
        ),
    )  # fmt: skip
