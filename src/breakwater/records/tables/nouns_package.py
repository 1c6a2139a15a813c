"""Tables of evidence packages: keys they are sealed to, what was made, receipts for it.

A sealed file stands in the vault, so that what a receipt names can be handed over again. Receipts
are only ever added. Read by `records.packages`; contract test: `tests/contract/test_packages.py`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    LargeBinary,
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
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_whom = partial(
    column, klass=Klass.SYSTEM, purpose=Purpose.REPORTING, retention=Retention.PERMANENT
)
_fact = partial(column, klass=Klass.EVIDENCE, purpose=Purpose.REPORTING, retention=Retention.CASE)
_act = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)

package_keys = Table(
    "package_keys", metadata,
    _whom("id", IdType, primary_key=True),
    _whom("name", Text),
    _whom("country", String(2)),
    _whom("kind", String(16)),
    _whom("key", Text, unique=True),
    _whom("receipt_key", Text),
    _act("by", IdType),
    _act("at", UtcDateTime),
    _act("withdrawn_by", IdType, nullable=True),
    _act("withdrawn_at", UtcDateTime, nullable=True),
)  # fmt: skip
"""Public keys of recipients; what was sealed to one stays so when it is withdrawn."""

packages = Table(
    "packages", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("number", BigInteger, unique=True),
    _fact("case_id", IdType, ForeignKey("cases.id"), index=True),
    _fact("state", String(8)),
    _act("approval_id", IdType, ForeignKey("approvals.id"), unique=True),
    _fact("keys", Json),
    _fact("reason", Text),
    _fact("reference", Text),
    _fact("occasion", String(16)),
    _fact("made_at", UtcDateTime),
    _fact("sealed_at", UtcDateTime, nullable=True),
    _fact("blob_id", IdType, ForeignKey("blobs.id"), nullable=True, index=True),
    _fact("size", BigInteger),
    _fact("sha256", LargeBinary(32), nullable=True),
    _fact("root", LargeBinary(32), nullable=True),
    _fact("fault", String(80)),
    _fact("change", BigInteger),
)  # fmt: skip

package_receipts = Table(
    "package_receipts", metadata,
    _act("id", IdType, primary_key=True),
    _act("package_id", IdType, ForeignKey("packages.id"), index=True),
    _act("key_id", IdType, ForeignKey("package_keys.id")),
    _act("officer", Text),
    _act("received_at", UtcDateTime),
    _act("text", Text),
    _act("by", IdType),
    _act("at", UtcDateTime),
    UniqueConstraint("package_id", "key_id"),
    info=APPEND_ONLY,
)  # fmt: skip
"""What a receiving officer signed, whole."""
