"""Makes the client of a feed: its kind, its credentials, and a wire by the operator's rules."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from breakwater.exchange.clients.registry import named
from breakwater.exchange.ports import ExchangeClient, Maker, Setting, Wire
from breakwater.exchange.wire import PAGE_BYTES, PeerWire
from breakwater.model.clock import Clock
from breakwater.model.exchange import Credentials, Feed
from breakwater.network.addresses import Network
from breakwater.network.fetch import Resolve, system_resolve
from breakwater.records import exchange_feeds
from breakwater.records.database import Database


@dataclass(frozen=True, slots=True)
class Peers:
    """Makes clients.

    Attributes:
        makers: kinds of clients by name.
        folder: for lists that come as files, and for what is too large for memory.
        private: blocks an operator opened for peers inside.
        tls: whom to believe; None: the system's authorities.
    """

    db: Database
    clock: Clock
    makers: Mapping[str, Maker]
    folder: Path
    private: tuple[Network, ...] = ()
    tls: ssl.SSLContext | None = None
    resolve: Resolve = system_resolve
    page_bytes: int = PAGE_BYTES

    def maker(self, kind: str) -> Maker:
        """A kind of client. Raises `BadInput` where it is not installed."""
        return named(self.makers, kind)

    def wire(self) -> Wire:
        """Calls out."""
        return PeerWire(
            clock=self.clock, private=self.private, tls=self.tls, resolve=self.resolve,
            page_bytes=self.page_bytes,
        )  # fmt: skip

    def client(self, feed: Feed, credentials: Credentials | None = None) -> ExchangeClient:
        """The client of a feed; its own credentials unless others are given.

        Raises:
            BadInput: its kind is not installed, or options or credentials are wrong.
        """
        if credentials is None:
            with self.db.read() as tx:
                credentials = exchange_feeds.credentials(tx, feed.id)
        return self.maker(feed.kind).make(
            Setting(
                feed.url.rstrip("/"), feed.options, credentials, self.wire(), self.clock,
                self.folder,
            )
        )  # fmt: skip
