"""The composition root: the only place that knows every part.

`set_up` makes what an installation needs once (directories, root key, schema, recovery copy);
`build` opens it and wires every verb. No part reads settings or finds another part itself.
"""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace

from breakwater.access.door import Access
from breakwater.banks import handlers as bank_handlers
from breakwater.banks.load import Loader
from breakwater.banks.manage import Banks
from breakwater.banks.policy import Floods
from breakwater.banks.quarantine import Quarantine
from breakwater.banks.retroactive import Retroactive
from breakwater.errors import Unfit
from breakwater.fingerprint.registry import Registry
from breakwater.intake import handlers as intake_handlers
from breakwater.intake.lookup import Lookups
from breakwater.intake.outcome import Recorder
from breakwater.intake.resumable import Resumables
from breakwater.intake.revise import Reviser
from breakwater.intake.snapshot import Snapshots
from breakwater.intake.submit import Intake, Limits
from breakwater.matching.index import Index
from breakwater.media.sandbox import JailPool
from breakwater.model.clock import Clock, SystemClock
from breakwater.model.media import MediaLimits
from breakwater.model.work import JobKind, Subscription, Turn
from breakwater.observe import Metrics
from breakwater.recognition.feed import IndexFeed
from breakwater.recognition.screen import Screener
from breakwater.records import migrate
from breakwater.records.audit import Checkpointer
from breakwater.records.database import Database, open_database
from breakwater.records.ingest import IngestLog
from breakwater.records.keys import Keyring
from breakwater.records.rootkey import RootKey
from breakwater.records.vault import Vault
from breakwater.review.views import Views
from breakwater.settings import Settings


@dataclass(frozen=True, slots=True)
class App:
    """Every part of one running installation."""

    settings: Settings
    clock: Clock
    metrics: Metrics
    db: Database
    keys: Keyring
    vault: Vault
    checkpointer: Checkpointer
    pool: JailPool
    registry: Registry
    index: Index
    feed: IndexFeed
    screener: Screener
    recorder: Recorder
    intake: Intake
    lookups: Lookups
    resumables: Resumables
    banks: Banks
    loader: Loader
    retroactive: Retroactive
    access: Access
    views: Views
    subscriptions: tuple[Subscription, ...]
    jobs: tuple[JobKind, ...]
    turns: tuple[Turn, ...]
    close: Callable[[], None]


def set_up(settings: Settings) -> str:
    """Make what is missing: directories, root key, schema, recovery copy. Safe to repeat.

    Returns:
        The passphrase of a recovery copy that was made now, to be shown once; else empty.
    """
    for directory in (settings.data_dir, settings.spool_dir, settings.ingest_dir):
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    passphrase = ""
    if not settings.root_key_command and not settings.root_key.exists():
        settings.root_key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        root = RootKey.create(settings.root_key)
        passphrase = "-".join(secrets.token_hex(4) for _ in range(5))
        root.write_recovery(settings.recovery_copy, passphrase=passphrase)
    migrate.upgrade(settings.database)
    return passphrase


def root_key(settings: Settings) -> RootKey:
    """Open the root key in force."""
    if settings.root_key_command:
        return RootKey.from_command(shlex.split(settings.root_key_command))
    return RootKey.from_file(settings.root_key)


def build(settings: Settings, *, clock: Clock | None = None, decode: bool = True) -> App:
    """Open everything and wire it; what was opened is closed when a later part fails.

    Args:
        settings: complete.
        clock: another clock, for tests.
        decode: prove the jail and decode the golden files before anything is served.

    Raises:
        Unfit: the jail does not hold, or a codec does not decode.
        DatabaseInUse: another process owns the database.
    """
    with ExitStack() as undo:
        app = _wire(settings, clock or SystemClock(), undo)
        app.feed.catch_up()
        if decode:
            check_jail(app.pool)
        return replace(app, close=undo.pop_all().close)


def check_jail(pool: JailPool) -> None:
    """Refuse to serve when the jail does not hold or a codec is blind.

    Raises:
        Unfit: with the acts or codecs that failed.
    """
    escaped = [proof.act for proof in pool.prove() if not proof.holds]
    blind = [golden.name for golden in pool.golden() if not golden.ok]
    if escaped or blind:
        raise Unfit(
            f"The jail allows: {', '.join(escaped) or 'nothing'}. "
            f"Not decoded: {', '.join(blind) or 'nothing'}."
        )


def _wire(settings: Settings, clock: Clock, undo: ExitStack) -> App:
    metrics = Metrics()
    db = open_database(settings.database, clock=clock)
    undo.callback(db.close)
    keys = Keyring.open(db, root_key(settings))
    db.use_keys(keys)
    vault = Vault(settings.vault_dir, db, keys)
    checkpointer = Checkpointer(db, keys, settings.checkpoints)
    registry = Registry.installed()
    pool = JailPool(size=settings.jail_children or os.cpu_count() or 1)
    undo.callback(pool.close)
    index = Index.open(settings.index_dir, kinds=registry.kinds, factories=registry.factories)
    undo.callback(index.close)
    feed = IndexFeed(db=db, index=index)
    screener = Screener(pool=pool, index=index, db=db)
    ingest = IngestLog(settings.ingest_dir)
    undo.callback(ingest.close)
    recorder = Recorder(
        db=db, vault=vault, ingest=ingest, screener=screener, clock=clock, metrics=metrics,
        ingest_days=settings.ingest_days,
    )  # fmt: skip
    intake = Intake(
        db=db, vault=vault, screener=screener, recorder=recorder, clock=clock, metrics=metrics,
        limits=limits_of(settings), spool_dir=settings.spool_dir, threads=32,
    )  # fmt: skip
    undo.callback(intake.close)
    floods = Floods(settings.flood_entries_per_hour, settings.flood_matches_per_hour)
    banks = Banks(db=db, feed=feed, floods=floods, kinds=registry.kinds)
    retroactive = Retroactive(db=db, ingest=ingest)
    reviser = Reviser(db=db, screener=screener, clock=clock)
    snapshots = Snapshots(
        db=db, clock=clock, url=settings.snapshot_url,
        secret=settings.snapshot_secret.get_secret_value(),
    )  # fmt: skip
    resumables = Resumables(
        db=db, vault=vault, intake=intake, clock=clock, spool_dir=settings.spool_dir
    )
    quarantine = Quarantine(db=db, feed=feed, floods=floods, metrics=metrics)
    return App(
        settings=settings, clock=clock, metrics=metrics, db=db, keys=keys, vault=vault,
        checkpointer=checkpointer, pool=pool, registry=registry, index=index, feed=feed,
        screener=screener, recorder=recorder, intake=intake,
        lookups=Lookups(db=db, screener=screener, clock=clock, metrics=metrics),
        resumables=resumables, banks=banks,
        loader=Loader(db=db, feed=feed, floods=floods),
        retroactive=retroactive,
        access=Access(db=db, keys=keys, clock=clock),
        views=Views(db=db, vault=vault, pool=pool, clock=clock, metrics=metrics),
        subscriptions=(
            *bank_handlers.subscriptions(quarantine, retroactive),
            *intake_handlers.subscriptions(reviser),
        ),
        jobs=(
            *bank_handlers.job_kinds(retroactive),
            *intake_handlers.job_kinds(intake, snapshots, vault),
        ),
        turns=_turns(feed, index, vault, recorder, resumables, clock),
        close=undo.close,
    )  # fmt: skip


def _turns(
    feed: IndexFeed,
    index: Index,
    vault: Vault,
    recorder: Recorder,
    resumables: Resumables,
    clock: Clock,
) -> tuple[Turn, ...]:
    """What is done regularly."""
    return (
        Turn("index.feed", 0.25, lambda: void(feed.catch_up())),
        Turn("index.merge", 1.0, lambda: void(index.merge())),
        Turn("vault.sweep", 3600.0, lambda: void(vault.sweep())),
        Turn("ingest.expire", 3600.0, lambda: void(recorder.expire(clock.now()))),
        Turn("resumable.sweep", 3600.0, lambda: void(resumables.sweep(clock.now()))),
    )


def void(_result: object) -> None:
    """Turn what a verb answers into the nothing that a turn answers."""


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
