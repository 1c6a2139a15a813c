"""A hub for tests: members with keys, shared lists, an index that follows, and the hub's verbs."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path
from typing import Any

from breakwater.fingerprint.registry import Registry
from breakwater.hub import holding
from breakwater.hub.contribute import Contribute, Request
from breakwater.hub.curate import Curate
from breakwater.hub.feedback import Feedback
from breakwater.matching.index import Index
from breakwater.model.access import ApiKey, Permission, Principal, Role
from breakwater.model.bank import Bank, Entry
from breakwater.model.hub import Effect, Member, MemberKind, ReleaseRule
from breakwater.model.hub_given import Giver, Question
from breakwater.model.ids import Id, new_id
from breakwater.recognition.feed import IndexFeed
from breakwater.records import (
    api_keys,
    banks,
    entries,
    hub_given,
    hub_lists,
    hub_members,
    hub_queue,
    hub_rules,
    people,
)
from breakwater.records.database import Database

_count = itertools.count(1)
LIMITS = holding.Limits(entries_per_hour=50, matches=100, members=2, wrong=5)


def value(kind: str, seed: object) -> str:
    """A value of a kind in hexadecimal: the same for the same seed."""
    size = {"md5": 16, "sha1": 20, "sha256": 32, "pdq": 32, "url": 32, "domain": 32}[kind]
    return hashlib.shake_256(f"{kind}/{seed}".encode()).hexdigest(size)


class HubHouse:
    """One hub on one database."""

    def __init__(self, db: Database, directory: Path, limits: holding.Limits = LIMITS) -> None:
        registry = Registry.installed()
        self.db = db
        self.index = Index.open(
            directory / "index", kinds=registry.kinds, factories=registry.index_factories
        )
        self.feed = IndexFeed(db=db, index=self.index)
        self.contribute = Contribute(db=db, feed=self.feed, limits=limits)
        self.feedback = Feedback(db=db, feed=self.feed, limits=limits)
        self.curate = Curate(db=db, feed=self.feed)
        self.limits = limits

    def close(self) -> None:
        self.index.close()

    def list(self, name: str = "KNOWN", **facts: Any) -> Bank:
        """A shared list."""
        with self.db.transaction() as tx:
            bank = banks.create(tx, name=name)
            hub_lists.share(tx, bank, **facts)
        return bank

    def member(
        self, name: str = "", *, trusted: bool = False, **facts: Any
    ) -> tuple[Member, Principal]:
        """A member and the key that speaks for it."""
        key = ApiKey(new_id(), f"key {next(_count)}", frozenset({Permission.HUB_GIVE}))
        with self.db.transaction() as tx:
            made = hub_members.create(
                tx, name=name or f"Member {next(_count)}", kind=MemberKind.SERVICE,
                trusted=trusted, **facts,
            )  # fmt: skip
            api_keys.create(tx, key, secret_mac=b"0" * 32)
            hub_members.give_key(tx, made.id, key.id)
        return made, Principal(key.id, key.name, key.scopes)

    def person(self, name: str = "", *permissions: Permission) -> Principal:
        """Somebody who runs the hub."""
        with self.db.transaction() as tx:
            one = people.create(tx, name=name or f"Person {next(_count)}", roles=[Role.QA_LEAD])
        allowed = {Permission.HUB_READ, Permission.HUB_WRITE, Permission.HUB_CURATE, *permissions}
        return Principal(one.id, one.name, frozenset(allowed), person=one.id)

    def allow(self, **facts: Any) -> None:
        """A rule that lets something out; to everybody when nothing is said."""
        with self.db.transaction() as tx:
            hub_rules.add(tx, ReleaseRule(new_id(), Effect.ALLOW, **facts))

    def open(self) -> list[Question]:
        """What curators have before them."""
        with self.db.read() as tx:
            return hub_queue.page(tx)

    def give(self, who: Principal, *said: Any, name: str = "KNOWN", **facts: Any) -> Any:
        """Give; a bare seed is an MD5 of it."""
        rows = [one if isinstance(one, dict) else {"md5": value("md5", one)} for one in said]
        return self.contribute.give(who, name, Request(rows, **facts))

    def entry(self, seed: object, kind: str = "md5", name: str = "KNOWN") -> Entry | None:
        """The entry of a value that is not withdrawn."""
        with self.db.read() as tx:
            return entries.find(tx, banks.get(tx, name), kind, bytes.fromhex(value(kind, seed)))

    def number(self, seed: object, kind: str = "md5", name: str = "KNOWN") -> int:
        """Its number."""
        found = self.entry(seed, kind, name)
        assert found is not None
        return found.number

    def at(self, number: int) -> Entry:
        """An entry by number, withdrawn or not."""
        with self.db.read() as tx:
            return entries.get(tx, number)

    def givers(self, number: int) -> dict[Id, Giver]:
        """Who gives an entry."""
        with self.db.read() as tx:
            return {one.member: one for one in hub_given.givers(tx, [number])[number]}
