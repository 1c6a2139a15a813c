"""Wires acts on services: what decisions ask, who asks the service, and what people see of it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from breakwater.app.ground import Ground
from breakwater.enforcement.platform.acting import Acts
from breakwater.enforcement.platform.following import Following
from breakwater.enforcement.platform.policy import ActPolicy
from breakwater.enforcement.platform.sending import Sending
from breakwater.enforcement.platform.webhook import SignedWebhook
from breakwater.intake.webhooks import rules
from breakwater.model.event import EventType
from breakwater.model.work import Subscription, Turn
from breakwater.network.fetch import Fetcher
from breakwater.settings import Settings


@dataclass(frozen=True, slots=True)
class Acting:
    """Every part that acts on services.

    Attributes:
        acts: as people and services see them.
        following: what decisions and lists ask.
        sending: asks the services.
    """

    acts: Acts
    following: Following
    sending: Sending
    subscriptions: tuple[Subscription, ...]
    turns: tuple[Turn, ...]


def wire_acting(settings: Settings, on: Ground, undo: ExitStack) -> Acting:
    """Put the parts together.

    Raises:
        BadSettings: the table of acts asks for what is never done.
    """
    fetcher = Fetcher(rules(settings.webhook_private_networks), on.clock)
    adapter = SignedWebhook(db=on.db, clock=on.clock, fetcher=fetcher)
    policy = ActPolicy.load(settings.acts_file)
    following = Following(db=on.db, adapter=adapter, policy=policy)
    sending = Sending(db=on.db, adapter=adapter, metrics=on.metrics)
    undo.callback(sending.close)
    return Acting(
        acts=Acts(db=on.db, adapter=adapter, following=following),
        following=following, sending=sending,
        subscriptions=(
            Subscription(
                "enforcement.acts.decided", frozenset({EventType.CASE_DECIDED}),
                following.on_decided,
            ),
            Subscription(
                "enforcement.acts.verdict", frozenset({EventType.VERDICT_CHANGED}),
                following.on_verdict,
            ),
        ),
        turns=(Turn("enforcement.acts", 0.0, sending.turn),),
    )  # fmt: skip
