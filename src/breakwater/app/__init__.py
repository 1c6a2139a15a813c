"""The composition root: the only place that knows every part.

`set_up` makes what an installation needs once (directories, root key, schema, recovery copy);
`build` opens it and wires every verb. No part reads settings or finds another part itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace

from breakwater.access.door import Access
from breakwater.app.founding import check_jail, root_key, set_up
from breakwater.app.mapping import life_of, limits_of, stores_of, turns
from breakwater.banks import handlers as bank_handlers
from breakwater.banks.load import Loader
from breakwater.banks.manage import Banks
from breakwater.banks.policy import Floods
from breakwater.banks.quarantine import Quarantine
from breakwater.banks.retroactive import Retroactive
from breakwater.fingerprint.registry import Registry
from breakwater.intake import handlers as intake_handlers
from breakwater.intake.accounts import Accounts
from breakwater.intake.fetch import Fetcher
from breakwater.intake.lookup import Lookups
from breakwater.intake.outcome import Recorder
from breakwater.intake.references import References
from breakwater.intake.resumable import Resumables
from breakwater.intake.revise import Reviser
from breakwater.intake.snapshot import Snapshots
from breakwater.intake.snapshot import rules as snapshot_rules
from breakwater.intake.submit import Intake
from breakwater.intake.webhooks import Webhooks
from breakwater.intake.webhooks import rules as webhook_rules
from breakwater.matching.index import Index
from breakwater.media.sandbox import JailPool
from breakwater.model.clock import Clock, SystemClock
from breakwater.model.work import JobKind, Subscription, Turn
from breakwater.observe import Metrics
from breakwater.recognition.feed import IndexFeed
from breakwater.recognition.screen import Screener
from breakwater.records.audit import Checkpointer
from breakwater.records.database import Database, open_database
from breakwater.records.ingest import IngestLog
from breakwater.records.keys import Keyring
from breakwater.records.vault import Vault
from breakwater.review.views import Views
from breakwater.settings import Settings

__all__ = ["App", "build", "check_jail", "root_key", "set_up"]


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
    references: References
    accounts: Accounts
    webhooks: Webhooks
    banks: Banks
    loader: Loader
    retroactive: Retroactive
    access: Access
    views: Views
    subscriptions: tuple[Subscription, ...]
    jobs: tuple[JobKind, ...]
    turns: tuple[Turn, ...]
    close: Callable[[], None]


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    pool: JailPool | None = None,
    decode: bool = True,
) -> App:
    """Open everything and wire it; what was opened is closed when a later part fails.

    Args:
        settings: complete.
        clock: another clock, for tests.
        pool: a jail that others use too; who made it closes it.
        decode: prove the jail and decode the golden files before anything is served.

    Raises:
        Unfit: the jail does not hold, or a codec does not decode.
        DatabaseInUse: another process owns the database.
    """
    with ExitStack() as undo:
        if pool is None:
            pool = JailPool(size=settings.jail_children or os.cpu_count() or 1)
            undo.callback(pool.close)
        app = _wire(settings, clock or SystemClock(), pool, undo)
        app.feed.catch_up()
        if decode:
            check_jail(app.pool)
        return replace(app, close=undo.pop_all().close)


def _wire(settings: Settings, clock: Clock, pool: JailPool, undo: ExitStack) -> App:
    metrics = Metrics()
    db = open_database(settings.database, clock=clock)
    undo.callback(db.close)
    keys = Keyring.open(db, root_key(settings))
    db.use_keys(keys)
    vault = Vault(settings.vault_dir, db, keys)
    checkpointer = Checkpointer(db, keys, settings.checkpoints)
    registry = Registry.installed()
    index = Index.open(settings.index_dir, kinds=registry.kinds, factories=registry.index_factories)
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
    private = settings.webhook_private_networks
    snapshots = Snapshots(
        db=db, clock=clock, fetcher=Fetcher(snapshot_rules(private), clock),
        url=settings.snapshot_url,
        secret=settings.snapshot_secret.get_secret_value(),
    )  # fmt: skip
    resumables = Resumables(
        db=db, vault=vault, intake=intake, clock=clock, spool_dir=settings.spool_dir
    )
    webhooks = Webhooks(
        db=db, clock=clock, fetcher=Fetcher(webhook_rules(private), clock), metrics=metrics
    )
    undo.callback(webhooks.close)
    quarantine = Quarantine(db=db, feed=feed, floods=floods, metrics=metrics)
    return App(
        settings=settings, clock=clock, metrics=metrics, db=db, keys=keys, vault=vault,
        checkpointer=checkpointer, pool=pool, registry=registry, index=index, feed=feed,
        screener=screener, recorder=recorder, intake=intake,
        lookups=Lookups(
            db=db, screener=screener, intake=intake, clock=clock, metrics=metrics
        ),
        accounts=Accounts(db=db), webhooks=webhooks,
        references=References(
            clock=clock, max_bytes=settings.max_upload_bytes, hosts=settings.object_hosts,
            private_networks=settings.object_private_networks, any_url=settings.fetch_urls,
            stores=stores_of(settings, clock),
        ),
        resumables=resumables, banks=banks,
        loader=Loader(db=db, feed=feed, floods=floods),
        retroactive=retroactive,
        access=Access(db=db, keys=keys, clock=clock, life=life_of(settings)),
        views=Views(db=db, vault=vault, pool=pool, clock=clock, metrics=metrics),
        subscriptions=(
            *bank_handlers.subscriptions(quarantine, retroactive),
            *intake_handlers.subscriptions(reviser, webhooks),
        ),
        jobs=(
            *bank_handlers.job_kinds(retroactive),
            *intake_handlers.job_kinds(intake, snapshots, vault),
        ),
        turns=turns(
            db=db, checkpointer=checkpointer, feed=feed, index=index, vault=vault,
            recorder=recorder, resumables=resumables, webhooks=webhooks, clock=clock,
        ),
        close=undo.close,
    )  # fmt: skip
