"""What intake does when something happened elsewhere, and later. Joined by `app`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from breakwater.errors import Held
from breakwater.intake.outcome import ERASE_JOB, SHRED_JOB, SNAPSHOT_JOB, Recorder
from breakwater.intake.revise import Reviser
from breakwater.intake.snapshot import Snapshots
from breakwater.intake.submit import SCREEN_JOB, Intake
from breakwater.intake.webhooks import TOLD, Webhooks
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.ports import Blob
from breakwater.model.work import Beat, JobKind, Subscription


def subscriptions(reviser: Reviser, webhooks: Webhooks) -> tuple[Subscription, ...]:
    """Verdicts follow the lists."""
    return (
        Subscription(
            "intake.revise",
            frozenset({
                EventType.ENTRY_WITHDRAWN, EventType.ENTRY_QUARANTINED, EventType.ENTRY_RELEASED,
            }),
            reviser.on_entry,
        ),
        Subscription("intake.reel", frozenset({EventType.REEL_WITHDRAWN}), reviser.on_reel),
        Subscription("intake.matched", frozenset({EventType.UPLOAD_MATCHED}), reviser.on_matched),
        Subscription("intake.webhooks", frozenset(TOLD), webhooks.on_event),
    )  # fmt: skip


def job_kinds(
    intake: Intake, snapshots: Snapshots, vault: Blob, recorder: Recorder
) -> tuple[JobKind, ...]:
    """Uploads answered with 202, account data, and what must be destroyed."""

    def screen(payload: Mapping[str, Any], _attempt: int, _beat: Beat) -> None:
        intake.finish_pending(Id(payload["upload"]))

    def snapshot(payload: Mapping[str, Any], attempt: int, _beat: Beat) -> None:
        snapshots.run(payload, attempt)

    def shred(payload: Mapping[str, Any], _attempt: int, _beat: Beat) -> None:
        with suppress(Held):  # it goes with its hold
            vault.shred(Id(payload["blob"]))

    def erase(payload: Mapping[str, Any], _attempt: int, _beat: Beat) -> None:
        recorder.overwrite(Id(upload) for upload in payload["uploads"])

    return (
        JobKind(SCREEN_JOB, screen, lease_s=900.0),
        JobKind(SNAPSHOT_JOB, snapshot),
        JobKind(SHRED_JOB, shred),
        JobKind(ERASE_JOB, erase),
    )
