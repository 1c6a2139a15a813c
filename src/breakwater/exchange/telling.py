"""What people here say of a feed's entries goes back to who gave them, each word once.

By the feed's policy: feedback on or off, counts on or off. What waits is derived, told, and then
written down; a kill in between has the peer told again of the same word, which its protocols take
as the same (PUT, or one cause). Counts are whole days that are over, as numbers without content; a
day's numbers replace earlier ones. Tests: `tests/contract/test_exchange_health.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.exchange.peers import Peers
from breakwater.model.exchange import Feed, Word
from breakwater.records import exchange_told
from breakwater.records.database import Database

AT_ONCE: Final = 50
"""Words in one turn with the peer."""
MOST: Final = 1_000
"""Words of one job; what is left goes with the next."""
DAYS_BACK: Final = 14
"""Days whose counts are told at most, after a pause."""
COUNTS: Final = 1_000
"""Entries of one message of counts."""


class Telling:
    """Tells peers."""

    def __init__(self, *, db: Database, peers: Peers) -> None:
        """Take what it needs."""
        self._db = db
        self._peers = peers

    def tell(self, feed: Feed) -> int:
        """Tell a feed's peer what waits; answers how many words went.

        Raises:
            Unavailable, PeerRefused: what was told before stands.
        """
        offers = self._peers.maker(feed.kind).offers
        if offers.carried:
            return 0
        words = self._feedback(feed) if feed.feedback and offers.feedback else 0
        if feed.counts and offers.counts:
            self._counts(feed)
        return words

    def _feedback(self, feed: Feed) -> int:
        client = self._peers.client(feed)
        done = 0
        while done < MOST:
            with self._db.read() as tx:
                words = exchange_told.waiting(tx, feed, limit=AT_ONCE)
            if not words:
                break
            answers = client.feedback(words)
            self._keep(feed, words, list(answers))
            done += len(words)
        return done

    def _keep(self, feed: Feed, words: list[Word], answers: list[str]) -> None:
        with self._db.transaction() as tx:
            for word, refused in zip(words, answers, strict=True):
                outcome = "refused" if refused else "taken"
                exchange_told.told(tx, feed, word, outcome, refused)

    def _counts(self, feed: Feed) -> None:
        client = self._peers.client(feed)
        with self._db.read() as tx:
            today = exchange_told.day_of(tx.now)
            last = exchange_told.counted_to(tx, feed)
        for day in range(first_day(last, today), today):
            with self._db.read() as tx:
                rows = exchange_told.day_counts(tx, feed, day)
            for at in range(0, len(rows), COUNTS):
                client.counts(rows[at : at + COUNTS])
            with self._db.transaction() as tx:
                exchange_told.counted(tx, feed, day, rows)


def first_day(last: int | None, today: int) -> int:
    """The first day whose counts are told; `last` is the one that was told last."""
    return today - DAYS_BACK if last is None else max(last + 1, today - DAYS_BACK)
