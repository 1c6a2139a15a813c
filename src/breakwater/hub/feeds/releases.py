"""What rules moved: entries that are newly for a member, or no longer, come again in its feed.

Feeds deny at once, because each reading asks the rules. But an old entry that a new rule lets
out, or an end takes back, has an old change number, which followers are past. So it is kept for
which member each batch is (`hub_served`); where that changed, the entries of the batch move to the
end of the order, and every follower looks at them again. Runs as a turn and before a member's
first answer. Contract: `tests/integration/test_hub_feed.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from breakwater.hub.policy import Given, View
from breakwater.model.hub import Member, MemberKind, MemberState, ReleaseRule, SharedList
from breakwater.model.ids import Id
from breakwater.model.work import Beat
from breakwater.records import hub_feeds, hub_lists, hub_members, hub_rules, hub_stamps, jobs
from breakwater.records.database import Database, Tx
from breakwater.records.hub_feeds import Batch

MOVE_JOB: Final = "hub.move"
"""Kind of the job that moves the entries of a batch."""

SLICE: Final = 50_000
"""Entries moved in one transaction: half a second, so that others get their turn."""

SURELY: Final = timedelta(minutes=1)
"""A rule this much older than a batch was in force when its first entries could be read."""


@dataclass(frozen=True, slots=True)
class Standing:
    """All that rulings rest on, as it is now."""

    members: Sequence[Member]
    rules: Sequence[ReleaseRule]
    lists: Sequence[SharedList]
    batches: Sequence[Batch]

    @classmethod
    def of(cls, tx: Tx) -> Standing:
        """Read it."""
        lists = hub_lists.every(tx, ended=True)
        banks = [one.bank_number for one in lists]
        house = list(hub_feeds.house(tx, banks).values())
        numbers = hub_feeds.names(tx)
        plain = {one.bank: one for one in house}
        beside = [
            Batch(
                None, bank, member, bank_use=plain[bank].bank_use, archived=plain[bank].archived,
                bank_expires_at=plain[bank].bank_expires_at, giver=numbers[member][0],
                created_at=plain[bank].created_at,
            )
            for member, bank in hub_feeds.beside(tx) if bank in plain
        ]  # fmt: skip
        members = [one for one in hub_members.every(tx) if one.kind is not MemberKind.PERSON]
        return cls(
            members, hub_rules.every(tx), lists, [*hub_feeds.batches_of(tx, banks), *house, *beside]
        )

    def sign(self, now: datetime) -> str:
        """Changes whenever a ruling may have changed."""
        ends = [one.expires_at for one in self.rules]
        ends += [end for one in self.batches for end in (one.expires_at, one.bank_expires_at)]
        past = sum(1 for end in ends if end is not None and end <= now)
        facts = [
            past, len(self.batches), [(one.id, one.change) for one in self.members],
            [(one.id, one.change) for one in self.rules],
            [(one.bank_number, one.change, one.tlp) for one in self.lists],
            [(one.key, one.bank_use, one.archived, one.category) for one in self.batches],
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


class Releases:
    """Keeps followers in step with rules."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._signed = ""

    def turn(self) -> None:
        """Look whether rulings changed since the last turn; ask for the moves that follow."""
        self._ran_out()
        with self._db.read() as tx:
            standing = Standing.of(tx)
            signed = standing.sign(tx.now)
        if signed == self._signed:
            return
        with self._db.transaction() as tx:
            tx.lock_changes()
            standing = Standing.of(tx)
            rulings = _Rulings(standing, tx.now)
            for member in standing.members:
                if member.state is MemberState.ACTIVE:
                    rulings.settle(tx, member)
            rulings.ask(tx)
        self._signed = signed

    def first(self, tx: Tx, member: Member) -> None:
        """Before a member has all at once: note what is for it, move nothing."""
        tx.lock_changes()
        rulings = _Rulings(Standing.of(tx), tx.now)
        rulings.settle(tx, member, new=True)

    def move(self, payload: Mapping[str, Any], attempt: int, beat: Beat) -> None:
        """Job: move the entries of one batch, slice by slice; from the start again after a crash."""
        del attempt
        bank, after, last = int(payload["bank"]), int(payload["first"]) - 1, int(payload["last"])
        total = max(1, last - after)
        while after < last:
            end = min(last, after + SLICE)
            with self._db.transaction() as tx:
                hub_feeds.touch_span(tx, bank, after + 1, end)
            after = end
            beat(1 - (last - after) / total)
        if payload.get("giver"):
            self._beside(Id(str(payload["giver"])), bank, beat)

    def _beside(self, giver: Id, bank: int, beat: Beat) -> None:
        place: int | None = 0
        while place is not None:
            with self._db.transaction() as tx:
                place = hub_feeds.touch_given(tx, giver, bank, place, SLICE)
            beat(1.0)

    def _ran_out(self) -> None:
        """Entries whose own end has come move, so that followers without clocks hear of it."""
        with self._db.read() as tx:
            until = int(tx.now.timestamp())
            after = hub_stamps.mark(tx, hub_stamps.EXPIRED)
            found = hub_feeds.ran_out(tx, _at(after), _at(until)) if until > after else []
        if not found and until - after < 60:
            return
        with self._db.transaction() as tx:
            tx.lock_changes()
            after = hub_stamps.mark(tx, hub_stamps.EXPIRED)
            hub_feeds.touch(tx, hub_feeds.ran_out(tx, _at(after), _at(until)))
            hub_stamps.set_mark(tx, hub_stamps.EXPIRED, until)


class _Rulings:
    """What the rules say of each batch, worked out once for members who see alike."""

    def __init__(self, standing: Standing, now: datetime) -> None:
        self._on = standing
        self._now = now
        self._words = sorted({one.category for one in standing.rules if one.category})
        self._known: dict[tuple[tuple[str, ...], int], tuple[str, bool]] = {}
        self._moves: dict[int, Batch] = {}

    def settle(self, tx: Tx, member: Member, *, new: bool = False) -> None:
        """Note what is for a member; what it must look at again is to be moved.

        With `new`, only what was never noted, and nothing moves. What a feed noted in passing has
        no profile yet: it is looked at like what is new.
        """
        before = {one.import_number: one for one in hub_feeds.served(tx, member.id)}
        pulled = bool(hub_feeds.pulls(tx, member.id))
        views = self._views(member, self._on.rules, self._now)
        signs = tuple(view.digest for view in views)
        for batch in self._on.batches:
            if (signs, batch.key) not in self._known:
                self._known[signs, batch.key] = self._profile(views, batch)
            profile, allowed = self._known[signs, batch.key]
            row = before.get(batch.key)
            if new and row is not None:
                continue
            if (row is None and not allowed) or (row is not None and row.profile == profile):
                continue
            ended = not allowed
            hub_feeds.serve(tx, member.id, batch.key, profile, ended=ended, known=row is not None)
            unknown = row is None or (not row.profile and allowed)
            if pulled and not new and not (unknown and self._always(member, batch, profile)):
                self._moves[batch.key] = batch

    def ask(self, tx: Tx) -> None:
        """Ask for the moves; a batch that a move waits for already is not asked for twice."""
        for key, batch in sorted(self._moves.items()):
            giver = batch.member if batch.import_number is None else None
            payload = {
                "bank": batch.bank, "first": batch.first or 1, "last": batch.last or 0,
                "giver": giver,
            }  # fmt: skip
            if batch.import_number is None and giver is None:
                payload["last"] = hub_feeds.last_number(tx)
            jobs.enqueue(tx, MOVE_JOB, payload, dedup_key=f"{MOVE_JOB} {key} {tx.change()}")

    def _views(self, member: Member, rules: Iterable[ReleaseRule], now: datetime) -> list[View]:
        known = list(rules)
        return [
            View.of(member, purpose, known, now, lists=self._on.lists)
            for purpose in member.purposes
        ]

    def _always(self, member: Member, batch: Batch, profile: str) -> bool:
        """Whether a batch that is new here was for the member from its first entry on."""
        if batch.created_at is None or batch.import_number is None:
            return False
        then = batch.created_at - SURELY
        rules = [one for one in self._on.rules if one.at is not None and one.at <= then]
        views = self._views(member, rules, batch.created_at)
        return self._profile(views, batch)[0] == profile

    def _profile(self, views: Sequence[View], batch: Batch) -> tuple[str, bool]:
        """What the rules say of a batch, whatever its entries say of themselves."""
        found = [self._said(view, batch, word) for view in views for word in ("", *self._words)]
        shared = next(one for one in self._on.lists if one.bank_number == batch.bank)
        use = batch.permitted_use or batch.bank_use
        facts = [found, shared.name, shared.tlp, use, batch.category, list(batch.labels)]
        digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
        return digest, any(map(any, found))

    @staticmethod
    def _said(view: View, batch: Batch, word: str) -> list[bool]:
        """Of its entries as they are, with a label more, and with this label or category alone."""
        if batch.archived:
            return [False]
        ends = [one for one in (batch.expires_at, batch.bank_expires_at) if one is not None]
        use = batch.permitted_use or batch.bank_use
        labels = (*batch.labels, word) if word else batch.labels
        looks = [(batch.category, labels), ("", (word,) if word else ())]
        return [
            view.entry(
                [Given(batch.member, category)], batch.bank, said,
                permitted_use=use, expires_at=min(ends, default=None),
            ).allowed
            for category, said in looks
        ]  # fmt: skip


def _at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
