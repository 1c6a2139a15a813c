"""Tables of pictures that people know of themselves: requests by code, hashes, what was said.

Nothing here says who sent them: no name, no address, no account; of the code only a keyed hash.
All but the present state of an entry is only ever added. Read by `records.own_pictures`;
contract: `tests/contract/test_records_own_pictures.py`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
)

from breakwater.records.tables.columns import (
    APPEND_ONLY,
    IdType,
    Klass,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_sig = partial(column, klass=Klass.SIGNAL, purpose=Purpose.DETECTION, retention=Retention.PERMANENT)
_keyed = partial(column, klass=Klass.ACCOUNT, purpose=Purpose.ACCESS, retention=Retention.PERMANENT)
_said = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_staff = partial(
    column, klass=Klass.STAFF, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)

own_requests = Table(
    "own_requests", metadata,
    _sig("id", IdType, primary_key=True),
    _keyed("code_key", LargeBinary(32), unique=True),
    _sig("at", UtcDateTime, index=True),
    info=APPEND_ONLY,
)  # fmt: skip
"""`code_key` is an HMAC of the code, which stands nowhere else than with its owner."""

own_request_ends = Table(
    "own_request_ends", metadata,
    _sig("request_id", IdType, ForeignKey("own_requests.id"), primary_key=True),
    _sig("at", UtcDateTime),
    info=APPEND_ONLY,
)  # fmt: skip
"""Withdrawn by whoever has the code."""

own_hashes = Table(
    "own_hashes", metadata,
    _sig("request_id", IdType, ForeignKey("own_requests.id")),
    _sig("picture", Integer),
    _sig("entry_number", BigInteger, ForeignKey("entries.number")),
    PrimaryKeyConstraint("request_id", "entry_number"),
    Index("ix_own_hashes_entry_number", "entry_number"),
    info=APPEND_ONLY,
)  # fmt: skip
"""Which entries a request stands behind; one entry may be behind several."""

own_answers = Table(
    "own_answers", metadata,
    _said("id", IdType, primary_key=True),
    _said("entry_number", BigInteger, ForeignKey("entries.number"), index=True),
    _said("said", String(12)),
    _said("case_id", IdType, ForeignKey("cases.id")),
    _said("decision_id", IdType, ForeignKey("decisions.id")),
    _staff("by", String(80)),
    _said("at", UtcDateTime),
    _said("change", BigInteger),
    info=APPEND_ONLY,
)  # fmt: skip
"""A reviewer's word on a hash, in the case of an upload that it found; the last one counts."""
