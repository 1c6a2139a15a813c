"""Contribution: what members give to open lists, by request or file, and take back.

A member gives only as itself (the member of its key), only to lists that are open, and nothing
while it is suspended. Bad rows are kept with their reasons and the rest goes in; a request that is
repeated with its key adds nothing twice. Provenance is the member's name, permitted use the
list's. Contract: `tests/contract/test_hub_given.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, Final

from breakwater.errors import BadInput, NotAllowed, NotFound
from breakwater.hub import holding
from breakwater.hub.giving import Batch, Giving, taken_back
from breakwater.model.access import Permission, Principal
from breakwater.model.bank import Bank, Import
from breakwater.model.event import EventType
from breakwater.model.hub import Contribution, GivenBy, Member, MemberState
from breakwater.model.hub_given import Given, Mark
from breakwater.model.ids import Id, new_id
from breakwater.model.listing import Row, category_of, mark_of, only_known, signals_of, words_of
from breakwater.recognition.feed import IndexFeed
from breakwater.records import banks, entries, hub_given, hub_lists, hub_members, imports
from breakwater.records.database import Database, Tx
from breakwater.records.idempotency import claim_idempotency

MOST: Final = 1_000
"""Entries of one request."""

SHOWN: Final = 20
"""Reasons in an answer; all of them stand with the import."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a member sends.

    Attributes:
        entries: each the words of one row: hashes by kind or `kind` and `value`, a category,
            flags, a status.
        category: of those that have none of their own.
        key: idempotency key; empty: a repetition is another batch (and finds all known).
    """

    entries: Sequence[Mapping[str, Any]]
    category: str = ""
    key: str = ""

    def digest(self, name: str) -> str:
        """SHA-256 of what it says, in hexadecimal."""
        said = [name, self.category, list(self.entries)]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Parsed:
    """A request read: rows by what they say of themselves, and what could not be read."""

    rows: int
    good: Mapping[Mark, list[Row]]
    bad: Sequence[tuple[int, str]]


class Contribute:
    """What members do with their own."""

    def __init__(self, *, db: Database, feed: IndexFeed, limits: holding.Limits) -> None:
        self._db = db
        self._feed = feed
        self.limits = limits

    def give(self, who: Principal, name: str, request: Request) -> Given:
        """Give entries to a list.

        Raises:
            BadInput: too many, or a category that is none.
            NotAllowed: this key belongs to no member, or the member is suspended.
            NotFound: no such open list.
            IdempotencyReuse: the key came with another request within 48 hours.
        """
        if not 0 < len(request.entries) <= MOST:
            raise BadInput(f"A request has 1 to {MOST:,} entries.")
        category, parsed = category_of(request.category), parse(request.entries)
        with self._db.transaction() as tx:
            tx.lock_changes()
            member, bank = self._by_key(tx, who), open_list(tx, name)
            made = new_id()
            if request.key:
                before = claim_idempotency(
                    tx, principal=who.id, key=request.key, body_sha256=request.digest(name),
                    upload=made,
                )  # fmt: skip
                if before is not None:
                    return _again(tx, bank, f"hub:{before}")
            run = imports.start(tx, bank, source=member.name, digest=f"hub:{made}")
            batch = Batch(member, GivenBy.API, category)
            given = self._write(tx, bank, run, Giving(batch, self.limits), parsed)
            tx.audit(
                who.id, "hub.give", bank.id, import_number=run.number, member=member.number,
                kept=given.kept, joined=given.joined, bad=given.bad,
            )  # fmt: skip
        self._feed.catch_up()
        return given

    def _write(self, tx: Tx, bank: Bank, run: Import, giving: Giving, parsed: Parsed) -> Given:
        """All of one request, in its transaction."""
        giving.begin(tx, bank, run)
        ahead = sum(len(rows) for rows in parsed.good.values())
        for mark, rows in parsed.good.items():
            giving.take(tx, bank, run, mark, rows, ahead=ahead)
            ahead -= len(rows)
        for number, reason in parsed.bad:
            imports.bad_row(tx, run.number, number, reason)
        giving.finish(tx, bank, run)
        given = replace(
            giving.given,
            rows=parsed.rows,
            bad=len(parsed.bad),
            reasons=tuple(parsed.bad[:SHOWN]),
        )
        imports.progress(
            tx, run.number, rows_read=given.rows, rows_kept=given.kept, rows_bad=given.bad
        )
        imports.finish(tx, run.number)
        return given

    def take_back(
        self, who: Principal, name: str, numbers: Sequence[int], *, reason: str = ""
    ) -> Given:
        """Give entries no more; each stays while another member gives it.

        Raises:
            NotAllowed: this key belongs to no member, or the member is suspended.
            NotFound: no such list, or an entry that is not of it.
        """
        with self._db.transaction() as tx:
            tx.lock_changes()
            member, bank = self._by_key(tx, who), open_list(tx, name, even_closed=True)
            found = entries.many(tx, numbers)
            for number in numbers:
                if number not in found or found[number].bank != bank.id:
                    raise NotFound(f"entry {number}")
            gave = taken_back(tx, member, sorted(found), reason=reason)
            tx.audit(
                who.id, "hub.take_back", bank.id, member=member.number, numbers=gave[:100],
                count=len(gave),
            )  # fmt: skip
        self._feed.catch_up()
        return Given(0, rows=len(numbers), taken_back=len(gave))

    def for_file(
        self, who: Principal, name: str, *, member: str = "", category: str = "",
        way: GivenBy = GivenBy.CSV, signed: bool = False,
    ) -> Giving:  # fmt: skip
        """What `banks.load` asks while it reads a file.

        Args:
            who: a member's key, or a person or the operator who acts for a member.
            name: of the list.
            member: name of the member, where `who` is not its key.
            category: of rows that have none of their own.
            way: form of the file.
            signed: a person here vouches for the batch.

        Raises:
            NotAllowed: for another member, by a key; or the member is suspended.
            NotFound: no such open list or member.
        """
        with self._db.read() as tx:
            open_list(tx, name)
            one = self._for(tx, who, member) if member else self._by_key(tx, who)
        return Giving(Batch(one, way, category_of(category), signed), self.limits)

    def of_member(self, who: Principal, *, before: int | None, limit: int) -> list[Contribution]:
        """Batches a member gave, the newest first."""
        with self._db.read() as tx:
            member = self._by_key(tx, who, suspended=True)
            return hub_given.page(tx, member=member.id, before=before, limit=limit)

    def publish(self, tx: Tx, import_number: int, *, by: str, second: Id | None) -> int:
        """Let a slice of a batch go out; call again in others until it answers 0."""
        moved = hub_given.publish(tx, import_number, by=by, second=second)
        for part in hub_given.parts(tx, import_number) if not moved else ():
            tx.emit(EventType.IMPORT_FINISHED, new_id(), import_number=part)
        return moved

    def member(self, tx: Tx, who: Principal) -> Member:
        """The member whose key asks, suspended or not; raises `NotAllowed`."""
        return self._by_key(tx, who, suspended=True)

    def name_of(self, number: int) -> str:
        """The name of a member by its small integer; raises `NotFound`."""
        with self._db.read() as tx:
            return hub_members.by_number(tx, number).name

    def _by_key(self, tx: Tx, who: Principal, *, suspended: bool = False) -> Member:
        member = hub_members.by_key(tx, who.id)
        if member is None:
            raise NotAllowed("This key belongs to no member of the hub.")
        if not suspended:
            takes_part(member)
        return member

    def _for(self, tx: Tx, who: Principal, name: str) -> Member:
        """Another's name: for people who run the hub, and for the operator of this host."""
        if not who.may(Permission.HUB_WRITE):
            raise NotAllowed("Only those who run the hub give in a member's name.")
        return takes_part(hub_members.by_name(tx, name))


def takes_part(member: Member) -> Member:
    """The member, if it may give; raises `NotAllowed`."""
    if member.state is not MemberState.ACTIVE:
        raise NotAllowed(f"The member {member.name} is {member.state.value}: it gives nothing.")
    return member


def open_list(tx: Tx, name: str, *, even_closed: bool = False) -> Bank:
    """The bank of a list that takes entries.

    Raises:
        NotFound: no such list, or it is shared no more.
        NotAllowed: members may not give to it.
    """
    one = hub_lists.by_name(tx, name)
    if one.ended_at is not None:
        raise NotFound(f"list {name}")
    if not one.open and not even_closed:
        raise NotAllowed(f"The list {name} takes nothing from members.")
    return banks.get(tx, name)


def parse(said: Sequence[Mapping[str, Any]]) -> Parsed:
    """Read entries as they came; a bad one is named by its place, from 1, and why."""
    good: defaultdict[Mark, dict[Row, None]] = defaultdict(dict)
    bad: list[tuple[int, str]] = []
    for at, one in enumerate(said, start=1):
        try:
            words = words_of(one)
            only_known(words)
            rows = signals_of(words)
            good[mark_of(words)].update(dict.fromkeys(rows))
        except BadInput as error:
            bad.append((at, f"entry {at}: {error.detail or error.title()}"))
    return Parsed(
        len(said), {mark: sorted(good[mark]) for mark in sorted(good, key=attrgetter("turn"))}, bad
    )


def _again(tx: Tx, bank: Bank, digest: str) -> Given:
    """What was answered to the first of two equal requests, as far as rows still say it."""
    number = imports.with_digest(tx, bank, digest)
    run = imports.get(tx, number)
    joined, back = hub_given.words_with(tx, hub_given.parts(tx, number))
    return Given(
        number, rows=run.rows_read, kept=run.rows_kept, joined=joined, taken_back=back,
        bad=run.rows_bad, reasons=tuple(imports.bad_rows(tx, number, limit=SHOWN)), repeated=True,
    )  # fmt: skip
