"""The composition root: the only place that knows every part.

`set_up` makes what an installation needs once (directories, root key, schema, recovery copy);
`build` opens it and wires every verb. No part reads settings or finds another part itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from breakwater.access.door import Access
from breakwater.app.acting import Acting, wire_acting
from breakwater.app.classifying import Scoring, wire_scoring
from breakwater.app.conversing import wire_conversations
from breakwater.app.enforcing import Enforcing, wire_enforcing
from breakwater.app.exchanging import Exchanging, wire_exchange
from breakwater.app.exhibiting import Exhibiting, wire_exhibits
from breakwater.app.feeding import Feeding, wire_feeds
from breakwater.app.founding import check_jail, root_key, set_up
from breakwater.app.ground import Ground, open_ground
from breakwater.app.hearing import Hearing, wire_hearing
from breakwater.app.hub import Hub, wire_hub
from breakwater.app.linking import Linking, wire_linking
from breakwater.app.live import Live, wire_live
from breakwater.app.mapping import floods_of, life_of, limits_of, provider_of, stores_of
from breakwater.app.own_pictures import wire_own_pictures
from breakwater.app.packaging import Packaging, wire_packages
from breakwater.app.preserving import Preserving, wire_preserving
from breakwater.app.publishing import Publishing, wire_publishing
from breakwater.app.receiving import Receiving, wire_receiving
from breakwater.app.reporting import Reporting, wire_reporting
from breakwater.app.requesting import Requesting, wire_requesting
from breakwater.app.reviewing import Reviewing, wire_reviewing
from breakwater.app.sanctioning import Sanctions, wire_sanctions
from breakwater.app.viewing import Viewing, wire_viewers
from breakwater.app.work import Parts, join_work
from breakwater.banks.load import Loader
from breakwater.banks.manage import Banks
from breakwater.banks.reels import Reels
from breakwater.banks.retroactive import Retroactive
from breakwater.conversations.take import Conversations
from breakwater.fingerprint.registry import Registry
from breakwater.intake.accounts import Accounts
from breakwater.intake.lookup import Lookups
from breakwater.intake.outcome import Recorder
from breakwater.intake.references import References
from breakwater.intake.resumable import Resumables
from breakwater.intake.submit import Intake
from breakwater.intake.webhooks import Webhooks
from breakwater.intake.webhooks import rules as webhook_rules
from breakwater.matching.index import Index
from breakwater.media.sandbox import JailPool
from breakwater.model.clock import Clock, SystemClock
from breakwater.model.work import JobKind, Subscription, Turn
from breakwater.network.fetch import Fetcher
from breakwater.observe import Metrics
from breakwater.own_pictures.taking import OwnPictures
from breakwater.recognition.align import Aligner
from breakwater.recognition.feed import IndexFeed
from breakwater.recognition.screen import Screener
from breakwater.records.audit import Checkpointer
from breakwater.records.database import Database
from breakwater.records.keys import Keyring
from breakwater.records.vault import Vault
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
    reels: Reels
    aligner: Aligner
    retroactive: Retroactive
    access: Access
    review: Reviewing
    live: Live
    enforcement: Enforcing
    scoring: Scoring
    hearing: Hearing
    conversations: Conversations
    viewers: Viewing
    receiving: Receiving
    reporting: Reporting
    acting: Acting
    requesting: Requesting
    preserving: Preserving
    packages: Packaging
    transparency: Publishing
    sanctions: Sanctions
    own_pictures: OwnPictures
    feeds: Feeding
    hub: Hub
    exchange: Exchanging
    linking: Linking
    exhibiting: Exhibiting
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
            pool = JailPool(
                size=settings.jail_children or os.cpu_count() or 1, directory=settings.spool_dir
            )
            undo.callback(pool.close)
        on = open_ground(settings, clock or SystemClock(), pool, undo)
        app = _wire(settings, on, undo)
        app.feed.catch_up()
        if decode:
            check_jail(app.pool)
        return replace(app, close=undo.pop_all().close)


def _intake(settings: Settings, on: Ground, undo: ExitStack) -> tuple[Recorder, Intake, Webhooks]:
    """The way of an upload, and of the answers to it."""
    recorder = Recorder(
        db=on.db, vault=on.vault, ingest=on.ingest, screener=on.screener, copies=on.copies,
        clock=on.clock, metrics=on.metrics, ingest_days=settings.ingest_days,
    )  # fmt: skip
    intake = Intake(
        db=on.db, vault=on.vault, screener=on.screener, recorder=recorder, clock=on.clock,
        metrics=on.metrics, limits=limits_of(settings), spool_dir=settings.spool_dir, threads=32,
    )  # fmt: skip
    undo.callback(intake.close)
    rules = webhook_rules(settings.webhook_private_networks)
    webhooks = Webhooks(
        db=on.db, clock=on.clock, fetcher=Fetcher(rules, on.clock), metrics=on.metrics
    )
    undo.callback(webhooks.close)
    return recorder, intake, webhooks


def _access(settings: Settings, on: Ground, undo: ExitStack) -> Access:
    """Who comes in."""
    access = Access(
        db=on.db, keys=on.keys, clock=on.clock, life=life_of(settings),
        provider=provider_of(settings),
    )  # fmt: skip
    undo.callback(access.close)
    return access


def _reels(settings: Settings, on: Ground) -> Reels:
    """Known videos."""
    return Reels(
        db=on.db, pool=on.pool, vault=on.vault, aligner=on.aligner,
        limits=limits_of(settings).video,
    )  # fmt: skip


def _references(settings: Settings, on: Ground) -> References:
    """Objects that stand elsewhere."""
    return References(
        clock=on.clock, max_bytes=settings.max_upload_bytes, hosts=settings.object_hosts,
        private_networks=settings.object_private_networks, any_url=settings.fetch_urls,
        stores=stores_of(settings, on.clock),
    )  # fmt: skip


def _lookups(on: Ground, intake: Intake) -> Lookups:
    """Hashes and files that are only asked about."""
    return Lookups(
        db=on.db, screener=on.screener, intake=intake, clock=on.clock, metrics=on.metrics
    )


def _resumables(settings: Settings, on: Ground, intake: Intake) -> Resumables:
    """Uploads in parts."""
    return Resumables(
        db=on.db, vault=on.vault, intake=intake, clock=on.clock, spool_dir=settings.spool_dir
    )


def _wire(settings: Settings, on: Ground, undo: ExitStack) -> App:
    """Put the verbs on the ground."""
    recorder, intake, webhooks = _intake(settings, on, undo)
    floods = floods_of(settings)
    checkpointer = Checkpointer(on.db, on.keys, settings.checkpoints)
    resumables = _resumables(settings, on, intake)
    retroactive = Retroactive(db=on.db, ingest=on.ingest)
    review = wire_reviewing(settings, on, undo)
    access = _access(settings, on, undo)
    hearing = wire_hearing(settings, on, undo)
    live = wire_live(settings, on, undo, listener=hearing.hooked)
    scoring = wire_scoring(settings, on, live, undo)
    enforcement = wire_enforcing(
        settings, on, undo, live.servers, preroll=live.watching, prints=live.watching,
        talk=hearing.chats, voices=hearing.voices,
    )  # fmt: skip
    reels = _reels(settings, on)
    parts = Parts(
        retroactive, reels, intake, recorder, resumables, webhooks, checkpointer, live, enforcement
    )
    work = join_work(settings, on, parts, review)
    acting = wire_acting(settings, on, undo)
    sanctions = wire_sanctions(settings, on)
    own_pictures, answers = wire_own_pictures(settings, on, access.limits)
    feeds, hub = wire_feeds(settings, on), wire_hub(settings, on, access)
    linking = wire_linking(settings, on, undo)
    exchange, exhibiting = wire_exchange(settings, on, undo), wire_exhibits(settings, on)
    receiving = wire_receiving(settings, on)
    reporting = wire_reporting(settings, on, undo, review.schemes.every)
    preserving = wire_preserving(settings, on)
    requesting = wire_requesting(settings, on, preserving)
    publishing = wire_publishing(settings, on, reporting.destinations)
    packages = wire_packages(settings, on, checkpointer, reporting.sendings)
    working = (
        work, acting, sanctions, scoring, hearing, receiving, reporting, preserving, requesting,
        publishing, packages, feeds, hub, answers, exchange, linking, exhibiting,
    )  # fmt: skip
    return App(
        settings=settings, clock=on.clock, metrics=on.metrics, db=on.db, keys=on.keys,
        vault=on.vault, checkpointer=checkpointer, pool=on.pool, registry=on.registry,
        index=on.index, feed=on.feed, screener=on.screener, recorder=recorder, intake=intake,
        lookups=_lookups(on, intake),
        resumables=resumables, accounts=Accounts(db=on.db), webhooks=webhooks,
        references=_references(settings, on),
        banks=Banks(db=on.db, feed=on.feed, floods=floods, kinds=on.registry.kinds),
        loader=Loader(db=on.db, feed=on.feed, floods=floods),
        reels=reels, aligner=on.aligner, retroactive=retroactive, access=access, review=review,
        live=live, enforcement=enforcement, scoring=scoring, hearing=hearing,
        conversations=wire_conversations(settings, on, hearing.lanes),
        viewers=wire_viewers(on, reporting.sendings), transparency=publishing,
        receiving=receiving, reporting=reporting, preserving=preserving, packages=packages,
        acting=acting, sanctions=sanctions, own_pictures=own_pictures, requesting=requesting, feeds=feeds, hub=hub, exchange=exchange, linking=linking,
        exhibiting=exhibiting,
        subscriptions=_every(working, "subscriptions"), jobs=_every(working, "jobs"),
        turns=_every(working, "turns"),
        close=undo.close,
    )  # fmt: skip


def _every(working: Iterable[object], what: str) -> tuple[Any, ...]:
    """Subscriptions, jobs or turns of every part that has some."""
    return tuple(one for part in working for one in getattr(part, what, ()))
