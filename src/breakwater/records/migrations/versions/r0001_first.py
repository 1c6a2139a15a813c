"""The first schema: machinery and lists.

Revision 0001. Frozen: it names plain types and rows, and never follows the tables.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from breakwater.records.guards import guard

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
AT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT, BYTES, BOOL, FLOAT = sa.Text(), sa.LargeBinary(), sa.Boolean(), sa.Float()
SMALL, INT, BIG = sa.SmallInteger(), sa.Integer(), sa.BigInteger()

APPEND_ONLY = (
    "entry_history",
    "entry_opinions",
    "audit",
)


def col(name: str, type_: Any, *, nullable: bool = False, **kw: Any) -> sa.Column[Any]:
    """A column that is not empty unless said otherwise."""
    return sa.Column(name, type_, nullable=nullable, **kw)


def where(condition: str) -> dict[str, Any]:
    """A partial index, on both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Make every table, its guards, and the rows that are always there."""
    core_1()
    core_2()
    core_3()
    bank_1()
    bank_2()
    bank_3()
    for table in APPEND_ONLY:
        guard(op.get_bind(), table, ("update", "delete", "truncate"))
    one = sa.table("changes", sa.column("id", SMALL), sa.column("last", BIG))
    op.bulk_insert(one, [{"id": 1, "last": 0}])
    head = sa.table(
        "audit_head", sa.column("id", SMALL), sa.column("size", BIG),
        sa.column("frontier", BYTES), sa.column("seal", BYTES),
    )  # fmt: skip
    op.bulk_insert(head, [{"id": 1, "size": 0, "frontier": b"", "seal": b""}])


def core_1() -> None:
    """Change counter, outbox, jobs, leases, keys, blobs, audit log, part 1."""
    op.create_table("audit",
        col("number", NUMBER, autoincrement=False), col("at", AT), col("actor", sa.String(80)),
        col("action", sa.String(60)), col("subject", sa.String(80)), col("facts", TEXT),
        col("leaf", sa.LargeBinary(32)), sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )  # fmt: skip
    op.create_index("ix_audit_subject_number", "audit", ["subject", "number"])
    op.create_table("audit_head",
        col("id", SMALL, autoincrement=False), col("size", BIG), col("frontier", BYTES),
        col("seal", BYTES), sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one_row")),
    )  # fmt: skip
    op.create_table("blobs",
        col("id", ID), col("purpose", sa.String(80)), col("size", BIG), col("created_at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_blobs"),
    )  # fmt: skip
    op.create_index("ix_blobs_created_at", "blobs", ["created_at"])
    op.create_table("changes",
        col("id", SMALL, autoincrement=False), col("last", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
        sa.CheckConstraint("id = 1", name=op.f("ck_changes_one_row")),
    )  # fmt: skip
    op.create_table("jobs",
        col("id", ID), col("kind", sa.String(60)), col("payload", TEXT),
        col("dedup_key", sa.String(200), nullable=True), col("run_at", AT), col("attempts", INT),
        col("epoch", BIG), col("owner", sa.String(80), nullable=True),
        col("lease_until", AT, nullable=True), col("dead", BOOL), col("fault", sa.String(80)),
        col("progress", TEXT), col("created_at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.UniqueConstraint("dedup_key", name="uq_jobs_dedup_key"),
    )  # fmt: skip
    op.create_index("ix_jobs_run_at", "jobs", ["dead", "run_at"])


def core_2() -> None:
    """Change counter, outbox, jobs, leases, keys, blobs, audit log, part 2."""
    op.create_table("key_wraps",
        col("purpose", sa.String(80)), col("version", INT, autoincrement=False),
        col("wrapped", BYTES), col("created_at", AT),
        sa.PrimaryKeyConstraint("purpose", "version", name="pk_key_wraps"),
    )  # fmt: skip
    op.create_table("leases",
        col("key", sa.String(200)), col("owner", sa.String(80)), col("epoch", BIG),
        col("until", AT), sa.PrimaryKeyConstraint("key", name="pk_leases"),
    )  # fmt: skip
    op.create_table("outbox",
        col("change", NUMBER, autoincrement=False), col("id", ID), col("type", sa.String(40)),
        col("subject", ID), col("at", AT), col("body", TEXT),
        sa.PrimaryKeyConstraint("change", name="pk_outbox"),
        sa.UniqueConstraint("id", name="uq_outbox_id"),
    )  # fmt: skip
    op.create_index("ix_outbox_at", "outbox", ["at"])
    op.create_table("outbox_cursors",
        col("subscriber", sa.String(80)), col("change", BIG), col("epoch", BIG),
        col("owner", sa.String(80)), col("until", AT, nullable=True), col("updated_at", AT),
        sa.PrimaryKeyConstraint("subscriber", name="pk_outbox_cursors"),
    )  # fmt: skip
    op.create_table("outbox_parked",
        col("subscriber", sa.String(80)), col("change", NUMBER, autoincrement=False),
        col("attempts", INT), col("next_at", AT), col("dead", BOOL), col("fault", sa.String(80)),
        sa.PrimaryKeyConstraint("subscriber", "change", name="pk_outbox_parked"),
    )  # fmt: skip
    op.create_index("ix_outbox_parked_next_at", "outbox_parked", ["next_at"])


def core_3() -> None:
    """Change counter, outbox, jobs, leases, keys, blobs, audit log, part 3."""
    op.create_table("blob_keys",
        col("blob", ID), col("wrapped", BYTES),
        sa.PrimaryKeyConstraint("blob", name="pk_blob_keys"),
        sa.ForeignKeyConstraint(["blob"], ["blobs.id"], name="fk_blob_keys_blob_blobs", ondelete="CASCADE"),
    )  # fmt: skip


def bank_1() -> None:
    """Banks and entries, part 1."""
    op.create_table("banks",
        col("id", ID), col("number", INT), col("name", TEXT), col("purpose", TEXT),
        col("source", TEXT), col("permitted_use", TEXT), col("action", sa.String(8)),
        col("limits", TEXT), col("enabled_share", FLOAT), col("verified", BOOL),
        col("expires_at", AT, nullable=True), col("created_at", AT), col("change", BIG),
        col("archived", BOOL), sa.PrimaryKeyConstraint("id", name="pk_banks"),
        sa.UniqueConstraint("name", name="uq_banks_name"),
        sa.UniqueConstraint("number", name="uq_banks_number"),
    )  # fmt: skip
    op.create_table("entries",
        col("number", NUMBER, autoincrement=False), col("bank_number", INT),
        col("import_number", INT, nullable=True), col("kind", sa.String(16)), col("value", BYTES),
        col("status", SMALL), col("negative", BOOL), col("quality", SMALL), col("created_s", BIG),
        col("change", BIG), sa.PrimaryKeyConstraint("number", name="pk_entries"),
    )  # fmt: skip
    op.create_index("ix_entries_bank_number", "entries", ["bank_number", "number"])
    op.create_index("ix_entries_change", "entries", ["change"])
    op.create_index(
        "ix_entries_not_active",
        "entries",
        ["bank_number", "status", "number"],
        **where("status <> 0"),
    )
    op.create_index(
        "uq_entries_kind_value_bank",
        "entries",
        ["kind", "value", "bank_number"],
        unique=True,
        **where("status <> 2"),
    )
    op.create_table("entry_arrivals",
        col("bank_number", INT, autoincrement=False), col("minute", BIG, autoincrement=False),
        col("signed", BOOL), col("n", BIG),
        sa.PrimaryKeyConstraint("bank_number", "minute", "signed", name="pk_entry_arrivals"),
    )  # fmt: skip
    op.create_table("entry_history",
        col("change", BIG, autoincrement=False), col("entry_number", NUMBER),
        col("before", SMALL, nullable=True), col("after", SMALL), col("at", AT), col("by", TEXT),
        col("reason", TEXT), sa.PrimaryKeyConstraint("change", name="pk_entry_history"),
    )  # fmt: skip
    op.create_index("ix_entry_history_entry_number", "entry_history", ["entry_number"])
    op.create_table("entry_hits",
        col("entry_number", NUMBER, autoincrement=False), col("hour", BIG, autoincrement=False),
        col("n", BIG), sa.PrimaryKeyConstraint("entry_number", "hour", name="pk_entry_hits"),
    )  # fmt: skip
    op.create_index("ix_entry_hits_hour", "entry_hits", ["hour"])


def bank_2() -> None:
    """Banks and entries, part 2."""
    op.create_table("entry_opinions",
        col("id", ID), col("entry_number", NUMBER), col("opinion", sa.String(16)), col("by", TEXT),
        col("at", AT), col("note", TEXT), sa.PrimaryKeyConstraint("id", name="pk_entry_opinions"),
    )  # fmt: skip
    op.create_index("ix_entry_opinions_entry_number", "entry_opinions", ["entry_number"])
    op.create_table("entry_overrides",
        col("entry_number", NUMBER, autoincrement=False), col("labels", TEXT, nullable=True),
        col("permitted_use", TEXT, nullable=True), col("source", TEXT, nullable=True),
        col("note", TEXT, nullable=True), col("expires_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("entry_number", name="pk_entry_overrides"),
    )  # fmt: skip
    op.create_table("entry_totals",
        col("bank_number", INT, autoincrement=False), col("kind", sa.String(16)),
        col("status", SMALL, autoincrement=False), col("n", BIG),
        sa.PrimaryKeyConstraint("bank_number", "kind", "status", name="pk_entry_totals"),
    )  # fmt: skip
    op.create_table("numbering",
        col("name", sa.String(32)), col("last", BIG),
        sa.PrimaryKeyConstraint("name", name="pk_numbering"),
    )  # fmt: skip
    op.create_table("imports",
        col("id", ID), col("number", INT), col("bank_number", INT), col("source", TEXT),
        col("digest", TEXT), col("permitted_use", TEXT), col("labels", TEXT),
        col("expires_at", AT, nullable=True), col("signed_by", ID, nullable=True),
        col("rows_read", BIG), col("rows_kept", BIG), col("rows_bad", BIG),
        col("first_entry", BIG, nullable=True), col("last_entry", BIG, nullable=True),
        col("finished", BOOL), col("created_at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
        sa.ForeignKeyConstraint(["bank_number"], ["banks.number"], name="fk_imports_bank_number_banks"),
        sa.UniqueConstraint("number", name="uq_imports_number"),
    )  # fmt: skip
    op.create_index("ix_imports_bank_number", "imports", ["bank_number"])


def bank_3() -> None:
    """Banks and entries, part 3."""
    op.create_table("import_bad_rows",
        col("import_number", INT, autoincrement=False), col("row", BIG, autoincrement=False),
        col("reason", TEXT),
        sa.PrimaryKeyConstraint("import_number", "row", name="pk_import_bad_rows"),
        sa.ForeignKeyConstraint(["import_number"], ["imports.number"], name="fk_import_bad_rows_import_number_imports"),
    )  # fmt: skip
