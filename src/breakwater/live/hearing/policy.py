"""How far a chat is restrained without a person: graded, as data, and pure.

In come the levels that alarmed and what else is known of the broadcast; out goes a `Graded`:
single messages held, slow mode, young accounts kept from writing, no gifts, the chat paused, the
broadcast held from discovery, a person called. Words alone go no further, whatever an operator
sets: a freeze takes the chat paused *and* a second signal that is not text; a cut, and anything
that happens to an account, is not among the answers. Source: issue "Comments", reference chat
("Graded policy"). Tests: tests/unit/test_comments_policy.py, tests/property/test_words_alone.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Final, Protocol, Self

from breakwater.errors import BadSettings
from breakwater.model.case import Priority
from breakwater.model.chat import Measure
from breakwater.model.comment import Explanation, Level
from breakwater.model.stream import Control

MEASURES: Final[Mapping[Level, Measure]] = MappingProxyType({
    Level.MESSAGE: Measure.HOLDING, Level.AUTHOR: Measure.SLOW, Level.STREAM: Measure.GATED,
    Level.ACROSS: Measure.NO_GIFTS,
})  # fmt: skip
WEIGHTS: Final[Mapping[Level, float]] = MappingProxyType({
    Level.MESSAGE: 0.3, Level.AUTHOR: 0.45, Level.STREAM: 0.6, Level.ACROSS: 0.7,
})  # fmt: skip
"""Risk of an alarm at its threshold; ours, until outcomes say better. Messages alone are watched
more closely, an author or a stream looks at more than key frames (`live.watching.post`)."""

MOST_WEIGHT: Final = 0.95
"""Words are never certain."""

GROWS_NATS: Final = 4.0
"""Nats over the threshold in which what is missing to certainty falls to 1/e; ours."""

SECONDS: Final = frozenset({"frames", "reports"})
"""Sources of risk that are not text. A score of a classifier never acts alone, nor beside words."""

LEAST_SECOND: Final = 0.5
"""Floor: below this a second signal is none. A broadcast that cannot be seen weighs 0.4."""

LONGEST_SLOW_S: Final = 600
LONGEST_AGE_DAYS: Final = 365


class Rang(Protocol):
    """An alarm, as far as policy asks."""

    @property
    def level(self) -> Level:
        """That reached its threshold."""
        ...

    @property
    def evidence(self) -> float:
        """Nats."""
        ...

    @property
    def threshold(self) -> float:
        """Nats."""
        ...

    @property
    def why(self) -> Explanation:
        """Its explanation."""
        ...


@dataclass(frozen=True, slots=True)
class Policy:
    """The grades as an operator sets them.

    Attributes:
        measures: how far an alarm of a level goes by itself.
        weights: its risk at the threshold, 0 to 1; more evidence weighs more.
        hold_nats: a message that weighs so much is held.
        slow_at, gate_at, no_gifts_at, pause_at: risk from words from which the chat is
            restrained so far, whatever level it came from.
        hide_at: risk from words from which the broadcast is held from discovery.
        page_at: risk from words from which somebody is called even for an alarm against a
            threshold that is not calibrated yet.
        pages: levels whose calibrated alarms call who is on duty; their rate is the budget.
        slow_s: seconds between two messages of one account in slow mode.
        age_days: younger accounts do not write in a gated chat.
        calm_minutes: without a further alarm for so long, what policy did to a chat is undone.
        second: sources of risk that, beside a paused chat, freeze the broadcast; empty: none.
        second_at: their least risk.
    """

    measures: Mapping[Level, Measure] = field(default_factory=lambda: MEASURES)
    weights: Mapping[Level, float] = field(default_factory=lambda: WEIGHTS)
    hold_nats: float = 4.0
    slow_at: float = 0.4
    gate_at: float = 0.6
    no_gifts_at: float = 0.7
    pause_at: float = 0.8
    hide_at: float = 0.85
    page_at: float = 0.6
    pages: frozenset[Level] = frozenset(Level)
    slow_s: int = 30
    age_days: int = 7
    calm_minutes: int = 30
    second: frozenset[str] = frozenset({"frames"})
    second_at: float = 0.6

    def __post_init__(self) -> None:
        """Refuse what would let words do more than they may, and what no service can do."""
        if self.second - SECONDS:
            raise BadSettings(f"comments_policy.second is of {', '.join(sorted(SECONDS))}.")
        if not LEAST_SECOND <= self.second_at <= 1.0:
            raise BadSettings(f"comments_policy.second_at is {LEAST_SECOND} to 1.")
        if any(not 0.0 <= one <= MOST_WEIGHT for one in self.weights.values()):
            raise BadSettings(f"comments_policy.weights are 0 to {MOST_WEIGHT}.")
        if not (1 <= self.slow_s <= LONGEST_SLOW_S and 1 <= self.age_days <= LONGEST_AGE_DAYS):
            raise BadSettings(
                f"comments_policy: slow_s is 1 to {LONGEST_SLOW_S}, age_days 1 to "
                f"{LONGEST_AGE_DAYS}."
            )
        if self.calm_minutes < 1 or not math.isfinite(self.hold_nats):
            raise BadSettings("comments_policy: calm_minutes is 1 or more, hold_nats a number.")

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Self:
        """Read what an operator wrote; what is left out stays as it is here.

        Raises:
            BadSettings: an unknown word, or more than the rule allows.
        """
        known = {one.name for one in fields(cls)}
        if unknown := sorted(set(said) - known):
            raise BadSettings(f"comments_policy has no {', '.join(unknown)}.")
        values = dict(said)
        try:
            measures = {Level(k): Measure(v) for k, v in values.pop("measures", {}).items()}
            weights = {Level(k): float(v) for k, v in values.pop("weights", {}).items()}
            if "pages" in values:
                values["pages"] = frozenset(Level(one) for one in values["pages"])
            if "second" in values:
                values["second"] = frozenset(map(str, values["second"]))
            for name in ("slow_s", "age_days", "calm_minutes"):
                values[name] = int(values.get(name, getattr(cls(), name)))
            for name, now in values.items():
                if name.endswith("_at") or name == "hold_nats":
                    values[name] = float(now)
            return replace(
                cls(), measures=MappingProxyType({**MEASURES, **measures}),
                weights=MappingProxyType({**WEIGHTS, **weights}), **values,
            )  # fmt: skip
        except (AttributeError, TypeError, ValueError):
            raise BadSettings(
                "comments_policy holds numbers, levels, and words of measures."
            ) from None


DEFAULT: Final = Policy()


@dataclass(frozen=True, slots=True)
class Graded:
    """What policy makes of alarms. There is no word for an account in it.

    Attributes:
        measure: how far the chat is restrained.
        weight: risk from words, 0 to 1.
        control: how far the broadcast is stopped because of it.
        priority: of the case; `now` calls who is on duty.
    """

    measure: Measure
    weight: float
    control: Control
    priority: Priority


def grade(policy: Policy, alarms: Iterable[Rang], risks: Mapping[str, float]) -> Graded:
    """How far alarms of one chat go.

    Args:
        policy: in force.
        alarms: of the same moment; none changes nothing.
        risks: of the broadcast by source, as far as known; that of `comments` is not asked.
    """
    rang = tuple(alarms)
    if not rang:
        return Graded(Measure.OPEN, 0.0, Control.OPEN, Priority.LOW)
    weight = max(weight_of(policy, one) for one in rang)
    of_levels = (policy.measures.get(one.level, Measure.OPEN) for one in rang)
    measure = max((*of_levels, by_risk(policy, weight)), key=lambda one: one.rank)
    return Graded(
        measure, weight, _stops(policy, measure, weight, risks), _called(policy, rang, weight)
    )


def weight_of(policy: Policy, alarm: Rang) -> float:
    """Risk of one alarm, 0 to 1: that of its level, and more the further it is over."""
    least = policy.weights.get(alarm.level, 0.0)
    over = alarm.evidence - alarm.threshold
    if not math.isfinite(over) or over <= 0.0:
        return round(least, 4)
    return round(min(MOST_WEIGHT, 1.0 - (1.0 - least) * math.exp(-over / GROWS_NATS)), 4)


def by_risk(policy: Policy, weight: float) -> Measure:
    """How far risk from words goes by itself."""
    for at, to in (
        (policy.pause_at, Measure.PAUSED),
        (policy.no_gifts_at, Measure.NO_GIFTS),
        (policy.gate_at, Measure.GATED),
        (policy.slow_at, Measure.SLOW),
    ):
        if weight >= at:
            return to
    return Measure.OPEN


def holds(policy: Policy, measure: Measure, nats: float, *, age_days: float | None = None) -> bool:
    """Whether one message waits: for its weight, or because of what its chat is under.

    Args:
        policy: in force.
        measure: of its chat, before this message.
        nats: what the message weighs.
        age_days: of its account; None: nobody told.
    """
    if measure is Measure.PAUSED or nats >= policy.hold_nats:
        return True
    young = age_days is not None and age_days < policy.age_days
    return young and measure.rank >= Measure.GATED.rank


def _stops(policy: Policy, measure: Measure, weight: float, risks: Mapping[str, float]) -> Control:
    """Held from discovery by words; frozen only beside something that is no text."""
    second = max((risks.get(one, 0.0) for one in policy.second & SECONDS), default=0.0)
    if measure is Measure.PAUSED and second >= max(policy.second_at, LEAST_SECOND):
        return Control.FROZEN
    return Control.HIDDEN if weight >= policy.hide_at else Control.WATCHED


def _called(policy: Policy, rang: Iterable[Rang], weight: float) -> Priority:
    """Alarms of the budget call somebody; what is not calibrated waits as an urgent case."""
    calibrated = any(one.level in policy.pages and one.why.benign_hours > 0 for one in rang)
    return Priority.NOW if calibrated or weight >= policy.page_at else Priority.HIGH
