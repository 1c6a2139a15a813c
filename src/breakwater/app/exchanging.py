"""Wires the exchange: lists of others pulled into banks, and what is told back."""

from __future__ import annotations

import ssl
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from breakwater.app.ground import Ground
from breakwater.app.mapping import floods_of
from breakwater.banks.policy import status_of_new
from breakwater.errors import BadSettings
from breakwater.exchange.carried import Carried
from breakwater.exchange.clients.registry import installed
from breakwater.exchange.listening import Listening
from breakwater.exchange.manage import Feeds
from breakwater.exchange.peers import Peers
from breakwater.exchange.running import Running
from breakwater.exchange.taking import Taking
from breakwater.exchange.telling import Telling
from breakwater.model.bank import EntryStatus
from breakwater.model.work import Turn
from breakwater.network.addresses import networks
from breakwater.records import exchange_feeds
from breakwater.settings import Settings

PLAN_EVERY_S: Final = 2.0
LISTEN_EVERY_S: Final = 0.5
"""News becomes a pull within this."""
FORGET_EVERY_S: Final = 3600.0
KEPT: Final = timedelta(days=90)
"""Pulls and their unreadable rows, for plots and for who looks into a fault."""


@dataclass(frozen=True, slots=True)
class Exchanging:
    """Every part that exchanges lists.

    Attributes:
        feeds: as people enter and see them.
        carried: packs of hubs that no network reaches.
        peers: makes clients.
        running: pulls.
    """

    feeds: Feeds
    carried: Carried
    peers: Peers
    running: Running
    turns: tuple[Turn, ...]


def wire_exchange(settings: Settings, on: Ground, undo: ExitStack) -> Exchanging:
    """Put the parts together.

    Raises:
        BadSettings: a network or the authority's file cannot be read.
        Unfit: a plug-in is none.
    """
    floods = floods_of(settings)
    folder = settings.data_dir / "exchange"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        private = networks(settings.exchange_private_networks)
    except ValueError:
        raise BadSettings("exchange_private_networks are blocks such as 10.0.0.0/8.") from None
    peers = Peers(on.db, on.clock, installed(), folder, private, _tls(settings))

    def status(arrived: int, adding: int, vouched: bool) -> EntryStatus:
        return status_of_new(
            negative=False, signed=vouched, arrived=arrived, adding=adding, floods=floods
        )

    def forget() -> None:
        with on.db.transaction() as tx:
            exchange_feeds.forget_before(tx, tx.now - KEPT)

    running = Running(
        db=on.db, peers=peers, taking=Taking(status_of_new=status),
        telling=Telling(db=on.db, peers=peers), caught_up=on.feed.catch_up,
    )  # fmt: skip
    listening = Listening(db=on.db, peers=peers)
    undo.callback(running.close)
    undo.callback(listening.close)
    feeds = Feeds(db=on.db, peers=peers)
    return Exchanging(
        feeds=feeds, carried=Carried(db=on.db, peers=peers, feeds=feeds), peers=peers,
        running=running,
        turns=(
            Turn("exchange.plan", PLAN_EVERY_S, running.plan),
            Turn("exchange.listen", LISTEN_EVERY_S, listening.turn),
            Turn("exchange.pull", 0.0, running.turn),
            Turn("exchange.forget", FORGET_EVERY_S, forget),
        ),
    )  # fmt: skip


def _tls(settings: Settings) -> ssl.SSLContext | None:
    """Whom to believe; None: the system's authorities."""
    if settings.exchange_ca is None:
        return None
    trusting = ssl.create_default_context()
    try:
        trusting.load_verify_locations(settings.exchange_ca)
    except (OSError, ssl.SSLError):
        raise BadSettings("exchange_ca names a file that holds no certificate.") from None
    return trusting
