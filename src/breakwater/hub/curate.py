"""Curators settle what is open about entries: keep, withdraw, classify anew, send to graders.

What a person withdrew comes back only by two people, and so does what was held as a flood; all
else one curator decides. Everything is a row with who and why. Graders are asked through the
outbox, and their result settles the question (`hub.graded`). Contract:
`tests/contract/test_hub_curate.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.hub import history
from breakwater.hub.scoring import reckon
from breakwater.model.access import Permission, Principal
from breakwater.model.approval import Approval
from breakwater.model.bank import Bank, Entry, EntryStatus
from breakwater.model.event import EventType
from breakwater.model.hub import Feedback, Score
from breakwater.model.hub_given import Giver, Happening, Outcome, Question, QueueWhy
from breakwater.model.ids import Id
from breakwater.model.listing import category_of
from breakwater.recognition.feed import IndexFeed
from breakwater.records import (
    approvals,
    banks,
    entries,
    hub_clusters,
    hub_feedback,
    hub_given,
    hub_lists,
    hub_queue,
    uploads,
)
from breakwater.records.database import Database, Tx

BY_TWO: Final = frozenset({QueueWhy.RETURNED, QueueWhy.FLOOD})
"""What only two people let in."""

SETTLE: Final = "hub_settle"
REINSTATE: Final = "hub_reinstate"
"""Kinds of approvals."""

MOST_UPLOADS: Final = 20
"""Uploads that graders see of one entry."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a question.

    Attributes:
        waits: the proposal that a second person has to confirm; None where it is done.
    """

    question: Question
    waits: Approval | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """A question with what a curator needs to settle it."""

    question: Question
    entry: Entry
    bank: str
    givers: tuple[Giver, ...]
    feedback: tuple[Feedback, ...]
    score: Score | None
    cluster: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that is known of an entry."""

    entry: Entry
    bank: str
    givers: tuple[Giver, ...]
    feedback: tuple[Feedback, ...]
    score: Score
    cluster: tuple[int, ...]
    conflicts: tuple[str, ...]
    open: tuple[Question, ...]
    history: tuple[Happening, ...]


class Curate:
    """What curators do."""

    def __init__(self, *, db: Database, feed: IndexFeed) -> None:
        self._db = db
        self._feed = feed

    def queue(
        self, who: Principal, *, why: QueueWhy | None = None, settled: bool = False,
        limit: int = 50,
    ) -> list[Open]:  # fmt: skip
        """What is open, the oldest first; raises `NotAllowed`."""
        _curator(who)
        with self._db.read() as tx:
            asked = hub_queue.page(tx, settled=settled, why=why, limit=limit)
            numbers = {one.entry for one in asked}
            found, givers = entries.many(tx, numbers), hub_given.givers(tx, numbers)
            said, scores = hub_feedback.standing(tx, numbers), hub_feedback.scores(tx, numbers)
            names = {one.id: one.name for one in banks.every(tx)}
            return [
                Open(
                    one, found[one.entry], names.get(found[one.entry].bank, ""),
                    givers[one.entry], tuple(said[one.entry]), scores.get(one.entry),
                    tuple(hub_clusters.members(tx, one.entry)),
                )
                for one in asked
            ]  # fmt: skip

    def waiting(self) -> Mapping[QueueWhy, int]:
        """How many questions are open, by reason."""
        with self._db.read() as tx:
            return hub_queue.waiting(tx)

    def look(self, who: Principal, number: int) -> Look:
        """Everything of one entry of a shared list, its history too; the look is audited.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such entry in a shared list.
        """
        if not who.may(Permission.HUB_READ):
            raise NotAllowed("Entries of the hub are for those who run it.")
        with self._db.transaction() as tx:
            entry, bank = shared(tx, number)
            tx.audit(who.id, "hub.look", entry.id, number=number)
            cluster = tuple(hub_clusters.members(tx, number))
            return Look(
                entry=entry, bank=bank.name, givers=hub_given.givers(tx, [number])[number],
                feedback=tuple(hub_feedback.standing(tx, [number])[number]),
                score=reckon(tx, [number])[number], cluster=cluster,
                conflicts=tuple(conflicts(tx, entry, cluster)),
                open=tuple(one for one in hub_queue.of_entry(tx, number) if not one.settled_at),
                history=tuple(history.of_entry(tx, entry)),
            )  # fmt: skip

    def settle(
        self, who: Principal, question: Id, outcome: Outcome, *, note: str = "", category: str = ""
    ) -> Settled:
        """Decide a question; what needs two people is proposed first and done by the second.

        Args:
            who: a curator.
            question: of the queue.
            outcome: what is decided.
            note: why, in words.
            category: the new one, to classify anew.

        Raises:
            NotAllowed: not by this role, or a key.
            NotFound: no such question.
            Conflict: it was settled already, or the entry is gone, or no media of it is here.
            NeedsSecondPerson: whoever proposed it confirms it.
            BadInput: no category to classify anew.
        """
        person = _curator(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            one = hub_queue.get(tx, question)
            if one.settled_at is not None:
                raise Conflict("This question was settled already.")
            entry, _ = shared(tx, one.entry)
            if outcome is Outcome.KEEP and one.why in BY_TWO:
                waits = by_two(tx, SETTLE, question, person, note, number=one.entry)
                if waits is not None:
                    return Settled(one, waits)
            self._do(tx, who, one, entry, outcome, note=note, category=category)
            done = hub_queue.settle(tx, question, outcome, by=person, note=note)
            reckon(tx, [one.entry])
            tx.audit(who.id, "hub.settle", entry.id, number=one.entry, outcome=outcome.value)
        self._feed.catch_up()
        return Settled(done)

    def _do(
        self, tx: Tx, who: Principal, one: Question, entry: Entry, outcome: Outcome, *,
        note: str, category: str,
    ) -> None:  # fmt: skip
        if outcome is Outcome.KEEP:
            _keep(tx, who, one, entry)
        elif outcome is Outcome.WITHDRAW:
            _withdraw(tx, who, one, entry, note)
        elif outcome is Outcome.RECLASSIFY:
            _reclassify(tx, entry, category_of(category))
        else:
            _to_graders(tx, one, entry)

    def withdraw(self, who: Principal, number: int, *, reason: str) -> Entry:
        """Withdraw an entry, whoever gives it; it is a tombstone until two people bring it back.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such entry in a shared list.
            Conflict: it is withdrawn.
        """
        person = _curator(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            entry, _ = shared(tx, number)
            one = hub_queue.ask(tx, number, QueueWhy.CONFLICT, by="curator")
            _withdraw(tx, who, one, entry, reason)
            hub_queue.settle(tx, one.id, Outcome.WITHDRAW, by=person, note=reason)
            tx.audit(who.id, "hub.withdraw", entry.id, number=number)
        self._feed.catch_up()
        with self._db.read() as tx:
            return entries.get(tx, number)

    def reinstate(self, who: Principal, number: int, *, reason: str) -> Entry | Approval:
        """Bring a withdrawn value back as a new entry; the second person's word does it.

        Returns:
            The proposal that waits, or the new entry.

        Raises:
            NotAllowed: not by this role.
            NeedsSecondPerson: whoever proposed it confirms it.
            Conflict: it is not withdrawn, or the list has the value again.
        """
        person = _curator(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            former, bank = shared(tx, number)
            if former.status is not EntryStatus.WITHDRAWN:
                raise Conflict(f"Entry {number} is {former.status.value}, not withdrawn.")
            if entries.find(tx, bank, former.kind, former.value) is not None:
                raise Conflict("The list has this value again.")
            waits = by_two(tx, REINSTATE, former.id, person, reason, number=number)
            if waits is not None:
                return waits
            made = _anew(tx, who, bank, former, reason)
            tx.audit(who.id, "hub.reinstate", made.id, number=made.number, former=number)
            tx.emit(EventType.ENTRY_ADDED, bank.id, numbers=[made.number])
        self._feed.catch_up()
        return made


def by_two(
    tx: Tx, kind: str, subject: str, person: Id, reason: str, *, number: int
) -> Approval | None:
    """Propose, or confirm what another proposed; the proposal while it waits, None when done.

    Raises:
        NeedsSecondPerson: the same person asks twice.
    """
    waiting = any(
        not one.outcome and one.lapses_at > tx.now for one in approvals.of_subject(tx, subject)
        if one.kind == kind
    )  # fmt: skip
    if waiting:
        approvals.confirm(tx, kind=kind, subject=subject, by=person, note=reason)
        return None
    return approvals.propose(
        tx, kind=kind, subject=subject, by=person, reason=reason, facts={"number": number}
    )


def shared(tx: Tx, number: int) -> tuple[Entry, Bank]:
    """An entry of a shared list with its bank; raises `NotFound`."""
    entry = entries.get(tx, number)
    bank = banks.by_id(tx, entry.bank)
    hub_lists.get(tx, bank.number)
    return entry, bank


def conflicts(tx: Tx, entry: Entry, cluster: Sequence[int]) -> list[str]:
    """What speaks against what of an entry, as words: `harmless`, `categories`, `opinions`,
    `cluster`.
    """
    found = []
    same = entries.with_value(tx, entry.kind, entry.value)
    if any(one.negative is not entry.negative for one in same):
        found.append("harmless")
    givers = hub_given.givers(tx, [entry.number])[entry.number]
    if len({one.category for one in givers if one.category}) > 1:
        found.append("categories")
    said = hub_feedback.standing(tx, {entry.number, *cluster})
    if len({one.opinion for one in said[entry.number]}) > 1:
        found.append("opinions")
    if len(cluster) > 1 and len({one.opinion for every in said.values() for one in every}) > 1:
        found.append("cluster")
    return found


def _curator(who: Principal) -> Id:
    if not who.may(Permission.HUB_CURATE):
        raise NotAllowed("Entries are curated by those who may.")
    if who.person is None:
        raise NotAllowed("A curator is a person, not a key.")
    return who.person


def _keep(tx: Tx, who: Principal, one: Question, entry: Entry) -> None:
    if one.why is QueueWhy.FLOOD:
        batch = int(one.facts["import_number"])
        hub_queue.release(tx, one.id)
        while hub_given.publish(tx, batch, by=who.name[:80], second=who.person, held=True):
            pass
        tx.emit(EventType.IMPORT_FINISHED, entry.bank, import_number=batch)
        return
    others = [each for each in hub_queue.of_entry(tx, entry.number) if not each.settled_at]
    held = entry.status is EntryStatus.QUARANTINED and one.why is QueueWhy.TRAFFIC
    waits = entry.status is EntryStatus.PROPOSED and len(others) == 1
    if held or (waits and (one.why is QueueWhy.RETURNED or _published(tx, entry))):
        entries.set_status(
            tx, entry.number, EntryStatus.ACTIVE, by=who.id, reason=f"kept: {one.why.value}"
        )
        tx.emit(EventType.ENTRY_RELEASED, entry.id, numbers=[entry.number])


def _published(tx: Tx, entry: Entry) -> bool:
    """Whether the batch of an entry went out: then it waited for this question alone."""
    number = hub_given.import_of(tx, entry.number)
    batch = None if number is None else hub_given.of_import(tx, number)
    return batch is None or batch.published_at is not None


def _withdraw(tx: Tx, who: Principal, one: Question, entry: Entry, note: str) -> None:
    numbers = [entry.number]
    if one.why is QueueWhy.FLOOD:
        numbers = hub_given.held_of(tx, int(one.facts["import_number"]))
    for number in numbers:
        entries.set_status(tx, number, EntryStatus.WITHDRAWN, by=who.id, reason=note)
    for other in hub_queue.of_entry(tx, entry.number):
        if other.settled_at is None and other.id != one.id:
            hub_queue.settle(tx, other.id, Outcome.WITHDRAW, by=who.id, note=note)
    for start in range(0, len(numbers), 1_000):
        part = numbers[start : start + 1_000]
        tx.emit(EventType.ENTRY_WITHDRAWN, entry.id, numbers=part)


def _reclassify(tx: Tx, entry: Entry, category: str) -> None:
    """The curator's word stands as the first label; contributors keep their own."""
    if not category:
        raise BadInput("Say the category that it is.")
    kept = [label for label in entry.labels if label != category]
    entries.override(tx, entry.number, labels=[category, *kept])


def _to_graders(tx: Tx, one: Question, entry: Entry) -> None:
    """Ask graders, through the outbox, to look at what matched here."""
    found = [
        upload.id
        for upload in uploads.touched_by(tx, entry.number, limit=200)
        if upload.blob is not None
    ][:MOST_UPLOADS]
    if not found:
        raise Conflict("No media that matched this entry is kept here; graders cannot see it.")
    hub_queue.ask(tx, entry.number, QueueWhy.GRADED, uploads=list(found), former=one.why.value)
    tx.emit(EventType.HUB_DOUBTED, entry.id, number=entry.number, uploads=list(found))


def _anew(tx: Tx, who: Principal, bank: Bank, former: Entry, reason: str) -> Entry:
    """The same value as a new entry, of the same batch and of the same contributors."""
    (made,) = entries.add(
        tx, bank, [(former.kind, former.value, former.quality)],
        import_number=hub_given.import_of(tx, former.number), labels=former.labels,
        note=f"Re-instated: entry {former.number}. {reason}".strip(), negative=former.negative,
        by=who.id,
    )  # fmt: skip
    hub_given.carry_over(tx, former.number, made.number)
    return made
