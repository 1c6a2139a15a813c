"""What the worker runs, joined from every verb: reactions to events, jobs, regular turns."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.app.enforcing import Enforcing
from breakwater.app.ground import Ground
from breakwater.app.live import Live
from breakwater.app.mapping import floods_of, turns
from breakwater.app.reviewing import Reviewing
from breakwater.banks import handlers as bank_handlers
from breakwater.banks.quarantine import Quarantine
from breakwater.banks.reels import Reels
from breakwater.banks.retroactive import Retroactive
from breakwater.enforcement import handlers as enforcement_handlers
from breakwater.intake import handlers as intake_handlers
from breakwater.intake.outcome import Recorder
from breakwater.intake.resumable import Resumables
from breakwater.intake.revise import Reviser
from breakwater.intake.snapshot import Snapshots
from breakwater.intake.snapshot import rules as snapshot_rules
from breakwater.intake.submit import Intake
from breakwater.intake.webhooks import Webhooks
from breakwater.live import handlers as live_handlers
from breakwater.live.spots import handlers as spot_handlers
from breakwater.model.work import JobKind, Subscription, Turn
from breakwater.network.fetch import Fetcher
from breakwater.records.audit import Checkpointer
from breakwater.review import handlers as review_handlers
from breakwater.review.grading.doubted import Doubted
from breakwater.review.queueing.broadcasts import Broadcasts
from breakwater.settings import Settings


@dataclass(frozen=True, slots=True)
class Parts:
    """Verbs that have something to do later."""

    retroactive: Retroactive
    reels: Reels
    intake: Intake
    recorder: Recorder
    resumables: Resumables
    webhooks: Webhooks
    checkpointer: Checkpointer
    live: Live
    enforcement: Enforcing


@dataclass(frozen=True, slots=True)
class Work:
    """What `worker.loop` takes."""

    subscriptions: tuple[Subscription, ...]
    jobs: tuple[JobKind, ...]
    turns: tuple[Turn, ...]


def join_work(settings: Settings, on: Ground, parts: Parts, review: Reviewing) -> Work:
    """Ask every verb for what it does when something happened, and later."""
    quarantine = Quarantine(db=on.db, feed=on.feed, floods=floods_of(settings), metrics=on.metrics)
    reviser = Reviser(db=on.db, screener=on.screener, clock=on.clock)
    rules = snapshot_rules(settings.webhook_private_networks)
    snapshots = Snapshots(
        db=on.db, clock=on.clock, fetcher=Fetcher(rules, on.clock), url=settings.snapshot_url,
        secret=settings.snapshot_secret.get_secret_value(),
    )  # fmt: skip
    return Work(
        subscriptions=(
            *bank_handlers.subscriptions(quarantine, parts.retroactive),
            *intake_handlers.subscriptions(reviser, parts.webhooks),
            *review_handlers.subscriptions(
                watch=review.on_call.watch, routing=review.routing, appeals=review.appeals,
                reports=review.reports, exposure=review.exposure,
                broadcasts=Broadcasts(db=on.db, routing=review.routing),
                doubted=Doubted(db=on.db, gather=review.gather),
            ),
            *enforcement_handlers.subscriptions(parts.enforcement.orders),
            *live_handlers.subscriptions(parts.live.watching),
            *spot_handlers.subscriptions(parts.live.spots),
        ),
        jobs=(
            *bank_handlers.job_kinds(parts.retroactive, parts.reels),
            *intake_handlers.job_kinds(parts.intake, snapshots, on.vault, parts.recorder),
            *review_handlers.job_kinds(
                db=on.db, rehash=review.rehash
            ),
            *enforcement_handlers.job_kinds(parts.enforcement.chat_orders),
        ),
        turns=(
            *turns(
                db=on.db, metrics=on.metrics, checkpointer=parts.checkpointer, feed=on.feed,
                aligner=on.aligner,
                index=on.index, vault=on.vault, recorder=parts.recorder,
                resumables=parts.resumables, webhooks=parts.webhooks, clock=on.clock,
            ),
            *review_handlers.turns(
                watch=review.on_call.watch, pager=review.on_call.pager,
                escalation=review.escalation, staggering=review.staggering, quality=review.quality,
                grade_sets=review.grade_sets,
            ),
            *live_handlers.turns(parts.live.streams, parts.live.discovery, parts.live.watching),
            *spot_handlers.turns(parts.live.spots),
            *enforcement_handlers.turns(parts.enforcement.orders),
        ),
    )  # fmt: skip
