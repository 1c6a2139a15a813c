"""From graders to the hub: what two people graded as illegal is given; doubts are settled.

Subscribed to `grade.settled`. The media of a case whose grade is illegal becomes a contribution of
this house: it is published at once where graders agreed or an adjudicator ruled (two people are in
it already), and waits for two people where one graded alone. A grade that turns is taken back.
Which list takes it is a setting; without one nothing is given. Contract:
`tests/contract/test_hub_graded.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from breakwater.hub import holding
from breakwater.hub.giving import Batch, Giving, taken_back
from breakwater.hub.scoring import reckon
from breakwater.model.bank import Bank, EntryStatus
from breakwater.model.event import Event, EventType
from breakwater.model.grading import GradeItem, GradeResult, How
from breakwater.model.hub import GivenBy, Member, MemberKind
from breakwater.model.hub_given import Mark, Outcome, QueueWhy
from breakwater.model.listing import Row
from breakwater.model.signal import BUILTIN
from breakwater.recognition.feed import IndexFeed
from breakwater.records import (
    banks,
    entries,
    gradesets,
    grading,
    hub_given,
    hub_lists,
    hub_members,
    hub_queue,
    imports,
    schemes,
)
from breakwater.records.database import Database, Tx

OURSELVES: Final = "This house"
"""Name of the member that gives what is graded here."""

BY_TWO: Final = frozenset({How.AGREED, How.ADJUDICATED})

KINDS: Final = ("md5", "sha1", "sha256", "pdq")


@dataclass(frozen=True, slots=True)
class House:
    """What of grades goes where.

    Attributes:
        list: name of the list that takes what is illegal; empty: none.
        illegal: scheme to its codes that are illegal to hold, the category's scheme first.
    """

    list: str = ""
    illegal: tuple[tuple[str, frozenset[str]], ...] = (
        ("industry", frozenset({"A1", "A2", "B1", "B2"})),
        ("uk_abc", frozenset({"A", "B", "C"})),
    )


class Graded:
    """Follows grades."""

    def __init__(
        self, *, db: Database, feed: IndexFeed, limits: holding.Limits, house: House
    ) -> None:
        self._db = db
        self._feed = feed
        self._limits = limits
        self._house = house

    def on_settled(self, event: Event) -> None:
        """Give, take back, and settle what was asked; a repetition finds it done."""
        with self._db.transaction() as tx:
            tx.lock_changes()
            item = gradesets.item(tx, int(event.body["number"]))
            result = grading.present(tx, item)
            if result is None or item.upload is None:
                return
            mark = self._mark(tx, result)
            self._settle(tx, item, mark)
            if self._house.list:
                self._give(tx, item, result, mark)
        self._feed.catch_up()

    def _mark(self, tx: Tx, result: GradeResult) -> Mark | None:
        """What the grade is called; None where it is not illegal."""
        if not result.pertinent:
            return None
        codes = schemes.of_item(tx, result.item)
        words = [
            code for name, wanted in self._house.illegal if name in codes
            for code in codes[name].codes if code in wanted
        ]  # fmt: skip
        return Mark(words[0], tuple(words[1:])) if words else None

    def _give(self, tx: Tx, item: GradeItem, result: GradeResult, mark: Mark | None) -> None:
        bank = banks.get(tx, self._house.list)
        if hub_lists.by_name(tx, bank.name).ended_at is not None:
            return
        us, rows = ourselves(tx), rows_of(item)
        if mark is None:
            there = hub_given.standing(tx, bank, {row[:2] for row in rows})
            taken_back(tx, us, [one.number for one in there], reason="graded anew")
            return
        if self._given(tx, bank, us, rows, mark):
            return
        member = replace(us, trusted=result.how in BY_TWO)
        run = imports.start(tx, bank, source=OURSELVES, labels=mark.labels, digest="")
        giving = Giving(Batch(member, GivenBy.CASE, mark.category, signed=True), self._limits)
        giving.begin(tx, bank, run)
        giving.take(tx, bank, run, Mark(), rows, ahead=len(rows))
        imports.progress(
            tx, run.number, rows_read=len(rows), rows_kept=giving.given.kept, rows_bad=0
        )
        imports.finish(tx, run.number)
        tx.audit(
            "hub", "hub.give", bank.id, import_number=run.number, member=us.number,
            kept=giving.given.kept, joined=giving.given.joined, item=item.number,
        )  # fmt: skip

    def _given(self, tx: Tx, bank: Bank, us: Member, rows: list[Row], mark: Mark) -> bool:
        """Whether we give all of it with this category already."""
        there = hub_given.standing(tx, bank, {row[:2] for row in rows})
        givers = hub_given.givers(tx, [one.number for one in there])
        mine = [
            one for number in givers for one in givers[number]
            if (one.member, one.category) == (us.id, mark.category)
        ]  # fmt: skip
        return len(mine) == len(rows)

    def _settle(self, tx: Tx, item: GradeItem, mark: Mark | None) -> None:
        """Answer the questions for which graders were asked to look at this upload."""
        for one in hub_queue.page(tx, why=QueueWhy.GRADED, limit=1_000):
            if item.upload not in one.facts.get("uploads", ()):
                continue
            outcome = Outcome.WITHDRAW if mark is None else Outcome.KEEP
            entry = entries.get(tx, one.entry)
            target = EntryStatus.WITHDRAWN if mark is None else EntryStatus.ACTIVE
            held = entry.status is EntryStatus.QUARANTINED
            if entry.status.may_become(target) and (mark is None or held):
                entries.set_status(
                    tx, one.entry, target, by="graders", reason=f"item {item.number}"
                )
                event = EventType.ENTRY_WITHDRAWN if mark is None else EventType.ENTRY_RELEASED
                tx.emit(event, entry.id, numbers=[one.entry])
            hub_queue.settle(tx, one.id, outcome, by="graders", note=f"item {item.number}")
            reckon(tx, [one.entry])


def ourselves(tx: Tx) -> Member:
    """The member that this house is among the others; made when it first gives."""
    found = [one for one in hub_members.every(tx) if one.name == OURSELVES]
    return found[0] if found else hub_members.create(
        tx, name=OURSELVES, kind=MemberKind.HOTLINE, purposes=(), trusted=True
    )  # fmt: skip


def rows_of(item: GradeItem) -> list[Row]:
    """The hashes of an item, as a list has them."""
    said = {name: getattr(item, name) for name in KINDS}
    return [(name, BUILTIN[name].parse(text), 100) for name, text in said.items() if text]
