"""Chats: what people write to broadcasts, posts and one another, and what followed.

Revision 0009. Frozen: it names plain types and rows, and never follows the tables.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from breakwater.records.guards import guard

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
AT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT, BYTES, BOOL, FLOAT = sa.Text(), sa.LargeBinary(), sa.Boolean(), sa.Float()
SMALL, INT, BIG = sa.SmallInteger(), sa.Integer(), sa.BigInteger()

APPEND_ONLY: tuple[str, ...] = (
    "chat_alarms",
    "chat_measures",
    "chat_measure_acks",
)


def col(name: str, type_: Any, *, nullable: bool = False, **kw: Any) -> sa.Column[Any]:
    """A column that is not empty unless said otherwise."""
    return sa.Column(name, type_, nullable=nullable, **kw)


def where(condition: str) -> dict[str, Any]:
    """A partial index, on both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Make the tables and their guards; what stood before keeps its rows."""
    chat_1()
    chat_2()
    for table in APPEND_ONLY:
        guard(op.get_bind(), table, ("update", "delete", "truncate"))


def chat_1() -> None:
    """Chats: sums, alarms, measures, kept comments and their course, part 1."""
    op.create_table("chat_across",
        col("lane", SMALL, autoincrement=False), col("lanes", SMALL), col("sealed", BYTES),
        col("at", AT), sa.PrimaryKeyConstraint("lane", name="pk_chat_across"),
    )  # fmt: skip
    op.create_table("chat_cells",
        col("lane", SMALL, autoincrement=False), col("service", TEXT), col("lang", sa.String(8)),
        col("band", sa.String(12)), col("blocks", INT), col("messages", FLOAT),
        col("counts", BYTES), col("at", AT),
        sa.PrimaryKeyConstraint("lane", "service", "lang", "band", name="pk_chat_cells"),
    )  # fmt: skip
    op.create_table("chats",
        col("id", ID), col("kind", sa.String(16)), col("service", TEXT),
        col("reference_key", BYTES), col("sealed", BYTES), col("stream_id", ID, nullable=True),
        col("messages", BIG), col("scored", BIG), col("unscored", BIG), col("risk", FLOAT),
        col("level", sa.String(8)), col("measure", sa.String(12)), col("lang", sa.String(8)),
        col("band", sa.String(12)), col("case_id", ID, nullable=True), col("began_at", AT),
        col("last_at", AT), col("ended_at", AT, nullable=True), col("change", BIG),
        col("version", INT), sa.PrimaryKeyConstraint("id", name="pk_chats"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_chats_case_id_cases"),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name="fk_chats_stream_id_streams"),
        sa.UniqueConstraint("reference_key", name="uq_chats_reference_key"),
    )  # fmt: skip
    op.create_index("ix_chats_case_id", "chats", ["case_id"])
    op.create_index("ix_chats_kind_last_at", "chats", ["kind", "last_at"])
    op.create_index("ix_chats_stream_id", "chats", ["stream_id"])
    op.create_table("chat_alarms",
        col("id", ID), col("chat_id", ID), col("case_id", ID, nullable=True),
        col("level", sa.String(8)), col("evidence", FLOAT), col("threshold", FLOAT), col("at", AT),
        col("change", BIG), sa.PrimaryKeyConstraint("id", name="pk_chat_alarms"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_chat_alarms_case_id_cases"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_chat_alarms_chat_id_chats"),
    )  # fmt: skip
    op.create_index("ix_chat_alarms_chat_id_change", "chat_alarms", ["chat_id", "change"])
    op.create_table("chat_events",
        col("chat_id", ID), col("minute", AT), col("messages", INT), col("unscored", INT),
        col("joins", INT), col("leaves", INT), col("gifts", INT), col("reports", INT),
        col("nats", FLOAT), sa.PrimaryKeyConstraint("chat_id", "minute", name="pk_chat_events"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_chat_events_chat_id_chats"),
    )  # fmt: skip
    op.create_table("chat_measures",
        col("id", ID), col("chat_id", ID), col("to", sa.String(12)), col("by", sa.String(80)),
        col("why", sa.String(40)), col("at", AT), col("change", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_chat_measures"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_chat_measures_chat_id_chats"),
    )  # fmt: skip
    op.create_index("ix_chat_measures_chat_id_change", "chat_measures", ["chat_id", "change"])


def chat_2() -> None:
    """Chats: sums, alarms, measures, kept comments and their course, part 2."""
    op.create_table("chat_sums",
        col("chat_id", ID), col("sealed", BYTES), col("at", AT),
        sa.PrimaryKeyConstraint("chat_id", name="pk_chat_sums"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_chat_sums_chat_id_chats"),
    )  # fmt: skip
    op.create_table("conversations",
        col("chat_id", ID), col("jurisdiction", sa.String(8)), col("basis", sa.String(200)),
        col("reports", INT), col("sealed", BYTES, nullable=True), col("at", AT),
        sa.PrimaryKeyConstraint("chat_id", name="pk_conversations"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_conversations_chat_id_chats"),
    )  # fmt: skip
    op.create_table("kept_comments",
        col("id", ID), col("chat_id", ID), col("message_key", BYTES),
        col("author_key", BYTES, nullable=True), col("sealed", BYTES, nullable=True),
        col("nats", FLOAT), col("at", AT), col("kept_at", AT), col("state", sa.String(10)),
        col("held", BOOL), col("case_id", ID, nullable=True), col("change", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_kept_comments"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_kept_comments_case_id_cases"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_kept_comments_chat_id_chats"),
        sa.UniqueConstraint("chat_id", "message_key", name="uq_kept_comments_chat_id_message_key"),
    )  # fmt: skip
    op.create_index("ix_kept_comments_author_key", "kept_comments", ["author_key"])
    op.create_index("ix_kept_comments_case_id", "kept_comments", ["case_id"])
    op.create_table("chat_measure_acks",
        col("change", NUMBER, autoincrement=False), col("measure_id", ID),
        col("step", sa.String(24)), col("done", BOOL), col("detail", TEXT), col("ms", INT),
        col("at", AT), sa.PrimaryKeyConstraint("change", name="pk_chat_measure_acks"),
        sa.ForeignKeyConstraint(["measure_id"], ["chat_measures.id"], name="fk_chat_measure_acks_measure_id_chat_measures"),
    )  # fmt: skip
    op.create_index("ix_chat_measure_acks_measure_id", "chat_measure_acks", ["measure_id"])
    op.create_table("chat_reasons",
        col("alarm_id", ID), col("chat_id", ID), col("sealed", BYTES),
        sa.PrimaryKeyConstraint("alarm_id", name="pk_chat_reasons"),
        sa.ForeignKeyConstraint(["alarm_id"], ["chat_alarms.id"], name="fk_chat_reasons_alarm_id_chat_alarms"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_chat_reasons_chat_id_chats"),
    )  # fmt: skip
    op.create_index("ix_chat_reasons_chat_id", "chat_reasons", ["chat_id"])
