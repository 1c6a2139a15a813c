"""Tables of links: what is compared, what was found in it, edges, series, exhibits and leads.

A row of `link_media` is one piece that links are sought for: something kept of a case, a stopped
broadcast, or an exhibit. Edges are only ever added; what a person says of one is a row of
`link_verdicts`, and `link_edges.state` repeats the last one. Which medium is in which series follows
from the edges (`scenes.series`): `link_members` keeps the answer, `link_series` the numbers ever
given. Points and vectors go when the medium goes. Read by `records.link_*`; contract:
`tests/contract/test_records_links.py`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from breakwater.records.tables.columns import (
    APPEND_ONLY,
    IdType,
    Json,
    Klass,
    Number,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_fact = partial(column, klass=Klass.SYSTEM, purpose=Purpose.REVIEW, retention=Retention.CASE)
_found = partial(column, klass=Klass.EVIDENCE, purpose=Purpose.REVIEW, retention=Retention.CASE)
_key = partial(column, klass=Klass.ACCOUNT, purpose=Purpose.REVIEW, retention=Retention.CASE)
_person = partial(column, klass=Klass.IDENTITY, purpose=Purpose.REVIEW, retention=Retention.CASE)
_act = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_staff = partial(
    column, klass=Klass.STAFF, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)

link_media = Table(
    "link_media", metadata,
    _fact("number", Number, primary_key=True, autoincrement=False),
    _fact("id", IdType, unique=True),
    _fact("origin", String(8)),
    _fact("origin_id", IdType),
    _fact("case_id", IdType, ForeignKey("cases.id"), nullable=True, index=True),
    _fact("blob_id", IdType, ForeignKey("blobs.id"), nullable=True),
    _fact("media_type", String(80)),
    _fact("source", Text),
    _found("sha256", LargeBinary(32), nullable=True, index=True),
    _found("made_at", UtcDateTime, nullable=True),
    _fact("added_at", UtcDateTime),
    _fact("state", String(10)),
    _fact("fault", String(80)),
    _fact("version", Integer),
    _found("points_id", IdType, ForeignKey("blobs.id"), nullable=True),
    _found("facts", Json),
    _fact("gone_at", UtcDateTime, nullable=True),
    UniqueConstraint("origin", "origin_id", "blob_id"),
    Index("ix_link_media_state", "state", "number"),
)  # fmt: skip
"""`source` names what lays its logo over every frame (a service, a collection): one overlay mask.

`state`: waiting, looked, abstained (nothing to compare by), failed (a person looks). `points_id` is
the vault's object of key points (`scenes`); `facts` are sizes, shots and seconds, no content.
"""

link_traits = Table(
    "link_traits", metadata,
    _fact("media_number", Number, ForeignKey("link_media.number")),
    _fact("kind", String(24)),
    _key("key", LargeBinary(32)),
    _person("sealed", LargeBinary, nullable=True),
    PrimaryKeyConstraint("media_number", "kind", "key"),
    Index("ix_link_traits_kind", "kind", "key", "media_number"),
)  # fmt: skip
"""What a file, device or account leaves behind, by keyed hash; `sealed` is what people are shown."""

link_edges = Table(
    "link_edges", metadata,
    _fact("number", Number, primary_key=True, autoincrement=False),
    _found("a", Number, ForeignKey("link_media.number"), index=True),
    _found("b", Number, ForeignKey("link_media.number"), index=True),
    _found("kind", String(12)),
    _found("method", String(40)),
    _found("version", String(40)),
    _found("score", Float),
    _found("evidence", Json),
    _found("state", String(10)),
    _fact("at", UtcDateTime),
    _fact("change", Number),
    UniqueConstraint("a", "b", "kind", "method"),
)  # fmt: skip

link_verdicts = Table(
    "link_verdicts", metadata,
    _act("change", Number, primary_key=True, autoincrement=False),
    _act("edge_number", Number, ForeignKey("link_edges.number"), index=True),
    _act("verdict", String(10)),
    _act("reason", Text),
    _staff("by", Text),
    _act("at", UtcDateTime),
    info=APPEND_ONLY,
)  # fmt: skip
"""confirmed, rejected, or machine: taken back."""

link_series = Table(
    "link_series", metadata,
    _fact("number", Number, primary_key=True, autoincrement=False),
    _fact("id", IdType, unique=True),
    _fact("founder", Number, ForeignKey("link_media.number"), unique=True),
    _fact("in_use", Number, index=True),
    _found("name", String(120)),
    _fact("priority", String(8)),
    _fact("made_at", UtcDateTime),
    _fact("changed_at", UtcDateTime),
    _fact("row_version", Integer),
)  # fmt: skip
"""Every number ever given. `in_use` is the number that means the same media now: an alias names it."""

link_members = Table(
    "link_members", metadata,
    _fact("media_number", Number, ForeignKey("link_media.number"), primary_key=True, autoincrement=False),
    _fact("series_number", Number, ForeignKey("link_series.number"), index=True),
    _fact("since", UtcDateTime),
)  # fmt: skip

link_history = Table(
    "link_history", metadata,
    _act("change", Number, primary_key=True, autoincrement=False),
    _act("series_number", Number, ForeignKey("link_series.number"), index=True),
    _act("what", String(16)),
    _act("words", Text),
    _act("facts", Json),
    _staff("by", Text),
    _act("at", UtcDateTime),
    info=APPEND_ONLY,
)  # fmt: skip
"""What became of a series: joined, split, named, noted, told."""

link_tasks = Table(
    "link_tasks", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("series_number", Number, ForeignKey("link_series.number"), index=True),
    _found("words", Text),
    _staff("for_person", IdType, nullable=True),
    _fact("due_at", UtcDateTime, nullable=True),
    _staff("by", Text),
    _fact("at", UtcDateTime),
    _fact("done_at", UtcDateTime, nullable=True),
    _staff("done_by", Text, nullable=True),
)  # fmt: skip

link_victims = Table(
    "link_victims", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("series_number", Number, ForeignKey("link_series.number"), index=True),
    _found("label", String(80)),
    _staff("by", Text),
    _fact("at", UtcDateTime),
)  # fmt: skip
"""One child of a series, by a label of the investigators, never a name."""

link_outcomes = Table(
    "link_outcomes", metadata,
    _act("change", Number, primary_key=True, autoincrement=False),
    _act("victim_id", IdType, ForeignKey("link_victims.id"), index=True),
    _act("outcome", String(16)),
    _act("words", Text),
    _staff("by", Text),
    _act("at", UtcDateTime),
    info=APPEND_ONLY,
)  # fmt: skip
"""identified, safeguarded, no_action; the last one counts and is told to those who reported."""

link_places = Table(
    "link_places", metadata,
    _act("change", Number, primary_key=True, autoincrement=False),
    _act("series_number", Number, ForeignKey("link_series.number"), index=True),
    _person("sealed", LargeBinary, nullable=True),
    _act("certain", Boolean),
    _act("words", Text),
    _staff("by", Text),
    _act("at", UtcDateTime),
)  # fmt: skip
"""Where something is thought or known to be: latitude, longitude and country, sealed; erased where the law asks it."""

exhibit_sets = Table(
    "exhibit_sets", metadata,
    _fact("number", Number, primary_key=True, autoincrement=False),
    _fact("id", IdType, unique=True),
    _found("reference", String(200), unique=True),
    _found("source", Text),
    _fact("kind", String(12)),
    _fact("state", String(10)),
    _fact("checkpoint", Text),
    _fact("offered", BigInteger),
    _fact("taken", BigInteger),
    _fact("known", BigInteger),
    _fact("bad", BigInteger),
    _staff("by", Text),
    _fact("at", UtcDateTime),
    _fact("done_at", UtcDateTime, nullable=True),
)  # fmt: skip

exhibits = Table(
    "exhibits", metadata,
    _fact("number", Number, primary_key=True, autoincrement=False),
    _fact("id", IdType, unique=True),
    _fact("set_number", Number, ForeignKey("exhibit_sets.number"), index=True),
    _found("reference", String(200)),
    _found("sha256", LargeBinary(32), nullable=True, index=True),
    _found("md5", LargeBinary(16), nullable=True),
    _found("sha1", LargeBinary(20), nullable=True),
    _found("size", BigInteger),
    _person("sealed", LargeBinary),
    _fact("state", String(10)),
    _fact("fault", Text),
    _found("known_entry", Number, nullable=True),
    _fact("same_as", Number, nullable=True),
    _fact("blob_id", IdType, ForeignKey("blobs.id"), nullable=True),
    _fact("media_number", Number, ForeignKey("link_media.number"), nullable=True),
    UniqueConstraint("set_number", "reference"),
    Index("ix_exhibits_state", "set_number", "state", "number"),
)  # fmt: skip
"""`sealed`: paths, source and times as the examiner gave them. `state`: unknown, known, bad, no_bytes."""

deconfliction = Table(
    "deconfliction", metadata,
    _key("key", LargeBinary(32)),
    _fact("member_number", Integer),
    _found("reference", String(200)),
    _staff("contact", Text),
    _fact("at", UtcDateTime),
    _fact("ended_at", UtcDateTime, nullable=True),
    PrimaryKeyConstraint("key", "member_number", "reference"),
)  # fmt: skip
"""Who else works on the same file, by keyed hash of its SHA-256; member 0 is this installation."""

link_searches = Table(
    "link_searches", metadata,
    _act("id", IdType, primary_key=True),
    _act("change", Number),
    _act("sha256", LargeBinary(32)),
    _act("box", Json),
    _act("reason", Text),
    _act("found", Json),
    _staff("by", Text),
    _act("at", UtcDateTime, index=True),
    info=APPEND_ONLY,
)  # fmt: skip
"""Searches by example: of the example only its hash is kept."""

link_crops = Table(
    "link_crops", metadata,
    _fact("id", IdType, primary_key=True),
    _found("media_number", Number, ForeignKey("link_media.number"), index=True),
    _found("time_s", Float),
    _found("box", Json),
    _act("purpose", Text),
    _fact("approval_id", IdType, nullable=True),
    _fact("state", String(10)),
    _found("blob_id", IdType, ForeignKey("blobs.id"), nullable=True),
    _staff("by", Text),
    _staff("second_by", Text, nullable=True),
    _act("at", UtcDateTime),
    _act("done_at", UtcDateTime, nullable=True),
)  # fmt: skip
"""A cut-out of a thing without a person, for a public appeal: two people."""

person_providers = Table(
    "person_providers", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("name", String(80)),
    _fact("sha256", LargeBinary(32)),
    _fact("role", String(24)),
    _fact("jurisdiction", String(8)),
    _act("legal_basis", Text),
    _fact("approval_id", IdType, nullable=True),
    _staff("by", Text),
    _staff("second_by", Text, nullable=True),
    _act("at", UtcDateTime),
    _act("opened_at", UtcDateTime, nullable=True),
    _act("ended_at", UtcDateTime, nullable=True),
    Index("ix_person_providers_name", "name", "sha256"),
)  # fmt: skip
"""The legal gate: which role may use which model in which jurisdiction, and since when."""

person_vectors = Table(
    "person_vectors", metadata,
    _fact("id", IdType, primary_key=True),
    _found("media_number", Number, ForeignKey("link_media.number"), index=True),
    _found("track", Integer),
    _found("time_s", Float),
    _found("box", Json),
    _fact("provider_sha256", LargeBinary(32), index=True),
    _person("sealed", LargeBinary),
    _fact("at", UtcDateTime),
)  # fmt: skip
"""One vector a track, sealed; there is none while no gate is open."""

person_looks = Table(
    "person_looks", metadata,
    _fact("media_number", Number, ForeignKey("link_media.number")),
    _fact("provider_sha256", LargeBinary(32), index=True),
    _found("tracks", Integer),
    _fact("fault", String(80)),
    _fact("at", UtcDateTime),
    PrimaryKeyConstraint("media_number", "provider_sha256"),
)  # fmt: skip
"""Which medium a model has looked at, so that none is looked at twice; goes with its vectors."""
