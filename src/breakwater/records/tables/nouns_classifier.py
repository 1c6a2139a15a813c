"""Tables of operators' classifiers: what was added, what became of it, what it said.

A classifier's row and the steps of its life are only ever added; the newest step says where it
stands. A tally is one classifier's sum over one broadcast or upload, kept with its case. Read by
`records.classifiers`; contract: `tests/contract/test_records_classifiers.py`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    BigInteger,
    Float,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from breakwater.records.tables.columns import (
    APPEND_ONLY,
    IdType,
    Klass,
    Number,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_kept = partial(
    column, klass=Klass.SYSTEM, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_staff = partial(
    column, klass=Klass.STAFF, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_case = partial(column, klass=Klass.EVIDENCE, purpose=Purpose.REVIEW, retention=Retention.CASE)

classifiers = Table(
    "classifiers", metadata,
    _kept("id", IdType, primary_key=True),
    _kept("name", String(40)),
    _kept("version", String(40)),
    _kept("card", Text),
    _kept("sha256", String(64)),
    _kept("size", BigInteger),
    _kept("blob_id", IdType, ForeignKey("blobs.id"), index=True),
    _kept("people", Integer),
    _kept("added_by", IdType),
    _staff("person_id", IdType, nullable=True),
    _kept("added_at", UtcDateTime),
    UniqueConstraint("name", "version"),
    info=APPEND_ONLY,
)  # fmt: skip
"""Cards and models, each version once; the model itself lies in the vault."""

classifier_steps = Table(
    "classifier_steps", metadata,
    _kept("change", Number, primary_key=True, autoincrement=False),
    _kept("classifier_id", IdType, ForeignKey("classifiers.id"), index=True),
    _kept("step", String(12)),
    _staff("by", Text),
    _kept("detail", Text),
    _kept("at", UtcDateTime),
    info=APPEND_ONLY,
)  # fmt: skip
"""Added, confirmed, switched on and off, failed, works again, removed."""

classifier_tallies = Table(
    "classifier_tallies", metadata,
    _case("classifier_id", IdType, ForeignKey("classifiers.id")),
    _case("subject", IdType),
    _case("frames", Integer),
    _case("over", Integer),
    _case("best", Float),
    _case("best_s", Float),
    _case("last_at", UtcDateTime, index=True),
    _case("trouble", String(20)),
    PrimaryKeyConstraint("classifier_id", "subject"),
)  # fmt: skip
"""What a classifier said of a broadcast or an upload so far; `subject` is its id."""
