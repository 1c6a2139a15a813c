"""Keyed hashes of identifiers: made, found again, ended. No identifier is kept in any other form.

A hash is an HMAC under the key purpose "identifiers" and names that key's version: rotation makes
new ones under the new key, and what was made before is found under its own until that key is
shredded. Weak kinds (a network, a bank's digits) are looked up only for sanctions that something
else points to, so that what thousands share neither names anybody nor costs time. Fed by
`enforcement.registrations`; contract: `tests/contract/test_sanctions.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.ids import Id
from breakwater.model.sanction import Found, Identifier, IdentifierKind
from breakwater.records import identities, watchers
from breakwater.records.database import Database, Tx
from breakwater.records.keys import Keyring
from breakwater.records.tables.nouns_sanction import (
    registration_hits,
    sanction_ends,
    sanction_key_ends,
    sanction_keys,
    sanctions,
)

MOST: Final = 200
"""Hashes by which one sanction is known."""
MOST_FOUND: Final = 500
WEAK: Final = frozenset({IdentifierKind.ADDRESS, IdentifierKind.PAYMENT_BIN})
"""Kinds that are looked up only for sanctions that others found."""
_PRODUCTS: Final = {IdentifierKind.DEVICE: "device", IdentifierKind.PAYMENT: "payment"}
_k, _s, _e, _x = sanction_keys.c, sanctions.c, sanction_ends.c, sanction_key_ends.c
_IN_FORCE: Final = (
    sa.select(_k.key, _k.kind, _k.seen_at, _k.sanction_id)
    .join_from(sanction_keys, sanctions, _s.id == _k.sanction_id)
    .where(
        _k.key.in_(sa.bindparam("keys", expanding=True)),
        _k.until > sa.bindparam("now"),
        _s.until > sa.bindparam("now"),
        ~sa.exists().where(_e.sanction_id == _k.sanction_id),
        ~sa.exists().where(_x.sanction_id == _k.sanction_id, _x.key == _k.key, _x.kind == _k.kind),
    )
    .limit(MOST_FOUND)
)
_NEWEST_KEY: Final = "SELECT max(version) FROM key_wraps WHERE purpose = ?"
_AMONG: Final = _IN_FORCE.where(_k.sanction_id.in_(sa.bindparam("among", expanding=True)))
_OF_SERVICE: Final = _IN_FORCE.where(_s.service == sa.bindparam("service"))


def kept_elsewhere(keys: Keyring, service: str, kind: IdentifierKind, told: str) -> bytes | None:
    """The hash under which viewers' and broadcasters' devices and payments are kept."""
    return watchers.key_by(keys, service, _PRODUCTS[kind], told) if kind in _PRODUCTS else None


def none_known(db: Database, asked: Sequence[Identifier]) -> bool:
    """Whether it is certain, without SQL, that `find` finds nothing now; False: it must look."""
    if not db.known_keys.ready:
        return False
    keys = db.keys
    return db.known_keys.lack(
        [key for one in asked if one.kind not in WEAK for key in _hashes(keys, one).values()]
    )


def read_known(db: Database) -> None:
    """Read what `none_known` knows; does nothing where other processes write too."""
    if db.alone:
        db.known_keys.read(db)


def add(
    tx: Tx, sanction: Id, known: Iterable[Identifier], *, until: datetime, network_for: timedelta
) -> int:
    """Make a sanction known by identifiers; those it is known by already stay as they are.

    Args:
        tx: the transaction.
        sanction: its id.
        known: in clear; nothing of them is kept but keyed hashes.
        until: when the sanction ends.
        network_for: how long after it was seen a network counts.

    Returns:
        How many were new.
    """
    there = {
        (row.key, row.kind)
        for row in tx.execute(sa.select(_k.key, _k.kind).where(_k.sanction_id == sanction))
    }
    rows: dict[tuple[bytes, str], dict[str, Any]] = {}
    for one in known:
        ends = until
        if one.kind is IdentifierKind.ADDRESS:
            ends = min(until, one.seen_at + network_for)
        keys = _keys(tx, one)
        if ends <= tx.now or any((key, one.kind.value) in there for key in keys.values()):
            continue
        version, key = list(keys.items())[-1]
        row = {
            "key": key, "kind": one.kind.value, "version": version, "sanction_id": sanction,
            "seen_at": one.seen_at, "until": ends,
        }  # fmt: skip
        earlier = rows.get((key, one.kind.value))
        if earlier is None or earlier["seen_at"] < one.seen_at:
            rows[key, one.kind.value] = row
    new = list(rows.values())[: max(0, MOST - len(there))]
    if new:
        if tx.db.alone:
            tx.db.known_keys.note([row["key"] for row in new])
        tx.execute(sa.insert(sanction_keys), new)
    return len(new)


def find(tx: Tx, asked: Sequence[Identifier], *, service: str = "") -> list[Found]:
    """Where sanctions in force know these identifiers.

    Args:
        tx: a snapshot.
        asked: of a registration, in clear.
        service: whose sanctions count; empty: those of every service here.
    """
    _fresh(tx)
    strong = _held(tx, [one for one in asked if one.kind not in WEAK])
    if not strong:
        return []
    values: dict[str, Any] = {"keys": strong, "now": tx.now}
    if service:
        values["service"] = service
    found = _read(tx, _OF_SERVICE if service else _IN_FORCE, values)
    weak = _held(tx, [one for one in asked if one.kind in WEAK]) if found else []
    if weak:
        among = sorted({one.sanction for one in found})
        found += _read(tx, _AMONG, {"keys": weak, "now": tx.now, "among": among})
    return found


def end_hashes(tx: Tx, hit: Id, *, by: str) -> int:
    """The hashes by which a registration was found led to somebody else; answers how many."""
    row = tx.execute(sa.select(registration_hits).where(registration_hits.c.id == hit)).one()
    keys = {bytes.fromhex(key) for key in row.keys}
    mine = sa.select(_k.key, _k.kind).where(_k.sanction_id == row.sanction_id, _k.key.in_(keys))
    ended = sa.select(_x.key, _x.kind).where(_x.sanction_id == row.sanction_id)
    there = {(one.key, one.kind) for one in tx.execute(ended)}
    new = [
        {
            "key": one.key, "kind": one.kind, "sanction_id": row.sanction_id, "hit_id": hit,
            "by": by, "at": tx.now,
        }
        for one in tx.execute(mine).all()
        if (one.key, one.kind) not in there
    ]  # fmt: skip
    if new:
        tx.execute(sa.insert(sanction_key_ends), new)
    return len(new)


def counts(tx: Tx, wanted: Collection[Id]) -> dict[Id, dict[IdentifierKind, int]]:
    """How many hashes of each kind sanctions are known by."""
    rows = tx.execute(
        sa.select(_k.sanction_id, _k.kind, sa.func.count().label("n"))
        .where(_k.sanction_id.in_(list(wanted)), _k.until > tx.now)
        .where(
            ~sa.exists().where(
                _x.sanction_id == _k.sanction_id, _x.key == _k.key, _x.kind == _k.kind
            )
        )
        .group_by(_k.sanction_id, _k.kind)
    )
    out: dict[Id, dict[IdentifierKind, int]] = {}
    for row in rows:
        out.setdefault(Id(row.sanction_id), {})[IdentifierKind(row.kind)] = int(row.n)
    return out


def forget(tx: Tx, sanction: Id) -> int:
    """Forget every hash of a sanction that is over; answers how many there were."""
    tx.execute(sa.delete(sanction_key_ends).where(_x.sanction_id == sanction))
    return tx.execute(sa.delete(sanction_keys).where(_k.sanction_id == sanction)).rowcount


def forget_stale(tx: Tx, limit: int = 1000) -> int:
    """Forget hashes whose own time is over: networks, after days; answers how many."""
    old = sa.select(_k.key, _k.kind, _k.sanction_id).where(_k.until <= tx.now).limit(limit)
    gone = 0
    for row in tx.execute(old).all():
        mine = sa.delete(sanction_keys).where(
            _k.key == row.key, _k.kind == row.kind, _k.sanction_id == row.sanction_id
        )
        gone += tx.execute(mine).rowcount
    return gone


def _held(tx: Tx, some: Iterable[Identifier]) -> list[bytes]:
    """Their hashes, without those of which memory proves that they are not there."""
    return tx.db.known_keys.among([key for one in some for key in _keys(tx, one).values()])


def _keys(tx: Tx, one: Identifier) -> dict[int, bytes]:
    return _hashes(tx.keys, one)


def _hashes(keys: Keyring, one: Identifier) -> dict[int, bytes]:
    """By version of the key, the newest last; 0 for a hash that was made elsewhere."""
    if one.hidden is not None:
        return {0: one.hidden}
    said = b"\0".join((b"sanction", one.kind.value.encode(), one.text.encode()))
    return keys.macs(identities.PURPOSE, said)


def _fresh(tx: Tx) -> None:
    """Another process may have rotated: a hash under its key must not be missed."""
    ((newest,),) = tx.run(_NEWEST_KEY, identities.PURPOSE)
    if int(newest or 0) not in tx.keys.versions(identities.PURPOSE):
        tx.keys.reload()


def _read(tx: Tx, wanted: sa.Select[Any], values: dict[str, Any]) -> list[Found]:
    return [
        Found(Id(row.sanction_id), IdentifierKind(row.kind), row.key.hex(), row.seen_at)
        for row in tx.execute(wanted, values)
    ]
