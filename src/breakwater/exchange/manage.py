"""Feeds as people enter, change, check and remove them; each act is audited.

Fed by `web.api.exchanges`, the console and `cli.exchange`. Credentials are checked with the peer
before a feed is kept, and never answered again. Tests: `tests/contract/test_exchange_health.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from breakwater.errors import BadInput, NotAllowed, PeerRefused, Unavailable
from breakwater.exchange.peers import Peers
from breakwater.exchange.ports import Checked
from breakwater.exchange.running import PULL_JOB, RELEASE_JOB
from breakwater.model.access import Principal
from breakwater.model.bank import Bank
from breakwater.model.exchange import (
    LEAST_EVERY_S,
    MOST_EVERY_S,
    Credentials,
    Feed,
    FeedState,
    Health,
    Pull,
    Unreadable,
    feed_name,
)
from breakwater.model.ids import new_id
from breakwater.records import banks, exchange_feeds, exchange_items, exchange_told, jobs
from breakwater.records.database import Database, Tx

LONGEST: Final = 2_000
SECRETS: Final = ("user", "password", "token", "second")


@dataclass(frozen=True, slots=True)
class NewFeed:
    """What is said of a feed that is to be entered; see `Feed`.

    Attributes:
        vouch: the person who enters it vouches for the list.
    """

    name: str
    kind: str
    bank: str
    url: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    credentials: Credentials = field(default_factory=Credentials, repr=False)
    source: str = ""
    permitted_use: str = ""
    labels: tuple[str, ...] = ()
    every_s: int = 3600
    vouch: bool = False
    feedback: bool = False
    counts: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A feed with how it does.

    Attributes:
        entries, signals: of the peer's, those that act here now.
        told: feedback by what the peer did with it.
    """

    feed: Feed
    state: FeedState
    health: Health
    lag_s: float | None
    entries: int
    signals: int
    told: Mapping[str, int]
    pulls: tuple[Pull, ...] = ()
    bad: tuple[tuple[datetime, Unreadable], ...] = ()


class Feeds:
    """The verbs of feeds."""

    def __init__(self, *, db: Database, peers: Peers) -> None:
        """Take what it needs."""
        self._db = db
        self._peers = peers

    def add(self, new: NewFeed, by: Principal) -> Feed:
        """Enter a feed; it is pulled at once.

        Raises:
            BadInput: name, kind, options or credentials are wrong.
            NotFound: no such bank.
            Conflict: there is one of this name.
        """
        with self._db.read() as tx:
            bank = banks.get(tx, new.bank)
        feed = self._new(new, bank, by)
        self._valid(feed, new.credentials)
        with self._db.transaction() as tx:
            made = exchange_feeds.create(tx, feed, new.credentials)
            tx.audit(
                by.id, "exchange.add", made.id, name=made.name, kind=made.kind, bank=bank.name,
                vouched=made.vouched_by is not None,
            )  # fmt: skip
            self._wake(tx, made)
        return made

    def _new(self, new: NewFeed, bank: Bank, by: Principal) -> Feed:
        if new.vouch and by.person is None:
            raise NotAllowed("A list is vouched for by a person, not by a key.")
        return Feed(
            id=new_id(), number=0, name=feed_name(new.name), kind=new.kind, bank=bank.name,
            bank_number=bank.number, url=new.url.strip(), options=dict(new.options),
            source=new.source, permitted_use=new.permitted_use, labels=tuple(new.labels),
            every_s=new.every_s, vouched_by=by.person if new.vouch else None,
            feedback=new.feedback, counts=new.counts,
        )  # fmt: skip

    def change(
        self, name: str, fields: Mapping[str, Any], by: Principal, *, version: int | None = None
    ) -> Feed:
        """Change what is said of a feed: members of `NewFeed` without name, kind and bank, and
        `enabled`; credentials by `user`, `password`, `token`, `second`.

        Raises:
            NotFound: no such feed.
            BadInput: options or credentials are wrong.
            Conflict: somebody changed it meanwhile.
        """
        said = dict(fields)
        secret = {key: said.pop(key) for key in SECRETS if key in said}
        vouch = said.pop("vouch", None)
        if vouch and by.person is None:
            raise NotAllowed("A list is vouched for by a person, not by a key.")
        if vouch is not None:
            said["vouched_by"] = by.person if vouch else None
        with self._db.transaction() as tx:
            before = exchange_feeds.get(tx, name)
            feed = replace(before, **said)
            kept = exchange_feeds.credentials(tx, before.id)
            credentials = replace(kept, **secret)
            self._valid(feed, credentials)
            made = exchange_feeds.change(
                tx, feed, credentials if secret else None, version=version
            )  # fmt: skip
            tx.audit(by.id, "exchange.change", made.id, fields=sorted([*said, *secret]))
            if made.enabled and not before.enabled:
                self._wake(tx, made)
        return made

    def pause(self, name: str, by: Principal) -> Feed:
        """Pull it no more; its entries stay."""
        return self.change(name, {"enabled": False}, by)

    def resume(self, name: str, by: Principal) -> Feed:
        """Pull it again, from where it was."""
        return self.change(name, {"enabled": True}, by)

    def pull(self, name: str, by: Principal) -> Feed:
        """Pull it now.

        Raises:
            NotFound: no such feed.
            BadInput: it is paused.
        """
        with self._db.transaction() as tx:
            feed = exchange_feeds.get(tx, name)
            if not feed.enabled:
                raise BadInput(f"The feed {name} is paused. Resume it first.")
            tx.audit(by.id, "exchange.pull", feed.id)
            self._wake(tx, feed)
        return feed

    def remove(self, name: str, by: Principal, *, withdraw: bool = False) -> Feed:
        """Forget a feed and its credentials; its entries stay, or are withdrawn.

        Raises:
            NotFound: no such feed.
        """
        with self._db.transaction() as tx:
            tx.lock_changes()
            feed = exchange_feeds.get(tx, name)
            exchange_feeds.remove(tx, feed, withdraw=withdraw)
            tx.audit(by.id, "exchange.remove", feed.id, name=name, withdraw=withdraw)
            if withdraw:
                key = f"exchange.release:{feed.id}"
                jobs.enqueue(tx, RELEASE_JOB, {"feed": feed.id}, dedup_key=key)
        return replace(feed, enabled=False)

    def check(self, name: str) -> Checked:
        """Ask the peer whether it lets us in; never raises for what the peer does."""
        with self._db.read() as tx:
            feed = exchange_feeds.get(tx, name)
        return self.try_out(feed, None)

    def try_out(self, feed: Feed, credentials: Credentials | None) -> Checked:
        """The same for a feed that is not kept yet."""
        try:
            return self._peers.client(feed, credentials).check()
        except (PeerRefused, Unavailable, BadInput) as error:
            return Checked(False, error.detail or error.title())

    def every(self) -> list[Shown]:
        """All, by name."""
        with self._db.read() as tx:
            return [self._shown(tx, feed) for feed in exchange_feeds.every(tx)]

    def get(self, name: str, *, pulls: int = 50, bad: int = 100) -> Shown:
        """One with its pulls and what could not be read, the newest first. Raises `NotFound`."""
        with self._db.read() as tx:
            feed = exchange_feeds.get(tx, name)
            return replace(
                self._shown(tx, feed),
                pulls=tuple(exchange_feeds.pulls(tx, feed, limit=pulls)),
                bad=tuple(exchange_feeds.bad_of(tx, feed, limit=bad)),
            )

    def _shown(self, tx: Tx, feed: Feed) -> Shown:
        state = exchange_feeds.state(tx, feed)
        here, signals = exchange_items.counts(tx, feed.number)
        return Shown(
            feed, state, state.health(feed, tx.now), state.lag_s(tx.now), here, signals,
            exchange_told.outcomes(tx, feed),
        )  # fmt: skip

    def _valid(self, feed: Feed, credentials: Credentials) -> None:
        """Refuse what would never work.

        Raises:
            BadInput: in a sentence.
        """
        if not LEAST_EVERY_S <= feed.every_s <= MOST_EVERY_S:
            raise BadInput(f"every_s is {LEAST_EVERY_S} to {MOST_EVERY_S:,} seconds.")
        if len(feed.url) > LONGEST or any(letter <= " " for letter in feed.url):
            raise BadInput("The address of a feed is one https address without spaces.")
        offers = self._peers.maker(feed.kind).offers
        unknown = sorted(set(feed.options) - set(offers.options))
        if unknown:
            known = ", ".join(sorted(offers.options)) or "none"
            raise BadInput(f"{feed.kind} has no option {unknown[0]}; it has: {known}.")
        lacking = [name for name in offers.needs if not getattr(credentials, name)]
        if lacking:
            raise BadInput(f"{feed.kind} needs {' and '.join(lacking)}.")
        if feed.feedback and not offers.feedback:
            raise BadInput(f"{feed.kind} takes no feedback.")
        if feed.counts and not offers.counts:
            raise BadInput(f"{feed.kind} takes no match counts.")
        self._peers.client(feed, credentials)

    def _wake(self, tx: Tx, feed: Feed) -> None:
        """Have it pulled now: a job that waits for a peer to come back is asked anew."""
        exchange_feeds.set_state(tx, feed, due_at=tx.now)
        job = jobs.enqueue(tx, PULL_JOB, {"feed": feed.id}, dedup_key=f"exchange:{feed.id}")
        jobs.hurry(tx, job)
