"""What people and keys do with banks. Every change is a row, an audit leaf and an event.

Fed by `web.api`, `web.pages` and `cli.bank`; `recognition.feed` is told at the end of each
verb, so that a new entry matches and a withdrawn one stops before the caller has its answer.
Negative entries need two people (law reference, "two people for").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from breakwater.banks import policy
from breakwater.errors import BadInput, NotAllowed
from breakwater.model.access import Principal
from breakwater.model.bank import Bank, BankAction, Entry, EntryStatus, Opinion, bank_name
from breakwater.model.case import CaseKind, Priority
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.model.signal import Signal, SignalKind, kind_named
from breakwater.recognition.feed import IndexFeed
from breakwater.records import approvals, banks, cases, entries, exchange_items
from breakwater.records.database import Database, Tx

NEGATIVE_ENTRY = "negative_entry"
"""Kind of the two-person approval of a known-harmless entry."""


@dataclass(frozen=True, slots=True)
class NewBank:
    """What a caller says about a bank that is to be made."""

    name: str
    purpose: str = ""
    source: str = ""
    permitted_use: str = "detection"
    action: BankAction = BankAction.HOLD
    limits: Mapping[str, int] | None = None
    enabled_share: float = 1.0
    verified: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewEntry:
    """One signal to be added."""

    signal: Signal
    quality: int = 100


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is said of entries that are added together."""

    labels: tuple[str, ...] = ()
    source: str = ""
    note: str = ""
    negative: bool = False


class Banks:
    """The verbs of banks and entries."""

    def __init__(
        self,
        *,
        db: Database,
        feed: IndexFeed,
        floods: policy.Floods,
        kinds: Sequence[SignalKind],
    ) -> None:
        self._db = db
        self._feed = feed
        self._floods = floods
        self._kinds = tuple(kinds)

    def create(self, new: NewBank, by: Principal) -> Bank:
        """Make a bank.

        Raises:
            BadInput: name, share or limits out of bounds.
            Conflict: the name is taken.
        """
        bank_name(new.name)
        limits = _limits(new.limits or {})
        _share(new.enabled_share)
        with self._db.transaction() as tx:
            bank = banks.create(
                tx,
                name=new.name,
                purpose=new.purpose,
                source=new.source,
                permitted_use=new.permitted_use,
                action=new.action,
                limits=limits,
                enabled_share=new.enabled_share,
                verified=new.verified,
                expires_at=new.expires_at,
            )
            tx.audit(by.id, "bank.create", bank.id, name=bank.name, does=bank.action.value)
            tx.emit(EventType.BANK_CHANGED, bank.id)
        return bank

    def update(
        self, name: str, by: Principal, changes: Mapping[str, Any], *, expected_change: int | None
    ) -> Bank:
        """Change a bank's fields; `expected_change` guards against two people at once."""
        if "limits" in changes:
            changes = {**changes, "limits": _limits(changes["limits"])}
        if "enabled_share" in changes:
            _share(changes["enabled_share"])
        if "name" in changes:
            bank_name(changes["name"])
        with self._db.transaction() as tx:
            before = banks.get(tx, name)
            bank = banks.update(
                tx,
                replace(before, **changes),
                expected_change=before.change if expected_change is None else expected_change,
            )
            tx.audit(by.id, "bank.update", bank.id, fields=sorted(changes))
            tx.emit(EventType.BANK_CHANGED, bank.id)
        return bank

    def archive(self, name: str, by: Principal) -> Bank:
        """Stop using a bank; its entries stay for the record and match no more."""
        with self._db.transaction() as tx:
            bank = banks.archive(tx, banks.get(tx, name))
            tx.audit(by.id, "bank.archive", bank.id, name=bank.name)
            tx.emit(EventType.BANK_CHANGED, bank.id)
        return bank

    def every(self) -> list[Bank]:
        """All banks in use, by name."""
        with self._db.read() as tx:
            return banks.every(tx)

    def get(self, name: str) -> Bank:
        """One bank by name; raises NotFound."""
        with self._db.read() as tx:
            return banks.get(tx, name)

    def add(
        self, name: str, new: Sequence[NewEntry], by: Principal, about: Provenance | None = None
    ) -> list[Entry]:
        """Add signals to a bank; values that are there already are answered as they are.

        A flood without a signature is quarantined: shown and alarmed, not acted on.
        """
        about = about or Provenance()
        if about.negative:
            self._harmless_kinds(new)
        with self._db.transaction() as tx:
            bank = banks.get(tx, name)
            status = policy.status_of_new(
                negative=about.negative,
                signed=False,
                arrived=entries.arrived(tx, bank, since=tx.now - timedelta(hours=1)),
                adding=len(new),
                floods=self._floods,
            )
            added = entries.add(
                tx,
                bank,
                [(item.signal.kind, item.signal.value, item.quality) for item in new],
                labels=about.labels,
                negative=about.negative,
                status=status,
                source=about.source,
                note=about.note,
            )
            exchange_items.given_here(tx, bank, (entry.number for entry in added), new_id())
            self._after_add(tx, bank, added, status, by)
        self._feed.catch_up()
        return added

    def _after_add(
        self, tx: Tx, bank: Bank, added: Sequence[Entry], status: EntryStatus, by: Principal
    ) -> None:
        numbers = [entry.number for entry in added]
        tx.audit(by.id, "entry.add", bank.id, numbers=numbers[:100], count=len(numbers))
        if status is EntryStatus.PROPOSED:
            for entry in added:
                if entry.status is EntryStatus.PROPOSED:
                    approvals.propose(
                        tx, kind=NEGATIVE_ENTRY, subject=entry.id, by=_person(by),
                        reason="known harmless", facts={"number": entry.number},
                    )  # fmt: skip
            return
        if status is EntryStatus.QUARANTINED and added:
            alarm(tx, bank, "New entries flood this bank; they wait until a person has looked.")
        if added:
            tx.emit(EventType.ENTRY_ADDED, bank.id, numbers=numbers)

    def _harmless_kinds(self, new: Sequence[NewEntry]) -> None:
        """A harmless entry counts only at SHA-256 or within its kind's harmless limit."""
        for item in new:
            kind = kind_named(item.signal.kind)
            if kind.name != "sha256" and kind.harmless_limit == 0:
                raise BadInput(f"A known-harmless entry is a sha256 or pdq, not {kind.name}.")

    def confirm_negative(self, number: int, by: Principal) -> Entry:
        """Let a known-harmless entry count; another person than the one who proposed it.

        Raises:
            NeedsSecondPerson: the same person.
        """
        with self._db.transaction() as tx:
            entry = entries.get(tx, number)
            approvals.confirm(tx, kind=NEGATIVE_ENTRY, subject=entry.id, by=_person(by))
            entry = entries.set_status(
                tx, number, EntryStatus.ACTIVE, by=by.id, reason="confirmed harmless"
            )
            tx.audit(by.id, "entry.confirm_negative", entry.id, number=number)
        self._feed.catch_up()
        return entry

    def withdraw(self, number: int, by: Principal, reason: str = "") -> Entry:
        """Withdraw an entry for ever; it stops matching before this returns."""
        return self._move(number, EntryStatus.WITHDRAWN, by, reason, EventType.ENTRY_WITHDRAWN)

    def quarantine(self, number: int, by: Principal, reason: str = "") -> Entry:
        """Hold an entry: it is shown and does not act."""
        return self._move(number, EntryStatus.QUARANTINED, by, reason, EventType.ENTRY_QUARANTINED)

    def release(self, number: int, by: Principal, reason: str = "") -> Entry:
        """End an entry's quarantine; what it matched meanwhile is judged again."""
        return self._move(number, EntryStatus.ACTIVE, by, reason, EventType.ENTRY_RELEASED)

    def _move(
        self, number: int, status: EntryStatus, by: Principal, reason: str, event: EventType
    ) -> Entry:
        with self._db.transaction() as tx:
            before = entries.get(tx, number)
            if before.status is EntryStatus.PROPOSED and status is EntryStatus.ACTIVE:
                raise NotAllowed("A proposed entry is confirmed by a second person.")
            entry = entries.set_status(tx, number, status, by=by.id, reason=reason)
            tx.audit(by.id, f"entry.{status.value}", entry.id, number=number)
            tx.emit(event, entry.id, numbers=[number])
        self._feed.catch_up()
        return entry

    def opinion(self, number: int, opinion: Opinion, by: Principal, note: str = "") -> None:
        """Say that an entry is right, wrong or disputed; opinions are only ever added."""
        with self._db.transaction() as tx:
            entry = entries.get(tx, number)
            entries.add_opinion(tx, number, opinion, by=by.id, note=note)
            tx.audit(by.id, "entry.opinion", entry.id, opinion=opinion.value)

    def entry(self, number: int) -> Entry:
        """One entry by number; raises NotFound."""
        with self._db.read() as tx:
            return entries.get(tx, number)

    def page(
        self, name: str, *, after: int = 0, limit: int = 100, status: EntryStatus | None = None
    ) -> list[Entry]:
        """Entries of a bank by number, for paging."""
        with self._db.read() as tx:
            return entries.page(tx, banks.get(tx, name), after=after, limit=limit, status=status)

    def shares(self, name: str | None = None) -> list[policy.Share]:
        """How much of one bank, or of all, can be matched by what is installed."""
        with self._db.read() as tx:
            bank = banks.get(tx, name) if name else None
            counts: dict[str, int] = {}
            for (kind, status), n in entries.counts(tx, bank).items():
                if status is not EntryStatus.WITHDRAWN:
                    counts[kind] = counts.get(kind, 0) + n
        return policy.shares(counts, self._kinds)


def alarm(tx: Tx, bank: Bank, why: str) -> Id:
    """Open the case of a quarantine."""
    case = cases.open(
        tx, kind=CaseKind.QUARANTINE, subject=bank.id, why=why, priority=Priority.HIGH,
        service="", account="",
    )  # fmt: skip
    return case.id


def _person(by: Principal) -> Id:
    """The human being behind a principal; two-person rules compare people, not accounts."""
    if by.person is None:
        raise NotAllowed("A known-harmless entry is proposed and confirmed by people, not keys.")
    return by.person


def _limits(limits: Mapping[str, int]) -> dict[str, int]:
    for name, limit in limits.items():
        kind = kind_named(name)
        if not 0 <= limit <= kind.limit:
            raise BadInput(f"The limit of {name} is between 0 and {kind.limit} bits.")
    return dict(limits)


def _share(share: float) -> None:
    if not 0.0 <= share <= 1.0:
        raise BadInput("The enabled share is between 0 and 1.")
