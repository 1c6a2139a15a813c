"""How people sign in, what they look at, and for how long.

Revision 0006. Frozen: it names plain types and rows, and never follows the tables.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from breakwater.records.guards import guard

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
AT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT, BYTES, BOOL, FLOAT = sa.Text(), sa.LargeBinary(), sa.Boolean(), sa.Float()
SMALL, INT, BIG = sa.SmallInteger(), sa.Integer(), sa.BigInteger()

APPEND_ONLY = (
    "limit_changes",
    "rests",
    "severe_marks",
    "overtime",
)


def col(name: str, type_: Any, *, nullable: bool = False, **kw: Any) -> sa.Column[Any]:
    """A column that is not empty unless said otherwise."""
    return sa.Column(name, type_, nullable=nullable, **kw)


def upgrade() -> None:
    """Make the tables and their guards; what stood before keeps its rows."""
    access_1()
    exposure_1()
    for table in APPEND_ONLY:
        guard(op.get_bind(), table, ("update", "delete", "truncate"))


def access_1() -> None:
    """Accounts of organisations, sessions, limits of requests."""
    op.create_table("rate_buckets",
        col("name_mac", BYTES), col("level", FLOAT), col("at", AT),
        sa.PrimaryKeyConstraint("name_mac", name="pk_rate_buckets"),
    )  # fmt: skip
    op.create_index("ix_rate_buckets_at", "rate_buckets", ["at"])
    op.create_table("spent_challenges",
        col("sha256", BYTES), col("expires_at", AT),
        sa.PrimaryKeyConstraint("sha256", name="pk_spent_challenges"),
    )  # fmt: skip
    op.create_index("ix_spent_challenges_expires_at", "spent_challenges", ["expires_at"])
    op.create_table("linked_accounts",
        col("id", ID), col("person_id", ID), col("issuer", TEXT), col("subject", TEXT),
        col("created_at", AT), col("used_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_linked_accounts"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_linked_accounts_person_id_people"),
        sa.UniqueConstraint("issuer", "subject", name="uq_linked_accounts_issuer_subject"),
    )  # fmt: skip
    op.create_index("ix_linked_accounts_person_id", "linked_accounts", ["person_id"])
    op.create_table("session_agents",
        col("session_id", ID), col("agent", TEXT),
        sa.PrimaryKeyConstraint("session_id", name="pk_session_agents"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_session_agents_session_id_sessions", ondelete="CASCADE"),
    )  # fmt: skip


def exposure_1() -> None:
    """Limits, breaks, overtime, workstations."""
    op.create_table("devices",
        col("id", ID), col("name", TEXT), col("way", sa.String(16)), col("by", ID), col("at", AT),
        col("token_sha256", BYTES), col("seen_at", AT, nullable=True),
        col("revoked_at", AT, nullable=True), sa.PrimaryKeyConstraint("id", name="pk_devices"),
        sa.UniqueConstraint("token_sha256", name="uq_devices_token_sha256"),
    )  # fmt: skip
    op.create_table("limit_changes",
        col("id", ID), col("at", AT), col("person_id", ID, nullable=True), col("limits", TEXT),
        col("by", ID), col("second", ID, nullable=True), col("reason", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_limit_changes"),
    )  # fmt: skip
    op.create_index("ix_limit_changes_person_id_at", "limit_changes", ["person_id", "at"])
    op.create_table("overtime",
        col("id", ID), col("person_id", ID), col("case_id", ID), col("at", AT), col("until", AT),
        col("reason", TEXT), sa.PrimaryKeyConstraint("id", name="pk_overtime"),
    )  # fmt: skip
    op.create_index("ix_overtime_case_id", "overtime", ["case_id"])
    op.create_index("ix_overtime_person_id_at", "overtime", ["person_id", "at"])
    op.create_table("rests",
        col("id", ID), col("person_id", ID), col("made_at", AT), col("begins_at", AT),
        col("until", AT), col("why", sa.String(16)),
        sa.PrimaryKeyConstraint("id", name="pk_rests"),
    )  # fmt: skip
    op.create_index("ix_rests_person_id_made_at", "rests", ["person_id", "made_at"])
    op.create_table("severe_marks",
        col("id", ID), col("person_id", ID), col("at", AT), col("subject_id", ID),
        sa.PrimaryKeyConstraint("id", name="pk_severe_marks"),
    )  # fmt: skip
    op.create_index("ix_severe_marks_person_id_at", "severe_marks", ["person_id", "at"])
    op.create_table("device_codes",
        col("code_sha256", BYTES), col("name", TEXT), col("made_by", ID), col("made_at", AT),
        col("expires_at", AT), col("used_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("code_sha256", name="pk_device_codes"),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name="fk_device_codes_made_by_people"),
    )  # fmt: skip
