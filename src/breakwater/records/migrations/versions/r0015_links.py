"""Links: what is compared, edges and series, exhibits, searches, and models that see likenesses.

Revision 0015. Frozen: it names plain types and rows, and never follows the tables.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from breakwater.records.guards import guard

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
AT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT, BYTES, BOOL = sa.Text(), sa.LargeBinary(), sa.Boolean()
INT, BIG, REAL = sa.Integer(), sa.BigInteger(), sa.Float()

APPEND_ONLY: tuple[str, ...] = ("link_verdicts", "link_history", "link_outcomes", "link_searches")


def col(name: str, type_: Any, *, nullable: bool = False, **kw: Any) -> sa.Column[Any]:
    """A column that is not empty unless said otherwise."""
    return sa.Column(name, type_, nullable=nullable, **kw)


def upgrade() -> None:
    """Make the tables and their guards; what stood before keeps its rows."""
    media()
    series()
    outcomes()
    from_outside()
    searches()
    persons()
    for table in APPEND_ONLY:
        guard(op.get_bind(), table, ("update", "delete", "truncate"))


def media() -> None:
    """What is compared, what it left behind, and edges."""
    op.create_table("link_media",
        col("number", NUMBER, autoincrement=False), col("id", ID), col("origin", sa.String(8)),
        col("origin_id", ID), col("case_id", ID, nullable=True),
        col("blob_id", ID, nullable=True), col("media_type", sa.String(80)), col("source", TEXT),
        col("sha256", sa.LargeBinary(32), nullable=True), col("made_at", AT, nullable=True),
        col("added_at", AT), col("state", sa.String(10)), col("fault", sa.String(80)),
        col("version", INT), col("points_id", ID, nullable=True), col("facts", TEXT),
        col("gone_at", AT, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_link_media_case_id_cases"),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="fk_link_media_blob_id_blobs"),
        sa.ForeignKeyConstraint(["points_id"], ["blobs.id"], name="fk_link_media_points_id_blobs"),
        sa.PrimaryKeyConstraint("number", name="pk_link_media"),
        sa.UniqueConstraint("id", name="uq_link_media_id"),
        sa.UniqueConstraint("origin", "origin_id", "blob_id", name="uq_link_media_origin_origin_id_blob_id"),
    )  # fmt: skip
    op.create_index("ix_link_media_case_id", "link_media", ["case_id"])
    op.create_index("ix_link_media_sha256", "link_media", ["sha256"])
    op.create_index("ix_link_media_state", "link_media", ["state", "number"])
    op.create_table("link_traits",
        col("media_number", NUMBER), col("kind", sa.String(24)), col("key", sa.LargeBinary(32)),
        col("sealed", BYTES, nullable=True),
        sa.ForeignKeyConstraint(["media_number"], ["link_media.number"], name="fk_link_traits_media_number_link_media"),
        sa.PrimaryKeyConstraint("media_number", "kind", "key", name="pk_link_traits"),
    )  # fmt: skip
    op.create_index("ix_link_traits_kind", "link_traits", ["kind", "key", "media_number"])
    op.create_table("link_edges",
        col("number", NUMBER, autoincrement=False), col("a", NUMBER), col("b", NUMBER),
        col("kind", sa.String(12)), col("method", sa.String(40)), col("version", sa.String(40)),
        col("score", REAL), col("evidence", TEXT), col("state", sa.String(10)), col("at", AT),
        col("change", NUMBER),
        sa.ForeignKeyConstraint(["a"], ["link_media.number"], name="fk_link_edges_a_link_media"),
        sa.ForeignKeyConstraint(["b"], ["link_media.number"], name="fk_link_edges_b_link_media"),
        sa.PrimaryKeyConstraint("number", name="pk_link_edges"),
        sa.UniqueConstraint("a", "b", "kind", "method", name="uq_link_edges_a_b_kind_method"),
    )  # fmt: skip
    op.create_index("ix_link_edges_a", "link_edges", ["a"])
    op.create_index("ix_link_edges_b", "link_edges", ["b"])
    op.create_table("link_verdicts",
        col("change", NUMBER, autoincrement=False), col("edge_number", NUMBER),
        col("verdict", sa.String(10)), col("reason", TEXT), col("by", TEXT), col("at", AT),
        sa.ForeignKeyConstraint(["edge_number"], ["link_edges.number"], name="fk_link_verdicts_edge_number_link_edges"),
        sa.PrimaryKeyConstraint("change", name="pk_link_verdicts"),
    )  # fmt: skip
    op.create_index("ix_link_verdicts_edge_number", "link_verdicts", ["edge_number"])


def series() -> None:
    """Series, and what people do in them."""
    op.create_table("link_series",
        col("number", NUMBER, autoincrement=False), col("id", ID), col("founder", NUMBER),
        col("in_use", NUMBER), col("name", sa.String(120)), col("priority", sa.String(8)),
        col("made_at", AT), col("changed_at", AT), col("row_version", INT),
        sa.ForeignKeyConstraint(["founder"], ["link_media.number"], name="fk_link_series_founder_link_media"),
        sa.PrimaryKeyConstraint("number", name="pk_link_series"),
        sa.UniqueConstraint("founder", name="uq_link_series_founder"),
        sa.UniqueConstraint("id", name="uq_link_series_id"),
    )  # fmt: skip
    op.create_index("ix_link_series_in_use", "link_series", ["in_use"])
    op.create_table("link_members",
        col("media_number", NUMBER, autoincrement=False), col("series_number", NUMBER),
        col("since", AT),
        sa.ForeignKeyConstraint(["media_number"], ["link_media.number"], name="fk_link_members_media_number_link_media"),
        sa.ForeignKeyConstraint(["series_number"], ["link_series.number"], name="fk_link_members_series_number_link_series"),
        sa.PrimaryKeyConstraint("media_number", name="pk_link_members"),
    )  # fmt: skip
    op.create_index("ix_link_members_series_number", "link_members", ["series_number"])
    op.create_table("link_history",
        col("change", NUMBER, autoincrement=False), col("series_number", NUMBER),
        col("what", sa.String(16)), col("words", TEXT), col("facts", TEXT), col("by", TEXT),
        col("at", AT),
        sa.ForeignKeyConstraint(["series_number"], ["link_series.number"], name="fk_link_history_series_number_link_series"),
        sa.PrimaryKeyConstraint("change", name="pk_link_history"),
    )  # fmt: skip
    op.create_index("ix_link_history_series_number", "link_history", ["series_number"])
    op.create_table("link_tasks",
        col("id", ID), col("series_number", NUMBER), col("words", TEXT),
        col("for_person", ID, nullable=True), col("due_at", AT, nullable=True), col("by", TEXT),
        col("at", AT), col("done_at", AT, nullable=True), col("done_by", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["series_number"], ["link_series.number"], name="fk_link_tasks_series_number_link_series"),
        sa.PrimaryKeyConstraint("id", name="pk_link_tasks"),
    )  # fmt: skip
    op.create_index("ix_link_tasks_series_number", "link_tasks", ["series_number"])
    op.create_table("link_victims",
        col("id", ID), col("series_number", NUMBER), col("label", sa.String(80)),
        col("by", TEXT), col("at", AT),
        sa.ForeignKeyConstraint(["series_number"], ["link_series.number"], name="fk_link_victims_series_number_link_series"),
        sa.PrimaryKeyConstraint("id", name="pk_link_victims"),
    )  # fmt: skip
    op.create_index("ix_link_victims_series_number", "link_victims", ["series_number"])


def outcomes() -> None:
    """What became of children, and where places are."""
    op.create_table("link_outcomes",
        col("change", NUMBER, autoincrement=False), col("victim_id", ID),
        col("outcome", sa.String(16)), col("words", TEXT), col("by", TEXT), col("at", AT),
        sa.ForeignKeyConstraint(["victim_id"], ["link_victims.id"], name="fk_link_outcomes_victim_id_link_victims"),
        sa.PrimaryKeyConstraint("change", name="pk_link_outcomes"),
    )  # fmt: skip
    op.create_index("ix_link_outcomes_victim_id", "link_outcomes", ["victim_id"])
    op.create_table("link_places",
        col("change", NUMBER, autoincrement=False), col("series_number", NUMBER),
        col("sealed", BYTES, nullable=True), col("certain", BOOL), col("words", TEXT),
        col("by", TEXT), col("at", AT),
        sa.ForeignKeyConstraint(["series_number"], ["link_series.number"], name="fk_link_places_series_number_link_series"),
        sa.PrimaryKeyConstraint("change", name="pk_link_places"),
    )  # fmt: skip
    op.create_index("ix_link_places_series_number", "link_places", ["series_number"])


def from_outside() -> None:
    """Exhibits, and who else works on the same."""
    op.create_table("exhibit_sets",
        col("number", NUMBER, autoincrement=False), col("id", ID),
        col("reference", sa.String(200)), col("source", TEXT), col("kind", sa.String(12)),
        col("state", sa.String(10)), col("checkpoint", TEXT), col("offered", BIG),
        col("taken", BIG), col("known", BIG), col("bad", BIG), col("by", TEXT), col("at", AT),
        col("done_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_exhibit_sets"),
        sa.UniqueConstraint("id", name="uq_exhibit_sets_id"),
        sa.UniqueConstraint("reference", name="uq_exhibit_sets_reference"),
    )  # fmt: skip
    op.create_table("exhibits",
        col("number", NUMBER, autoincrement=False), col("id", ID), col("set_number", NUMBER),
        col("reference", sa.String(200)), col("sha256", sa.LargeBinary(32), nullable=True),
        col("md5", sa.LargeBinary(16), nullable=True),
        col("sha1", sa.LargeBinary(20), nullable=True), col("size", BIG), col("sealed", BYTES),
        col("state", sa.String(10)), col("fault", TEXT),
        col("known_entry", NUMBER, nullable=True), col("same_as", NUMBER, nullable=True),
        col("blob_id", ID, nullable=True), col("media_number", NUMBER, nullable=True),
        sa.ForeignKeyConstraint(["set_number"], ["exhibit_sets.number"], name="fk_exhibits_set_number_exhibit_sets"),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="fk_exhibits_blob_id_blobs"),
        sa.ForeignKeyConstraint(["media_number"], ["link_media.number"], name="fk_exhibits_media_number_link_media"),
        sa.PrimaryKeyConstraint("number", name="pk_exhibits"),
        sa.UniqueConstraint("id", name="uq_exhibits_id"),
        sa.UniqueConstraint("set_number", "reference", name="uq_exhibits_set_number_reference"),
    )  # fmt: skip
    op.create_index("ix_exhibits_set_number", "exhibits", ["set_number"])
    op.create_index("ix_exhibits_sha256", "exhibits", ["sha256"])
    op.create_index("ix_exhibits_state", "exhibits", ["set_number", "state", "number"])
    op.create_table("deconfliction",
        col("key", sa.LargeBinary(32)), col("member_number", INT),
        col("reference", sa.String(200)), col("contact", TEXT), col("at", AT),
        col("ended_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("key", "member_number", "reference", name="pk_deconfliction"),
    )  # fmt: skip


def searches() -> None:
    """Searches by example, and cut-outs for appeals."""
    op.create_table("link_searches",
        col("id", ID), col("change", NUMBER), col("sha256", sa.LargeBinary(32)),
        col("box", TEXT), col("reason", TEXT), col("found", TEXT), col("by", TEXT),
        col("at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_link_searches"),
    )  # fmt: skip
    op.create_index("ix_link_searches_at", "link_searches", ["at"])
    op.create_table("link_crops",
        col("id", ID), col("media_number", NUMBER), col("time_s", REAL), col("box", TEXT),
        col("purpose", TEXT), col("approval_id", ID, nullable=True), col("state", sa.String(10)),
        col("blob_id", ID, nullable=True), col("by", TEXT),
        col("second_by", TEXT, nullable=True), col("at", AT), col("done_at", AT, nullable=True),
        sa.ForeignKeyConstraint(["media_number"], ["link_media.number"], name="fk_link_crops_media_number_link_media"),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="fk_link_crops_blob_id_blobs"),
        sa.PrimaryKeyConstraint("id", name="pk_link_crops"),
    )  # fmt: skip
    op.create_index("ix_link_crops_media_number", "link_crops", ["media_number"])


def persons() -> None:
    """Which models may be used, and what they saw."""
    op.create_table("person_providers",
        col("id", ID), col("name", sa.String(80)), col("sha256", sa.LargeBinary(32)),
        col("role", sa.String(24)), col("jurisdiction", sa.String(8)), col("legal_basis", TEXT),
        col("approval_id", ID, nullable=True), col("by", TEXT),
        col("second_by", TEXT, nullable=True), col("at", AT),
        col("opened_at", AT, nullable=True), col("ended_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_person_providers"),
    )  # fmt: skip
    op.create_index("ix_person_providers_name", "person_providers", ["name", "sha256"])
    op.create_table("person_vectors",
        col("id", ID), col("media_number", NUMBER), col("track", INT), col("time_s", REAL),
        col("box", TEXT), col("provider_sha256", sa.LargeBinary(32)), col("sealed", BYTES),
        col("at", AT),
        sa.ForeignKeyConstraint(["media_number"], ["link_media.number"], name="fk_person_vectors_media_number_link_media"),
        sa.PrimaryKeyConstraint("id", name="pk_person_vectors"),
    )  # fmt: skip
    op.create_index("ix_person_vectors_media_number", "person_vectors", ["media_number"])
    op.create_index("ix_person_vectors_provider_sha256", "person_vectors", ["provider_sha256"])
    op.create_table("person_looks",
        col("media_number", NUMBER), col("provider_sha256", sa.LargeBinary(32)),
        col("tracks", INT), col("fault", sa.String(80)), col("at", AT),
        sa.ForeignKeyConstraint(["media_number"], ["link_media.number"], name="fk_person_looks_media_number_link_media"),
        sa.PrimaryKeyConstraint("media_number", "provider_sha256", name="pk_person_looks"),
    )  # fmt: skip
    op.create_index("ix_person_looks_provider_sha256", "person_looks", ["provider_sha256"])
