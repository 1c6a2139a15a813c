"""What was screened, who waits for it, and who acts.

Revision 0002. Frozen: it names plain types and rows, and never follows the tables.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from breakwater.records.guards import guard

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
AT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT, BYTES, BOOL, FLOAT = sa.Text(), sa.LargeBinary(), sa.Boolean(), sa.Float()
SMALL, INT, BIG = sa.SmallInteger(), sa.Integer(), sa.BigInteger()

APPEND_ONLY = (
    "upload_verdicts",
    "upload_matches",
    "case_history",
    "account_snapshots",
    "approvals",
    "approval_decisions",
    "views",
    "view_ends",
)


def col(name: str, type_: Any, *, nullable: bool = False, **kw: Any) -> sa.Column[Any]:
    """A column that is not empty unless said otherwise."""
    return sa.Column(name, type_, nullable=nullable, **kw)


def where(condition: str) -> dict[str, Any]:
    """A partial index, on both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Make every table, its guards, and the rows that are always there."""
    intake_1()
    intake_2()
    people_1()
    people_2()
    people_3()
    resumable_1()
    for table in APPEND_ONLY:
        guard(op.get_bind(), table, ("update", "delete", "truncate"))


def intake_1() -> None:
    """Uploads, verdicts, cases, accounts, part 1."""
    op.create_table("account_snapshots",
        col("id", ID), col("service", TEXT), col("account_key", BYTES), col("sealed", BYTES),
        col("source", sa.String(16)), col("gap", TEXT), col("taken_at", AT), col("stored_at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_account_snapshots"),
    )  # fmt: skip
    op.create_index(
        "ix_account_snapshots_account", "account_snapshots", ["account_key", "taken_at"]
    )
    op.create_table("cases",
        col("id", ID), col("number", BIG), col("kind", sa.String(16)), col("subject_id", ID),
        col("why", TEXT), col("priority", sa.String(8)), col("urgency", SMALL),
        col("state", sa.String(8)), col("service", TEXT), col("account_key", BYTES, nullable=True),
        col("account_sealed", BYTES, nullable=True), col("opened_at", AT), col("due_at", AT),
        col("change", BIG), col("version", INT), col("held_by", ID, nullable=True),
        col("held_until", AT, nullable=True), col("closed_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.UniqueConstraint("number", name="uq_cases_number"),
    )  # fmt: skip
    op.create_index("ix_cases_account", "cases", ["account_key", "number"])
    op.create_index("ix_cases_closed", "cases", ["number"], **where("state = 'closed'"))
    op.create_index("ix_cases_subject_id", "cases", ["subject_id"])
    op.create_index(
        "ix_cases_waiting", "cases", ["urgency", "due_at", "number"], **where("state <> 'closed'")
    )
    op.create_table("idempotency_keys",
        col("principal_id", ID), col("key_sha256", BYTES), col("body_sha256", BYTES),
        col("upload_id", ID), col("created_at", AT),
        sa.PrimaryKeyConstraint("principal_id", "key_sha256", name="pk_idempotency_keys"),
    )  # fmt: skip
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    op.create_table("upload_matches",
        col("upload_id", ID), col("revision", INT, autoincrement=False),
        col("position", INT, autoincrement=False), col("entry_number", NUMBER),
        col("distance", INT), col("limit", INT), col("acting", BOOL),
        col("why_not", sa.String(16)), col("view", sa.String(16)),
        col("frame", INT, nullable=True), col("time_s", FLOAT, nullable=True),
        col("quality", SMALL), col("entry", TEXT),
        sa.PrimaryKeyConstraint("upload_id", "revision", "position", name="pk_upload_matches"),
    )  # fmt: skip
    op.create_index("ix_upload_matches_entry_number", "upload_matches", ["entry_number"])
    op.create_table("upload_tallies",
        col("minute", BIG, autoincrement=False), col("service", TEXT), col("action", sa.String(8)),
        col("rule", TEXT), col("n", BIG),
        sa.PrimaryKeyConstraint("minute", "service", "action", "rule", name="pk_upload_tallies"),
    )  # fmt: skip


def intake_2() -> None:
    """Uploads, verdicts, cases, accounts, part 2."""
    op.create_table("upload_verdicts",
        col("upload_id", ID), col("revision", INT, autoincrement=False),
        col("action", sa.String(8)), col("rule", TEXT), col("reason", TEXT), col("at", AT),
        col("change", BIG),
        sa.PrimaryKeyConstraint("upload_id", "revision", name="pk_upload_verdicts"),
    )  # fmt: skip
    op.create_table("case_history",
        col("change", BIG, autoincrement=False), col("case_id", ID), col("at", AT),
        col("by", TEXT), col("what", sa.String(32)), col("note", TEXT), col("facts", TEXT),
        sa.PrimaryKeyConstraint("change", name="pk_case_history"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_history_case_id_cases"),
    )  # fmt: skip
    op.create_index("ix_case_history_case_id", "case_history", ["case_id"])
    op.create_table("uploads",
        col("id", ID), col("service", TEXT), col("surface", sa.String(8)),
        col("state", sa.String(8)), col("received_at", AT), col("size", BIG),
        col("sha256", BYTES, nullable=True), col("sha1", BYTES, nullable=True),
        col("md5", BYTES, nullable=True), col("declared_type", TEXT), col("type", TEXT),
        col("reference", TEXT), col("account_key", BYTES, nullable=True),
        col("origin_sealed", BYTES, nullable=True), col("action", sa.String(8), nullable=True),
        col("rule", TEXT, nullable=True), col("reason", TEXT, nullable=True), col("revision", INT),
        col("case_id", ID, nullable=True), col("blob_id", ID, nullable=True), col("change", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="fk_uploads_blob_id_blobs"),
    )  # fmt: skip
    op.create_index("ix_uploads_account", "uploads", ["account_key", "received_at"])
    op.create_index("ix_uploads_blob_id", "uploads", ["blob_id"])
    op.create_index("ix_uploads_case_id", "uploads", ["case_id"], **where("case_id IS NOT NULL"))
    op.create_index("ix_uploads_md5", "uploads", ["md5"])
    op.create_index("ix_uploads_pending", "uploads", ["received_at"], **where("state = 'pending'"))
    op.create_index("ix_uploads_received_at", "uploads", ["received_at"])
    op.create_index("ix_uploads_reference", "uploads", ["service", "reference"])
    op.create_index("ix_uploads_sha1", "uploads", ["sha1"])
    op.create_index("ix_uploads_sha256", "uploads", ["sha256"])


def people_1() -> None:
    """People, keys, approvals, views, webhooks, part 1."""
    op.create_table("api_keys",
        col("id", ID), col("name", TEXT), col("secret_mac", BYTES), col("scopes", TEXT),
        col("service", TEXT), col("networks", TEXT), col("per_second", FLOAT), col("test", BOOL),
        col("expires_at", AT, nullable=True), col("revoked_at", AT, nullable=True),
        col("created_at", AT), col("created_by", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
    )  # fmt: skip
    op.create_table("approvals",
        col("id", ID), col("kind", TEXT), col("subject", TEXT), col("reason", TEXT),
        col("facts", TEXT), col("proposed_by", ID), col("proposed_at", AT), col("lapses_at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
    )  # fmt: skip
    op.create_index("ix_approvals_proposed_at", "approvals", ["proposed_at"])
    op.create_index("ix_approvals_subject", "approvals", ["kind", "subject"])
    op.create_table("people",
        col("id", ID), col("name", TEXT), col("name_key", TEXT), col("roles", TEXT),
        col("active", BOOL), col("created_at", AT), col("password_hash", TEXT, nullable=True),
        col("failures", INT), col("locked_until", AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("name_key", name="uq_people_name_key"),
    )  # fmt: skip
    op.create_table("views",
        col("id", ID), col("person_id", ID), col("item_id", ID), col("case_id", ID, nullable=True),
        col("others", TEXT), col("frame", INT, nullable=True), col("level", sa.String(4)),
        col("reason", TEXT), col("at", AT), col("cap_ms", INT),
        sa.PrimaryKeyConstraint("id", name="pk_views"),
    )  # fmt: skip
    op.create_index("ix_views_case_id", "views", ["case_id"])
    op.create_index("ix_views_item_id", "views", ["item_id"])
    op.create_index("ix_views_person_id_at", "views", ["person_id", "at"])
    op.create_table("webhook_endpoints",
        col("id", ID), col("service", TEXT), col("url", TEXT), col("secret_sealed", BYTES),
        col("events", TEXT), col("active", BOOL), col("created_at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_endpoints"),
    )  # fmt: skip


def people_2() -> None:
    """People, keys, approvals, views, webhooks, part 2."""
    op.create_table("approval_decisions",
        col("approval_id", ID), col("outcome", sa.String(16)), col("by", ID), col("at", AT),
        col("note", TEXT), sa.PrimaryKeyConstraint("approval_id", name="pk_approval_decisions"),
        sa.ForeignKeyConstraint(["approval_id"], ["approvals.id"], name="fk_approval_decisions_approval_id_approvals"),
    )  # fmt: skip
    op.create_table("login_links",
        col("token_sha256", BYTES), col("person_id", ID), col("created_at", AT),
        col("expires_at", AT), col("used_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_login_links"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_login_links_person_id_people"),
    )  # fmt: skip
    op.create_index("ix_login_links_person_id", "login_links", ["person_id"])
    op.create_table("passkeys",
        col("id", ID), col("person_id", ID), col("credential_id", BYTES), col("public_key", BYTES),
        col("sign_count", BIG), col("name", TEXT), col("created_at", AT),
        col("used_at", AT, nullable=True), sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_passkeys_person_id_people"),
        sa.UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),
    )  # fmt: skip
    op.create_index("ix_passkeys_person_id", "passkeys", ["person_id"])
    op.create_table("sessions",
        col("id", ID), col("token_sha256", BYTES), col("person_id", ID),
        col("method", sa.String(16)), col("created_at", AT), col("seen_at", AT),
        col("expires_at", AT), col("revoked_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_sessions_person_id_people"),
        sa.UniqueConstraint("token_sha256", name="uq_sessions_token_sha256"),
    )  # fmt: skip
    op.create_index("ix_sessions_person_id", "sessions", ["person_id"])
    op.create_table("view_ends",
        col("view_id", ID), col("ms", INT), col("at", AT),
        sa.PrimaryKeyConstraint("view_id", name="pk_view_ends"),
        sa.ForeignKeyConstraint(["view_id"], ["views.id"], name="fk_view_ends_view_id_views"),
    )  # fmt: skip


def people_3() -> None:
    """People, keys, approvals, views, webhooks, part 3."""
    op.create_table("webhook_deliveries",
        col("id", ID), col("endpoint_id", ID), col("event_id", ID), col("type", sa.String(32)),
        col("body", TEXT), col("state", sa.String(16)), col("attempts", INT), col("next_at", AT),
        col("status", INT, nullable=True), col("error", TEXT), col("created_at", AT),
        col("done_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sa.ForeignKeyConstraint(["endpoint_id"], ["webhook_endpoints.id"], name="fk_webhook_deliveries_endpoint_id_webhook_endpoints"),
        sa.UniqueConstraint("endpoint_id", "event_id", name="uq_webhook_deliveries_endpoint_id_event_id"),
    )  # fmt: skip
    op.create_index(
        "ix_webhook_deliveries_waiting",
        "webhook_deliveries",
        ["next_at"],
        **where("state = 'waiting'"),
    )


def resumable_1() -> None:
    """Resumable."""
    op.create_table("resumables",
        col("id", ID), col("principal_id", ID), col("size", BIG), col("submission_sealed", BYTES),
        col("created_at", AT), sa.PrimaryKeyConstraint("id", name="pk_resumables"),
    )  # fmt: skip
    op.create_index("ix_resumables_created_at", "resumables", ["created_at"])
    op.create_table("resumable_parts",
        col("resumable_id", ID), col("offset", BIG, autoincrement=False), col("size", BIG),
        col("blob_id", ID),
        sa.PrimaryKeyConstraint("resumable_id", "offset", name="pk_resumable_parts"),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="fk_resumable_parts_blob_id_blobs"),
        sa.ForeignKeyConstraint(["resumable_id"], ["resumables.id"], name="fk_resumable_parts_resumable_id_resumables", ondelete="CASCADE"),
    )  # fmt: skip
