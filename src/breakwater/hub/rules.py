"""Release rules: proposed by one person, agreed by another; what narrows takes one.

A rule that allows, and the end of one that denies, let something out for good: two people agree.
A rule that denies, and the end of one that allows, hold back: one person is enough, at once.
Followers hear of either by new change numbers of the entries concerned (`hub.feeds`). Contract:
`tests/contract/test_hub_running.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from breakwater.errors import BadInput, Conflict, NotAllowed, NotFound
from breakwater.hub.members import must_read, must_run
from breakwater.model.access import Principal
from breakwater.model.approval import Approval
from breakwater.model.country import country_code
from breakwater.model.hub import Effect, MemberKind, ReleasePurpose, ReleaseRule
from breakwater.model.ids import Id, new_id
from breakwater.records import approvals, hub_lists, hub_members, hub_rules
from breakwater.records.database import Database, Tx

ADD: Final = "hub.rule_add"
END: Final = "hub.rule_end"
KINDS: Final = (ADD, END)


@dataclass(frozen=True, slots=True)
class RuleWish:
    """What a rule shall say; what is None says nothing."""

    effect: Effect
    source: Id | None = None
    list: str | None = None
    recipient: Id | None = None
    recipient_kind: MemberKind | None = None
    recipient_country: str | None = None
    purpose: ReleasePurpose | None = None
    category: str | None = None
    expires_at: datetime | None = None

    def facts(self) -> dict[str, Any]:
        """As a proposal keeps it."""
        return {
            "effect": self.effect.value, "source": self.source, "list": self.list,
            "recipient": self.recipient, "recipient_kind": self.recipient_kind,
            "recipient_country": self.recipient_country, "purpose": self.purpose,
            "category": self.category,
            "expires_at": None if self.expires_at is None else self.expires_at.isoformat(),
        }  # fmt: skip

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> RuleWish:
        """From what a proposal kept."""
        kind, purpose = facts["recipient_kind"], facts["purpose"]
        ends = facts["expires_at"]
        return cls(
            Effect(facts["effect"]), facts["source"], facts["list"], facts["recipient"],
            None if kind is None else MemberKind(kind), facts["recipient_country"],
            None if purpose is None else ReleasePurpose(purpose), facts["category"],
            None if ends is None else datetime.fromisoformat(ends),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a wish: the rule as it stands, or what waits for a second person."""

    rule: ReleaseRule | None = None
    waits: Approval | None = None


class Rules:
    """What may go to whom, as people have it."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def add(self, by: Principal, wish: RuleWish, *, reason: str) -> Done:
        """Add a rule that denies, or propose one that allows.

        Raises:
            NotAllowed: not by those who run the hub.
            BadInput: no reason, a country that is none, or it would have ended already.
            NotFound: it names a member or a list there is none of.
        """
        who, words = must_run(by), _words(reason)
        with self._db.transaction() as tx:
            tx.lock_changes()
            said = _checked(tx, wish)
            if said.effect is Effect.DENY:
                rule = hub_rules.add(tx, _rule(tx, new_id(), said, words, who))
                tx.audit(by.id, ADD, rule.id, **said.facts())
                return Done(rule)
            waits = approvals.propose(
                tx, kind=ADD, subject=new_id(), by=who, reason=words, facts=said.facts()
            )
            tx.audit(by.id, "hub.rule_propose", waits.subject, **said.facts())
            return Done(waits=waits)

    def end(self, by: Principal, rule: Id, *, reason: str) -> Done:
        """End a rule that allows, or propose the end of one that denies.

        Raises:
            NotAllowed: not by those who run the hub.
            BadInput: no reason.
            NotFound: no such rule.
            Conflict: it has ended.
        """
        who, words = must_run(by), _words(reason)
        with self._db.transaction() as tx:
            tx.lock_changes()
            known = hub_rules.get(tx, rule)
            if known.ended_at is not None:
                raise Conflict("This rule has ended already.")
            if known.effect is Effect.ALLOW:
                ended = hub_rules.end(tx, rule, by=who, reason=words)
                tx.audit(by.id, END, rule)
                return Done(ended)
            waits = approvals.propose(tx, kind=END, subject=rule, by=who, reason=words)
            tx.audit(by.id, "hub.rule_propose_end", rule)
            return Done(known, waits)

    def confirm(self, by: Principal, subject: Id) -> ReleaseRule:
        """Agree as the second person: the rule stands, or has ended, from now on.

        Args:
            by: a person signed in.
            subject: of the proposal.

        Raises:
            NotAllowed: not a person who runs the hub.
            NotFound: nothing waits.
            NeedsSecondPerson: the one who proposed it.
            BadInput: it would have ended meanwhile.
        """
        must_run(by)
        second = must_be_person(by)
        with self._db.transaction() as tx:
            tx.lock_changes()
            kind = _kind(tx, subject)
            agreed = approvals.confirm(tx, kind=kind, subject=subject, by=second)
            if kind == END:
                done = hub_rules.end(tx, subject, by=agreed.by, reason=agreed.reason)
            else:
                said = _checked(tx, RuleWish.of(agreed.facts))
                made = _rule(tx, subject, said, agreed.reason, agreed.by, second)
                done = hub_rules.add(tx, made)
            tx.audit(by.id, kind, subject, first=agreed.by, **agreed.facts)
            return done

    def refuse(self, by: Principal, subject: Id) -> None:
        """Disagree, or take one's own proposal back; raises `NotAllowed`, `NotFound`."""
        who = must_run(by)
        with self._db.transaction() as tx:
            tx.lock_changes()
            approvals.refuse(tx, kind=_kind(tx, subject), subject=subject, by=who)
            tx.audit(by.id, "hub.rule_refuse", subject)

    def every(self, by: Principal, *, over: bool = False) -> list[ReleaseRule]:
        """Rules in force, the first first; with `over` those that ended or ran out too."""
        must_read(by)
        with self._db.read() as tx:
            return hub_rules.every(tx) if over else hub_rules.in_force(tx, tx.now)

    def waiting(self, by: Principal) -> Sequence[Approval]:
        """What waits for a second person, the oldest first."""
        must_read(by)
        with self._db.read() as tx:
            found = [one for kind in KINDS for one in approvals.waiting(tx, kind=kind)]
        return sorted(found, key=lambda one: one.proposed_at)


def must_be_person(by: Principal) -> Id:
    """The person; raises `NotAllowed` for keys and commands: a second person looks and agrees."""
    if by.person is None:
        raise NotAllowed("The second person agrees in the console, signed in.")
    return by.person


def _kind(tx: Tx, subject: Id) -> str:
    found = [
        one for one in approvals.of_subject(tx, subject) if one.kind in KINDS and not one.outcome
    ]
    if not found:
        raise NotFound("Nothing waits for a second person here; a proposal lapses after 24 hours.")
    return found[0].kind


def _words(reason: str) -> str:
    if not reason.strip():
        raise BadInput("Say why, so that the second person can decide.")
    return reason.strip()[:2000]


def _checked(tx: Tx, wish: RuleWish) -> RuleWish:
    """The wish, if all it names is there."""
    for member in (wish.source, wish.recipient):
        if member is not None:
            hub_members.get(tx, member)
    if wish.list is not None:
        hub_lists.by_name(tx, wish.list)
    if wish.recipient_country is not None and (
        country_code(wish.recipient_country) != wish.recipient_country
    ):
        raise BadInput("Name the member's country by its two letters.")
    if wish.expires_at is not None and wish.expires_at <= tx.now:
        raise BadInput("The rule would have ended already.")
    return wish


def _rule(  # noqa: PLR0917 - what a rule is made of
    tx: Tx, made: Id, said: RuleWish, reason: str, by: Id, second: Id | None = None
) -> ReleaseRule:
    return ReleaseRule(
        made, said.effect, said.source,
        None if said.list is None else hub_lists.by_name(tx, said.list).bank_number,
        said.recipient, said.recipient_kind, said.recipient_country, said.purpose, said.category,
        said.expires_at, reason, by, second,
    )  # fmt: skip
