"""What sanctions do when something happened elsewhere, and all the time. Joined by `app`."""

from __future__ import annotations

from typing import Final

from breakwater.enforcement.registrations.sanctioning import GATHER_JOB, Sanctioning
from breakwater.model.event import EventType
from breakwater.model.work import JobKind, Subscription, Turn

EXPIRE_EVERY_S: Final = 600.0
READ_EVERY_S: Final = 6 * 3600.0
"""How long the beginning of a hash that is over may stay in memory."""


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
    """What runs out, and what checks know without asking."""
    return (
        Turn("enforcement.sanctions", EXPIRE_EVERY_S, sanctioning.expire),
        Turn("enforcement.known", READ_EVERY_S, sanctioning.read_known),
    )
