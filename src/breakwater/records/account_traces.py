"""What was seen of an account in broadcasts: devices, networks, means of payment.

Read from what is kept of those who sent and watched: addresses and a sender's device are sealed
and opened here; devices and payments of viewers are there as keyed hashes only. Read by
`enforcement.registrations` when an account is sanctioned. Contract:
`tests/contract/test_sanctions.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.ids import Id
from breakwater.records import identities
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_stream import stream_publishers, stream_viewers, streams
from breakwater.records.tables.nouns_watcher import viewer_keys, viewer_sessions

MOST: Final = 200
_s, _p, _v = streams.c, stream_publishers.c, stream_viewers.c
_w, _k = viewer_sessions.c, viewer_keys.c

Seen = tuple[str, datetime]


@dataclass(frozen=True, slots=True)
class Traces:
    """What was seen of one account, the newest first.

    Attributes:
        devices, addresses: in clear, with the moment.
        hashes: of devices and payments as they are kept of viewers, by kind, with the moment.
    """

    devices: tuple[Seen, ...] = ()
    addresses: tuple[Seen, ...] = ()
    hashes: tuple[tuple[str, bytes, datetime], ...] = ()


def of_account(tx: Tx, service: str, account: str) -> Traces:
    """What was seen of an account."""
    key = identities.pseudonym(tx, service, account)
    if key is None:
        return Traces()
    sent = _newest(tx, sa.select(streams).where(_s.account_key == key), _s.started_at)
    devices = [(_open(tx, row, "device"), row.started_at) for row in sent]
    joined = _newest(tx, sa.select(stream_publishers).where(_p.account_key == key), _p.joined_at)
    watched = sa.select(stream_viewers).join_from(
        stream_viewers, viewer_sessions, _w.viewer_id == _v.id
    )
    viewed = _newest(tx, watched.where(_w.person == key), _v.joined_at)
    addresses = [(_open(tx, row, "address"), row.joined_at) for row in (*joined, *viewed)]
    when = {row.id: row.joined_at for row in viewed}
    keys = sa.select(viewer_keys).where(_k.viewer_id.in_(list(when)), _k.kind != "address")
    hashes = [(row.kind, row.key, when[row.viewer_id]) for row in tx.execute(keys)]
    return Traces(
        tuple((device, at) for device, at in devices if device),
        tuple((address, at) for address, at in addresses if address),
        tuple(hashes),
    )


def device_is_shared(tx: Tx, service: str, account: str, device: bytes) -> bool:
    """Whether other accounts sent or watched from a device.

    Args:
        tx: a snapshot.
        service: of the account.
        account: the service's own name.
        device: its keyed hash, as viewers' and broadcasters' devices are kept.
    """
    key = identities.pseudonym(tx, service, account)
    others = sa.select(_s.id).where(
        _s.device_key == device, _s.account_key.is_not(None), _s.account_key != key
    )
    if tx.execute(others.limit(1)).scalar() is not None:
        return True
    watched = (
        sa.select(_w.viewer_id)
        .join_from(viewer_keys, viewer_sessions, _w.viewer_id == _k.viewer_id)
        .where(_k.kind == "device", _k.key == device, _w.person != key, _w.person != device)
    )
    return tx.execute(watched.limit(1)).scalar() is not None


def _newest(tx: Tx, wanted: sa.Select[Any], by: sa.ColumnElement[Any]) -> list[sa.Row[Any]]:
    return list(tx.execute(wanted.order_by(by.desc()).limit(MOST)))


def _open(tx: Tx, row: sa.Row[Any], name: str) -> str:
    return str(identities.unseal(tx, Id(row.id), row.sealed).get(name) or "")
