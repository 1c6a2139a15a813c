"""Media servers as rows: what we share with them sealed, hooks taken once.

Fed by `live.servers`; the secrets are read by who talks to the server, nobody else. Contract:
`tests/contract/test_records_media_servers.py`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.ids import Id
from breakwater.model.server import ServerConfig, ServerKind, ServerSecrets
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_server import media_server_hooks, media_servers
from breakwater.records.texts import storable

PURPOSE: Final = "adapters"
_s, _h = media_servers.c, media_server_hooks.c
NOTED_EVERY: Final = timedelta(seconds=30)
"""The time of the last hook is for people: it need not be written at each."""


def create(tx: Tx, config: ServerConfig, secrets: ServerSecrets) -> ServerConfig:
    """Keep a server.

    Raises:
        Conflict: there is one of this name.
    """
    tx.lock_changes()
    if tx.execute(sa.select(_s.id).where(_s.name == config.name)).first() is not None:
        raise Conflict(
            "There is a media server of this name. Its addresses and its service are changed in the "
            "console: Settings, Live streams, Change."
        )
    row = {
        "id": config.id, "created_at": tx.now, "hook_at": None, "version": 1,
        **_values(config), **_shared(tx, config.id, secrets),
    }  # fmt: skip
    tx.execute(sa.insert(media_servers), row)
    return get(tx, config.name)


def change(
    tx: Tx, config: ServerConfig, secrets: ServerSecrets | None = None, *, version: int | None
) -> ServerConfig:
    """Replace a server's row, and what is shared with it when given.

    Raises:
        NotFound: no such server.
        Conflict: somebody changed it meanwhile.
    """
    values = _values(config) | (_shared(tx, config.id, secrets) if secrets else {})
    update = sa.update(media_servers).where(_s.id == config.id)
    if version is not None:
        update = update.where(_s.version == version)
    if tx.execute(update.values(version=_s.version + 1, **values)).rowcount == 0:
        get(tx, config.name)
        raise Conflict("Somebody changed this media server meanwhile.")
    return get(tx, config.name)


def every(tx: Tx) -> list[ServerConfig]:
    """All of them, by name."""
    return [_noun(row) for row in tx.execute(sa.select(media_servers).order_by(_s.name))]


def get(tx: Tx, name: str) -> ServerConfig:
    """One by name.

    Raises:
        NotFound: no such server.
    """
    storable(name)
    row = tx.execute(sa.select(media_servers).where(_s.name == name)).one_or_none()
    if row is None:
        raise NotFound("There is no media server of this name.")
    return _noun(row)


def by_hook(tx: Tx, token: str) -> ServerConfig | None:
    """The server whose hooks carry this token; None when none does."""
    mac = tx.keys.mac(PURPOSE, b"hook\0" + token.encode())
    row = tx.execute(sa.select(media_servers).where(_s.hook_mac == mac)).one_or_none()
    return None if row is None else _noun(row)


def secrets(tx: Tx, server: Id) -> ServerSecrets:
    """What is shared with it; for who talks to it. Raises `NotFound`."""
    row = tx.execute(sa.select(_s.sealed).where(_s.id == server)).one_or_none()
    if row is None:
        raise NotFound("There is no such media server.")
    return ServerSecrets(**json.loads(tx.keys.unseal(PURPOSE, row.sealed, server.encode())))


def remove(tx: Tx, name: str) -> ServerConfig:
    """Forget a server and what was shared with it. Raises `NotFound`."""
    found = get(tx, name)
    tx.execute(sa.delete(media_server_hooks).where(_h.server_id == found.id))
    tx.execute(sa.delete(media_servers).where(_s.id == found.id))
    return replace(found, active=False)


def heard(tx: Tx, config: ServerConfig) -> None:
    """Note that a hook of it came."""
    if config.hook_at is None or tx.now - config.hook_at > NOTED_EVERY:
        update = sa.update(media_servers).where(_s.id == config.id)
        tx.execute(update.values(hook_at=tx.now))


def first_time(tx: Tx, server: Id, message: str, *, since: datetime) -> bool:
    """Take a hook; False when it was taken before, since a moment.

    Args:
        tx: the transaction.
        server: whose.
        message: what makes it this hook and no other.
        since: taken longer ago it counts as new: its mark is moved.
    """
    tx.lock_changes()
    digest = hashlib.sha256(message.encode()).digest()
    which = (_h.server_id == server, _h.digest == digest)
    known = tx.execute(sa.select(_h.at).where(*which)).scalar()
    if known is not None and known > since:
        return False
    if known is not None:
        tx.execute(sa.update(media_server_hooks).where(*which).values(at=tx.now))
    else:
        row = {"server_id": server, "digest": digest, "at": tx.now}
        tx.execute(sa.insert(media_server_hooks), row)
    return True


def forget_hooks_before(tx: Tx, moment: datetime) -> int:
    """Drop marks that are too old to matter; answers how many."""
    return tx.execute(sa.delete(media_server_hooks).where(_h.at < moment)).rowcount


def _values(config: ServerConfig) -> dict[str, Any]:
    storable(config.name, config.service, config.control_url, config.rtmp_url, config.hls_url)
    return {
        "name": config.name, "kind": config.kind.value, "service": config.service,
        "control_url": config.control_url, "rtmp_url": config.rtmp_url,
        "hls_url": config.hls_url, "hook_networks": list(config.hook_networks),
        "active": config.active,
    }  # fmt: skip


def _shared(tx: Tx, server: Id, shared: ServerSecrets) -> dict[str, Any]:
    plain = json.dumps(asdict(shared), separators=(",", ":")).encode()
    return {
        "sealed": tx.keys.seal(PURPOSE, plain, server.encode()),
        "hook_mac": tx.keys.mac(PURPOSE, b"hook\0" + shared.hook.encode()),
    }


def _noun(row: sa.Row[Any]) -> ServerConfig:
    return ServerConfig(
        id=Id(row.id),
        name=row.name,
        kind=ServerKind(row.kind),
        service=row.service,
        control_url=row.control_url,
        rtmp_url=row.rtmp_url,
        hls_url=row.hls_url,
        hook_networks=tuple(row.hook_networks),
        active=row.active,
        version=row.version,
        created_at=row.created_at,
        hook_at=row.hook_at,
    )
