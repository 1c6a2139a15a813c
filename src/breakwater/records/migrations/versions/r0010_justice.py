"""Justice: what is preserved, reported, received, exported and refused.

Revision 0010. Frozen: it names plain types and rows, and never follows the tables.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from breakwater.records.guards import guard

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
AT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT, BYTES, BOOL, FLOAT = sa.Text(), sa.LargeBinary(), sa.Boolean(), sa.Float()
SMALL, INT, BIG = sa.SmallInteger(), sa.Integer(), sa.BigInteger()

APPEND_ONLY: tuple[str, ...] = (
    "received_calls",
    "received_referrals",
    "viewer_spans",
    "filing_steps",
)


def col(name: str, type_: Any, *, nullable: bool = False, **kw: Any) -> sa.Column[Any]:
    """A column that is not empty unless said otherwise."""
    return sa.Column(name, type_, nullable=nullable, **kw)


def where(condition: str) -> dict[str, Any]:
    """A partial index, on both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Make the tables and their guards; what stood before keeps its rows."""
    filing_1()
    received_1()
    watcher_1()
    for table in APPEND_ONLY:
        guard(op.get_bind(), table, ("update", "delete", "truncate"))
    guard(op.get_bind(), "viewer_acts", ("update",))
    guard(op.get_bind(), "filing_papers", ("update",))


def filing_1() -> None:
    """Filings, their drafts and files, every call and what was sent."""
    op.create_table("filings",
        col("id", ID), col("number", BIG), col("case_id", ID), col("destination", sa.String(40)),
        col("group_id", ID), col("person", INT), col("version", INT), col("state", sa.String(12)),
        col("urgent", BOOL), col("epoch", INT), col("attempt", INT),
        col("report_id", sa.String(64)), col("knowledge_at", AT), col("due_at", AT),
        col("created_at", AT), col("opened_at", AT, nullable=True),
        col("finished_at", AT, nullable=True), col("warned_at", AT, nullable=True),
        col("fault", sa.String(80)), col("wanted_by", TEXT), col("change", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_filings"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_filings_case_id_cases"),
        sa.UniqueConstraint("case_id", "destination", "person", "version", name="uq_filings_case_id_destination_person_version"),
        sa.UniqueConstraint("number", name="uq_filings_number"),
    )  # fmt: skip
    op.create_index("ix_filings_group_id", "filings", ["group_id"])
    op.create_index("ix_filings_state", "filings", ["state"])
    op.create_table("filing_drafts",
        col("filing_id", ID), col("sealed", BYTES), col("at", AT),
        sa.PrimaryKeyConstraint("filing_id", name="pk_filing_drafts"),
        sa.ForeignKeyConstraint(["filing_id"], ["filings.id"], name="fk_filing_drafts_filing_id_filings"),
    )  # fmt: skip
    op.create_table("filing_files",
        col("filing_id", ID), col("position", INT, autoincrement=False),
        col("blob_id", ID, nullable=True), col("size", BIG), col("sha256", sa.LargeBinary(32)),
        col("md5", sa.LargeBinary(16)), col("file_id", sa.String(64)), col("described", BOOL),
        sa.PrimaryKeyConstraint("filing_id", "position", name="pk_filing_files"),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="fk_filing_files_blob_id_blobs"),
        sa.ForeignKeyConstraint(["filing_id"], ["filings.id"], name="fk_filing_files_filing_id_filings"),
    )  # fmt: skip
    op.create_index("ix_filing_files_blob_id", "filing_files", ["blob_id"])
    op.create_table("filing_steps",
        col("id", ID), col("filing_id", ID), col("seq", INT), col("call", sa.String(12)),
        col("phase", sa.String(8)), col("attempt", INT), col("file", INT, nullable=True),
        col("at", AT), col("code", INT, nullable=True), col("http", INT), col("request_id", TEXT),
        col("report_id", sa.String(64)), col("file_id", sa.String(64)),
        col("detail", sa.String(80)), sa.PrimaryKeyConstraint("id", name="pk_filing_steps"),
        sa.ForeignKeyConstraint(["filing_id"], ["filings.id"], name="fk_filing_steps_filing_id_filings"),
        sa.UniqueConstraint("filing_id", "seq", name="uq_filing_steps_filing_id_seq"),
    )  # fmt: skip
    op.create_table("filing_papers",
        col("step_id", ID), col("sealed", BYTES),
        sa.PrimaryKeyConstraint("step_id", name="pk_filing_papers"),
        sa.ForeignKeyConstraint(["step_id"], ["filing_steps.id"], name="fk_filing_papers_step_id_filing_steps"),
    )  # fmt: skip


def received_1() -> None:
    """Received."""
    op.create_table("received_calls",
        col("change", BIG, autoincrement=False), col("number", BIG), col("what", sa.String(12)),
        col("code", INT), col("sender_id", ID), col("request_id", sa.String(64)), col("at", AT),
        sa.PrimaryKeyConstraint("change", name="pk_received_calls"),
    )  # fmt: skip
    op.create_index("ix_received_calls_number", "received_calls", ["number"])
    op.create_table("received_reports",
        col("id", ID), col("number", BIG), col("sender_id", ID), col("service", sa.String(64)),
        col("state", sa.String(12)), col("opened_at", AT), col("modified_at", AT),
        col("closed_at", AT, nullable=True), col("size", BIG), col("sha256", sa.LargeBinary(32)),
        col("sealed", BYTES, nullable=True), col("case_id", ID, nullable=True), col("change", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_received_reports"),
        sa.UniqueConstraint("number", name="uq_received_reports_number"),
    )  # fmt: skip
    op.create_index("ix_received_reports_case_id", "received_reports", ["case_id"])
    op.create_index("ix_received_reports_open", "received_reports", ["state", "modified_at"])
    op.create_index("ix_received_reports_sender_id", "received_reports", ["sender_id"])
    op.create_table("received_files",
        col("id", ID), col("report_id", ID), col("place", INT), col("size", BIG),
        col("md5", sa.LargeBinary(16)), col("sha256", sa.LargeBinary(32)),
        col("declared_type", sa.String(255)), col("name_sealed", BYTES, nullable=True),
        col("blob_id", ID, nullable=True), col("details_sealed", BYTES, nullable=True),
        col("received_at", AT), col("described_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_received_files"),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="fk_received_files_blob_id_blobs"),
        sa.ForeignKeyConstraint(["report_id"], ["received_reports.id"], name="fk_received_files_report_id_received_reports"),
        sa.UniqueConstraint("report_id", "place", name="uq_received_files_report_id_place"),
    )  # fmt: skip
    op.create_index("ix_received_files_md5", "received_files", ["md5"])
    op.create_index("ix_received_files_report_id", "received_files", ["report_id"])
    op.create_index("ix_received_files_sha256", "received_files", ["sha256"])
    op.create_table("received_referrals",
        col("id", ID), col("report_id", ID), col("recipient", TEXT), col("reference", TEXT),
        col("by", ID), col("at", AT), col("change", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_received_referrals"),
        sa.ForeignKeyConstraint(["report_id"], ["received_reports.id"], name="fk_received_referrals_report_id_received_reports"),
    )  # fmt: skip
    op.create_index("ix_received_referrals_report_id", "received_referrals", ["report_id"])
    op.create_table("received_prints",
        col("file_id", ID), col("place", INT, autoincrement=False),
        col("value", sa.LargeBinary(32)),
        sa.PrimaryKeyConstraint("file_id", "place", name="pk_received_prints"),
        sa.ForeignKeyConstraint(["file_id"], ["received_files.id"], name="fk_received_prints_file_id_received_files"),
    )  # fmt: skip


def watcher_1() -> None:
    """Watcher."""
    op.create_table("viewer_acts",
        col("id", ID), col("stream_id", ID), col("kind", sa.String(8)), col("person", BYTES),
        col("payment_key", BYTES, nullable=True), col("reference_key", BYTES),
        col("sealed", BYTES), col("by", sa.String(80)), col("at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_viewer_acts"),
        sa.UniqueConstraint("stream_id", "kind", "reference_key", name="uq_viewer_acts_stream_id_kind_reference_key"),
    )  # fmt: skip
    op.create_index("ix_viewer_acts_stream_id", "viewer_acts", ["stream_id"])
    op.create_table("viewer_imports",
        col("id", ID), col("mark", BYTES), col("service", TEXT), col("name", TEXT),
        col("form", sa.String(32)), col("offset", NUMBER), col("counts", TEXT),
        col("by", sa.String(80)), col("began_at", AT), col("changed_at", AT),
        col("finished_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_viewer_imports"),
        sa.UniqueConstraint("mark", name="uq_viewer_imports_mark"),
    )  # fmt: skip
    op.create_table("viewer_spans",
        col("change", NUMBER, autoincrement=False), col("stream_id", ID), col("spans", TEXT),
        col("reason", TEXT), col("by", sa.String(80)), col("at", AT),
        sa.PrimaryKeyConstraint("change", name="pk_viewer_spans"),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name="fk_viewer_spans_stream_id_streams"),
    )  # fmt: skip
    op.create_index("ix_viewer_spans_stream_id", "viewer_spans", ["stream_id"])
    op.create_table("viewer_keys",
        col("viewer_id", ID), col("stream_id", ID), col("kind", sa.String(8)), col("key", BYTES),
        sa.PrimaryKeyConstraint("viewer_id", "kind", "key", name="pk_viewer_keys"),
        sa.ForeignKeyConstraint(["viewer_id"], ["stream_viewers.id"], name="fk_viewer_keys_viewer_id_stream_viewers", ondelete="CASCADE"),
    )  # fmt: skip
    op.create_index("ix_viewer_keys_kind_key", "viewer_keys", ["kind", "key"])
    op.create_index("ix_viewer_keys_stream_id", "viewer_keys", ["stream_id"])
    op.create_table("viewer_sessions",
        col("viewer_id", ID), col("stream_id", ID), col("person", BYTES),
        col("address_key", BYTES, nullable=True), col("source", sa.String(8)),
        col("import_id", ID, nullable=True), col("country", sa.String(2)),
        col("certainty", sa.String(9)), col("requests", INT), col("sealed", BYTES),
        sa.PrimaryKeyConstraint("viewer_id", name="pk_viewer_sessions"),
        sa.ForeignKeyConstraint(["import_id"], ["viewer_imports.id"], name="fk_viewer_sessions_import_id_viewer_imports"),
        sa.ForeignKeyConstraint(["viewer_id"], ["stream_viewers.id"], name="fk_viewer_sessions_viewer_id_stream_viewers", ondelete="CASCADE"),
    )  # fmt: skip
    op.create_index("ix_viewer_sessions_person", "viewer_sessions", ["person"])
    op.create_index("ix_viewer_sessions_stream_id", "viewer_sessions", ["stream_id"])
