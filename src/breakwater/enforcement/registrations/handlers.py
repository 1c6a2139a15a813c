"""What sanctions do when something happened elsewhere, and all the time. Joined by `app`."""

from __future__ import annotations

from typing import Final

from breakwater.enforcement.registrations.sanctioning import GATHER_JOB, Sanctioning
from breakwater.model.event import EventType
from breakwater.model.work import JobKind, Subscription, Turn

EXPIRE_EVERY_S: Final = 600.0


def subscriptions(sanctioning: Sanctioning) -> tuple[Subscription, ...]:
    """Decisions, and what is said of who broadcasts."""
    return (
        Subscription(
            "enforcement.sanctions",
            frozenset({EventType.CASE_DECIDED}),
            sanctioning.on_decided,
        ),
        Subscription(
            "enforcement.roles", frozenset({EventType.STREAM_ORDERED}), sanctioning.on_ordered
        ),
    )


def job_kinds(sanctioning: Sanctioning) -> tuple[JobKind, ...]:
    """Account data that came late."""
    return (JobKind(GATHER_JOB, sanctioning.run),)


def turns(sanctioning: Sanctioning) -> tuple[Turn, ...]:
    """What runs out."""
    return (Turn("enforcement.sanctions", EXPIRE_EVERY_S, sanctioning.expire),)
