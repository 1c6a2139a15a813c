"""From settings to the plain values that verbs take, and what is done regularly.

The only translation between the two: verbs never see settings.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from breakwater.access.policy import SessionLife
from breakwater.access.provider import Provider, is_safe
from breakwater.banks.policy import Floods
from breakwater.errors import BadSettings
from breakwater.intake.objectstores import Credentials, ObjectStores
from breakwater.intake.outcome import Recorder
from breakwater.intake.resumable import Resumables
from breakwater.intake.submit import Limits
from breakwater.intake.webhooks import Webhooks
from breakwater.matching.index import Index
from breakwater.model.case import Priority
from breakwater.model.clock import Clock
from breakwater.model.media import MediaLimits
from breakwater.model.work import Turn
from breakwater.observe import Metrics
from breakwater.recognition.align import Aligner
from breakwater.recognition.feed import IndexFeed
from breakwater.records import (
    buckets,
    cases,
    challenges,
    duty_calls,
    outbox,
    people,
    tallies,
    uploads,
)
from breakwater.records import webhooks as webhooks_told
from breakwater.records.audit import Checkpointer
from breakwater.records.database import Database
from breakwater.records.vault import Vault
from breakwater.settings import Settings

TALLIES_KEPT = timedelta(days=2)
"""Counts by which floods are noticed: an hour is looked at."""

ENDED_KEPT = timedelta(days=30)
"""Sessions, links and deliveries that ended, for those who look into an incident."""

EVENTS_KEPT = timedelta(days=7)
"""Delivered events, for those who ask what happened lately."""


def limits_of(settings: Settings) -> Limits:
    """What intake takes, from settings."""
    image = MediaLimits(
        max_bytes=settings.max_upload_bytes,
        max_pixels=settings.max_pixels,
        max_frames=settings.max_frames,
        max_duration_s=settings.max_duration_s,
        max_wall_s=settings.decode_seconds,
    )
    return Limits(
        max_bytes=settings.max_upload_bytes,
        inline_bytes=settings.inline_bytes,
        max_wait_ms=settings.max_wait_ms,
        image=image,
        video=replace(image, max_wall_s=settings.video_seconds),
        private_jurisdictions=settings.private_jurisdictions,
    )


def floods_of(settings: Settings) -> Floods:
    """What is too much in an hour."""
    return Floods(settings.flood_entries_per_hour, settings.flood_matches_per_hour)


def life_of(settings: Settings) -> SessionLife:
    """How long a console session lives."""
    return SessionLife(
        absolute=timedelta(hours=settings.session_hours),
        idle=timedelta(minutes=settings.session_idle_minutes),
    )


def provider_of(settings: Settings) -> Provider | None:
    """The organisation's sign-in service; None when there is none.

    Raises:
        BadSettings: it has no id for us, or would be asked over an open line.
    """
    if not settings.oidc_issuer:
        return None
    if not settings.oidc_client_id:
        raise BadSettings("BREAKWATER_OIDC_ISSUER needs BREAKWATER_OIDC_CLIENT_ID beside it.")
    if not is_safe(settings.oidc_issuer):
        raise BadSettings("BREAKWATER_OIDC_ISSUER is an https:// address.")
    if settings.oidc_ca is not None and not settings.oidc_ca.is_file():
        raise BadSettings("BREAKWATER_OIDC_CA names a file that is not there.")
    return Provider(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        secret=settings.oidc_client_secret.get_secret_value(),
        name=settings.oidc_name,
        acr=settings.oidc_acr,
        ca=str(settings.oidc_ca or ""),
    )


def stores_of(settings: Settings, clock: Clock) -> ObjectStores:
    """Buckets whose keys are accepted."""
    credentials = Credentials(
        settings.object_access_key,
        settings.object_secret_key.get_secret_value(),
        settings.object_region,
    )
    return ObjectStores(clock=clock, buckets=settings.object_buckets, credentials=credentials)


def turns(
    *,
    db: Database,
    metrics: Metrics,
    checkpointer: Checkpointer,
    feed: IndexFeed,
    aligner: Aligner,
    index: Index,
    vault: Vault,
    recorder: Recorder,
    resumables: Resumables,
    webhooks: Webhooks,
    clock: Clock,
) -> tuple[Turn, ...]:
    """What is done regularly."""
    return (
        Turn("index.feed", 0.25, lambda: void(feed.catch_up())),
        Turn("reels.feed", 0.25, lambda: void(aligner.catch_up())),
        Turn("index.reload", 1.0, lambda: void(index.reload())),
        Turn("index.merge", 1.0, lambda: void(index.merge())),
        Turn("metrics", 5.0, lambda: gauge(metrics, db, feed, index)),
        Turn("webhooks", 0.25, lambda: void(webhooks.deliver_due())),
        Turn("audit.checkpoint", 0.5, lambda: void(checkpointer.write_due())),
        Turn(
            "outbox.trim", 3600.0, lambda: void(outbox.trim(db, before=clock.now() - EVENTS_KEPT))
        ),
        Turn("vault.sweep", 3600.0, lambda: void(vault.sweep())),
        Turn("ingest.expire", 3600.0, lambda: void(recorder.expire(clock.now()))),
        Turn("records.forget", 3600.0, lambda: forget(db)),
        Turn("resumable.sweep", 3600.0, lambda: void(resumables.sweep(clock.now()))),
    )


def gauge(metrics: Metrics, db: Database, feed: IndexFeed, index: Index) -> None:
    """Set the metrics that say how things stand, and not how often something happened."""
    metrics.index_lag.set(feed.lag())
    for kind, status in index.status().items():
        metrics.index_entries.labels(kind).set(status.size)
    waiting: Counter[str] = Counter()
    with db.read() as tx:
        for (_, priority), n in cases.counts(tx).items():
            waiting[priority.value] += n
    for priority in Priority:
        metrics.cases_open.labels(priority.value).set(waiting[priority.value])


def forget(db: Database) -> None:
    """Drop short-lived rows that are past their use."""
    with db.transaction() as tx:
        tallies.forget_before(tx, tx.now - TALLIES_KEPT)
        uploads.forget_idempotency(tx)
        people.forget_before(tx, tx.now - ENDED_KEPT)
        challenges.forget(tx)
        buckets.forget(tx)
        webhooks_told.forget_before(tx, tx.now - ENDED_KEPT)
        duty_calls.forget_before(tx, tx.now - ENDED_KEPT)


def void(_result: object) -> None:
    """Turn what a verb answers into the nothing that a turn answers."""
