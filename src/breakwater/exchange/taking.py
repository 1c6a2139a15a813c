"""One page of a feed, taken whole or not at all: entries, whose they are, and the checkpoint.

In comes a page; in the caller's transaction the bank gets what is new, what a peer withdrew or
changed is let go of, and the feed stands at the page's checkpoint. So a kill between any two
pages neither loses nor doubles a row, and a page that comes twice changes nothing. A value that
somebody else gives still (another feed, somebody here) is never withdrawn. What a person here
withdrew does not come back by the same feed. Contract: `tests/contract/test_exchange_running.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

from breakwater.exchange import taking_many
from breakwater.exchange.ports import PAGE
from breakwater.model.bank import NO_END, Bank, EntryStatus
from breakwater.model.case import CaseKind, Priority
from breakwater.model.event import EventType
from breakwater.model.exchange import (
    MOST_REMOTE,
    Feed,
    Gone,
    Item,
    Many,
    Offered,
    Page,
    Pull,
    Row,
    Unreadable,
)
from breakwater.records import banks, cases, entries, exchange_feeds, exchange_items, imports
from breakwater.records.database import Tx
from breakwater.records.exchange_items import Known
from breakwater.records.exchange_told import THEIRS
from breakwater.records.lean import Added

AT_ONCE: Final = 500
OPINIONS: Final = 20
"""Opinions of a peer's members that are kept of one entry."""
MOST_SIGNALS: Final = 64
"""Signals of one remote entry: a file has one hash of each kind."""

StatusOfNew = Callable[[int, int, bool], EntryStatus]
"""Arrived in the last hour, adding now, vouched for: how new entries start (floods are held)."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one page did.

    Attributes:
        offered: remote entries in it; added: values new to the bank; gone: entries withdrawn.
        held: values that flood the bank and wait for a person.
    """

    offered: int = 0
    added: int = 0
    gone: int = 0
    bad: int = 0
    held: int = 0

    def __add__(self, other: Taken) -> Taken:
        """Of two parts of a page."""
        return Taken(
            self.offered + other.offered, self.added + other.added, self.gone + other.gone,
            self.bad + other.bad, self.held + other.held,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """What a page asks: signals to add, entries that stay, and (remote id, entry) to end."""

    add: list[tuple[Offered, Row]]
    stays: list[tuple[Offered, Known]]
    ends: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Desk:
    """What a page is taken with."""

    tx: Tx
    feed: Feed
    pull: Pull
    bank: Bank
    turn: int


class Taking:
    """Takes pages of one feed."""

    def __init__(self, *, status_of_new: StatusOfNew) -> None:
        """Take the rule of floods."""
        self._status_of_new = status_of_new

    def page(self, tx: Tx, feed: Feed, pull: Pull, page: Page) -> Taken:
        """Take one page; its checkpoint stands with it."""
        tx.lock_changes()
        turn = exchange_feeds.turn(tx, feed) + (1 if page.restarts else 0)
        on = Desk(tx, feed, pull, banks.get(tx, feed.bank), turn)
        done = self._items(on, page.items)
        for many in page.many:
            done += self._many(on, many)
        exchange_feeds.count(
            tx, feed, pull.id, offered=done.offered, added=done.added, gone=done.gone, bad=done.bad
        )
        exchange_feeds.set_state(tx, feed, checkpoint=page.checkpoint, turn=turn)
        if page.reached is not None:
            exchange_feeds.set_state(tx, feed, reached=page.reached)
        return done

    def _items(self, on: Desk, items: Sequence[Item]) -> Taken:
        """Take entries one by one."""
        tx, pull = on.tx, on.pull
        wanted, bad = settle(items)
        known = exchange_items.of_remote(tx, on.feed.number, wanted)
        plan = planned(wanted, known)
        added, held = self._add(on, plan.add)
        _stay(on, plan.stays)
        gone = self.let_go(tx, on.feed, on.bank, plan.ends)
        exchange_feeds.bad_rows(tx, pull.id, exchange_feeds.pull(tx, pull.id).bad, bad)
        offered = sum(isinstance(one, Offered) for one in wanted.values())
        return Taken(offered, added, gone, len(bad), held)

    def _many(self, on: Desk, many: Many) -> Taken:
        """Take entries in columns: what is new at once, the rest one by one."""
        if not taking_many.fits(many):
            return self._items(on, list(many.offers()))
        new, old = taking_many.divided(on.tx, on.feed, many)
        added, held, joined = taking_many.taken(
            on.tx, on.feed, on.bank, new, partial(self._bulk, on), turn=on.turn
        )
        for at in range(0, len(joined), PAGE):
            _call(on, dict.fromkeys(joined[at : at + PAGE], new.shared))
        done = Taken(len(new.remote), added, held=held)
        for at in range(0, len(old), PAGE):
            done += self._items(on, old[at : at + PAGE])
        return done

    def _add(self, on: Desk, pairs: Sequence[tuple[Offered, Row]]) -> tuple[int, int]:
        """Add what the bank has not, each under an import that says what it is."""
        groups: dict[Offered, list[tuple[Offered, Row]]] = defaultdict(list)
        for offer, row in pairs:
            groups[_group(offer)].append((offer, row))
        added = held = 0
        for group, some in groups.items():
            rows = sorted({(r[0], r[1]): r for _, r in some}.values())
            there = exchange_items.numbers_of(on.tx, on.bank, rows)
            new = [row for row in rows if (row[0], row[1]) not in there]
            _call(on, dict.fromkeys(there.values(), group))
            if new:
                made, status = self._bulk(on, group, new)
                added += made.count
                held += made.count if status is EntryStatus.QUARANTINED else 0
                there |= exchange_items.numbers_of(on.tx, on.bank, new)
            joined = [
                (offer.remote_id, there[r[0], r[1]]) for offer, r in some if (r[0], r[1]) in there
            ]
            exchange_items.join(on.tx, on.feed.number, joined, turn=on.turn)
            _hear(on.tx, on.feed, some, there)
        return added, held

    def _bulk(self, on: Desk, group: Offered, new: Sequence[Row]) -> tuple[Added, EntryStatus]:
        tx, feed, bank = on.tx, on.feed, on.bank
        said = _said(on, group)
        made = imports.start(
            tx, bank, source=said["source"], digest=_digest(on.pull, group),
            labels=said["labels"], permitted_use=group.permitted_use or feed.permitted_use,
            expires_at=group.expires_at, signed_by=feed.vouched_by,
        )  # fmt: skip
        exchange_items.of_pull(tx, made.number, feed.number, on.pull.id)
        hour = tx.now - timedelta(hours=1)
        status = self._status_of_new(
            entries.arrived(tx, bank, since=hour), len(new), feed.vouched_by is not None
        )
        done = entries.add_lean(tx, bank, new, import_number=made.number, status=status)
        imports.progress(
            tx, made.number, rows_read=made.rows_read + len(new),
            rows_kept=made.rows_kept + done.count, rows_bad=0,
        )  # fmt: skip
        return done, status

    def let_go(self, tx: Tx, feed: Feed, bank: Bank, ends: Iterable[tuple[str, int]]) -> int:
        """A peer does not give these any more: withdraw those that nobody else gives.

        Answers how many entries were withdrawn.
        """
        pairs = list(ends)
        if not pairs:
            return 0
        exchange_items.part_from(tx, feed.number, pairs)
        numbers = sorted({number for _, number in pairs})
        held_by = exchange_items.others(tx, numbers)
        first = exchange_items.brought_by(tx, numbers)
        found = entries.many(tx, numbers)
        gone = [n for n in numbers if n not in held_by and n in found]
        gone = [n for n in gone if found[n].status is not EntryStatus.WITHDRAWN]
        for number in gone:
            entries.set_status(
                tx, number, EntryStatus.WITHDRAWN, by=f"{THEIRS}{feed.name}",
                reason="withdrawn by who gave it",
            )  # fmt: skip
        for number, other in held_by.items():
            handed = first.get(number) == feed.number != other
            if handed and found[number].status is not EntryStatus.WITHDRAWN:
                _hand_on(tx, bank, number, other)
        for at in range(0, len(gone), AT_ONCE):
            some = gone[at : at + AT_ONCE]
            tx.audit("exchange", "entry.withdrawn", feed.id, numbers=some)
            tx.emit(EventType.ENTRY_WITHDRAWN, bank.id, numbers=some)
        return len(gone)

    def finish(self, tx: Tx, feed: Feed, pull: Pull) -> None:
        """A pull came to its end: what it brought is looked for backwards, a flood is told."""
        bank = banks.get(tx, feed.bank)
        held = 0
        for number in exchange_items.imports_of(tx, pull.id):
            if imports.get(tx, number).finished:
                continue
            imports.finish(tx, number)
            held += entries.quarantined_of(tx, number)
            tx.emit(EventType.IMPORT_FINISHED, bank.id, import_number=number)
        if held:
            cases.open(
                tx, kind=CaseKind.QUARANTINE, subject=bank.id, priority=Priority.HIGH, service="",
                account="",
                why=f"{held:,} entries of feed {feed.name} flood bank {bank.name} and nobody "
                "vouched for the list; they wait until a person has looked.",
            )  # fmt: skip
        exchange_feeds.end(tx, feed, pull.id)


def settle(items: Sequence[Item]) -> tuple[dict[str, Offered | Gone], list[Unreadable]]:
    """The last word of each remote id, and what could not be read."""
    wanted: dict[str, Offered | Gone] = {}
    bad: list[Unreadable] = []
    for item in items:
        if isinstance(item, Unreadable):
            bad.append(item)
        elif not item.remote_id or len(item.remote_id) > MOST_REMOTE or _odd(item.remote_id):
            bad.append(
                Unreadable("an entry", f"Its id is empty, odd or over {MOST_REMOTE} letters.")
            )
        elif isinstance(item, Offered) and len(item.signals) > MOST_SIGNALS:
            bad.append(Unreadable(item.remote_id, f"It has more than {MOST_SIGNALS} signals."))
        else:
            wanted[item.remote_id] = item
    return wanted, bad


def planned(wanted: Mapping[str, Offered | Gone], known: Mapping[str, Sequence[Known]]) -> Plan:
    """What a page asks, by what is kept: a peer's entry is replaced by what it says of it now."""
    plan = Plan([], [], [])
    for remote, item in wanted.items():
        stands = known.get(remote, ())
        if isinstance(item, Gone):
            plan.ends.extend((remote, one.number) for one in stands)
            continue
        said = {(kind, value): (kind, value, quality) for kind, value, quality in item.signals}
        for one in stands:
            if said.pop((one.kind, one.value), None) is None:
                plan.ends.append((remote, one.number))
            else:
                plan.stays.append((item, one))
        plan.add.extend((item, row) for row in said.values())
    return plan


def _stay(on: Desk, stays: Sequence[tuple[Offered, Known]]) -> None:
    """Entries that a peer has still: seen in this turn, and called what it calls them now."""
    seen = ((offer.remote_id, known.number) for offer, known in stays)
    exchange_items.seen(on.tx, on.feed.number, seen, turn=on.turn)
    _call(on, {known.number: offer for offer, known in stays if not known.withdrawn})


def _call(on: Desk, offers: Mapping[int, Offered]) -> None:
    """Call entries that this feed brought what it calls them now, whatever ids it gives them by.

    A peer may take an entry back and give its value anew: what stood is kept for the new id, and
    neither an old category nor an old end may outlive what said them.
    """
    ours = exchange_items.brought_by(on.tx, offers)
    mine = [number for number in offers if ours.get(number) == on.feed.number]
    for number, entry in entries.many(on.tx, mine).items():
        said = _said(on, offers[number])
        changed = {name: value for name, value in said.items() if getattr(entry, name) != value}
        if "expires_at" in changed:
            changed["expires_at"] = offers[number].expires_at or NO_END
        if changed:
            entries.override(on.tx, number, **changed)


def _said(on: Desk, offer: Offered) -> dict[str, Any]:
    """What an entry is called by this feed: members of `Entry`."""
    return {
        "labels": (*on.feed.labels, *offer.labels),
        "source": offer.source or on.feed.source or on.bank.source or on.feed.name,
        "permitted_use": offer.permitted_use or on.feed.permitted_use or on.bank.permitted_use,
        "expires_at": offer.expires_at,
    }


def _odd(text: str) -> bool:
    """Whether a text cannot be stored."""
    return "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text)


def _group(offer: Offered) -> Offered:
    """What entries inherit together."""
    return replace(offer, remote_id="", signals=(), opinions=(), at=None)


def _digest(pull: Pull, group: Offered) -> str:
    """By it the import of a group is taken up again by the next page of the same pull."""
    said = [pull.id, list(group.labels), group.permitted_use, group.source, str(group.expires_at)]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _hear(
    tx: Tx, feed: Feed, some: Iterable[tuple[Offered, Row]], there: Mapping[tuple[str, bytes], int]
) -> None:
    """Keep what members of the peer said of new entries, as theirs."""
    for offer, (kind, value, _) in some:
        for said in offer.opinions[:OPINIONS]:
            if said.kind in {"", kind} and (kind, value) in there:
                entries.add_opinion(
                    tx, there[kind, value], said.opinion, by=f"{THEIRS}{feed.name}",
                    note=exchange_feeds.clean(f"{said.by}: {said.note}"),
                )  # fmt: skip


def _hand_on(tx: Tx, bank: Bank, number: int, feed_number: int) -> None:
    """Say of an entry that another gives it now: the first giver's word does not bind it."""
    found = exchange_feeds.by_number(tx, feed_number)
    entries.override(
        tx, number, source=(found.source or found.name) if found else bank.source or "this installation",
        permitted_use=(found.permitted_use if found else "") or bank.permitted_use,
    )  # fmt: skip
