"""Who follows, with what view, and how well: what every dialect asks first.

A key belongs to a member; a member that is suspended gets a refusal and never an empty answer,
because an empty answer would move its place. Health of its following is kept in memory and
written down now and then, so that a request that finds nothing costs no write. Contract:
`tests/integration/test_hub_feed.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from breakwater.errors import BadInput, NotAllowed, NotFound
from breakwater.hub.feeds.reading import Reader
from breakwater.hub.feeds.releases import Releases
from breakwater.hub.policy import WHY, View
from breakwater.model.access import Principal
from breakwater.model.hub import Member, MemberState, ReleasePurpose, SharedList
from breakwater.model.ids import Id
from breakwater.records import hub_feeds, hub_hours, hub_lists, hub_members, hub_rules
from breakwater.records.database import Database, Tx


@dataclass(frozen=True, slots=True)
class Asking:
    """A member that asks, for one purpose.

    Attributes:
        served: keys of batches of which it may have had something.
        state: digest of what lists and batches say for all their entries; where it changes,
            files that were built before may hold what may not go out any more.
    """

    member: Member
    view: View
    lists: Sequence[SharedList]
    served: frozenset[int]
    state: str = ""

    def reader(self, tx: Tx, only: int | None = None) -> Reader:
        """What it may read."""
        return Reader(tx, self.view, self.lists, served=self.served, only=only)

    def list_named(self, name: str) -> int:
        """Number of a list that it may know of.

        Raises:
            NotFound: no such list, or nothing of it could ever go to this member.
        """
        for one in self.lists:
            if one.name == name:
                return one.bank_number
        raise NotFound(f"list {name}")


@dataclass(slots=True)
class _Health:
    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: dict[tuple[Id, str], dict[str, Any]] = field(default_factory=dict)


class Following:
    """Knows followers."""

    def __init__(self, db: Database, releases: Releases) -> None:
        self._db = db
        self._releases = releases
        self._health = _Health()

    def asking(self, tx: Tx, who: Principal, purpose: str = "") -> Asking:
        """Who asks, with its view.

        Raises:
            NotAllowed: the key is no member's, or nothing goes to this member now.
            BadInput: no such purpose, or the member did not ask for it.
        """
        return self.asked_for(tx, self.member(tx, who), purpose)

    def asked_for(self, tx: Tx, member: Member, purpose: str = "") -> Asking:
        """A member's view, where others act for it; raises as `asking`."""
        if member.state is not MemberState.ACTIVE:
            raise NotAllowed(WHY["not_active"])
        wanted = purpose_of(member, purpose)
        lists = hub_lists.every(tx, ended=True)
        view = View.of(member, wanted, hub_rules.every(tx), tx.now, lists=lists)
        if view.shut:
            raise NotAllowed(WHY[view.shut])
        served = frozenset(one.import_number for one in hub_feeds.served(tx, member.id))
        state = hub_feeds.state(tx, [one.bank_number for one in lists], tx.now)
        return Asking(member, view, lists, served, state)

    def member(self, tx: Tx, who: Principal) -> Member:
        """Whose key it is.

        Raises:
            NotAllowed: no member's.
        """
        member = hub_members.by_key(tx, who.id)
        if member is None:
            raise NotAllowed("This key belongs to no member of the hub.")
        return member

    def alike(self, tx: Tx, asking: Asking) -> frozenset[int]:
        """Batches of which somebody who sees alike may have had something."""
        rules = hub_rules.every(tx)
        same = {
            member.id
            for member in hub_members.every(tx, state=MemberState.ACTIVE)
            if View.of(
                member, asking.view.purpose, rules, asking.view.now, lists=asking.lists
            ).digest == asking.view.digest
        }  # fmt: skip
        return frozenset(one.import_number for one in hub_feeds.served(tx) if one.member in same)

    def prepare(self, who: Principal, dialect: str) -> None:
        """Before a member's first answer ever: note what is for it."""
        with self._db.read() as tx:
            member = self.member(tx, who)
            if hub_feeds.pulls(tx, member.id):
                return
        with self._db.transaction() as tx:
            if not hub_feeds.pulls(tx, member.id):
                self._releases.first(tx, member)
                hub_feeds.note_pull(tx, member.id, dialect, {})

    def served(self, member: Id, keys: set[int]) -> None:
        """Note batches of which a member is about to have something for the first time."""
        with self._db.transaction() as tx:
            tx.lock_changes()
            known = {one.import_number for one in hub_feeds.served(tx, member)}
            for key in sorted(keys - known):
                hub_feeds.serve(tx, member, key, "", ended=False, known=False)

    def note(
        self, member: Id, dialect: str, *, rows: int = 0, change: int = 0, fault: str = ""
    ) -> None:
        """Say how a request went; written down by the next turn."""
        with self._health.lock:
            one = self._health.waiting.setdefault((member, dialect), {})
            for name, count in (("rows", rows), ("requests", 1), ("errors", bool(fault))):
                one[name] = one.get(name, 0) + int(count)
            one["change"] = max(change, one.get("change", 0))
            one["fault"] = fault or one.get("fault", "")

    def turn(self) -> None:
        """Write down how members follow."""
        with self._health.lock:
            waiting, self._health.waiting = self._health.waiting, {}
        if not waiting:
            return
        with self._db.transaction() as tx:
            tx.lock_changes()
            newest = hub_feeds.newest(tx)
            for (member, dialect), more in sorted(waiting.items()):
                read = hub_feeds.note_pull(tx, member, dialect, more)
                behind = max(0, newest - read) if read else None
                hub_hours.add(tx, member, dialect, more, behind)
            hub_hours.forget(tx)


def purpose_of(member: Member, purpose: str) -> ReleasePurpose:
    """What for: as asked, or the first that the member takes part for.

    Raises:
        BadInput: no such purpose, or not one of this member's.
        NotAllowed: it takes part for none.
    """
    if not purpose:
        if not member.purposes:
            raise NotAllowed(WHY["not_asked"])
        return member.purposes[0]
    try:
        return ReleasePurpose(purpose)
    except ValueError:
        known = ", ".join(one.value for one in ReleasePurpose)
        raise BadInput(f"A purpose is one of: {known}.") from None
