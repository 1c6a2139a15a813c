"""Routing: in which queue a case waits, how urgent it is, who may take it, and by when.

In go facts of a case and a `Ruleset`; out comes a `Place`. Rules are data that people write,
read in order: the first one whose conditions all hold decides, and what no rule names waits in
`GENERAL`. Viewers and reports raise a case and never lower it. Pure; the same function routes
live, in shadow and in a dry run. How people write rules: `model.routing_form`. Tested in
`tests/unit/test_routing.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from breakwater.model.case import CaseKind, Priority
from breakwater.model.ids import Id

GENERAL: Final = "general"
"""Where a case waits that no rule names."""


class Content(StrEnum):
    """What somebody would have to look at or read: the ground of opting out."""

    PICTURE = "picture"
    VIDEO = "video"
    LIVE = "live"
    SOUND = "sound"
    WORDS = "words"


class Mode(StrEnum):
    """What a version of the rules does. At most one is live and one is in shadow."""

    DRAFT = "draft"
    SHADOW = "shadow"
    LIVE = "live"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What rules may ask of a case, as it was when it was routed.

    Attributes:
        priority: as the finder judged it.
        labels: of the bank entries that act, in small letters.
        content: words for what it shows: `Content` and the labels.
        viewers: people who watch now.
        reports: reports by people.
    """

    kind: CaseKind
    service: str
    priority: Priority
    surface: str = ""
    labels: frozenset[str] = frozenset()
    content: frozenset[str] = frozenset()
    viewers: int = 0
    reports: int = 0

    def as_json(self) -> dict[str, Any]:
        """As it is kept with the route."""
        return {
            "kind": self.kind.value,
            "service": self.service,
            "priority": self.priority.value,
            "surface": self.surface,
            "labels": sorted(self.labels),
            "content": sorted(self.content),
            "viewers": self.viewers,
            "reports": self.reports,
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> CaseFacts:
        """Read what `as_json` wrote."""
        return cls(
            kind=CaseKind(kept["kind"]),
            service=kept["service"],
            priority=Priority(kept["priority"]),
            surface=kept["surface"],
            labels=frozenset(kept["labels"]),
            content=frozenset(kept["content"]),
            viewers=kept["viewers"],
            reports=kept["reports"],
        )


@dataclass(frozen=True, slots=True)
class When:
    """Conditions of a rule. Each that is given must hold; an empty one holds always."""

    kinds: frozenset[CaseKind] = frozenset()
    services: frozenset[str] = frozenset()
    priorities: frozenset[Priority] = frozenset()
    labels: frozenset[str] = frozenset()
    surfaces: frozenset[str] = frozenset()

    def holds(self, facts: CaseFacts) -> bool:
        """Whether a case is meant."""
        return (
            (not self.kinds or facts.kind in self.kinds)
            and (not self.services or facts.service in self.services)
            and (not self.priorities or facts.priority in self.priorities)
            and (not self.labels or not self.labels.isdisjoint(facts.labels))
            and (not self.surfaces or facts.surface in self.surfaces)
        )

    def covers(self, other: When) -> bool:
        """Whether every case that `other` means is meant by this too."""
        mine = (self.kinds, self.services, self.priorities, self.labels, self.surfaces)
        theirs = (other.kinds, other.services, other.priorities, other.labels, other.surfaces)
        return all(
            not own or (bool(their) and their <= own)
            for own, their in zip(mine, theirs, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the rules.

    Attributes:
        name: for people; unique in its ruleset.
        queue: where the case waits.
        priority: how urgent it is; None leaves what the finder said.
        skill: who may take it: people who have this skill; empty lets everybody.
        due_minutes: minutes until a person must have looked; None goes by the priority.
    """

    name: str
    when: When
    queue: str = GENERAL
    priority: Priority | None = None
    skill: str = ""
    due_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Pressure:
    """How viewers and reports raise a case. They never lower it.

    Attributes:
        viewers_now: a live stream with this many viewers is `now`.
        reports_high, reports_now: this many reports make a case `high`, or `now`.
    """

    viewers_now: int = 1
    reports_high: int = 2
    reports_now: int = 5

    def raised(self, priority: Priority, facts: CaseFacts) -> Priority:
        """The more urgent of what it is and what viewers and reports make of it."""
        wanted = [priority]
        if facts.kind is CaseKind.STREAM and facts.viewers >= self.viewers_now:
            wanted.append(Priority.NOW)
        if facts.reports >= self.reports_now:
            wanted.append(Priority.NOW)
        elif facts.reports >= self.reports_high:
            wanted.append(Priority.HIGH)
        return min(wanted, key=lambda one: one.rank)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case waits.

    Attributes:
        rule: name of the rule that decided; empty when none did.
        due_in: time until a person must have looked, from when the case was opened.
    """

    queue: str
    priority: Priority
    skill: str
    due_in: timedelta
    rule: str = ""

    def differs(self, other: Place) -> bool:
        """Whether a case would wait elsewhere or otherwise; the rule's name alone is no matter."""
        mine = (self.queue, self.priority, self.skill, self.due_in)
        return mine != (other.queue, other.priority, other.skill, other.due_in)


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Rules in their order, and how viewers and reports raise a case."""

    rules: tuple[Rule, ...] = ()
    pressure: Pressure = field(default_factory=Pressure)

    def place(self, facts: CaseFacts) -> Place:
        """Route one case."""
        rule = next((rule for rule in self.rules if rule.when.holds(facts)), None)
        if rule is None:
            priority = self.pressure.raised(facts.priority, facts)
            return Place(GENERAL, priority, "", priority.due_in)
        priority = self.pressure.raised(rule.priority or facts.priority, facts)
        due_in = priority.due_in
        if rule.due_minutes is not None:
            due_in = timedelta(minutes=rule.due_minutes)
            if priority.rank < (rule.priority or facts.priority).rank:
                due_in = min(due_in, priority.due_in)  # raised: never later than that asks for
        return Place(rule.queue, priority, rule.skill, due_in, rule.name)

    @property
    def queues(self) -> tuple[str, ...]:
        """Every queue a case may land in, in the order of the rules."""
        return tuple(dict.fromkeys([*(rule.queue for rule in self.rules), GENERAL]))

    @property
    def skills(self) -> tuple[str, ...]:
        """Every skill a rule asks for."""
        return tuple(dict.fromkeys(rule.skill for rule in self.rules if rule.skill))

    def skill_of(self, queue: str) -> str:
        """The skill that a queue asks for: that of the first rule that leads there."""
        return next((rule.skill for rule in self.rules if rule.queue == queue), "")

    def unreachable(self) -> list[tuple[str, str]]:
        """Rules that never decide, each with the earlier one that takes all their cases."""
        found = []
        for at, rule in enumerate(self.rules):
            first = next((r for r in self.rules[:at] if r.when.covers(rule.when)), None)
            if first is not None:
                found.append((rule.name, first.name))
        return found


BUILT_IN: Final = Ruleset((
    Rule("Live streams", When(kinds=frozenset({CaseKind.STREAM})), "live"),
    Rule("Conversations", When(kinds=frozenset({CaseKind.CONVERSATION})), "conversations"),
    Rule("Floods on a list", When(kinds=frozenset({CaseKind.QUARANTINE})), "lists"),
))  # fmt: skip
"""In force until somebody sets rules live: version 0."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the rules; only ever added.

    Attributes:
        number: 0 is `BUILT_IN`.
        mode: what it does now.
        since: when it was put into that mode.
    """

    number: int
    ruleset: Ruleset
    note: str
    by: str
    at: datetime | None
    mode: Mode
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One case that two sets of rules place differently."""

    case: Id
    number: int
    before: Place
    after: Place


@dataclass(frozen=True, slots=True)
class Comparison:
    """What other rules would change.

    Attributes:
        cases: how many were compared.
        changed: how many of them would wait elsewhere or otherwise.
        by_queue: for each queue, how many cases before and after.
        differences: the newest of them.
    """

    cases: int
    changed: int
    by_queue: Mapping[str, tuple[int, int]]
    differences: Sequence[Difference]
