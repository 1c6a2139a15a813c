"""What enforcement does when something happened elsewhere, and all the time. Joined by `app`."""

from __future__ import annotations

from breakwater.enforcement.chats import ChatOrders
from breakwater.enforcement.streams import Orders
from breakwater.model.event import EventType
from breakwater.model.work import JobKind, Subscription, Turn


def subscriptions(orders: Orders) -> tuple[Subscription, ...]:
    """Freezes that duty asks for, and what follows when a broadcast is let go of."""
    return (
        Subscription(
            "enforcement.freeze", frozenset({EventType.FREEZE_WANTED}), orders.on_freeze_wanted
        ),
        Subscription(
            "enforcement.ordered", frozenset({EventType.STREAM_ORDERED}), orders.on_ordered
        ),
    )


def job_kinds(chats: ChatOrders) -> tuple[JobKind, ...]:
    """Orders to chats wait for nobody's thread: each is one call."""
    return chats.job_kinds()


def turns(orders: Orders) -> tuple[Turn, ...]:
    """Orders have a thread of their own, which sleeps until there is one."""
    return (Turn("enforcement.orders", 0.0, orders.turn),)
