"""Who sends into a broadcast and who watches it, as rows; names and addresses sealed.

Senders stay with the broadcast; viewers are forgotten with one that ends without a case: no
suspicion, no address kept (reference law). Fed by `live.streams`; read by enforcement and by
whoever preserves. Contract: `tests/contract/test_records_streams.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.broadcast import Sender, Viewer
from breakwater.model.ids import Id, new_id
from breakwater.model.stream import Control, Publisher, Stream
from breakwater.model.watch import SessionSource, Watched
from breakwater.records import identities, watchers
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_stream import stream_publishers, stream_viewers, streams
from breakwater.records.tables.nouns_watcher import viewer_acts

_s, _p, _v = streams.c, stream_publishers.c, stream_viewers.c


def join(tx: Tx, stream: Id, sender: Sender) -> Publisher:
    """One who sends; the same connection again is answered as it stands."""
    known = [one for one in publishers(tx, stream) if one.key == sender.client]
    if known:
        return known[0]
    made = new_id()
    facts = {"account": sender.account, "address": sender.address, "port": sender.port}
    tx.execute(
        sa.insert(stream_publishers),
        {
            "id": made, "stream_id": stream, "key": sender.client,
            "account_key": identities.pseudonym(tx, sender.service, sender.account),
            "sealed": identities.seal(tx, made, facts), "joined_at": tx.now, "left_at": None,
            "risk": 0.0, "control": Control.OPEN.value,
        },
    )  # fmt: skip
    return publisher(tx, made)


def leave(tx: Tx, stream: Id, client: str) -> int:
    """A connection ended; answers how many still send."""
    mine = sa.update(stream_publishers).where(_p.stream_id == stream, _p.left_at.is_(None))
    tx.execute((mine.where(_p.key == client) if client else mine).values(left_at=tx.now))
    return len(publishers(tx, stream))


def publisher(tx: Tx, wanted: Id) -> Publisher:
    """One sender by id.

    Raises:
        NotFound: no such sender.
    """
    row = tx.execute(sa.select(stream_publishers).where(_p.id == wanted)).one_or_none()
    if row is None:
        raise NotFound(f"publisher {wanted}")
    return _publisher(tx, row)


def publishers(tx: Tx, stream: Id, *, left: bool = False) -> list[Publisher]:
    """Who sends now, the first first; with `left` those who left too."""
    wanted = sa.select(stream_publishers).where(_p.stream_id == stream)
    if not left:
        wanted = wanted.where(_p.left_at.is_(None))
    rows = tx.execute(wanted.order_by(_p.joined_at, _p.id))
    return [_publisher(tx, row) for row in rows]


def addresses(tx: Tx, stream: Id) -> list[Sender]:
    """Where everybody who sent came from, in clear: for reports, by people who may see it."""
    wanted = sa.select(stream_publishers).where(_p.stream_id == stream).order_by(_p.joined_at)
    said = [(row, identities.unseal(tx, Id(row.id), row.sealed)) for row in tx.execute(wanted)]
    return [
        Sender(row.key, account=facts["account"], address=facts["address"], port=facts["port"])
        for row, facts in said
    ]


def denial_keys(tx: Tx, stream: Stream, wanted: Id) -> dict[str, list[bytes]]:
    """What one of several senders would be known by: the account, never the broadcast's key."""
    keys = account_keys(tx, stream.service, publisher(tx, wanted).account)
    return {"account": keys} if keys else {}


def account_keys(tx: Tx, service: str, account: str) -> list[bytes]:
    """What an account is known by, if it is known at all."""
    key = identities.pseudonym(tx, service, account)
    return [] if key is None else [key]


def set_publisher(
    tx: Tx, wanted: Id, *, control: Control | None = None, risk: float | None = None
) -> None:
    """How far one of several senders is stopped, and how risky they are."""
    values: dict[str, Any] = {}
    if control is not None:
        values["control"] = control.value
    if risk is not None:
        values["risk"] = risk
    tx.execute(sa.update(stream_publishers).where(_p.id == wanted).values(**values))


def add_viewers(
    tx: Tx,
    stream: Stream,
    watching: Iterable[Viewer],
    *,
    source: SessionSource = SessionSource.SERVICE,
) -> None:
    """Keep who watches, each once a visit; names and addresses sealed."""
    told = [
        (
            Watched(
                one.joined_at or tx.now, one.left_at, one.account, one.address,
                () if one.port is None else (one.port,), one.agent, device=one.device,
                payments=one.payments, source=source,
            ),
            one.place,
        )
        for one in watching
        if one.account or one.address
    ]  # fmt: skip
    watchers.add(tx, stream, told)


def viewers(tx: Tx, stream: Id) -> list[Viewer]:
    """Who watched, in clear: for what is preserved, and people who may see it."""
    wanted = sa.select(stream_viewers).where(_v.stream_id == stream).order_by(_v.joined_at, _v.id)
    out = []
    for row in tx.execute(wanted).all():
        facts = identities.unseal(tx, Id(row.id), row.sealed)
        out.append(
            Viewer(facts["account"], facts["address"], facts["port"], row.joined_at, row.left_at)
        )
    return out


def forget_before(tx: Tx, moment: datetime, limit: int = 500) -> int:
    """Forget who sent and watched what ended before a moment without a case or an order.

    No suspicion, no address kept. Answers how many were forgotten.
    """
    calm = sa.select(_s.id).where(_s.ended_at < moment, _s.case_id.is_(None), _s.order_id.is_(None))
    forgotten = 0
    for table in (viewer_acts, stream_viewers, stream_publishers):
        some = sa.select(table.c.id).where(table.c.stream_id.in_(calm)).limit(limit)
        forgotten += tx.execute(
            sa.delete(table).where(table.c.id.in_(some.scalar_subquery()))
        ).rowcount
    return forgotten


def _publisher(tx: Tx, row: sa.Row[Any]) -> Publisher:
    facts = identities.unseal(tx, Id(row.id), row.sealed)
    return Publisher(
        id=Id(row.id),
        stream=Id(row.stream_id),
        key=row.key,
        account=facts["account"],
        joined_at=row.joined_at,
        left_at=row.left_at,
        risk=row.risk,
        control=Control(row.control),
    )
