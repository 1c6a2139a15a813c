"""Packs of a hub that no network reaches: taken as a pull takes a list, and written back.

In comes a pack, unsealed by who carried it: it is checked here and taken by the feed's next pull, so
its entries have the source, the permitted use and the withdrawals that any pull gives. Out goes one
file, signed with this installation's key and sealed to the hub: what people here say of its entries,
match counts, entries we give. Packs back are numbered; a word stands in one of them, and the last
one is kept until the next, so that a lost file is written again as it was. Contract:
`tests/contract/test_exchange_packs.py`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from breakwater.errors import BadInput, NotFound
from breakwater.exchange.clients.packs import Packs, write
from breakwater.exchange.manage import Feeds
from breakwater.exchange.peers import Peers
from breakwater.exchange.telling import first_day
from breakwater.model import hub_pack
from breakwater.model.access import Principal
from breakwater.model.bank import Opinion
from breakwater.model.exchange import DayCount, Feed, Word
from breakwater.model.hub_pack import COUNTS, FEEDBACK, GIVEN, Pack
from breakwater.model.listing import signals_of, words_of
from breakwater.records import exchange_feeds, exchange_told, hub_stamps
from breakwater.records.database import Database, Tx

MOST_WORDS: Final = 10_000
"""Words of one pack; what is left goes with the next."""
MOST_GIVEN: Final = 20_000
OPINIONS: Final[Mapping[Opinion, str | None]] = {
    Opinion.TRUE_POSITIVE: "affirmative", Opinion.FALSE_POSITIVE: "negative",
    Opinion.DISPUTED: None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Laid:
    """A pack that is taken by the next pull: the stretch of the hub's changes that it holds."""

    after: int
    upto: int


@dataclass(frozen=True, slots=True)
class Given:
    """A pack back: sealed, its number, what it holds, and the key that verifies it (32 bytes)."""

    data: bytes
    number: int
    key: bytes
    feedback: int = 0
    counts: int = 0
    given: int = 0

    @property
    def key_text(self) -> str:
        """In base64, as the hub's people enter it."""
        return base64.b64encode(self.key).decode()


class Carried:
    """Takes packs and writes them back."""

    def __init__(self, *, db: Database, peers: Peers, feeds: Feeds) -> None:
        """Take what it needs."""
        self._db = db
        self._peers = peers
        self._feeds = feeds

    def take(self, name: str, data: bytes, by: Principal) -> Laid:
        """Check a pack, and have it taken now.

        Args:
            name: of the feed.
            data: the pack, unsealed.
            by: who carried it here.

        Raises:
            NotFound: no such feed.
            Tampered, Conflict, BadInput: as `clients.packs.Packs.read`; nothing was changed.
        """
        feed, client = self._client(name)
        if not feed.enabled:
            raise BadInput(f"The feed {name} is paused. Resume it first.")
        with self._db.read() as tx:
            place = exchange_feeds.state(tx, feed).checkpoint
        pack = client.lay(data, place)
        with self._db.transaction() as tx:
            tx.audit(by.id, "exchange.pack.take", feed.id, after=pack.after, upto=pack.upto)
        self._feeds.pull(name, by)
        return Laid(pack.after, pack.upto)

    def give(self, name: str, given: Sequence[Mapping[str, Any]], by: Principal) -> Given:
        """Write the next pack back: what waits by the feed's policy, and entries.

        Args:
            name: of the feed.
            given: entries, each the words of one row and `list`, the name of a list at the hub.
            by: who carries it.

        Raises:
            NotFound: no such feed.
            BadInput: nothing waits, an entry cannot be read, or the hub's age key is not known.
        """
        feed, client = self._client(name)
        if not client.seal:
            raise BadInput("Set the option seal= of the feed to the hub's public age key first.")
        _readable(given)
        with self._db.transaction() as tx:
            tx.lock_changes()
            number = hub_stamps.mark(tx, _place(feed)) + 1
            words, days = _waiting(tx, feed), _days(tx, feed)
            counts = [one for _, some in days for one in some]
            if not (words or counts or given):
                raise BadInput("Nothing waits for the hub, and no entries were named.")
            parts = {FEEDBACK: list(map(_word, words)), COUNTS: list(map(_count, counts)), GIVEN: list(given)}  # fmt: skip
            pack = Pack(
                client.member, client.hub, number - 1, number, tx.now,
                {part: json.dumps(rows).encode() for part, rows in parts.items() if rows},
            )  # fmt: skip
            key = self._db.keys.public_key
            signed = hub_pack.write(pack, self._db.keys.sign)
            data = hub_pack.sealed(signed, [hub_pack.recipient(client.seal)])
            write(client.kept(number), data)
            for word in words:
                exchange_told.told(tx, feed, word, "taken", f"pack {number}")
            for day, some in days:
                exchange_told.counted(tx, feed, day, some)
            hub_stamps.set_mark(tx, _place(feed), number)
            tx.audit(
                by.id, "exchange.pack.give", feed.id, number=number, feedback=len(words),
                counts=len(counts), given=len(given),
            )  # fmt: skip
        client.tidy(number)
        return Given(data, number, key, len(words), len(counts), len(given))

    def again(self, name: str, by: Principal) -> Given:
        """The last pack back, as it was written: for a file that was lost.

        Raises:
            NotFound: no such feed, or no pack was written yet.
        """
        feed, client = self._client(name)
        with self._db.transaction() as tx:
            number = hub_stamps.mark(tx, _place(feed))
            path = client.kept(number)
            if not number or not path.is_file():
                raise NotFound("No pack back was written yet.")
            tx.audit(by.id, "exchange.pack.again", feed.id, number=number)
        return Given(path.read_bytes(), number, self._db.keys.public_key)

    def _client(self, name: str) -> tuple[Feed, Packs]:
        with self._db.read() as tx:
            feed = exchange_feeds.get(tx, name)
        client = self._peers.client(feed)
        if not isinstance(client, Packs):
            raise BadInput(f"The feed {name} asks its peer over a line: packs are of kind pack.")
        return feed, client


def _place(feed: Feed) -> str:
    return f"out {feed.number}"


def _waiting(tx: Tx, feed: Feed) -> list[Word]:
    return exchange_told.waiting(tx, feed, limit=MOST_WORDS) if feed.feedback else []


def _days(tx: Tx, feed: Feed) -> list[tuple[int, list[DayCount]]]:
    """Whole days that are over and were not told."""
    if not feed.counts:
        return []
    today = exchange_told.day_of(tx.now)
    begins = first_day(exchange_told.counted_to(tx, feed), today)
    return [(day, exchange_told.day_counts(tx, feed, day)) for day in range(begins, today)]


def _word(word: Word) -> dict[str, Any]:
    return {
        "entry": int(word.remote_id), "kind": word.kind, "opinion": OPINIONS[word.opinion],
        "reasons": [], "note": f"cause {word.cause}",
    }  # fmt: skip


def _count(one: DayCount) -> dict[str, int]:
    return {
        "entry": int(one.remote_id), "day": one.day, "matches": one.matches, "wrong": one.wrong
    }  # fmt: skip


def _readable(given: Sequence[Mapping[str, Any]]) -> None:
    """Refuse what the hub would only drop.

    Raises:
        BadInput: names the first entry that cannot be read.
    """
    if len(given) > MOST_GIVEN:
        raise BadInput(f"A pack takes {MOST_GIVEN:,} entries at most.")
    for at, one in enumerate(given, start=1):
        if not isinstance(one.get("list"), str) or not one["list"]:
            raise BadInput(f"Entry {at} names no list of the hub.")
        try:
            signals_of(words_of({name: said for name, said in one.items() if name != "list"}))
        except BadInput as error:
            raise BadInput(f"Entry {at}: {error.detail or error.title()}") from None
