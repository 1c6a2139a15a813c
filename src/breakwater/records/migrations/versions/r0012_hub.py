"""The hub: members, shared lists, rules, who gave what, and what members said.

Revision 0012. Frozen: it names plain types and rows, and never follows the tables.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from breakwater.records.guards import guard

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
AT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
BOOL = sa.Boolean()
FLOAT = sa.Float()
INT = sa.Integer()
BIG = sa.BigInteger()

APPEND_ONLY: tuple[str, ...] = (
    "hub_feedback",
    "hub_gives",
    "hub_rules",
    "hub_rule_ends",
)


def col(name: str, type_: Any, *, nullable: bool = False, **kw: Any) -> sa.Column[Any]:
    """A column that is not empty unless said otherwise."""
    return sa.Column(name, type_, nullable=nullable, **kw)


def upgrade() -> None:
    """Make the tables and their guards; what stood before keeps its rows."""
    part_1()
    part_2()
    part_3()
    part_4()
    for table in APPEND_ONLY:
        guard(op.get_bind(), table, ("update", "delete", "truncate"))


def part_1() -> None:
    """Tables, part 1 of 4."""
    op.create_table("hub_clusters",
        col("entry_number", NUMBER, autoincrement=False),
        col("cluster", NUMBER),
        col("distance", INT),
        sa.PrimaryKeyConstraint("entry_number", name="pk_hub_clusters"),
    )  # fmt: skip
    op.create_index("ix_hub_clusters_cluster", "hub_clusters", ["cluster"])
    op.create_table("hub_marks",
        col("name", sa.String(16)),
        col("value", BIG),
        sa.PrimaryKeyConstraint("name", name="pk_hub_marks"),
    )  # fmt: skip
    op.create_table("hub_members",
        col("id", ID),
        col("number", INT),
        col("name", TEXT),
        col("kind", sa.String(16)),
        col("country", sa.String(2)),
        col("contact", TEXT),
        col("state", sa.String(16)),
        col("purposes", TEXT),
        col("trusted", BOOL),
        col("created_at", AT),
        col("change", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_hub_members"),
        sa.UniqueConstraint("name", name="uq_hub_members_name"),
        sa.UniqueConstraint("number", name="uq_hub_members_number"),
    )  # fmt: skip
    op.create_table("hub_queue",
        col("id", ID),
        col("entry_number", NUMBER),
        col("why", sa.String(16)),
        col("facts", TEXT),
        col("at", AT),
        col("settled_at", AT, nullable=True),
        col("outcome", sa.String(16)),
        col("settled_by", sa.String(80)),
        col("note", TEXT),
        col("change", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_hub_queue"),
    )  # fmt: skip
    op.create_index("ix_hub_queue_entry_number", "hub_queue", ["entry_number"])
    op.create_index("ix_hub_queue_open", "hub_queue", ["settled_at", "at"])
    op.create_table("hub_scores",
        col("entry_number", NUMBER, autoincrement=False),
        col("value", FLOAT),
        col("terms", TEXT),
        col("at", AT),
        sa.PrimaryKeyConstraint("entry_number", name="pk_hub_scores"),
    )  # fmt: skip
    op.create_index("ix_hub_scores_value", "hub_scores", ["value", "entry_number"])


def part_2() -> None:
    """Tables, part 2 of 4."""
    op.create_table("hub_segments",
        col("id", ID),
        col("view", sa.String(64)),
        col("ordinal", INT),
        col("from_change", BIG),
        col("to_change", BIG),
        col("rows", BIG),
        col("size", BIG),
        col("sha256", sa.String(64)),
        col("created_at", AT),
        col("ended_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_hub_segments"),
    )  # fmt: skip
    op.create_index("ix_hub_segments_view", "hub_segments", ["view"])
    op.create_table("hub_stamps",
        col("second", BIG, autoincrement=False),
        col("change", BIG),
        sa.PrimaryKeyConstraint("second", name="pk_hub_stamps"),
    )  # fmt: skip
    op.create_index("ix_hub_stamps_change", "hub_stamps", ["change"])
    op.create_table("hub_feedback",
        col("id", ID),
        col("entry_number", NUMBER),
        col("member_id", ID),
        col("signal_kind", sa.String(16)),
        col("opinion", sa.String(12), nullable=True),
        col("reasons", TEXT),
        col("note", TEXT),
        col("at", AT),
        col("change", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_hub_feedback"),
        sa.ForeignKeyConstraint(["member_id"], ["hub_members.id"], name="fk_hub_feedback_member_id_hub_members"),
    )  # fmt: skip
    op.create_index("ix_hub_feedback_entry_number", "hub_feedback", ["entry_number", "change"])
    op.create_index("ix_hub_feedback_member_id", "hub_feedback", ["member_id"])
    op.create_table("hub_gives",
        col("change", NUMBER, autoincrement=False),
        col("entry_number", NUMBER),
        col("member_id", ID),
        col("import_number", INT, nullable=True),
        col("gives", BOOL),
        col("category", sa.String(40)),
        col("reason", TEXT),
        col("at", AT),
        sa.PrimaryKeyConstraint("change", name="pk_hub_gives"),
        sa.ForeignKeyConstraint(["member_id"], ["hub_members.id"], name="fk_hub_gives_member_id_hub_members"),
    )  # fmt: skip
    op.create_index("ix_hub_gives_entry_number", "hub_gives", ["entry_number", "change"])
    op.create_index("ix_hub_gives_member_id", "hub_gives", ["member_id"])


def part_3() -> None:
    """Tables, part 3 of 4."""
    op.create_table("hub_lists",
        col("bank_number", INT, autoincrement=False),
        col("tlp", sa.String(8)),
        col("open", BOOL),
        col("created_at", AT),
        col("ended_at", AT, nullable=True),
        col("change", BIG),
        sa.PrimaryKeyConstraint("bank_number", name="pk_hub_lists"),
        sa.ForeignKeyConstraint(["bank_number"], ["banks.number"], name="fk_hub_lists_bank_number_banks"),
    )  # fmt: skip
    op.create_table("hub_member_keys",
        col("key_id", ID),
        col("member_id", ID),
        col("at", AT),
        sa.PrimaryKeyConstraint("key_id", name="pk_hub_member_keys"),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name="fk_hub_member_keys_key_id_api_keys"),
        sa.ForeignKeyConstraint(["member_id"], ["hub_members.id"], name="fk_hub_member_keys_member_id_hub_members"),
    )  # fmt: skip
    op.create_index("ix_hub_member_keys_member_id", "hub_member_keys", ["member_id"])
    op.create_table("hub_pulls",
        col("member_id", ID),
        col("dialect", sa.String(12)),
        col("last_at", AT),
        col("change", BIG),
        col("rows", BIG),
        col("requests", BIG),
        col("errors", BIG),
        col("fault", TEXT),
        sa.PrimaryKeyConstraint("member_id", "dialect", name="pk_hub_pulls"),
        sa.ForeignKeyConstraint(["member_id"], ["hub_members.id"], name="fk_hub_pulls_member_id_hub_members"),
    )  # fmt: skip
    op.create_table("hub_rules",
        col("id", ID),
        col("effect", sa.String(8)),
        col("source", ID, nullable=True),
        col("list", INT, nullable=True),
        col("recipient", ID, nullable=True),
        col("recipient_kind", sa.String(16), nullable=True),
        col("recipient_country", sa.String(2), nullable=True),
        col("purpose", sa.String(16), nullable=True),
        col("category", sa.String(40), nullable=True),
        col("expires_at", AT, nullable=True),
        col("reason", TEXT),
        col("by", sa.String(80)),
        col("second_by", ID, nullable=True),
        col("at", AT),
        col("change", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_hub_rules"),
        sa.ForeignKeyConstraint(["list"], ["banks.number"], name="fk_hub_rules_list_banks"),
        sa.ForeignKeyConstraint(["recipient"], ["hub_members.id"], name="fk_hub_rules_recipient_hub_members"),
        sa.ForeignKeyConstraint(["source"], ["hub_members.id"], name="fk_hub_rules_source_hub_members"),
    )  # fmt: skip


def part_4() -> None:
    """Tables, part 4 of 4."""
    op.create_table("hub_seen",
        col("entry_number", NUMBER, autoincrement=False),
        col("member_id", ID),
        col("day", INT),
        col("matches", BIG),
        col("wrong", BIG),
        sa.PrimaryKeyConstraint("entry_number", "member_id", "day", name="pk_hub_seen"),
        sa.ForeignKeyConstraint(["member_id"], ["hub_members.id"], name="fk_hub_seen_member_id_hub_members"),
    )  # fmt: skip
    op.create_index("ix_hub_seen_day", "hub_seen", ["day"])
    op.create_table("hub_served",
        col("member_id", ID),
        col("import_number", INT),
        col("since", AT),
        col("profile", sa.String(64)),
        col("ended_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("member_id", "import_number", name="pk_hub_served"),
        sa.ForeignKeyConstraint(["member_id"], ["hub_members.id"], name="fk_hub_served_member_id_hub_members"),
    )  # fmt: skip
    op.create_table("hub_contributions",
        col("import_number", INT, autoincrement=False),
        col("member_id", ID),
        col("bank_number", INT),
        col("way", sa.String(8)),
        col("category", sa.String(40)),
        col("at", AT),
        col("published_at", AT, nullable=True),
        col("published_by", sa.String(80)),
        col("second_by", ID, nullable=True),
        col("change", BIG),
        sa.PrimaryKeyConstraint("import_number", name="pk_hub_contributions"),
        sa.ForeignKeyConstraint(["bank_number"], ["banks.number"], name="fk_hub_contributions_bank_number_banks"),
        sa.ForeignKeyConstraint(["import_number"], ["imports.number"], name="fk_hub_contributions_import_number_imports"),
        sa.ForeignKeyConstraint(["member_id"], ["hub_members.id"], name="fk_hub_contributions_member_id_hub_members"),
    )  # fmt: skip
    op.create_index("ix_hub_contributions_bank_number", "hub_contributions", ["bank_number"])
    op.create_index("ix_hub_contributions_member_id", "hub_contributions", ["member_id"])
    op.create_table("hub_rule_ends",
        col("rule_id", ID),
        col("reason", TEXT),
        col("by", sa.String(80)),
        col("at", AT),
        col("change", BIG),
        sa.PrimaryKeyConstraint("rule_id", name="pk_hub_rule_ends"),
        sa.ForeignKeyConstraint(["rule_id"], ["hub_rules.id"], name="fk_hub_rule_ends_rule_id_hub_rules"),
    )  # fmt: skip
