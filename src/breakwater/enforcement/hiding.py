"""Holding a broadcast from discovery: no media server can, so it is so once its service was told.

In comes an order of which the server did its part, if there was one; out goes where it stands.
Confirmed when a webhook that wants `stream.ordered` took it, or the service said so over the API;
not confirmed where nobody listens: then there is nothing to try again, and the wall says it.
Tests: `tests/integration/test_hiding.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.errors import Unavailable
from breakwater.model.event import EventType
from breakwater.model.stream import Order, OrderState, StreamState
from breakwater.model.webhook import DeliveryState
from breakwater.records import stream_orders, streams, webhooks
from breakwater.records.database import Database, Tx

TOLD: Final = "told"
NOBODY: Final = "No webhook of this service took stream.ordered: no service was told."


def settle(db: Database, order: Order, *, answer_s: float) -> Order:
    """Where the order stands, by how far word of it came.

    Args:
        db: the database.
        order: to hold a broadcast from discovery.
        answer_s: after this what was not taken yet counts as not confirmed.

    Raises:
        Unavailable: it is on its way to somebody; ask again.
    """
    with db.transaction() as tx:
        tx.lock_changes()
        found = stream_orders.get(tx, order.id)
        if found.state is OrderState.CONFIRMED:
            return found
        if not stream_orders.in_force(tx, found):
            return stream_orders.set_state(tx, found, OrderState.OVERTAKEN)
        stream = streams.get(tx, found.stream)
        word = webhooks.taken(
            tx, EventType.STREAM_ORDERED, order=found.id, service=stream.service, since=found.at
        )
        if word is DeliveryState.DELIVERED:
            _ack(tx, found, done=True, detail="A webhook took it.")
            return stream_orders.set_state(tx, found, OrderState.CONFIRMED)
        if word is DeliveryState.GIVEN_UP or stream.state is StreamState.ENDED:
            _ack(tx, found, done=False, detail=NOBODY)
            return stream_orders.set_state(tx, found, OrderState.UNCONFIRMED)
        if (tx.now - found.at).total_seconds() > answer_s:
            stream_orders.set_state(tx, found, OrderState.UNCONFIRMED)
    raise Unavailable("No service has taken it yet.")


def _ack(tx: Tx, order: Order, *, done: bool, detail: str) -> None:
    ms = max(0, round((tx.now - order.at).total_seconds() * 1000))
    stream_orders.ack(tx, order.id, TOLD, done=done, detail=detail, ms=ms)
