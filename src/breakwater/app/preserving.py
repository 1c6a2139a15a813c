"""Wires preservation: what decisions keep, for how long, and what people do with holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from breakwater.app.ground import Ground
from breakwater.model.event import EventType
from breakwater.model.hold import SeatRule
from breakwater.model.work import Subscription, Turn
from breakwater.reporting.preserving.holding import Holding
from breakwater.reporting.preserving.keep import Keeper, Rules
from breakwater.settings import Settings

LOOK_EVERY_S: Final = 1.0
REMIND_EVERY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Preserving:
    """Every part that preserves.

    Attributes:
        keeper: puts evidence under its hold.
        holding: holds, as people move them.
    """

    keeper: Keeper
    holding: Holding
    subscriptions: tuple[Subscription, ...]
    turns: tuple[Turn, ...]


def wire_preserving(settings: Settings, on: Ground) -> Preserving:
    """Put the parts together."""
    rules = Rules(SeatRule(settings.preserve_media), timedelta(days=settings.preserve_days))
    keeper = Keeper(db=on.db, vault=on.vault, rules=rules, metrics=on.metrics)
    holding = Holding(db=on.db, keeper=keeper, rules=rules)

    def keep() -> None:
        keeper.turn()

    def remind() -> None:
        holding.remind()

    return Preserving(
        keeper=keeper, holding=holding,
        subscriptions=(
            Subscription(
                "reporting.keep", frozenset({EventType.CASE_DECIDED}), keeper.on_decided
            ),
            Subscription(
                "reporting.receipt", frozenset({EventType.FILING_FINISHED}), keeper.on_finished
            ),
        ),
        turns=(
            Turn("reporting.preserve", LOOK_EVERY_S, keep),
            Turn("reporting.holds_due", REMIND_EVERY_S, remind),
        ),
    )  # fmt: skip
