"""Feeds of others' lists: how far each is, which entry is whose, and what was told back.

Revision 0014. Frozen: it names plain types and rows, and never follows the tables.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from breakwater.records.guards import guard

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
AT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT, BYTES, BOOL = sa.Text(), sa.LargeBinary(), sa.Boolean()
INT, BIG = sa.Integer(), sa.BigInteger()

APPEND_ONLY: tuple[str, ...] = ("exchange_told", "exchange_counted")


def col(name: str, type_: Any, *, nullable: bool = False, **kw: Any) -> sa.Column[Any]:
    """A column that is not empty unless said otherwise."""
    return sa.Column(name, type_, nullable=nullable, **kw)


def upgrade() -> None:
    """Make the tables and their guards; what stood before keeps its rows."""
    feeds()
    items()
    for table in APPEND_ONLY:
        guard(op.get_bind(), table, ("update", "delete", "truncate"))


def feeds() -> None:
    """Feeds, their states, their pulls and imports."""
    op.create_table("exchange_feeds",
        col("id", ID), col("number", INT), col("name", sa.String(80)), col("kind", sa.String(32)),
        col("bank_number", INT), col("url", TEXT), col("options", TEXT), col("sealed", BYTES),
        col("source", TEXT), col("permitted_use", TEXT), col("labels", TEXT), col("every_s", INT),
        col("vouched_by", ID, nullable=True), col("feedback", BOOL), col("counts", BOOL),
        col("enabled", BOOL), col("created_at", AT), col("removed_at", AT, nullable=True),
        col("version", INT),
        sa.ForeignKeyConstraint(["bank_number"], ["banks.number"], name="fk_exchange_feeds_bank_number_banks"),
        sa.PrimaryKeyConstraint("id", name="pk_exchange_feeds"),
        sa.UniqueConstraint("name", name="uq_exchange_feeds_name"),
        sa.UniqueConstraint("number", name="uq_exchange_feeds_number"),
    )  # fmt: skip
    op.create_index("ix_exchange_feeds_bank_number", "exchange_feeds", ["bank_number"])
    op.create_table("exchange_states",
        col("feed_number", INT, autoincrement=False), col("checkpoint", TEXT),
        col("due_at", AT, nullable=True), col("pull_id", ID, nullable=True),
        col("tried_at", AT, nullable=True), col("pulled_at", AT, nullable=True),
        col("reached", AT, nullable=True), col("rows", BIG), col("added", BIG), col("gone", BIG),
        col("bad", BIG), col("errors", INT), col("fault", TEXT), col("told", BIG),
        col("turn", BIG),
        sa.ForeignKeyConstraint(["feed_number"], ["exchange_feeds.number"], name="fk_exchange_states_feed_number_exchange_feeds"),
        sa.PrimaryKeyConstraint("feed_number", name="pk_exchange_states"),
    )  # fmt: skip
    op.create_table("exchange_pulls",
        col("id", ID), col("feed_number", INT), col("started_at", AT),
        col("ended_at", AT, nullable=True), col("pages", BIG), col("offered", BIG),
        col("added", BIG), col("gone", BIG), col("bad", BIG), col("fault", TEXT),
        sa.ForeignKeyConstraint(["feed_number"], ["exchange_feeds.number"], name="fk_exchange_pulls_feed_number_exchange_feeds"),
        sa.PrimaryKeyConstraint("id", name="pk_exchange_pulls"),
    )  # fmt: skip
    op.create_index("ix_exchange_pulls_feed", "exchange_pulls", ["feed_number", "started_at"])
    op.create_table("exchange_imports",
        col("import_number", INT, autoincrement=False), col("feed_number", INT), col("pull_id", ID),
        sa.ForeignKeyConstraint(["import_number"], ["imports.number"], name="fk_exchange_imports_import_number_imports"),
        sa.ForeignKeyConstraint(["feed_number"], ["exchange_feeds.number"], name="fk_exchange_imports_feed_number_exchange_feeds"),
        sa.PrimaryKeyConstraint("import_number", name="pk_exchange_imports"),
    )  # fmt: skip
    op.create_index("ix_exchange_imports_feed_number", "exchange_imports", ["feed_number"])
    op.create_index("ix_exchange_imports_pull_id", "exchange_imports", ["pull_id"])


def items() -> None:
    """Whose entry is whose, bad rows, and what was told."""
    op.create_table("exchange_items",
        col("feed_number", INT), col("remote_id", TEXT), col("entry_number", NUMBER),
        col("turn", BIG),
        sa.PrimaryKeyConstraint("feed_number", "remote_id", "entry_number", name="pk_exchange_items"),
    )  # fmt: skip
    op.create_index(
        "ix_exchange_items_entry_number", "exchange_items", ["entry_number", "feed_number"]
    )
    op.create_table("exchange_bad",
        col("pull_id", ID), col("row", BIG), col("place", TEXT), col("reason", TEXT), col("at", AT),
        sa.ForeignKeyConstraint(["pull_id"], ["exchange_pulls.id"], name="fk_exchange_bad_pull_id_exchange_pulls"),
        sa.PrimaryKeyConstraint("pull_id", "row", name="pk_exchange_bad"),
    )  # fmt: skip
    op.create_table("exchange_told",
        col("feed_number", INT), col("cause", ID), col("remote_id", TEXT),
        col("kind", sa.String(16)), col("opinion", sa.String(16)), col("outcome", sa.String(12)),
        col("detail", TEXT), col("at", AT),
        sa.ForeignKeyConstraint(["feed_number"], ["exchange_feeds.number"], name="fk_exchange_told_feed_number_exchange_feeds"),
        sa.PrimaryKeyConstraint("feed_number", "cause", "remote_id", "kind", name="pk_exchange_told"),
    )  # fmt: skip
    op.create_table("exchange_counted",
        col("feed_number", INT), col("day", INT), col("entries", BIG), col("matches", BIG),
        col("at", AT),
        sa.ForeignKeyConstraint(["feed_number"], ["exchange_feeds.number"], name="fk_exchange_counted_feed_number_exchange_feeds"),
        sa.PrimaryKeyConstraint("feed_number", "day", name="pk_exchange_counted"),
    )  # fmt: skip
