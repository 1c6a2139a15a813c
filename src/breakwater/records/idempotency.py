"""Idempotency keys: a repeated request is answered by its first upload, for 48 hours.

Kept as hashes, per principal. Used through `records.uploads`. Contract:
`tests/contract/test_records_uploads.py`.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from breakwater.errors import IdempotencyReuse
from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_intake import idempotency_keys
from breakwater.records.texts import storable

IDEMPOTENT: Final = timedelta(hours=48)
"""How long a repeated request is answered by its first answer."""

_CLAIM: Final = sa.text(
    "INSERT INTO idempotency_keys (principal_id, key_sha256, body_sha256, upload_id, created_at) "
    "VALUES (:principal_id, :key_sha256, :body_sha256, :upload_id, :created_at) "
    "ON CONFLICT (principal_id, key_sha256) DO NOTHING"
).bindparams(
    *(sa.bindparam(c.name, type_=c.type) for c in idempotency_keys.c)  # as the table stores them
)


def claim_idempotency(
    tx: Tx, *, principal: Id, key: str, body_sha256: str, upload: Id
) -> Id | None:
    """Take a key for a new upload; answers the earlier upload when the request is a repetition.

    Args:
        tx: a transaction of its own, so that two who send at once see one another.
        principal: whose key: two principals may use the same.
        key: as sent; kept as a hash.
        body_sha256: in hexadecimal.
        upload: id for the new upload.

    Raises:
        IdempotencyReuse: the key came with another body within 48 hours.
    """
    storable(key)
    row = {
        "principal_id": principal,
        "key_sha256": hashlib.sha256(key.encode()).digest(),
        "body_sha256": bytes.fromhex(body_sha256),
        "upload_id": upload,
        "created_at": tx.now,
    }
    k = idempotency_keys.c
    mine = sa.and_(k.principal_id == principal, k.key_sha256 == row["key_sha256"])
    tx.execute(sa.delete(idempotency_keys).where(mine, k.created_at <= tx.now - IDEMPOTENT))
    if tx.execute(_CLAIM, row).rowcount:
        return None
    before = tx.execute(sa.select(idempotency_keys).where(mine)).one()
    if bytes(before.body_sha256) != row["body_sha256"]:
        raise IdempotencyReuse
    return Id(before.upload_id)


def forget_idempotency(tx: Tx) -> int:
    """Drop keys older than 48 hours; answers how many."""
    k = idempotency_keys.c
    old = sa.delete(idempotency_keys).where(k.created_at <= tx.now - IDEMPOTENT)
    return tx.execute(old).rowcount
