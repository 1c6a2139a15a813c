"""What members say back: votes with reasons, and how often they met an entry, without content.

A member speaks of entries it may see and of none else; others are not there. Its last word counts,
and all words stay. Two members against an entry are a conflict; many matches that several members
report, or many wrong ones, hold it until a curator has looked. Fed by the API, by the NCMEC
dialect and by signed files; contract: `tests/contract/test_hub_feedback.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from breakwater.errors import BadInput, NotAllowed, NotFound
from breakwater.hub import holding
from breakwater.hub.policy import Given, View
from breakwater.hub.scoring import reckon
from breakwater.model import hub
from breakwater.model.bank import Bank, Entry, EntryStatus
from breakwater.model.event import EventType
from breakwater.model.hub import REASONS, FeedbackKind, Member, MemberState
from breakwater.model.hub_given import Giver, Outcome, QueueWhy
from breakwater.model.signal import kind_named
from breakwater.recognition.feed import IndexFeed
from breakwater.records import (
    banks,
    entries,
    hub_feedback,
    hub_given,
    hub_lists,
    hub_members,
    hub_queue,
    hub_rules,
)
from breakwater.records.database import Database, Tx
from breakwater.records.hub_feedback import day_of

MOST: Final = 1_000
"""Entries of one report of counts."""

AHEAD_DAYS: Final = 1
"""Days a member's clock may be before ours."""

SEEN: Final = frozenset({QueueWhy.TRAFFIC, QueueWhy.GRADED})
"""Questions whose answer says that people looked at what an entry matches."""

_REASONS: Final = {one.id: one for one in REASONS}


@dataclass(frozen=True, slots=True)
class Count:
    """What a member met of one entry on one day.

    Attributes:
        day: days since 1970-01-01 UTC.
        matches: uploads that matched.
        wrong: of them, those that a person said were wrong.
    """

    entry: int
    day: int
    matches: int
    wrong: int = 0


class Feedback:
    """Takes what members say."""

    def __init__(self, *, db: Database, feed: IndexFeed, limits: holding.Limits) -> None:
        self._db = db
        self._feed = feed
        self._limits = limits

    def give(
        self, member: Member, entry: int, kind: str, opinion: FeedbackKind | None,
        reasons: Sequence[str] = (), *, note: str = "",
    ) -> hub.Feedback:  # fmt: skip
        """Say what a member thinks of an entry.

        Args:
            member: who says it; read anew here.
            entry: its number.
            kind: the fingerprint it speaks of, a kind's name.
            opinion: None takes back what it said of this kind.
            reasons: ids of `model.hub.REASONS`, of the opinion's own kind.
            note: its own words, for curators.

        Raises:
            NotFound: no entry that this member may see.
            NotAllowed: the member is suspended or left.
            BadInput: a reason there is not, or one of the other opinion.
            UnknownKind: no such kind of fingerprint.
        """
        kind_named(kind)
        _fitting(opinion, reasons)
        with self._db.transaction() as tx:
            tx.lock_changes()
            now = _active(tx, member)
            found = visible(tx, now, [entry])
            if entry not in found:
                raise NotFound(f"entry {entry}")
            made = hub_feedback.say(
                tx, now.id, entry, kind, opinion, reasons=sorted(set(reasons)), note=note
            )
            self._conflict(tx, entry)
            reckon(tx, [entry])
            tx.audit(
                now.id, "hub.feedback", found[entry].id, number=entry,
                opinion=opinion.value if opinion else "none",
            )  # fmt: skip
        return made

    def _conflict(self, tx: Tx, entry: int) -> None:
        """Ask a curator where several members speak against it."""
        said = hub_feedback.standing(tx, [entry])[entry]
        against = {one.member for one in said if one.opinion is FeedbackKind.NEGATIVE}
        if len(against) >= self._limits.negative_members:
            last = max((one.settled_at for one in hub_queue.of_entry(tx, entry)
                        if one.settled_at and one.outcome is Outcome.KEEP), default=None)  # fmt: skip
            new = {one.member for one in said if one.opinion is FeedbackKind.NEGATIVE
                   and (last is None or (one.at and one.at > last))}  # fmt: skip
            if new:
                hub_queue.ask(tx, entry, QueueWhy.CONFLICT, negative_members=len(against))

    def counts(self, member: Member, counts: Iterable[Count]) -> tuple[int, int]:
        """Take how often a member met entries; a report of the same day replaces the one before.

        Returns:
            Entries counted, and entries passed over because they are not for this member.

        Raises:
            NotAllowed: the member is suspended or left.
            BadInput: too many, or more wrong matches than matches, or a day ahead of us.
        """
        every = list(counts)
        if len(every) > MOST:
            raise BadInput(f"A report has at most {MOST:,} counts.")
        held: list[int] = []
        with self._db.transaction() as tx:
            tx.lock_changes()
            now, today = _active(tx, member), day_of(tx.now)
            for at, one in enumerate(every, start=1):
                if not 0 <= one.wrong <= one.matches < 1 << 40:
                    raise BadInput(
                        f"Count {at}, entry {one.entry}: wrong matches are among the matches."
                    )
                if one.day > today + AHEAD_DAYS:
                    raise BadInput(f"Count {at}, entry {one.entry}: this day has not begun yet.")
            found = visible(tx, now, {one.entry for one in every})
            for one in every:
                if one.entry in found:
                    hub_feedback.met(tx, now.id, one.day, {one.entry: (one.matches, one.wrong)})
            held = self._hold(tx, found, today)
            reckon(tx, found)
        if held:
            self._feed.catch_up()
        return len(found), len({one.entry for one in every}) - len(found)

    def _hold(self, tx: Tx, found: Mapping[int, Entry], today: int) -> list[int]:
        """Hold what matches much ordinary content; answers the numbers."""
        seen = hub_feedback.seen(tx, found, since_day=today - self._limits.days)
        held = []
        for number, entry in found.items():
            if entry.status is not EntryStatus.ACTIVE:
                continue
            since = _looked_at(tx, number)
            if since is not None:
                seen |= hub_feedback.seen(
                    tx, [number], since_day=max(today - self._limits.days, day_of(since) + 1)
                )
            why = holding.held_for(seen[number], self._limits)
            if not why:
                continue
            entries.set_status(
                tx, number, EntryStatus.QUARANTINED, by="hub", reason="matches ordinary content"
            )
            one = seen[number]
            hub_queue.ask(
                tx, number, QueueWhy.TRAFFIC, by=why, matches=one.matches, wrong=one.wrong,
                members=one.members,
            )  # fmt: skip
            tx.audit("hub", "hub.hold", entry.id, number=number, why=why)
            tx.emit(EventType.ENTRY_QUARANTINED, entry.id, numbers=[number])
            held.append(number)
        return held

    def of_member(self, member: Member, *, limit: int = 50) -> list[hub.Feedback]:
        """What a member said, the newest first."""
        with self._db.read() as tx:
            return hub_feedback.of_member(tx, member.id, limit=limit)


def _looked_at(tx: Tx, number: int) -> datetime | None:
    """When curators or graders last kept an entry in spite of its traffic; counts before are known."""
    kept = [
        one.settled_at for one in hub_queue.of_entry(tx, number)
        if one.why in SEEN and one.outcome is Outcome.KEEP and one.settled_at
    ]  # fmt: skip
    return max(kept, default=None)


def visible(tx: Tx, member: Member, numbers: Iterable[int]) -> dict[int, Entry]:
    """Those of the entries that a member may see for any of its purposes."""
    lists = {one.bank: one for one in hub_lists.every(tx)}
    of_list = {one.bank: banks.by_id(tx, one.bank) for one in lists.values()}
    rules = hub_rules.in_force(tx, tx.now)
    views = [
        View.of(member, purpose, rules, tx.now, lists=lists.values()) for purpose in member.purposes
    ]
    found = entries.many(tx, numbers)
    givers = hub_given.givers(tx, found, published=True)
    return {
        number: one
        for number, one in found.items()
        if one.bank in lists and one.status is not EntryStatus.PROPOSED
        and any(_sees(view, one, of_list[one.bank], givers[number]) for view in views)
    }  # fmt: skip


def _sees(view: View, entry: Entry, bank: Bank, givers: Sequence[Giver]) -> bool:
    sources = [Given(one.member, one.category) for one in givers] or [Given(None)]
    ends = [at for at in (entry.expires_at, bank.expires_at) if at is not None]
    return view.entry(
        sources, bank.number, entry.labels, permitted_use=entry.permitted_use,
        expires_at=min(ends, default=None),
    ).allowed  # fmt: skip


def _fitting(opinion: FeedbackKind | None, reasons: Sequence[str]) -> None:
    for reason in reasons:
        one = _REASONS.get(reason)
        if one is None or one.kind is not opinion:
            raise BadInput("A reason is one of the list, and of the opinion that is given.")


def _active(tx: Tx, member: Member) -> Member:
    now = hub_members.get(tx, member.id)
    if now.state is not MemberState.ACTIVE:
        raise NotAllowed(f"The member {now.name} is {now.state.value}.")
    return now
