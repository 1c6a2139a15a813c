"""Wires what stops broadcasts: what people order, what carries it out, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from breakwater.app.ground import Ground
from breakwater.banks.cutting import Cutting
from breakwater.enforcement.chat_wishes import ChatWishes
from breakwater.enforcement.chats import ChatOrders
from breakwater.enforcement.keeping import Keeping
from breakwater.enforcement.ports import (
    ChatControl,
    NobodyTalks,
    NothingKept,
    PreRoll,
    Prints,
    Talk,
)
from breakwater.enforcement.streams import Orders
from breakwater.enforcement.wishes import Wishes
from breakwater.live.hearing.alone import Alone
from breakwater.live.hearing.labels import Labels
from breakwater.live.hearing.measures import Policies
from breakwater.live.hearing.policy import Policy as CommentsPolicy
from breakwater.live.policy import Policy
from breakwater.live.servers import Servers
from breakwater.model.stream import Stream
from breakwater.settings import Settings

Voices = Callable[[Stream], Sequence[ChatControl]]
"""Who besides its media server carries a broadcast's chat."""

_NOTHING = NothingKept()
_NOBODY = NobodyTalks()


@dataclass(frozen=True, slots=True)
class Enforcing:
    """Every part that stops something.

    Attributes:
        wishes: what people order.
        orders: carries orders out.
        keeping: preserves what is stopped.
        bank_cuts: which banks may cut by themselves.
        chat_wishes: what people order of chats.
        chat_orders: has chats be as they were ordered.
        labels: what people say of single comments.
        alone: what people make of held messages that belong to no case.
    """

    wishes: Wishes
    orders: Orders
    keeping: Keeping
    bank_cuts: Cutting
    chat_wishes: ChatWishes
    chat_orders: ChatOrders
    labels: Labels
    alone: Alone


def policy_of(settings: Settings) -> Policy:
    """How far a broadcast is stopped without a person.

    Raises:
        BadSettings: it asks for more than the rule allows.
    """
    return Policy.read({"two_people": settings.stream_cut_people > 1, **settings.stream_policy})


def policies_of(settings: Settings) -> Policies:
    """How far a chat is restrained without a person, and a broadcast stopped.

    Raises:
        BadSettings: they ask for more than the rule allows.
    """
    return Policies(CommentsPolicy.read(settings.comments_policy), policy_of(settings))


def wire_enforcing(
    settings: Settings,
    on: Ground,
    undo: ExitStack,
    servers: Servers,
    *,
    preroll: PreRoll = _NOTHING,
    prints: Prints = _NOTHING,
    talk: Talk = _NOBODY,
    voices: Voices = lambda _: (),
) -> Enforcing:
    """Put the parts together; watchers hand in what they hold."""
    keeping = Keeping(
        db=on.db, vault=on.vault, preroll=preroll, prints=prints, spool=settings.spool_dir,
        talk=talk, resolve=on.atlas.resolve, visits=servers.audience.visits,
    )  # fmt: skip
    orders = Orders(
        db=on.db, clock=on.clock, metrics=on.metrics, server=servers.adapter, keeping=keeping
    )
    undo.callback(orders.close)
    wishes = Wishes(db=on.db, two_people=policy_of(settings).two_people)
    rules = policies_of(settings).chats
    return Enforcing(
        wishes=wishes, orders=orders, keeping=keeping, bank_cuts=Cutting(db=on.db),
        chat_wishes=ChatWishes(db=on.db, slow_s=rules.slow_s, age_days=rules.age_days),
        chat_orders=ChatOrders(
            db=on.db, metrics=on.metrics, server=servers.adapter, slow_s=rules.slow_s,
            age_days=rules.age_days, voices=voices,
        ),
        labels=Labels(db=on.db),
        alone=Alone(db=on.db),
    )  # fmt: skip
