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
    "filing_parcels",
    "filing_receipts",
    "filing_proofs",
    "danger_calls",
    "measure_states",
    "sanctions",
    "sanction_ends",
    "registration_hits",
    "package_receipts",
    "platform_act_steps",
    "legal_request_steps",
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
    act_1()
    hold_1()
    hold_2()
    package_1()
    recipient_1()
    request_1()
    sanction_1()
    tally_1()
    new_indexes()
    for table in APPEND_ONLY:
        guard(op.get_bind(), table, ("update", "delete", "truncate"))
    guard(op.get_bind(), "sanction_key_ends", ("update",))
    guard(op.get_bind(), "sanction_keys", ("update",))
    for one in LOCKS:
        lock(op.get_bind(), one)
    for table, act, condition in RULES:
        refuse(op.get_bind(), table, act, condition)


def act_1() -> None:
    """Act."""
    op.create_table("act_fences",
        col("id", ID), col("service", TEXT), col("lane", sa.String(12)), col("name_key", BYTES),
        col("sealed", BYTES), col("epoch", INT),
        sa.PrimaryKeyConstraint("id", name="pk_act_fences"),
        sa.UniqueConstraint("lane", "name_key", name="uq_act_fences_lane_name_key"),
    )  # fmt: skip
    op.create_table("platform_acts",
        col("id", ID), col("fence_id", ID), col("epoch", INT), col("kind", sa.String(24)),
        col("service", TEXT), col("why", sa.String(12)), col("by", sa.String(80)),
        col("reason", TEXT), col("case_id", ID, nullable=True),
        col("upload_id", ID, nullable=True), col("decision_id", ID, nullable=True),
        col("reverses", ID, nullable=True), col("at", AT), col("until", AT),
        col("state", sa.String(12)), col("attempts", INT), col("fault", TEXT),
        col("confirmed_at", AT, nullable=True), col("change", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_platform_acts"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_platform_acts_case_id_cases"),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name="fk_platform_acts_decision_id_decisions"),
        sa.ForeignKeyConstraint(["fence_id"], ["act_fences.id"], name="fk_platform_acts_fence_id_act_fences"),
        sa.ForeignKeyConstraint(["reverses"], ["platform_acts.id"], name="fk_platform_acts_reverses_platform_acts"),
        sa.UniqueConstraint("fence_id", "epoch", name="uq_platform_acts_fence_id_epoch"),
    )  # fmt: skip
    op.create_index("ix_platform_acts_case_id", "platform_acts", ["case_id"])
    op.create_index(
        "ix_platform_acts_failed",
        "platform_acts",
        ["id"],
        **where("state IN ('unconfirmed', 'impossible')"),
    )
    op.create_table("platform_act_steps",
        col("change", NUMBER, autoincrement=False), col("act_id", ID), col("at", AT),
        col("what", sa.String(16)), col("by", sa.String(80)), col("outcome", sa.String(12)),
        col("detail", TEXT), sa.PrimaryKeyConstraint("change", name="pk_platform_act_steps"),
        sa.ForeignKeyConstraint(["act_id"], ["platform_acts.id"], name="fk_platform_act_steps_act_id_platform_acts"),
    )  # fmt: skip
    op.create_index("ix_platform_act_steps_act_id", "platform_act_steps", ["act_id"])


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
    op.create_index("ix_hold_items_blob", "hold_items", ["blob_id"], **where("blob_id IS NOT NULL"))
    op.create_index("ix_hold_items_case_id", "hold_items", ["case_id"])
    op.create_index(
        "ix_hold_items_row", "hold_items", ["row_id", "row_table"], **where("row_id IS NOT NULL")
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
        "ix_preservations_next_at", "preservations", ["next_at"], **where("next_at IS NOT NULL")
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


def package_1() -> None:
    """Package."""
    op.create_table("package_keys",
        col("id", ID), col("name", TEXT), col("country", sa.String(2)), col("kind", sa.String(16)),
        col("key", TEXT), col("receipt_key", TEXT), col("by", ID), col("at", AT),
        col("withdrawn_by", ID, nullable=True), col("withdrawn_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_package_keys"),
        sa.UniqueConstraint("key", name="uq_package_keys_key"),
    )  # fmt: skip
    op.create_table("packages",
        col("id", ID), col("number", BIG), col("case_id", ID), col("state", sa.String(8)),
        col("approval_id", ID), col("keys", TEXT), col("reason", TEXT), col("reference", TEXT),
        col("occasion", sa.String(16)), col("made_at", AT), col("sealed_at", AT, nullable=True),
        col("blob_id", ID, nullable=True), col("size", BIG),
        col("sha256", sa.LargeBinary(32), nullable=True),
        col("root", sa.LargeBinary(32), nullable=True), col("fault", sa.String(80)),
        col("change", BIG), sa.PrimaryKeyConstraint("id", name="pk_packages"),
        sa.ForeignKeyConstraint(["approval_id"], ["approvals.id"], name="fk_packages_approval_id_approvals"),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="fk_packages_blob_id_blobs"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_packages_case_id_cases"),
        sa.UniqueConstraint("approval_id", name="uq_packages_approval_id"),
        sa.UniqueConstraint("number", name="uq_packages_number"),
    )  # fmt: skip
    op.create_index("ix_packages_blob_id", "packages", ["blob_id"])
    op.create_index("ix_packages_case_id", "packages", ["case_id"])
    op.create_table("package_receipts",
        col("id", ID), col("package_id", ID), col("key_id", ID), col("officer", TEXT),
        col("received_at", AT), col("text", TEXT), col("by", ID), col("at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_package_receipts"),
        sa.ForeignKeyConstraint(["key_id"], ["package_keys.id"], name="fk_package_receipts_key_id_package_keys"),
        sa.ForeignKeyConstraint(["package_id"], ["packages.id"], name="fk_package_receipts_package_id_packages"),
        sa.UniqueConstraint("package_id", "key_id", name="uq_package_receipts_package_id_key_id"),
    )  # fmt: skip
    op.create_index("ix_package_receipts_package_id", "package_receipts", ["package_id"])


def recipient_1() -> None:
    """Recipient."""
    op.create_table("danger_calls",
        col("id", ID), col("case_id", ID), col("contact", TEXT), col("outcome", sa.String(20)),
        col("sealed", BYTES), col("by", TEXT), col("at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_danger_calls"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_danger_calls_case_id_cases"),
    )  # fmt: skip
    op.create_index("ix_danger_calls_case_id", "danger_calls", ["case_id"])
    op.create_table("filing_parcels",
        col("filing_id", ID), col("blob_id", ID), col("name", sa.String(120)), col("size", BIG),
        col("sha256", sa.LargeBinary(32)), col("keys", TEXT), col("at", AT),
        sa.PrimaryKeyConstraint("filing_id", name="pk_filing_parcels"),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="fk_filing_parcels_blob_id_blobs"),
        sa.ForeignKeyConstraint(["filing_id"], ["filings.id"], name="fk_filing_parcels_filing_id_filings"),
    )  # fmt: skip
    op.create_index("ix_filing_parcels_blob_id", "filing_parcels", ["blob_id"])
    op.create_table("filing_proofs",
        col("filing_id", ID), col("proof_id", ID), col("basis", TEXT), col("at", AT),
        sa.PrimaryKeyConstraint("filing_id", name="pk_filing_proofs"),
        sa.ForeignKeyConstraint(["filing_id"], ["filings.id"], name="fk_filing_proofs_filing_id_filings"),
        sa.ForeignKeyConstraint(["proof_id"], ["filings.id"], name="fk_filing_proofs_proof_id_filings"),
    )  # fmt: skip
    op.create_table("filing_receipts",
        col("id", ID), col("filing_id", ID), col("reference", TEXT), col("by", TEXT),
        col("at", AT), sa.PrimaryKeyConstraint("id", name="pk_filing_receipts"),
        sa.ForeignKeyConstraint(["filing_id"], ["filings.id"], name="fk_filing_receipts_filing_id_filings"),
    )  # fmt: skip
    op.create_index("ix_filing_receipts_filing_id", "filing_receipts", ["filing_id"])


def request_1() -> None:
    """Request."""
    op.create_table("legal_requests",
        col("id", ID), col("number", BIG), col("direction", sa.String(8)), col("party", TEXT),
        col("country", sa.String(2)), col("basis", sa.String(16)), col("law", TEXT),
        col("sealed", BYTES), col("state", sa.String(12)), col("case_id", ID, nullable=True),
        col("received_at", AT), col("due_at", AT), col("opened_by", sa.String(80)),
        col("wanted_by", sa.String(80)), col("package_id", ID, nullable=True),
        col("ended_at", AT, nullable=True), col("warned_at", AT, nullable=True),
        col("version", INT), col("change", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_legal_requests"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_legal_requests_case_id_cases"),
        sa.ForeignKeyConstraint(["package_id"], ["packages.id"], name="fk_legal_requests_package_id_packages"),
        sa.UniqueConstraint("number", name="uq_legal_requests_number"),
    )  # fmt: skip
    op.create_index("ix_legal_requests_case_id", "legal_requests", ["case_id"])
    op.create_index("ix_legal_requests_received_at", "legal_requests", ["received_at"])
    op.create_index(
        "ix_legal_requests_waiting", "legal_requests", ["due_at"], **where("ended_at IS NULL")
    )
    op.create_table("legal_request_steps",
        col("change", NUMBER, autoincrement=False), col("request_id", ID), col("at", AT),
        col("by", sa.String(80)), col("what", sa.String(16)), col("sealed", BYTES),
        col("package_id", ID, nullable=True),
        sa.PrimaryKeyConstraint("change", name="pk_legal_request_steps"),
        sa.ForeignKeyConstraint(["package_id"], ["packages.id"], name="fk_legal_request_steps_package_id_packages"),
        sa.ForeignKeyConstraint(["request_id"], ["legal_requests.id"], name="fk_legal_request_steps_request_id_legal_requests"),
    )  # fmt: skip
    op.create_index("ix_legal_request_steps_request_id", "legal_request_steps", ["request_id"])


def sanction_1() -> None:
    """Sanction."""
    op.create_table("sanctions",
        col("id", ID), col("number", BIG), col("service", TEXT), col("account_key", BYTES),
        col("case_id", ID), col("decision_id", ID), col("at", AT), col("until", AT),
        col("round", INT), col("change", BIG), sa.PrimaryKeyConstraint("id", name="pk_sanctions"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_sanctions_case_id_cases"),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name="fk_sanctions_decision_id_decisions"),
        sa.UniqueConstraint("decision_id", "account_key", "round", name="uq_sanctions_decision_id_account_key_round"),
        sa.UniqueConstraint("number", name="uq_sanctions_number"),
    )  # fmt: skip
    op.create_index("ix_sanctions_account_key", "sanctions", ["account_key"])
    op.create_index("ix_sanctions_case_id", "sanctions", ["case_id"])
    op.create_table("registration_hits",
        col("id", ID), col("service", TEXT), col("answer", sa.String(8)), col("confidence", FLOAT),
        col("clues", TEXT), col("sanction_id", ID), col("keys", TEXT), col("by", sa.String(80)),
        col("at", AT), col("change", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_registration_hits"),
        sa.ForeignKeyConstraint(["sanction_id"], ["sanctions.id"], name="fk_registration_hits_sanction_id_sanctions"),
    )  # fmt: skip
    op.create_index("ix_registration_hits_at", "registration_hits", ["at"])
    op.create_index("ix_registration_hits_sanction_id", "registration_hits", ["sanction_id"])
    op.create_table("sanction_ends",
        col("sanction_id", ID), col("kind", sa.String(16)), col("reason", TEXT),
        col("by", sa.String(80)), col("second_by", ID, nullable=True), col("at", AT),
        col("change", BIG), sa.PrimaryKeyConstraint("sanction_id", name="pk_sanction_ends"),
        sa.ForeignKeyConstraint(["sanction_id"], ["sanctions.id"], name="fk_sanction_ends_sanction_id_sanctions"),
    )  # fmt: skip
    op.create_table("sanction_key_ends",
        col("key", BYTES), col("kind", sa.String(16)), col("sanction_id", ID), col("hit_id", ID),
        col("by", sa.String(80)), col("at", AT),
        sa.PrimaryKeyConstraint("key", "kind", "sanction_id", name="pk_sanction_key_ends"),
        sa.ForeignKeyConstraint(["sanction_id"], ["sanctions.id"], name="fk_sanction_key_ends_sanction_id_sanctions"),
    )  # fmt: skip
    op.create_index("ix_sanction_key_ends_hit_id", "sanction_key_ends", ["hit_id"])
    op.create_table("sanction_keys",
        col("key", BYTES), col("kind", sa.String(16)), col("version", INT), col("sanction_id", ID),
        col("seen_at", AT), col("until", AT),
        sa.PrimaryKeyConstraint("key", "kind", "sanction_id", name="pk_sanction_keys"),
        sa.ForeignKeyConstraint(["sanction_id"], ["sanctions.id"], name="fk_sanction_keys_sanction_id_sanctions"),
    )  # fmt: skip
    op.create_index("ix_sanction_keys_sanction_id", "sanction_keys", ["sanction_id"])
    op.create_index("ix_sanction_keys_until", "sanction_keys", ["until"])


def tally_1() -> None:
    """Tally."""
    op.create_table("dropped_tallies",
        col("day", BIG, autoincrement=False), col("noun", sa.String(16)),
        col("surface", sa.String(16)), col("n", BIG),
        sa.PrimaryKeyConstraint("day", "noun", "surface", name="pk_dropped_tallies"),
    )  # fmt: skip
    op.create_table("measure_states",
        col("change", NUMBER, autoincrement=False), col("measure", sa.String(40)), col("on", BOOL),
        col("facts", TEXT), col("at", AT),
        sa.PrimaryKeyConstraint("change", name="pk_measure_states"),
    )  # fmt: skip
    op.create_index("ix_measure_states_measure_change", "measure_states", ["measure", "change"])


def new_indexes() -> None:
    """Times that figures of a period are bounded by."""
    op.create_index("ix_case_history_what_at", "case_history", ["what", "at"])
    op.create_index("ix_cases_opened_at", "cases", ["opened_at"])
    op.create_index("ix_chat_alarms_at", "chat_alarms", ["at"])
    op.create_index("ix_filings_created_at", "filings", ["created_at"])
    op.create_index("ix_stream_alerts_at", "stream_alerts", ["at"])
