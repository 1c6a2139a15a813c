"""What banks do when something happened elsewhere. Joined by `app`, run by `worker`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from breakwater.banks.quarantine import Quarantine
from breakwater.banks.reels import STREAM_JOB, Reels
from breakwater.banks.retroactive import RETRO_JOB, Retroactive
from breakwater.banks.retroactive_reels import REEL_JOB
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.work import Beat, JobKind, Subscription


def subscriptions(quarantine: Quarantine, retroactive: Retroactive) -> tuple[Subscription, ...]:
    """Floods are counted on verdicts; new entries and known videos are looked for backwards."""
    return (
        Subscription(
            "banks.quarantine", frozenset({EventType.VERDICT_COMPLETED}), quarantine.on_verdict
        ),
        Subscription(
            "banks.retroactive",
            frozenset({
                EventType.ENTRY_ADDED, EventType.ENTRY_RELEASED, EventType.IMPORT_FINISHED,
            }),
            retroactive.on_entries,
        ),
        Subscription(
            "banks.retroactive_reel", frozenset({EventType.REEL_ADDED}), retroactive.reels.on_reel
        ),
    )  # fmt: skip


def job_kinds(retroactive: Retroactive, reels: Reels) -> tuple[JobKind, ...]:
    """The comparison with kept hashes, and prints of what was preserved: both take long."""

    def compare(payload: Mapping[str, Any], _attempt: int, beat: Beat) -> None:
        retroactive.run(payload, beat)

    def look(payload: Mapping[str, Any], _attempt: int, beat: Beat) -> None:
        retroactive.reels.run(payload, beat)

    def stopped(payload: Mapping[str, Any], _attempt: int, _beat: Beat) -> None:
        reels.add_stopped(Id(payload["stream"]), Id(payload["blob"]), payload["bank"])

    return (
        JobKind(RETRO_JOB, compare, lease_s=300.0),
        JobKind(REEL_JOB, look, lease_s=300.0),
        JobKind(STREAM_JOB, stopped, lease_s=900.0),
    )
