"""What is known of those who write: since when they have an account, and whether they were cut.

Both by keyed pseudonym: the age from what the service told (`records.accounts`, sealed), the cut
from denials that stand where somebody said that who broadcast is a suspect. An apparent child,
and who is not known to be one or the other, is not among them. Read by `recognition.hearing.accounts`.
Contract: `tests/contract/test_chat_measures.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import BadInput
from breakwater.model.ids import Id
from breakwater.model.stream import Broadcaster, Control
from breakwater.records import identities, stream_orders
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_intake import account_snapshots
from breakwater.records.tables.nouns_stream import stream_denial_ends, stream_denials

CREATED: Final = "created_at"
"""The field of an account's data that says when it was made, RFC 3339."""

LOOKED_AT: Final = 5
"""Of what was told of an account, the newest that are opened to find its age."""

AT_ONCE: Final = 500
"""Values of one query."""

_s, _d, _e = account_snapshots.c, stream_denials.c, stream_denial_ends.c


def created(tx: Tx, service: str, names: Collection[str]) -> dict[str, datetime]:
    """When accounts were made, as far as their service told; the newest word counts.

    Args:
        tx: a snapshot.
        service: whose accounts.
        names: its own names of them.
    """
    found: dict[str, datetime] = {}
    for keys in _some(_keys(tx, service, names)):
        newest = _newest(tx, list(keys))
        wanted = sa.select(_s.id, _s.account_key, _s.sealed).where(_s.id.in_(newest))
        for row in tx.execute(wanted.order_by(_s.taken_at, _s.id)):
            made = _moment(identities.unseal(tx, Id(row.id), row.sealed))
            if made is not None:
                found[keys[bytes(row.account_key)]] = made
    return found


def _newest(tx: Tx, keys: list[bytes]) -> list[str]:
    """Ids of what was told last of each account: a service that tells often costs no more."""
    place = sa.func.row_number().over(
        partition_by=_s.account_key, order_by=(_s.taken_at.desc(), _s.id.desc())
    )
    ranked = (
        sa.select(_s.id, place.label("place")).where(_s.account_key.in_(keys), _s.gap == "")
    ).subquery()
    return list(tx.execute(sa.select(ranked.c.id).where(ranked.c.place <= LOOKED_AT)).scalars())


def sanctioned(tx: Tx, service: str, names: Collection[str]) -> frozenset[str]:
    """Who of them may not publish, because a person cut them as a suspect.

    Args:
        tx: a snapshot.
        service: whose accounts.
        names: its own names of them.
    """
    found: set[str] = set()
    ended = sa.select(_e.denial_id).where(_e.denial_id == _d.id).exists()
    for keys in _some(_keys(tx, service, names)):
        wanted = sa.select(_d.value_key, _d.stream_id).where(
            _d.scope == "account", _d.value_key.in_(list(keys)), sa.not_(ended)
        )
        for row in tx.execute(wanted).all():
            if _suspect(tx, Id(row.stream_id)):
                found.add(keys[bytes(row.value_key)])
    return frozenset(found)


def _suspect(tx: Tx, stream: Id) -> bool:
    cuts = [one for one in stream_orders.of_stream(tx, stream) if one.to is Control.CUT]
    return bool(cuts) and cuts[-1].broadcaster is Broadcaster.SUSPECT


def _keys(tx: Tx, service: str, names: Collection[str]) -> dict[bytes, str]:
    """Names by pseudonym; one that cannot be stored names no account that is known."""
    keys: dict[bytes, str] = {}
    for name in names:
        try:
            key = identities.pseudonym(tx, service, name)
        except BadInput:
            continue
        if key is not None:
            keys[key] = name
    return keys


def _some(keys: dict[bytes, str]) -> list[dict[bytes, str]]:
    every = list(keys.items())
    return [dict(every[at : at + AT_ONCE]) for at in range(0, len(every), AT_ONCE)]


def _moment(facts: dict[str, Any]) -> datetime | None:
    said = facts.get(CREATED)
    try:
        made = datetime.fromisoformat(said) if isinstance(said, str) and said else None
    except ValueError:
        return None
    return made if made is None or made.tzinfo is not None else made.replace(tzinfo=UTC)
