"""Wires what stops broadcasts: what people order, what carries it out, and what is kept of it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from breakwater.app.ground import Ground
from breakwater.banks.cutting import Cutting
from breakwater.enforcement.keeping import Keeping
from breakwater.enforcement.ports import NothingKept, PreRoll, Prints
from breakwater.enforcement.streams import Orders
from breakwater.enforcement.wishes import Wishes
from breakwater.live.policy import Policy
from breakwater.live.servers import Servers
from breakwater.settings import Settings

_NOTHING = NothingKept()


@dataclass(frozen=True, slots=True)
class Enforcing:
    """Every part that stops something.

    Attributes:
        wishes: what people order.
        orders: carries orders out.
        keeping: preserves what is stopped.
        bank_cuts: which banks may cut by themselves.
    """

    wishes: Wishes
    orders: Orders
    keeping: Keeping
    bank_cuts: Cutting


def policy_of(settings: Settings) -> Policy:
    """How far a broadcast is stopped without a person.

    Raises:
        BadSettings: it asks for more than the rule allows.
    """
    return Policy.read({"two_people": settings.stream_cut_people > 1, **settings.stream_policy})


def wire_enforcing(
    settings: Settings,
    on: Ground,
    undo: ExitStack,
    servers: Servers,
    *,
    preroll: PreRoll = _NOTHING,
    prints: Prints = _NOTHING,
) -> Enforcing:
    """Put the parts together; watchers hand in what they hold."""
    keeping = Keeping(
        db=on.db, vault=on.vault, preroll=preroll, prints=prints, spool=settings.spool_dir
    )
    orders = Orders(
        db=on.db, clock=on.clock, metrics=on.metrics, server=servers.adapter, keeping=keeping
    )
    undo.callback(orders.close)
    wishes = Wishes(db=on.db, two_people=policy_of(settings).two_people)
    return Enforcing(wishes=wishes, orders=orders, keeping=keeping, bank_cuts=Cutting(db=on.db))
