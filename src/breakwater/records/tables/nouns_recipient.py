"""Tables of other recipients: sealed parcels, receipts, proofs that stand for a report, calls.

All are only ever added. What a call was about names people and stands sealed. Read by
`records.parcels` and `records.danger_calls`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, Table, Text

from breakwater.records.tables.columns import (
    IdType,
    Json,
    Klass,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_fact = partial(column, klass=Klass.EVIDENCE, purpose=Purpose.REPORTING, retention=Retention.CASE)
_who = partial(column, klass=Klass.IDENTITY, purpose=Purpose.REPORTING, retention=Retention.CASE)
_act = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)

filing_parcels = Table(
    "filing_parcels", metadata,
    _act("filing_id", IdType, ForeignKey("filings.id"), primary_key=True),
    _act("blob_id", IdType, ForeignKey("blobs.id"), index=True),
    _act("name", String(120)),
    _act("size", BigInteger),
    _act("sha256", LargeBinary(32)),
    _act("keys", Json),
    _act("at", UtcDateTime),
)  # fmt: skip

filing_receipts = Table(
    "filing_receipts", metadata,
    _act("id", IdType, primary_key=True),
    _act("filing_id", IdType, ForeignKey("filings.id"), index=True),
    _act("reference", Text),
    _act("by", Text),
    _act("at", UtcDateTime),
)  # fmt: skip

filing_proofs = Table(
    "filing_proofs", metadata,
    _act("filing_id", IdType, ForeignKey("filings.id"), primary_key=True),
    _act("proof_id", IdType, ForeignKey("filings.id")),
    _act("basis", Text),
    _act("at", UtcDateTime),
)  # fmt: skip

danger_calls = Table(
    "danger_calls", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("case_id", IdType, ForeignKey("cases.id"), index=True),
    _fact("contact", Text),
    _fact("outcome", String(20)),
    _who("sealed", LargeBinary),
    _fact("by", Text),
    _fact("at", UtcDateTime),
)  # fmt: skip
