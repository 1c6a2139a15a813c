"""What may go to whom: the one place that decides, on every way out.

In: a member, what it asks for, the rules in force and the shared lists; out: a ruling on what a
source gave to a list, with the rule that decided and words. Nothing is released unless a rule
says so; deny beats allow; licences and the traffic light bind on top (18 USC 2258C; FIRST, TLP
2.0: red is for named recipients alone). Pure. Tests: `tests/property/test_hub_policy.py`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from breakwater.model.hub import (
    Effect,
    Member,
    MemberKind,
    MemberState,
    ReleasePurpose,
    ReleaseRule,
    SharedList,
)
from breakwater.model.ids import Id

RED: Final = "red"
_JOINS: Final = re.compile(r"[\s,;+/]+")


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was decided.

    Attributes:
        allowed: it may go out.
        why: one of `WHY`, a word for programs; its sentence for people.
        rule: the rule that decided; None where none did.
    """

    allowed: bool
    why: str
    rule: Id | None = None


WHY: Final = {
    "allowed": "A rule allows it.",
    "denied": "A rule denies it.",
    "no_rule": "No rule allows it.",
    "person": "People in pictures give, and never receive.",
    "not_active": "The member is suspended or left.",
    "not_asked": "The member did not ask for this purpose.",
    "not_shared": "The list is not shared.",
    "use": "The permitted use does not name this purpose.",
    "expired": "The entry has expired.",
    "red": "A red list goes only to members that a rule names.",
}
"""Word to sentence."""


@dataclass(frozen=True, slots=True)
class Given:
    """What one contributor said of an entry.

    Attributes:
        source: id of the member; None for this house itself.
        category: what it graded.
    """

    source: Id | None
    category: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """What one member may see for one purpose at one moment.

    Attributes:
        purpose: what for.
        now: the moment.
        shut: why nothing at all goes to it, a word of `WHY`; empty where something may.
        denies, allows: rules in force that speak of this member and purpose, by age.
        red: numbers of shared lists that go to named members alone.
        lists: numbers of lists that are shared.
    """

    member: Member
    purpose: ReleasePurpose
    now: datetime
    shut: str
    denies: tuple[ReleaseRule, ...]
    allows: tuple[ReleaseRule, ...]
    lists: frozenset[int]
    red: frozenset[int]

    @classmethod
    def of(
        cls, member: Member, purpose: ReleasePurpose, rules: Iterable[ReleaseRule], now: datetime,
        *, lists: Iterable[SharedList],
    ) -> View:  # fmt: skip
        """The view of a member.

        Args:
            member: who asks.
            purpose: what for.
            rules: any; those not in force now, or not of this member and purpose, say nothing.
            now: the moment.
            lists: shared lists; of those that ended nothing is released.
        """
        mine = sorted(
            (one for one in rules if _in_force(one, now) and _speaks_of(one, member, purpose)),
            key=lambda one: (one.change, one.id),
        )
        shared = [one for one in lists if one.ended_at is None]
        return cls(
            member=member,
            purpose=purpose,
            now=now,
            shut=_shut(member, purpose),
            denies=tuple(one for one in mine if one.effect is Effect.DENY),
            allows=tuple(one for one in mine if one.effect is Effect.ALLOW),
            lists=frozenset(one.bank_number for one in shared),
            red=frozenset(one.bank_number for one in shared if one.tlp == RED),
        )

    def ruling(
        self, source: Id | None, list: int, category: str, labels: Sequence[str],  # noqa: A002 - as the rule says it
        *, permitted_use: str, expires_at: datetime | None,
    ) -> Ruling:  # fmt: skip
        """Whether what one source gave may go out.

        Args:
            source: id of the member that gave it; None for this house itself.
            list: number of the bank.
            category: as it was graded; empty where nobody said.
            labels: of the entry, its own or its import's.
            permitted_use: of the entry, its import or its bank; purposes it names, or none.
            expires_at: of the entry or its import, and of the bank, whichever is first.
        """
        closed = self._closed(list, permitted_use, expires_at)
        return closed or self._by_rules(source, list, {category, *labels})

    def entry(
        self, given: Iterable[Given], list: int, labels: Sequence[str],  # noqa: A002 - as the rule says it
        *, permitted_use: str, expires_at: datetime | None,
    ) -> Ruling:  # fmt: skip
        """Whether an entry that several gave may go out.

        One contributor whose rules allow it is enough: what another may not give away is not
        what this one gave. A denial that names no source speaks of the entry, whoever graded it
        what it names.
        """
        closed = self._closed(list, permitted_use, expires_at)
        if closed is not None:
            return closed
        every = tuple(given)
        said = {one.category for one in every} | {*labels}
        for rule in self.denies:
            if rule.source is None and _fits(rule, None, list, said):
                return Ruling(False, "denied", rule.id)
        found = [self._by_rules(one.source, list, {one.category, *labels}) for one in every]
        return next(
            (one for one in found if one.allowed),
            next((one for one in found if one.rule), found[0] if found else Ruling(False, "no_rule")),
        )  # fmt: skip

    @property
    def digest(self) -> str:
        """Equal for members who see alike; hexadecimal, 64 long.

        Of what the rules say of entries alone: which member, kind or country they name is left
        out, because it was decided already.
        """
        if self.shut:
            return hashlib.sha256(b"nothing").hexdigest()
        rules = {
            (one.effect.value, one.source or "", one.list or 0, one.category is not None,
             one.category or "", one.recipient is not None and bool(self.red))
            for one in (*self.denies, *self.allows)
        }  # fmt: skip
        facts = [self.purpose.value, sorted(rules), sorted(self.lists), sorted(self.red)]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def _closed(self, list: int, use: str, expires_at: datetime | None) -> Ruling | None:  # noqa: A002 - as the rule says it
        """Why no rule can let it out; None where one can."""
        if self.shut:
            return Ruling(False, self.shut)
        if list not in self.lists:
            return Ruling(False, "not_shared")
        if expires_at is not None and expires_at <= self.now:
            return Ruling(False, "expired")
        if self.purpose not in purposes_of(use):
            return Ruling(False, "use")
        return None

    def _by_rules(self, source: Id | None, list: int, said: set[str]) -> Ruling:  # noqa: A002 - as the rule says it
        for rule in self.denies:
            if _fits(rule, source, list, said):
                return Ruling(False, "denied", rule.id)
        fitting = [rule for rule in self.allows if _fits(rule, source, list, said)]
        if list in self.red:
            named = [rule for rule in fitting if rule.recipient is not None]
            if fitting and not named:
                return Ruling(False, "red", fitting[0].id)
            fitting = named
        return Ruling(True, "allowed", fitting[0].id) if fitting else Ruling(False, "no_rule")


def purposes_of(permitted_use: str) -> frozenset[ReleasePurpose]:
    """Purposes that words of a permitted use name; none where they say anything else.

    >>> sorted(purposes_of("detection and research"))
    [<ReleasePurpose.DETECTION: 'detection'>, <ReleasePurpose.RESEARCH: 'research'>]
    >>> purposes_of("not for research")
    frozenset()
    """
    words = [one for one in _JOINS.split(permitted_use.strip().lower()) if one and one != "and"]
    known = {one.value: one for one in ReleasePurpose}
    if not all(one in known for one in words):
        return frozenset()
    return frozenset(known[one] for one in words)


def _shut(member: Member, purpose: ReleasePurpose) -> str:
    if member.kind is MemberKind.PERSON:
        return "person"
    if member.state is not MemberState.ACTIVE:
        return "not_active"
    return "" if purpose in member.purposes else "not_asked"


def _in_force(rule: ReleaseRule, now: datetime) -> bool:
    over = [one for one in (rule.expires_at, rule.ended_at) if one is not None]
    return all(one > now for one in over)


def _speaks_of(rule: ReleaseRule, member: Member, purpose: ReleasePurpose) -> bool:
    """Whether what it says of the recipient and the purpose holds."""
    pairs = (
        (rule.recipient, member.id), (rule.recipient_kind, member.kind),
        (rule.recipient_country, member.country), (rule.purpose, purpose),
    )  # fmt: skip
    return all(wanted is None or wanted == found for wanted, found in pairs)


def _fits(rule: ReleaseRule, source: Id | None, list: int, said: set[str]) -> bool:  # noqa: A002 - as the rule says it
    """Whether what it says of an entry holds."""
    if rule.source is not None and rule.source != source:
        return False
    if rule.list is not None and rule.list != list:
        return False
    return rule.category is None or rule.category in said
