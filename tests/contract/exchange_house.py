"""A house with feeds: the engine over a real database, and a peer on loopback."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from tests import builders

from breakwater.exchange.clients.registry import builtin
from breakwater.exchange.manage import Feeds, NewFeed
from breakwater.exchange.peers import Peers
from breakwater.exchange.running import KINDS, Running
from breakwater.exchange.taking import Taking
from breakwater.exchange.telling import Telling
from breakwater.model.access import Permission, Principal
from breakwater.model.bank import EntryStatus
from breakwater.model.exchange import Credentials
from breakwater.model.ids import new_id
from breakwater.network.addresses import networks
from breakwater.records import banks, entries, exchange_feeds, jobs

LOOPBACK = networks(("127.0.0.0/8",))
KEYS = Credentials(user="harbour", password="lighthouse", token="pier", second="quay")


def someone():
    person = new_id()
    return Principal(person, "Ada", frozenset(Permission), person=person)


@dataclass
class House:
    """The engine and what it wrote."""

    db: object
    clock: object
    folder: object
    most: int = 10**9
    caught: list = field(default_factory=list)

    def __post_init__(self):
        self.peers = Peers(self.db, self.clock, builtin(), self.folder, LOOPBACK)
        self.taking = Taking(status_of_new=self.status_of_new)
        self.telling = Telling(db=self.db, peers=self.peers)
        self.feeds = Feeds(db=self.db, peers=self.peers)
        self.running = Running(
            db=self.db, peers=self.peers, taking=self.taking, telling=self.telling,
            caught_up=lambda: self.caught.append(1),
        )  # fmt: skip
        with self.db.transaction() as tx:
            builders.bank(tx, "LISTED", permitted_use="detection")
        self.by = someone()

    def status_of_new(self, arrived, adding, vouched):
        return (
            EntryStatus.QUARANTINED
            if not vouched and arrived + adding > self.most
            else EntryStatus.ACTIVE
        )

    def add(self, peer, name="ncmec-1", kind="ncmec", **facts):
        known = {
            "name": name, "kind": kind, "bank": "LISTED", "url": peer.url, "credentials": KEYS,
            "options": {"from": "2026-01-01T00:00:00Z"} if kind == "ncmec" else {},
        }  # fmt: skip
        return self.feeds.add(NewFeed(**known | facts), self.by)

    def turn(self, *, kinds=KINDS):
        """Do every job that is due now, once."""
        done = 0
        self.running.plan()
        while claimed := jobs.claim(self.db, kinds, owner="test", lease_s=30.0):
            with contextlib.suppress(Stopped):
                self.running.do(claimed[0])
            done += 1
        return done

    def active(self, bank="LISTED"):
        with self.db.read() as tx:
            found = entries.page(tx, banks.get(tx, bank), limit=100_000)
        return {(e.kind, e.value): e for e in found if e.status is not EntryStatus.WITHDRAWN}

    def state(self, name="ncmec-1"):
        with self.db.read() as tx:
            return exchange_feeds.state(tx, exchange_feeds.get(tx, name))


class Stopped(Exception):
    """The process died here."""
