"""What spot checks do regularly, and what they hear. Joined by `app`."""

from __future__ import annotations

from breakwater.live.spots.checks import EVERY_PURGE_S, EVERY_TURN_S, SpotChecks
from breakwater.model.event import EventType
from breakwater.model.work import Subscription, Turn


def subscriptions(checks: SpotChecks) -> tuple[Subscription, ...]:
    """What is decided on a case is found by the draw that led to it."""
    decided = frozenset({EventType.CASE_DECIDED})
    return (Subscription("live.spots", decided, checks.on_decided),)


def turns(checks: SpotChecks) -> tuple[Turn, ...]:
    """Draw and take; purge, whether or not anything is drawn any more."""
    return (
        Turn("live.spots", EVERY_TURN_S, checks.turn),
        Turn("live.spots.purge", EVERY_PURGE_S, lambda: _void(checks.purge())),
    )


def _void(_count: int) -> None:
    """A turn answers nothing."""
