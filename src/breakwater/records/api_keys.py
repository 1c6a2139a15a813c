"""API keys as rows: a keyed hash of the secret, scopes, networks, limits; never the secret.

Fed by `access.keys`. Contract: `tests/contract/test_records_people.py`.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.access import ApiKey, Permission
from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_people import api_keys


def create(tx: Tx, key: ApiKey, *, secret_mac: bytes, created_by: str = "") -> ApiKey:
    """Keep a key.

    Args:
        tx: the transaction.
        key: with its id.
        secret_mac: keyed hash of its secret.
        created_by: id of who made it.
    """
    tx.execute(
        sa.insert(api_keys),
        {
            "id": key.id,
            "name": key.name,
            "secret_mac": secret_mac,
            "scopes": sorted(key.scopes),
            "service": key.service,
            "networks": list(key.networks),
            "per_second": key.per_second,
            "test": key.test,
            "expires_at": key.expires_at,
            "revoked_at": None,
            "created_at": tx.now,
            "created_by": created_by,
        },
    )
    return by_id(tx, key.id)[0]


def by_id(tx: Tx, key: Id) -> tuple[ApiKey, bytes]:
    """One key with the keyed hash of its secret, revoked or not.

    Raises:
        NotFound: no such key.
    """
    row = tx.execute(sa.select(api_keys).where(api_keys.c.id == key)).one_or_none()
    if row is None:
        raise NotFound("key")
    return _noun(row), bytes(row.secret_mac)


def every(tx: Tx) -> list[ApiKey]:
    """All keys, revoked ones too, the newest first."""
    wanted = sa.select(api_keys).order_by(api_keys.c.created_at.desc(), api_keys.c.id)
    return [_noun(row) for row in tx.execute(wanted)]


def revoke(tx: Tx, key: Id) -> ApiKey:
    """End a key; ending it twice keeps the first time. Raises `NotFound`."""
    tx.execute(
        sa.update(api_keys)
        .where(api_keys.c.id == key, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=tx.now)
    )
    return by_id(tx, key)[0]


def _noun(row: sa.Row[Any]) -> ApiKey:
    return ApiKey(
        id=Id(row.id),
        name=row.name,
        scopes=frozenset(Permission(scope) for scope in row.scopes),
        service=row.service,
        networks=tuple(row.networks),
        per_second=row.per_second,
        test=row.test,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        created_at=row.created_at,
    )
