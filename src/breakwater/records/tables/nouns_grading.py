"""Tables of grading: sets, their items, who grades what, answers, results, schemes and codes.

Items are lean and numbered, because sets hold two million of them. Answers, results, adopted
scheme tables and changes of codes are only ever added (database triggers); the present code of
an item stands in `grade_codes` and can be computed anew at any time. What a source claims is
kept beside what graders found and never mixed with it. Read by `records.gradesets`,
`records.grading` and `records.schemes`.
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
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from breakwater.records.tables.columns import (
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

_item = partial(column, klass=Klass.EVIDENCE, purpose=Purpose.REVIEW, retention=Retention.CASE)
_hash = partial(column, klass=Klass.SIGNAL, purpose=Purpose.REVIEW, retention=Retention.CASE)
_work = partial(column, klass=Klass.STAFF, purpose=Purpose.REVIEW, retention=Retention.CASE)
_answer = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.CASE
)
_law = partial(
    column, klass=Klass.SYSTEM, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)

grade_sets = Table(
    "grade_sets", metadata,
    _item("id", IdType, primary_key=True),
    _item("number", BigInteger, unique=True),
    _item("name", Text),
    _item("source", Text),
    _item("form", String(16)),
    _item("context", String(32)),
    _item("digest", Text),
    _item("graders", SmallInteger),
    _item("state", String(12)),
    _item("rows_read", BigInteger),
    _item("rows_bad", BigInteger),
    _item("share", Float),
    _item("fault", Text),
    _item("created_by", Text),
    _item("created_at", UtcDateTime),
    _item("change", BigInteger),
    Index("ix_grade_sets_digest", "digest"),
)  # fmt: skip

grade_bad_rows = Table(
    "grade_bad_rows", metadata,
    _item("set_number", BigInteger),
    _item("row", BigInteger),
    _item("reason", Text),
    PrimaryKeyConstraint("set_number", "row"),
)  # fmt: skip

grade_tallies = Table(
    "grade_tallies", metadata,
    _item("set_number", BigInteger),
    _item("state", String(12)),
    _item("n", BigInteger),
    PrimaryKeyConstraint("set_number", "state"),
)  # fmt: skip
"""Items of a set by state, kept with every move: counting two million is not for a page."""

grade_items = Table(
    "grade_items", metadata,
    _item("number", Number, primary_key=True, autoincrement=False),
    _item("set_number", BigInteger),
    _item("row", BigInteger),
    _item("state", String(12)),
    _item("type", Text),
    _hash("sha256", LargeBinary, nullable=True),
    _hash("sha1", LargeBinary, nullable=True),
    _hash("md5", LargeBinary, nullable=True),
    _hash("pdq", LargeBinary, nullable=True),
    _item("size", BigInteger),
    _item("frames", Integer),
    _item("duration_s", Float),
    _item("leader_number", BigInteger, nullable=True),
    _item("bits", SmallInteger, nullable=True),
    _item("needed", SmallInteger),
    _item("graded", SmallInteger),
    _item("blob_id", IdType, ForeignKey("blobs.id"), nullable=True, index=True),
    _item("upload_id", IdType, nullable=True),
    _item("why", Text),
    _item("claims", Json),
    _item("version", Integer),
    UniqueConstraint("set_number", "row"),
)  # fmt: skip
Index("ix_grade_items_state", grade_items.c.set_number, grade_items.c.state, grade_items.c.number)
Index("ix_grade_items_sha256", grade_items.c.sha256)
Index("ix_grade_items_leader", grade_items.c.leader_number,
      sqlite_where=text("leader_number IS NOT NULL"),
      postgresql_where=text("leader_number IS NOT NULL"))  # fmt: skip
Index("ix_grade_items_upload", grade_items.c.upload_id,
      sqlite_where=text("upload_id IS NOT NULL"),
      postgresql_where=text("upload_id IS NOT NULL"))  # fmt: skip

grade_assignments = Table(
    "grade_assignments", metadata,
    _work("item_number", BigInteger),
    _work("person_id", IdType),
    _work("set_number", BigInteger),
    _work("part", String(12)),
    _work("state", String(8)),
    _work("until", UtcDateTime),
    PrimaryKeyConstraint("item_number", "person_id"),
    Index("ix_grade_assignments_person", "person_id", "set_number", "item_number"),
    Index(
        "ix_grade_assignments_waiting", "person_id", "set_number",
        sqlite_where=text("state <> 'done'"), postgresql_where=text("state <> 'done'"),
    ),
)  # fmt: skip
"""Who grades what now: `held`, `marked` (first pass done, facts wanted) or `done`."""

grade_answers = Table(
    "grade_answers", metadata,
    _answer("id", IdType, primary_key=True),
    _answer("change", BigInteger, unique=True),
    _answer("item_number", BigInteger, index=True),
    _answer("set_number", BigInteger),
    _answer("grader_id", IdType),
    _answer("part", String(12)),
    _answer("look", String(16)),
    _answer("facts", Json, nullable=True),
    _answer("asked", Json),
    _answer("ms", Integer),
    _answer("at", UtcDateTime),
    _answer("replaces", IdType, nullable=True),
    _answer("note", Text),
    Index("ix_grade_answers_grader", "grader_id", "set_number", "change"),
)  # fmt: skip

grade_results = Table(
    "grade_results", metadata,
    _answer("item_number", BigInteger),
    _answer("revision", Integer),
    _answer("pertinent", Boolean),
    _answer("facts", Json, nullable=True),
    _answer("how", String(12)),
    _answer("by", IdType),
    _answer("at", UtcDateTime),
    _answer("gradings", Json),
    _answer("change", BigInteger),
    PrimaryKeyConstraint("item_number", "revision"),
)  # fmt: skip

grade_schemes = Table(
    "grade_schemes", metadata,
    _law("change", BigInteger, primary_key=True, autoincrement=False),
    _law("scheme", String(40)),
    _law("version", String(40)),
    _law("digest", LargeBinary),
    _law("table", Json),
    _law("adopted_by", Text),
    _law("adopted_at", UtcDateTime),
    UniqueConstraint("scheme", "version"),
)  # fmt: skip
"""Every table that was ever in force; the one of a scheme that was adopted last is."""

grade_codes = Table(
    "grade_codes", metadata,
    _answer("item_number", BigInteger),
    _answer("scheme", String(40)),
    _answer("version", String(40)),
    _answer("codes", Json),
    PrimaryKeyConstraint("item_number", "scheme"),
)  # fmt: skip

grade_code_changes = Table(
    "grade_code_changes", metadata,
    _answer("change", BigInteger, primary_key=True, autoincrement=False),
    _answer("item_number", BigInteger, index=True),
    _answer("scheme", String(40)),
    _answer("before_version", String(40)),
    _answer("before", Json),
    _answer("version", String(40)),
    _answer("codes", Json),
    _answer("at", UtcDateTime),
    Index("ix_grade_code_changes_scheme", "scheme", "change"),
)  # fmt: skip
"""What a new result or a new table changed in an item's code."""
