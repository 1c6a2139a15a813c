"""What every verb stands on: database, keys, vault, index, jail, opened in their order."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from breakwater.app.founding import root_key
from breakwater.app.mapping import limits_of
from breakwater.errors import IndexInUse
from breakwater.fingerprint.registry import Registry
from breakwater.geo import Atlas
from breakwater.matching.index import Index
from breakwater.media.sandbox import JailPool
from breakwater.model.clock import Clock
from breakwater.observe import Metrics, logger
from breakwater.recognition.align import Aligner
from breakwater.recognition.copies import CopyFinder
from breakwater.recognition.feed import IndexFeed
from breakwater.recognition.screen import Screener
from breakwater.records.database import Database, open_database
from breakwater.records.ingest import IngestLog
from breakwater.records.keys import Keyring
from breakwater.records.vault import Vault
from breakwater.settings import Settings


@dataclass(frozen=True, slots=True)
class Ground:
    """What every verb stands on, opened."""

    clock: Clock
    metrics: Metrics
    db: Database
    keys: Keyring
    vault: Vault
    pool: JailPool
    registry: Registry
    index: Index
    feed: IndexFeed
    screener: Screener
    aligner: Aligner
    copies: CopyFinder
    ingest: IngestLog
    atlas: Atlas


def open_ground(settings: Settings, clock: Clock, pool: JailPool, undo: ExitStack) -> Ground:
    """Open database, keys, vault and index, each closed again by `undo`."""
    db = open_database(settings.database, clock=clock)
    undo.callback(db.close)
    keys = Keyring.open(db, root_key(settings))
    db.use_keys(keys)
    registry = Registry.installed()
    index = _index(settings, registry)
    undo.callback(index.close)
    ingest = IngestLog(settings.ingest_dir)
    undo.callback(ingest.close)
    aligner = Aligner(db=db)
    aligner.catch_up()
    return Ground(
        clock=clock, metrics=Metrics(), db=db, keys=keys,
        vault=Vault(settings.vault_dir, db, keys), pool=pool, registry=registry, index=index,
        feed=IndexFeed(db=db, index=index),
        screener=Screener(pool=pool, index=index, db=db, aligner=aligner), aligner=aligner,
        copies=CopyFinder(pool=pool, aligner=aligner, db=db, limits=limits_of(settings).video),
        ingest=ingest, atlas=Atlas(settings.geo_dir or settings.data_dir / "geo", clock),
    )  # fmt: skip


def _index(settings: Settings, registry: Registry) -> Index:
    """Own the index, or read it beside the process that does (several on PostgreSQL)."""
    here, kinds, factories = settings.index_dir, registry.kinds, registry.index_factories
    try:
        index = Index.open(here, kinds=kinds, factories=factories)
    except IndexInUse:
        return Index.open(here, kinds=kinds, factories=factories, writer=False)
    if index.set_aside:
        logger("index").error("segments_set_aside", files=list(index.set_aside))
    return index
