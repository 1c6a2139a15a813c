"""Decisions on cases: what a person may say, what follows from it, and how it is taken back.

Every decision is a row with a reason that is only ever added; undo adds another one, and the
present state is derived (`Decision.stands`). "Illegal" sets the moment of actual knowledge
(18 USC 2258A), from which the clock of a report runs. `review.deciding.policy` says which need a
second person; `records.decisions` keeps them. Tests: `tests/unit/test_decision.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self, TypeVar

from breakwater.errors import BadInput
from breakwater.model.facts import ItemFacts
from breakwater.model.ids import Id

E = TypeVar("E", bound=StrEnum)

UNDO: Final = timedelta(seconds=30)
"""How long media of what was released are kept, so that a slip can be taken back whole.

"Delete at once when suspicion is not confirmed" (reference: law) begins when this ends.
"""

DECIDED: Final = "decided"
"""Rule of a verdict, and `Match.why_not` of its matches, that a person said does not count."""

CONFIRMED: Final = "decision."
"""How the rule of a verdict begins that a person confirmed: no change of a list undoes it."""
STANDING: Final = (CONFIRMED, "received.")
"""Beginnings of rules that no list undoes: a person's word, and what came with a report."""


class DecisionKind(StrEnum):
    """What a person says of a case."""

    NOT_ILLEGAL = "not_illegal"
    LAWFUL_CONTEXT = "lawful_context"
    ILLEGAL = "illegal"
    OWN_IMAGE = "own_image"
    WRONG_MATCH = "wrong_match"
    SECOND_OPINION = "second_opinion"
    ESCALATE = "escalate"
    DANGER_NOW = "danger_now"

    @property
    def ends(self) -> bool:
        """It closes the case; the others send it on to another person."""
        return self.releases or self.keeps

    @property
    def releases(self) -> bool:
        """Suspicion is not confirmed: the item passes and its media are destroyed."""
        return self in {self.NOT_ILLEGAL, self.LAWFUL_CONTEXT, self.WRONG_MATCH}

    @property
    def keeps(self) -> bool:
        """Suspicion is confirmed: the item stays blocked and its media are evidence."""
        return self in {self.ILLEGAL, self.OWN_IMAGE}

    @property
    def rule(self) -> str:
        """The rule of the verdict it leads to."""
        return f"{CONFIRMED}{self.value}" if self.keeps else DECIDED


class Context(StrEnum):
    """Why a picture of a child is lawful."""

    FAMILY = "family"
    MEDICAL = "medical"
    ART = "art"


class AccountRole(StrEnum):
    """Who holds the account: the child is often the one who sends (reference: law).

    An apparent child gets help, no ban, and is reported as a victim.
    """

    SUSPECT = "suspect"
    APPARENT_CHILD = "apparent_child"
    UNKNOWN = "unknown"


class Profile(StrEnum):
    """How many people work here; says whether an urgent report waits for the second one."""

    TEAM = "team"
    SMALL_TEAM = "small-team"


class Outcome(StrEnum):
    """What becomes of one upload by a decision."""

    RELEASED = "released"
    KEPT = "kept"
    HELD = "held"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """What a person adds to a decision.

    Attributes:
        context: of what is lawful.
        role: of the account's holder.
        item: what is seen; at least the activity when it is illegal.
    """

    context: Context | None = None
    role: AccountRole | None = None
    item: ItemFacts | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it: only what was said."""
        said: dict[str, Any] = {}
        if self.context is not None:
            said["context"] = self.context.value
        if self.role is not None:
            said["role"] = self.role.value
        if self.item is not None:
            said["item"] = self.item.plain()
        return said

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Self:
        """Read what `plain` wrote.

        Raises:
            BadInput: an unknown member or word.
        """
        if unknown := sorted(set(said) - {"context", "role", "item"}):
            raise BadInput(f"These are not facts of a decision: {', '.join(unknown)}.")
        try:
            item = said.get("item")
            seen = None if item is None else ItemFacts.read(item)
        except (AttributeError, TypeError, ValueError):
            raise BadInput("item holds the facts of an item.") from None
        return cls(
            context=_word(Context, said.get("context"), "context"),
            role=_word(AccountRole, said.get("role"), "role"),
            item=seen,
        )


NO_FACTS: Final = DecisionFacts()


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing a person said of a case; only ever added.

    Attributes:
        by: the person.
        second: the other person, where two were needed.
        undoes: the decision that this row takes back.
        undone: the row that took this one back.
        lead: the decision that reached this case too, as one of its stack or by its entry.
        knowledge_at: when illegality became known to a person here.
        priority_before: of the case, where the decision raised it.
    """

    id: Id
    case: Id
    kind: DecisionKind
    by: Id
    at: datetime
    reason: str
    facts: DecisionFacts = NO_FACTS
    second: Id | None = None
    undoes: Id | None = None
    undone: Id | None = None
    lead: Id | None = None
    knowledge_at: datetime | None = None
    priority_before: str = ""
    change: int = 0

    @property
    def stands(self) -> bool:
        """It was not taken back, and does not take back another one."""
        return self.undoes is None and self.undone is None

    @property
    def media_until(self) -> datetime:
        """Until when undo brings back media too."""
        return self.at + UNDO


@dataclass(frozen=True, slots=True)
class Touched:
    """One upload that a decision reaches, before it is taken and as it is kept.

    Attributes:
        case: that it opened, if any.
        before, after: revisions of its verdict; the same when nothing changed.
        why: in words, when it does not do what the decision asks.
    """

    upload: Id
    outcome: Outcome
    case: Id | None = None
    service: str = ""
    account: str = ""
    before: int = 0
    after: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a decision would do: shown before it is taken.

    Attributes:
        touched: every upload it reaches, those of the case first.
        entries: numbers of the entries it calls wrong.
        second: it needs another person before it acts.
        later: uploads beyond those listed, released in the background.
    """

    kind: DecisionKind
    touched: tuple[Touched, ...] = ()
    entries: tuple[int, ...] = ()
    second: bool = False
    later: int = 0

    def count(self, outcome: Outcome) -> int:
        """Uploads listed with this outcome."""
        return sum(one.outcome is outcome for one in self.touched)

    @property
    def released(self) -> int:
        """Uploads that would pass, those released in the background too."""
        return self.count(Outcome.RELEASED) + self.later

    @property
    def accounts(self) -> int:
        """Accounts with an upload that would pass."""
        released = (one for one in self.touched if one.outcome is Outcome.RELEASED)
        return len({(one.service, one.account) for one in released if one.account})

    @property
    def digest(self) -> str:
        """The same for the same effect: proves that what was shown is what is done."""
        touched = sorted(f"{one.upload} {one.outcome} {one.before}" for one in self.touched)
        said = [self.kind, str(self.later), *map(str, self.entries), *touched]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


def _word(kind: type[E], value: Any, name: str) -> E | None:
    if value is None:
        return None
    try:
        return kind(value)
    except (TypeError, ValueError):
        raise BadInput(f"{name} is one of: {', '.join(kind)}.") from None
