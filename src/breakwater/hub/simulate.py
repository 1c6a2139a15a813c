"""The simulator: what a member would see, and why not the rest, without anything going out.

In: a member, a purpose, and perhaps one rule more. Out: entries counted by list, source and
category with what decided, and the same for single entries. It asks `hub.policy` as every way
out does. Contract: `tests/contract/test_hub_running.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from breakwater.errors import NotFound
from breakwater.hub.members import must_read
from breakwater.hub.policy import Given, Ruling, View
from breakwater.hub.rules import RuleWish
from breakwater.model.access import Principal
from breakwater.model.bank import EntryStatus
from breakwater.model.hub import ReleasePurpose, ReleaseRule
from breakwater.model.ids import Id, new_id
from breakwater.records import (
    entries,
    hub_feeds,
    hub_given,
    hub_lists,
    hub_members,
    hub_rules,
    hub_sums,
)
from breakwater.records.database import Database, Tx
from breakwater.records.hub_feeds import Batch

SINGLE_MOST: Final = 5000
"""Entries that say something of themselves, ruled on one by one; more are counted as not looked at."""


@dataclass(frozen=True, slots=True)
class Line:
    """Entries of one list, source and category on which one thing decided.

    Attributes:
        source: name of the member; empty: this house.
        ruling: what was decided; `held` and `proposed` are words of `why` besides the policy's.
    """

    list: str
    source: str
    category: str
    ruling: Ruling
    entries: int


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a member would see.

    Attributes:
        lines: by list, source and category, what goes out first.
        released, withheld: entries altogether.
        left: entries that say something of themselves and were not looked at.
    """

    lines: tuple[Line, ...]
    released: int
    withheld: int
    left: int = 0


@dataclass(frozen=True, slots=True)
class One:
    """One entry: what each contributor's rules say, and what that comes to."""

    number: int
    list: str
    status: EntryStatus
    ruling: Ruling
    each: tuple[tuple[str, str, Ruling], ...]


class Simulator:
    """Asks the policy and gives nothing out."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def simulate(
        self, by: Principal, member: Id, purpose: ReleasePurpose, *, extra: RuleWish | None = None,
        at: datetime | None = None,
    ) -> Simulated:  # fmt: skip
        """What a member would see.

        Args:
            by: who asks.
            member: who would see.
            purpose: what for.
            extra: a rule that is thought of and stands nowhere.
            at: the moment; now without.

        Raises:
            NotAllowed: not by those who may see the hub.
            NotFound: no such member or list.
        """
        must_read(by)
        with self._db.read() as tx:
            view = _view(tx, member, purpose, extra, at or tx.now)
            return _counted(tx, view)

    def entry(self, by: Principal, member: Id, purpose: ReleasePurpose, number: int) -> One:
        """What would become of one entry for a member; raises `NotAllowed`, `NotFound`."""
        must_read(by)
        with self._db.read() as tx:
            return _one(tx, _view(tx, member, purpose, None, tx.now), number)


def _view(
    tx: Tx, member: Id, purpose: ReleasePurpose, extra: RuleWish | None, at: datetime
) -> View:
    rules = hub_rules.every(tx)
    if extra is not None:
        rules.append(_thought(tx, extra))
    lists = hub_lists.every(tx)
    return View.of(hub_members.get(tx, member), purpose, rules, at, lists=lists)


def _thought(tx: Tx, wish: RuleWish) -> ReleaseRule:
    number = None if wish.list is None else hub_lists.by_name(tx, wish.list).bank_number
    return ReleaseRule(
        new_id(), wish.effect, wish.source, number, wish.recipient, wish.recipient_kind,
        wish.recipient_country, wish.purpose, wish.category, wish.expires_at,
    )  # fmt: skip


def _counted(tx: Tx, view: View) -> Simulated:
    names = {one: name for one, (_, name) in hub_feeds.names(tx).items()}
    lists = {one.bank_number: one.name for one in hub_lists.every(tx)}
    found: dict[tuple[str, str, str, Ruling], int] = {}
    sums = hub_sums.by_batch(tx, sorted(lists))
    batches = hub_feeds.batches(tx, [one.import_number for one in sums if one.import_number])
    house = hub_feeds.house(tx, lists)
    for row in sums:
        batch = batches.get(row.import_number or 0, house[row.bank])
        who = "" if batch.member is None else names[batch.member]
        ruling = _resting(row.status) or _of_batch(view, batch, row.bank)
        key = (lists[row.bank], who, batch.category, ruling)
        found[key] = found.get(key, 0) + row.entries
    singles, left = hub_sums.singles(tx, sorted(lists), SINGLE_MOST)
    for number in singles:
        one = _one(tx, view, number)
        source, category, _ = one.each[0] if one.each else ("", "", one.ruling)
        key = (one.list, source, category, one.ruling)
        found[key] = found.get(key, 0) + 1
    lines = [Line(*key, entries=count) for key, count in found.items() if count]
    lines.sort(key=lambda one: (not one.ruling.allowed, one.list, one.source, one.category))
    out = sum(one.entries for one in lines if one.ruling.allowed)
    return Simulated(tuple(lines), out, sum(one.entries for one in lines) - out, left)


def _of_batch(view: View, batch: Batch, bank: int) -> Ruling:
    use = batch.permitted_use or batch.bank_use
    ends = _first(batch.expires_at, batch.bank_expires_at)
    given = [Given(batch.member, batch.category)]
    return view.entry(given, bank, batch.labels, permitted_use=use, expires_at=ends)


def _one(tx: Tx, view: View, number: int) -> One:
    row = next(iter(hub_feeds.rows_of(tx, [number])), None)
    names = {one.bank_number: one.name for one in hub_lists.every(tx, ended=True)}
    if row is None or row.bank not in names:
        raise NotFound(f"entry {number} of a shared list")
    whole = entries.get(tx, number)
    who = {one: name for one, (_, name) in hub_feeds.names(tx).items()}
    batch = hub_feeds.batches(tx, [row.import_number or 0]).get(row.import_number or 0)
    house = hub_feeds.house(tx, [row.bank])[row.bank]
    given = [
        Given(one.member, one.category)
        for one in hub_given.givers(tx, [number], published=True)[number]
    ]
    if batch is None or batch.member is None:
        given.insert(0, Given(None))
    use, ends = whole.permitted_use, _first(whole.expires_at, house.bank_expires_at)
    each = tuple(
        (
            "" if one.source is None else who[one.source], one.category,
            view.ruling(
                one.source, row.bank, one.category, whole.labels, permitted_use=use, expires_at=ends
            ),
        )
        for one in given
    )  # fmt: skip
    ruling = view.entry(given, row.bank, whole.labels, permitted_use=use, expires_at=ends)
    resting = _resting(whole.status)
    return One(number, names[row.bank], whole.status, resting or ruling, each)


def _resting(status: EntryStatus) -> Ruling | None:
    """An entry that is not active goes to nobody, whatever rules say."""
    return None if status is EntryStatus.ACTIVE else Ruling(False, status.value)


def _first(*ends: datetime | None) -> datetime | None:
    return min((one for one in ends if one is not None), default=None)


WORDS: Final[dict[str, str]] = {
    "proposed": "It waits for publication.",
    "quarantined": "It is held.",
    "withdrawn": "It was withdrawn.",
}
"""Words of `why` besides the policy's."""
