"""Hears news of peers that tell it, so that a feed is pulled seconds after something changed.

A thread for each feed whose client can listen: it holds one connection, and each line of news makes
the feed due. News that comes while a pull runs is kept until a pull began after it, because what was
read before it may lack what it tells. A peer that cannot be reached is asked again after a growing
wait; the feed's own schedule goes on meanwhile, so silence costs time and nothing else. Tests:
`tests/integration/test_exchange_news.py`.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

from breakwater.errors import BreakwaterError
from breakwater.exchange.peers import Peers
from breakwater.exchange.ports import Heard
from breakwater.exchange.running import PULL_JOB, wait_after
from breakwater.model.exchange import Feed
from breakwater.model.ids import Id
from breakwater.observe import logger
from breakwater.records import exchange_feeds, jobs
from breakwater.records.database import Database

LONGEST_WAIT_S: Final = 60.0
MOST: Final = 50
"""Connections held at most; further feeds keep to their schedule."""

_log = logger("exchange")


@runtime_checkable
class Listens(Protocol):
    """A client whose peer tells when something changed."""

    def listen(self, heard: Heard) -> None:
        """Call `heard` at each line, until it answers False or the peer hangs up.

        Raises:
            PeerRefused: it does not let us in.
            Unavailable: it cannot be reached.
        """
        ...


@dataclass
class _Ear:
    """One connection, as version so-and-so of its feed wants it."""

    feed: Feed
    thread: threading.Thread | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    news: threading.Event = field(default_factory=threading.Event)

    @property
    def hears(self) -> bool:
        """Whether its peer tells news, and somebody listens."""
        return self.thread is not None and self.thread.is_alive()

    @property
    def fell(self) -> bool:
        """Its thread ended by a fault that is nobody's word: it is begun again."""
        return self.thread is not None and not self.thread.is_alive()


class Listening:
    """Holds the connections."""

    def __init__(self, *, db: Database, peers: Peers) -> None:
        self._db = db
        self._peers = peers
        self._ears: dict[Id, _Ear] = {}
        self._closed = threading.Event()

    def turn(self) -> None:
        """Listen to what feeds say now, and ask for the pulls that news made due."""
        if self._closed.is_set():
            return
        with self._db.read() as tx:
            wanted = {feed.id: feed for feed in exchange_feeds.every(tx) if feed.enabled}
        for known, ear in list(self._ears.items()):
            if wanted.get(known) != ear.feed or ear.fell:
                ear.ended.set()
                del self._ears[known]
        for feed in wanted.values():
            if feed.id not in self._ears and sum(ear.hears for ear in self._ears.values()) < MOST:
                self._begin(feed)
        for ear in self._ears.values():
            if ear.news.is_set():
                self._ask(ear)

    def close(self) -> None:
        """Listen no more; threads end at their next line and touch nothing."""
        self._closed.set()
        for ear in self._ears.values():
            ear.ended.set()

    def _begin(self, feed: Feed) -> None:
        ear = _Ear(feed)
        self._ears[feed.id] = ear
        try:
            client = self._peers.client(feed)
        except BreakwaterError:  # its health says why, from the pull
            return
        if isinstance(client, Listens):
            ear.thread = threading.Thread(
                target=self._hear, args=(ear, client), name=f"news {feed.name}", daemon=True
            )
            ear.thread.start()

    def _hear(self, ear: _Ear, client: Listens) -> None:
        tries = 0

        def heard(news: bool) -> bool:
            nonlocal tries
            tries = 0
            if news and not ear.ended.is_set():
                ear.news.set()
            return not ear.ended.is_set()

        while not ear.ended.is_set():
            try:
                client.listen(heard)
            except BreakwaterError as error:
                _log.info("feed_news_waits", feed=ear.feed.name, code=error.code)
            tries += 1
            ear.ended.wait(min(wait_after(tries).total_seconds(), LONGEST_WAIT_S))

    def _ask(self, ear: _Ear) -> None:
        """Ask for a pull that begins after the news; one that runs may have passed its place."""
        key = f"exchange:{ear.feed.id}"
        with self._db.transaction() as tx:
            tx.lock_changes()
            if jobs.runs(tx, key):
                return
            ear.news.clear()
            jobs.hurry(tx, jobs.enqueue(tx, PULL_JOB, {"feed": ear.feed.id}, dedup_key=key))
