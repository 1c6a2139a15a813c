"""Rows of one member into one list: new entries, further contributors, take-backs, doubts.

The same for a request of ten hashes and a file of millions (`banks.load` calls `take` for each of
its batches). A value that the list has gets one more contributor; one that curators withdrew waits
for two people; one that the list holds as harmless is a conflict, and nothing is joined. Rows of
another category are a part of the batch with an import of its own, so that 3.5 M entries need no
row each to say what they were graded. Contract: `tests/contract/test_hub_given.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from breakwater.errors import BadInput
from breakwater.hub import holding
from breakwater.model.bank import Bank, EntryStatus, Import
from breakwater.model.event import EventType
from breakwater.model.hub import GivenBy, Member
from breakwater.model.hub_given import Given, Mark, QueueWhy
from breakwater.model.listing import PLAIN, Row
from breakwater.records import entries, hub_given, hub_queue, imports
from breakwater.records.database import Tx
from breakwater.records.hub_given import PART, Standing

MOST_MARKS: Final = 200
"""Categories and flags of one batch; more is no classification but a column misread."""

SHOWN: Final = 1_000
"""Numbers in one event; more are told as an import."""

Key = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Batch:
    """What a member says of everything it gives at once.

    Attributes:
        member: who gives.
        way: how it came.
        category: where a row has none of its own.
        signed: a person here vouches for it.
    """

    member: Member
    way: GivenBy
    category: str = ""
    signed: bool = False


class Giving:
    """One batch on its way; `given` says what became of it so far."""

    def __init__(self, batch: Batch, limits: holding.Limits) -> None:
        self._batch = batch
        self._limits = limits
        self._parts: dict[Mark, Import] = {}
        self._flooded: set[int] = set()
        self.named = f"{batch.member.number}:"
        self.source = batch.member.name
        self.given = Given(0)

    def begin(self, tx: Tx, bank: Bank, run: Import) -> None:
        """Say whose the import is."""
        hub_given.begin(
            tx, run, bank, self._batch.member, self._batch.way, category=self._batch.category,
            published_by=self._at_once(),
        )  # fmt: skip
        self.given = replace(self.given, import_number=run.number)

    def _at_once(self) -> str | None:
        return f"trust in {self._batch.member.name}"[:80] if self._batch.member.trusted else None

    def take(
        self, tx: Tx, bank: Bank, run: Import, mark: Mark, rows: Sequence[Row], *, ahead: int
    ) -> int:
        """Write rows of one mark; answers how many entries are new.

        Args:
            tx: the transaction.
            bank: the list.
            run: the import of the whole batch.
            mark: what the rows say of themselves.
            rows: kind, value, quality.
            ahead: hashes of the batch that are still to come, these included.
        """
        tx.lock_changes()
        if mark.withdrawn:
            self._take_back(tx, bank, run, rows)
            return 0
        mark = mark if mark.category else mark._replace(category=self._batch.category)
        part = self._part(tx, bank, run, mark)
        keys = {(kind, value) for kind, value, _ in rows}
        returned = self._returned(tx, bank, keys)
        status = self._status(tx, ahead)
        fresh = [row for row in rows if row[:2] not in returned] if returned else rows
        added = entries.add_lean(tx, bank, fresh, import_number=part.number, status=status)
        joined = known = 0
        if added.count < len(keys) - len(returned):
            joined, known = self._join(tx, bank, part, mark, keys - returned.keys())
        back = self._returning(tx, bank, part, rows, returned)
        self._count(tx, part, added.count + back, keys)
        self.given = replace(
            self.given, kept=self.given.kept + added.count + back, joined=self.given.joined + joined,
            known=self.given.known + known, returned=self.given.returned + back, status=status.value,
        )  # fmt: skip
        if added.count:
            self._tell(tx, bank, part, status, added)
        return added.count + back

    def _part(self, tx: Tx, bank: Bank, run: Import, mark: Mark) -> Import:
        """The import that says of its entries what this mark says."""
        if mark == PLAIN._replace(category=self._batch.category):
            return run
        if mark not in self._parts:
            if len(self._parts) >= MOST_MARKS:
                raise BadInput(f"More than {MOST_MARKS} categories in one batch.")
            words = " ".join((mark.category, *mark.labels))
            self._parts[mark] = imports.start(
                tx, bank, source=run.source, digest=f"{run.digest}{PART}{words}",
                labels=(*run.labels, *mark.labels), permitted_use=run.permitted_use,
                expires_at=run.expires_at, signed_by=run.signed_by,
            )  # fmt: skip
            hub_given.begin(
                tx, self._parts[mark], bank, self._batch.member, self._batch.way,
                category=mark.category, published_by=self._at_once(),
            )  # fmt: skip
        return self._parts[mark]

    def _status(self, tx: Tx, ahead: int) -> EntryStatus:
        since = tx.now - timedelta(hours=1)
        member = self._batch.member
        return holding.status_of_given(
            trusted=member.trusted, signed=self._batch.signed,
            arrived=hub_given.arrived(tx, member.id, since=since), adding=ahead,
            limits=self._limits,
        )  # fmt: skip

    def _returned(self, tx: Tx, bank: Bank, keys: set[Key]) -> dict[Key, int]:
        """Values that curators withdrew and that nobody has given since."""
        tombs = hub_given.tombstones(tx, bank)
        found = {key: tombs[key] for key in keys & tombs.keys()} if tombs else {}
        for one in hub_given.standing(tx, bank, found):
            found.pop((one.kind, one.value), None)
        return found

    def _returning(
        self, tx: Tx, bank: Bank, part: Import, rows: Sequence[Row], returned: dict[Key, int]
    ) -> int:
        """Propose what was withdrawn before; two people let it in again."""
        if not returned:
            return 0
        again = [row for row in rows if row[:2] in returned]
        added = entries.add_lean(
            tx, bank, again, import_number=part.number, status=EntryStatus.PROPOSED
        )
        for one in hub_given.standing(tx, bank, returned):
            hub_queue.ask(
                tx, one.number, QueueWhy.RETURNED, former=returned[one.kind, one.value],
                member=self._batch.member.number,
            )  # fmt: skip
        return added.count

    def _join(
        self, tx: Tx, bank: Bank, part: Import, mark: Mark, keys: set[Key]
    ) -> tuple[int, int]:
        """Give what the list has already; answers entries joined and those given before."""
        there = [
            one for one in hub_given.standing(tx, bank, keys) if one.import_number != part.number
        ]
        harmless = {one.number for one in there if one.negative}
        for number in harmless:
            hub_queue.ask(
                tx, number, QueueWhy.CONFLICT, harmless=True, member=self._batch.member.number
            )
        wanted = {one.number: mark.category for one in there if not one.negative}
        joined = hub_given.give(
            tx, self._batch.member.id, wanted, import_number=part.number, flags=mark.labels
        )
        if joined:
            self._doubts(tx, there)
        return joined, len(wanted) - joined

    def _doubts(self, tx: Tx, there: Sequence[Standing]) -> None:
        """Contributors who grade the same entry differently: a curator looks."""
        for number, found in hub_given.givers(tx, [one.number for one in there]).items():
            if said := holding.disagree(found):
                hub_queue.ask(tx, number, QueueWhy.CONFLICT, categories=list(said))

    def _take_back(self, tx: Tx, bank: Bank, run: Import, rows: Sequence[Row]) -> None:
        there = hub_given.standing(tx, bank, {(kind, value) for kind, value, _ in rows})
        numbers = [one.number for one in there]
        gave = taken_back(tx, self._batch.member, numbers, import_number=run.number)
        self.given = replace(self.given, taken_back=self.given.taken_back + len(gave))

    def _count(self, tx: Tx, part: Import, kept: int, keys: set[Key]) -> None:
        """A part counts its own; the whole batch is counted by whoever reads it."""
        if part.number == self.given.import_number:
            return
        now = imports.get(tx, part.number)
        imports.progress(
            tx, part.number, rows_read=now.rows_read + len(keys),
            rows_kept=now.rows_kept + kept, rows_bad=0,
        )  # fmt: skip

    def _tell(
        self, tx: Tx, bank: Bank, part: Import, status: EntryStatus, added: entries.Added
    ) -> None:
        if status is EntryStatus.QUARANTINED and part.number not in self._flooded:
            self._flooded.add(part.number)
            hub_queue.ask(
                tx, added.first, QueueWhy.FLOOD, import_number=part.number,
                member=self._batch.member.number, limit=self._limits.entries_per_hour,
            )  # fmt: skip
        if status is EntryStatus.ACTIVE and added.count <= SHOWN:
            numbers = list(range(added.first, added.first + added.count))
            tx.emit(EventType.ENTRY_ADDED, bank.id, numbers=numbers)

    def finish(self, tx: Tx, bank: Bank, run: Import) -> None:  # noqa: ARG002 - as `banks.load.Taker` asks
        """Close its parts, and let what was known before be looked for in what passed."""
        for part in self._parts.values():
            imports.finish(tx, part.number)
            tx.emit(EventType.IMPORT_FINISHED, bank.id, import_number=part.number)


def taken_back(
    tx: Tx, member: Member, numbers: Sequence[int], *, reason: str = "",
    import_number: int | None = None,
) -> list[int]:  # fmt: skip
    """A member gives entries no more; tells of those that are withdrawn. Answers what it gave."""
    gave, gone = hub_given.take_back(
        tx, member.id, numbers, reason=reason, import_number=import_number
    )
    for start in range(0, len(gone), SHOWN):
        part = gone[start : start + SHOWN]
        tx.emit(EventType.ENTRY_WITHDRAWN, member.id, numbers=part)
    return gave
