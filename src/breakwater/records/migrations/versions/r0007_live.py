"""Broadcasts, who watches them, what is known to be copied, and what was ordered.

Revision 0007. Frozen: it names plain types and rows, and never follows the tables.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from breakwater.records.guards import guard

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
AT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT, BYTES, BOOL, FLOAT = sa.Text(), sa.LargeBinary(), sa.Boolean(), sa.Float()
SMALL, INT, BIG = sa.SmallInteger(), sa.Integer(), sa.BigInteger()

APPEND_ONLY = (
    "reel_vouchers",
    "reel_history",
    "upload_copies",
    "grade_gold_rates",
    "grade_gold_reach",
    "stream_alerts",
    "stream_orders",
    "stream_order_states",
    "stream_acks",
    "stream_denials",
    "stream_denial_ends",
    "stream_preserved",
    "bank_cuts",
)


def col(name: str, type_: Any, *, nullable: bool = False, **kw: Any) -> sa.Column[Any]:
    """A column that is not empty unless said otherwise."""
    return sa.Column(name, type_, nullable=nullable, **kw)


def where(condition: str) -> dict[str, Any]:
    """A partial index, on both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Make the tables and their guards; what stood before keeps its rows."""
    copies_1()
    quality_1()
    reel_1()
    server_1()
    stream_1()
    stream_2()
    stream_3()
    for table in APPEND_ONLY:
        guard(op.get_bind(), table, ("update", "delete", "truncate"))


def copies_1() -> None:
    """Stretches of known videos that verdicts name."""
    op.create_table("upload_copies",
        col("upload_id", ID), col("revision", INT, autoincrement=False),
        col("position", INT, autoincrement=False), col("reel_number", NUMBER), col("bank", TEXT),
        col("zone", sa.String(8)), col("score", FLOAT), col("acting", BOOL),
        col("why_not", sa.String(16)), col("segment", TEXT),
        sa.PrimaryKeyConstraint("upload_id", "revision", "position", name="pk_upload_copies"),
    )  # fmt: skip
    op.create_index("ix_upload_copies_reel_number", "upload_copies", ["reel_number"])


def quality_1() -> None:
    """Known answers, rulings, alarms."""
    op.create_table("grade_gold_rates",
        col("change", BIG, autoincrement=False), col("set_number", BIG, nullable=True),
        col("share", FLOAT), col("by", ID), col("at", AT), col("reason", TEXT),
        sa.PrimaryKeyConstraint("change", name="pk_grade_gold_rates"),
    )  # fmt: skip
    op.create_table("grade_gold_reach",
        col("change", BIG, autoincrement=False), col("item_number", BIG), col("everywhere", BOOL),
        col("by", ID), col("at", AT),
        sa.PrimaryKeyConstraint("change", name="pk_grade_gold_reach"),
    )  # fmt: skip
    op.create_index("ix_grade_gold_reach_item_number", "grade_gold_reach", ["item_number"])


def reel_1() -> None:
    """Known videos, their prints, and what may cut by itself."""
    op.create_table("reels",
        col("number", NUMBER, autoincrement=False), col("id", ID), col("bank_number", INT),
        col("label", TEXT), col("source", TEXT), col("status", sa.String(12)),
        col("duration_s", FLOAT), col("frames", INT), col("sha256", BYTES), col("created_at", AT),
        col("change", BIG), sa.PrimaryKeyConstraint("number", name="pk_reels"),
        sa.ForeignKeyConstraint(["bank_number"], ["banks.number"], name="fk_reels_bank_number_banks"),
        sa.UniqueConstraint("id", name="uq_reels_id"),
    )  # fmt: skip
    op.create_index("ix_reels_bank_number", "reels", ["bank_number"])
    op.create_index("ix_reels_change", "reels", ["change"])
    op.create_index("ix_reels_sha256", "reels", ["sha256"])
    op.create_table("reel_history",
        col("change", BIG, autoincrement=False), col("reel_number", NUMBER),
        col("status", sa.String(12)), col("at", AT), col("by", TEXT), col("reason", TEXT),
        sa.PrimaryKeyConstraint("change", name="pk_reel_history"),
        sa.ForeignKeyConstraint(["reel_number"], ["reels.number"], name="fk_reel_history_reel_number_reels"),
    )  # fmt: skip
    op.create_index("ix_reel_history_reel_number", "reel_history", ["reel_number"])
    op.create_table("reel_looks",
        col("reel_number", NUMBER, autoincrement=False), col("packed", BYTES),
        sa.PrimaryKeyConstraint("reel_number", name="pk_reel_looks"),
        sa.ForeignKeyConstraint(["reel_number"], ["reels.number"], name="fk_reel_looks_reel_number_reels"),
    )  # fmt: skip
    op.create_table("reel_prints",
        col("reel_number", NUMBER, autoincrement=False), col("packed", BYTES),
        sa.PrimaryKeyConstraint("reel_number", name="pk_reel_prints"),
        sa.ForeignKeyConstraint(["reel_number"], ["reels.number"], name="fk_reel_prints_reel_number_reels"),
    )  # fmt: skip
    op.create_table("reel_vouchers",
        col("reel_number", NUMBER, autoincrement=False), col("by", sa.String(200)), col("at", AT),
        sa.PrimaryKeyConstraint("reel_number", "by", name="pk_reel_vouchers"),
        sa.ForeignKeyConstraint(["reel_number"], ["reels.number"], name="fk_reel_vouchers_reel_number_reels"),
    )  # fmt: skip


def server_1() -> None:
    """Media servers and the marks of hooks taken."""
    op.create_table("media_server_hooks",
        col("server_id", ID), col("digest", BYTES), col("at", AT),
        sa.PrimaryKeyConstraint("server_id", "digest", name="pk_media_server_hooks"),
    )  # fmt: skip
    op.create_index("ix_media_server_hooks_at", "media_server_hooks", ["at"])
    op.create_table("media_servers",
        col("id", ID), col("name", sa.String(64)), col("kind", sa.String(32)),
        col("service", TEXT), col("control_url", TEXT), col("rtmp_url", TEXT),
        col("hls_url", TEXT), col("hook_networks", TEXT), col("hook_mac", BYTES),
        col("sealed", BYTES), col("active", BOOL), col("version", INT), col("created_at", AT),
        col("hook_at", AT, nullable=True), sa.PrimaryKeyConstraint("id", name="pk_media_servers"),
        sa.UniqueConstraint("hook_mac", name="uq_media_servers_hook_mac"),
        sa.UniqueConstraint("name", name="uq_media_servers_name"),
    )  # fmt: skip


def stream_1() -> None:
    """Broadcasts, senders, alerts, orders and every answer, part 1."""
    op.create_table("bank_cuts",
        col("change", NUMBER, autoincrement=False), col("bank_id", ID), col("allowed", BOOL),
        col("by", ID), col("second_by", ID, nullable=True), col("at", AT),
        sa.PrimaryKeyConstraint("change", name="pk_bank_cuts"),
        sa.ForeignKeyConstraint(["bank_id"], ["banks.id"], name="fk_bank_cuts_bank_id_banks"),
    )  # fmt: skip
    op.create_index("ix_bank_cuts_bank_id", "bank_cuts", ["bank_id"])
    op.create_table("streams",
        col("id", ID), col("label", sa.String(32)), col("server", TEXT), col("service", TEXT),
        col("name_key", BYTES), col("account_key", BYTES, nullable=True),
        col("device_key", BYTES, nullable=True), col("sealed", BYTES), col("state", sa.String(8)),
        col("control", sa.String(8)), col("order_id", ID, nullable=True),
        col("order_state", sa.String(12)), col("risk", FLOAT), col("risks", TEXT),
        col("priority", sa.String(8)), col("viewers", INT), col("surface", sa.String(16)),
        col("jurisdiction", sa.String(8)), col("seen_share", FLOAT),
        col("seen_at", AT, nullable=True), col("started_at", AT),
        col("ended_at", AT, nullable=True), col("case_id", ID, nullable=True), col("change", BIG),
        col("version", INT), sa.PrimaryKeyConstraint("id", name="pk_streams"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_streams_case_id_cases"),
        sa.UniqueConstraint("label", name="uq_streams_label"),
    )  # fmt: skip
    op.create_index("ix_streams_account_key", "streams", ["account_key"])
    op.create_index("ix_streams_case_id", "streams", ["case_id"])
    op.create_index("ix_streams_name_key_state", "streams", ["name_key", "state"])
    op.create_index(
        "ix_streams_running", "streams", ["server", "risk"], **where("state <> 'ended'")
    )
    op.create_index("ix_streams_started_at", "streams", ["started_at"])
    op.create_table("stream_alerts",
        col("id", ID), col("stream_id", ID), col("case_id", ID, nullable=True), col("at", AT),
        col("time_s", FLOAT), col("kind", sa.String(16)), col("why", TEXT), col("frames", INT),
        col("span_s", FLOAT), col("score", FLOAT), col("reference", ID, nullable=True),
        col("bank", TEXT), col("auto_cut", BOOL), col("evidence", TEXT),
        col("wanted", sa.String(8)), col("change", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_stream_alerts"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_stream_alerts_case_id_cases"),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name="fk_stream_alerts_stream_id_streams"),
    )  # fmt: skip
    op.create_index("ix_stream_alerts_stream_id_change", "stream_alerts", ["stream_id", "change"])
    op.create_table("stream_preserved",
        col("id", ID), col("stream_id", ID), col("what", sa.String(16)),
        col("blob", ID, nullable=True), col("detail", TEXT), col("gap", TEXT), col("at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_stream_preserved"),
        sa.ForeignKeyConstraint(["blob"], ["blobs.id"], name="fk_stream_preserved_blob_blobs"),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name="fk_stream_preserved_stream_id_streams"),
    )  # fmt: skip
    op.create_index("ix_stream_preserved_stream_id", "stream_preserved", ["stream_id"])


def stream_2() -> None:
    """Broadcasts, senders, alerts, orders and every answer, part 2."""
    op.create_table("stream_publishers",
        col("id", ID), col("stream_id", ID), col("key", TEXT),
        col("account_key", BYTES, nullable=True), col("sealed", BYTES), col("joined_at", AT),
        col("left_at", AT, nullable=True), col("risk", FLOAT), col("control", sa.String(8)),
        sa.PrimaryKeyConstraint("id", name="pk_stream_publishers"),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name="fk_stream_publishers_stream_id_streams"),
    )  # fmt: skip
    op.create_index("ix_stream_publishers_stream_id", "stream_publishers", ["stream_id"])
    op.create_table("stream_viewers",
        col("id", ID), col("stream_id", ID), col("viewer_key", BYTES), col("sealed", BYTES),
        col("joined_at", AT), col("left_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_stream_viewers"),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name="fk_stream_viewers_stream_id_streams"),
        sa.UniqueConstraint("stream_id", "viewer_key", name="uq_stream_viewers_stream_id_viewer_key"),
    )  # fmt: skip
    op.create_table("stream_orders",
        col("id", ID), col("stream_id", ID), col("publisher_id", ID, nullable=True),
        col("to", sa.String(8)), col("by", sa.String(80)), col("why", sa.String(40)),
        col("broadcaster", sa.String(16)), col("at", AT), col("epoch", INT), col("change", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_stream_orders"),
        sa.ForeignKeyConstraint(["publisher_id"], ["stream_publishers.id"], name="fk_stream_orders_publisher_id_stream_publishers"),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name="fk_stream_orders_stream_id_streams"),
        sa.UniqueConstraint("stream_id", "epoch", name="uq_stream_orders_stream_id_epoch"),
    )  # fmt: skip
    op.create_table("stream_acks",
        col("change", NUMBER, autoincrement=False), col("order_id", ID),
        col("step", sa.String(24)), col("done", BOOL), col("detail", TEXT), col("ms", INT),
        col("at", AT), sa.PrimaryKeyConstraint("change", name="pk_stream_acks"),
        sa.ForeignKeyConstraint(["order_id"], ["stream_orders.id"], name="fk_stream_acks_order_id_stream_orders"),
    )  # fmt: skip
    op.create_index("ix_stream_acks_order_id", "stream_acks", ["order_id"])
    op.create_table("stream_denials",
        col("id", ID), col("scope", sa.String(8)), col("value_key", BYTES), col("stream_id", ID),
        col("order_id", ID), col("at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_stream_denials"),
        sa.ForeignKeyConstraint(["order_id"], ["stream_orders.id"], name="fk_stream_denials_order_id_stream_orders"),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name="fk_stream_denials_stream_id_streams"),
    )  # fmt: skip
    op.create_index("ix_stream_denials_stream_id", "stream_denials", ["stream_id"])
    op.create_index("ix_stream_denials_value_key", "stream_denials", ["value_key"])
    op.create_table("stream_order_states",
        col("change", NUMBER, autoincrement=False), col("order_id", ID),
        col("state", sa.String(12)), col("at", AT),
        sa.PrimaryKeyConstraint("change", name="pk_stream_order_states"),
        sa.ForeignKeyConstraint(["order_id"], ["stream_orders.id"], name="fk_stream_order_states_order_id_stream_orders"),
    )  # fmt: skip
    op.create_index("ix_stream_order_states_order_id", "stream_order_states", ["order_id"])


def stream_3() -> None:
    """Broadcasts, senders, alerts, orders and every answer, part 3."""
    op.create_table("stream_denial_ends",
        col("denial_id", ID), col("by", sa.String(80)), col("at", AT),
        sa.PrimaryKeyConstraint("denial_id", name="pk_stream_denial_ends"),
        sa.ForeignKeyConstraint(["denial_id"], ["stream_denials.id"], name="fk_stream_denial_ends_denial_id_stream_denials"),
    )  # fmt: skip
