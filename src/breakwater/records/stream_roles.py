"""Cuts of which nobody said who broadcasts: what the wall and the case keep asking.

An apparent child is never banned, so nothing that sanctions the account goes out before somebody
said who it is. A row stands from the cut until the answer, or until the broadcast is let go; the
answers stand in the orders. Fed by `records.stream_orders`. Contract:
`tests/contract/test_records_stream_roles.py`.
"""

from __future__ import annotations

import sqlalchemy as sa

from breakwater.model.broadcast import RoleAsked
from breakwater.model.ids import Id
from breakwater.model.stream import Broadcaster, Control, Order
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_course import stream_roles
from breakwater.records.tables.nouns_stream import streams

_r, _s = stream_roles.c, streams.c
_ASKED = (_r.stream_id, _r.publisher_id, _r.at, _s.label, _s.case_id)


def settle(tx: Tx, order: Order) -> None:
    """Ask where an order cuts and does not say who it is; answered by one that does."""
    mine = sa.delete(stream_roles).where(_r.stream_id == order.stream)
    if order.publisher is not None:
        mine = mine.where(_r.publisher_id == order.publisher)
    elif order.to.rank >= Control.FROZEN.rank:
        mine = mine.where(_r.publisher_id.is_(None))
    tx.execute(mine)
    if order.to is Control.CUT and order.broadcaster is Broadcaster.UNKNOWN:
        row = {
            "order_id": order.id, "stream_id": order.stream, "publisher_id": order.publisher,
            "at": order.at,
        }  # fmt: skip
        tx.execute(sa.insert(stream_roles), row)


def waiting(tx: Tx, limit: int = 20) -> list[RoleAsked]:
    """Who is asked for, the longest first."""
    wanted = sa.select(*_ASKED).join(streams, _s.id == _r.stream_id)
    return [_noun(row) for row in tx.execute(wanted.order_by(_r.at, _r.order_id).limit(limit))]


def of_stream(tx: Tx, stream: Id) -> list[RoleAsked]:
    """Who is asked for in one broadcast, the longest first."""
    wanted = sa.select(*_ASKED).join(streams, _s.id == _r.stream_id)
    rows = tx.execute(wanted.where(_r.stream_id == stream).order_by(_r.at, _r.order_id))
    return [_noun(row) for row in rows]


def _noun(row: sa.Row[tuple[object, ...]]) -> RoleAsked:
    publisher, case = row.publisher_id, row.case_id
    return RoleAsked(
        stream=Id(row.stream_id), label=row.label, at=row.at,
        case=None if case is None else Id(case),
        publisher=None if publisher is None else Id(publisher),
    )  # fmt: skip
