"""A hub that gives out: members, lists, rules and batches straight in records."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from breakwater.model.access import ApiKey, Permission, Principal
from breakwater.model.bank import Bank, EntryStatus
from breakwater.model.hub import Effect, GivenBy, Member, MemberKind, ReleaseRule
from breakwater.model.ids import Id, new_id
from breakwater.records import (
    api_keys,
    banks,
    entries,
    hub_given,
    hub_lists,
    hub_members,
    hub_rules,
    hub_stamps,
    imports,
)
from breakwater.records.database import Database, Tx
from tests import builders

_count = itertools.count(1)


@dataclass
class Hub:
    """One hub's records."""

    db: Database
    lists: dict[str, Bank] = field(default_factory=dict)

    def list(self, name: str = "SHARED", **facts: Any) -> Bank:
        """A shared list."""
        with self.db.transaction() as tx:
            bank = banks.create(tx, name=name)
            hub_lists.share(tx, bank, **facts)
        self.lists[name] = bank
        return bank

    def member(self, name: str = "", kind: MemberKind = MemberKind.SERVICE, **facts: Any) -> Member:
        """A member without a key."""
        with self.db.transaction() as tx:
            return hub_members.create(tx, name=name or f"Member {next(_count)}", kind=kind, **facts)

    def puller(self, name: str = "", **facts: Any) -> tuple[Member, Principal]:
        """A member, and the principal of a key of its own."""
        made = self.member(name, **facts)
        key = ApiKey(new_id(), f"key {next(_count)}", frozenset({Permission.HUB_PULL}))
        with self.db.transaction() as tx:
            api_keys.create(tx, key, secret_mac=b"0" * 32)
            hub_members.give_key(tx, made.id, key.id)
        return made, Principal(key.id, key.name, key.scopes)

    def rule(self, effect: Effect = Effect.ALLOW, **about: Any) -> ReleaseRule:
        """A rule."""
        with self.db.transaction() as tx:
            return hub_rules.add(tx, ReleaseRule(new_id(), effect, **about))

    def end_rule(self, rule: ReleaseRule) -> None:
        """End it."""
        with self.db.transaction() as tx:
            hub_rules.end(tx, rule.id, by="test")

    def give(
        self,
        member: Member,
        rows: Sequence[tuple[str, bytes, int]],
        *,
        name: str = "SHARED",
        category: str = "",
        status: EntryStatus = EntryStatus.ACTIVE,
        tx: Tx | None = None,
        **facts: Any,
    ) -> list[int]:
        """A batch; answers the numbers of its entries."""
        if tx is None:
            with self.db.transaction() as own:
                return self.give(
                    member, rows, name=name, category=category, status=status, tx=own, **facts
                )
        bank = self.lists[name]
        run = imports.start(tx, bank, source=member.name, **facts)
        hub_given.begin(
            tx, run, bank, member, GivenBy.API, category=category, published_by=str(member.id)
        )
        added = entries.add_lean(tx, bank, rows, import_number=run.number, status=status)
        return list(range(added.first, added.first + added.count))

    def withdraw(self, number: int) -> None:
        """For ever."""
        with self.db.transaction() as tx:
            entries.set_status(tx, number, EntryStatus.WITHDRAWN, by="test")

    def stamp(self, now: int, most: int = 1_000_000) -> None:
        """Give seconds out."""
        with self.db.transaction() as tx:
            hub_stamps.stamp(tx, now=now, most=most)


def rows(n: int, start: int = 0, kind: str = "pdq") -> list[tuple[str, bytes, int]]:
    """Values of a kind."""
    return [(kind, builders.value(kind, i), 90) for i in range(start, start + n)]


def key_of(served: Any, member: Member, *scopes: str) -> str:
    """A key that a served hub gives to a member."""
    token = str(served.key(*(scopes or ("hub:pull", "hub:give"))))
    with served.app.db.transaction() as tx:
        hub_members.give_key(tx, member.id, Id(_uuid(token)))
    return token


def _uuid(token: str) -> str:
    plain = token.split("_")[1]
    return f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"


def spelled(second: int) -> str:
    """A second as the NCMEC dialect spells it."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
