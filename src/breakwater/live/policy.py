"""How far a broadcast is stopped without a person: graded, as data, and pure.

Watch, look more closely, hold from discovery, freeze, cut. By itself it cuts only for at least
3 novel frames aligned over at least 4 s, in a bank that two people marked for it, on an entry
that two people or sources verified; what is less freezes and calls a person, and a single frame
never cuts. Risk from words, reports, scores or history raises sampling and hides at most:
scores never act alone. Source: issue "Live". Tests: `tests/unit/test_live_policy.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Final, Self

from breakwater.errors import BadSettings
from breakwater.model.bank import BankAction
from breakwater.model.case import Priority
from breakwater.model.copies import Zone
from breakwater.model.stream import Alert, Control

LEAST_FRAMES: Final = 3
LEAST_SPAN_S: Final = 4.0
"""Floors of an automatic cut: a policy may ask for more, never for less."""

STOPS: Final[Mapping[str, Control]] = MappingProxyType({
    "match": Control.FROZEN,
    "copy": Control.FROZEN,
    "stopped": Control.FROZEN,
    "undecodable": Control.WATCHED,
    "lost": Control.WATCHED,
    "classifier": Control.WATCHED,
})  # fmt: skip
WEIGHTS: Final[Mapping[str, float]] = MappingProxyType({
    "match": 0.95, "copy": 0.98, "stopped": 0.98, "undecodable": 0.4, "lost": 0.4,
    "classifier": 0.6,
})  # fmt: skip
"""What an alert of a kind is worth as risk; ours, until outcomes say better."""

CASES: Final = frozenset({"match", "copy", "stopped", "undecodable", "lost"})
"""A person looks at these. A score alone raises priority and sampling only."""

LOOK_WEIGHT: Final = 0.7
"""Of an alignment that needs a closer look."""

HISTORY_WEIGHT: Final = 0.35
"""Of an account whose earlier broadcast was stopped."""

NEW_WEIGHT: Final = 0.05
"""Of an account nobody has seen broadcast before."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The grades as an operator sets them.

    Attributes:
        stops: how far an alert of a kind goes by itself; `cut` only by the rule of `auto_cut`.
        auto_cut: banks that are marked may cut; off, they freeze.
        cut_frames, cut_span_s: novel frames, and the seconds over which they align.
        watch_at, hide_at: risk from which a broadcast is looked at more closely, or held from
            discovery.
        now_at, high_at, medium_at: risk from which it has that priority.
        two_people: a cut by people takes two of them: the first one freezes.
    """

    stops: Mapping[str, Control] = field(default_factory=lambda: STOPS)
    auto_cut: bool = True
    cut_frames: int = LEAST_FRAMES
    cut_span_s: float = LEAST_SPAN_S
    watch_at: float = 0.3
    hide_at: float = 0.85
    now_at: float = 0.9
    high_at: float = 0.6
    medium_at: float = 0.25
    two_people: bool = False

    def __post_init__(self) -> None:
        """Refuse what would let a machine do more than the rule allows."""
        if self.cut_frames < LEAST_FRAMES or self.cut_span_s < LEAST_SPAN_S:
            raise BadSettings(
                f"An automatic cut takes at least {LEAST_FRAMES} frames over {LEAST_SPAN_S:g} s."
            )
        if any(to is Control.CUT for to in self.stops.values()):
            raise BadSettings("stops goes to frozen at most; cuts follow the rule of auto_cut.")
        if self.stops.get("classifier", Control.OPEN).rank > Control.WATCHED.rank:
            raise BadSettings("A score never acts alone: classifier goes to watched at most.")

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Self:
        """Read what an operator wrote; what is left out stays as it is here.

        Raises:
            BadSettings: an unknown word, or more than the rule allows.
        """
        known = {one.name for one in fields(cls)}
        if unknown := sorted(set(said) - known):
            raise BadSettings(f"stream_policy has no {', '.join(unknown)}.")
        values = dict(said)
        try:
            stops = {str(kind): Control(to) for kind, to in values.pop("stops", {}).items()}
            if unknown := sorted(set(stops) - set(STOPS)):
                raise BadSettings(f"stream_policy.stops has no {', '.join(unknown)}.")
            return replace(cls(), stops=MappingProxyType({**STOPS, **stops}), **values)
        except (AttributeError, TypeError, ValueError):
            raise BadSettings(
                "stream_policy holds numbers, switches, and words of control."
            ) from None


DEFAULT: Final = Policy()


@dataclass(frozen=True, slots=True)
class Judged:
    """What policy makes of one alert.

    Attributes:
        to: how far the broadcast is stopped because of it.
        weight: its risk, 0 to 1.
        opens: a person has to look.
    """

    to: Control
    weight: float
    opens: bool


def judge(
    policy: Policy,
    alert: Alert,
    *,
    zone: Zone,
    action: BankAction,
    may_cut: bool,
    dismissed: bool = False,
    unchecked: bool = False,
) -> Judged:
    """How far one alert goes.

    Args:
        policy: in force.
        alert: what was seen.
        zone: of its best segment; `link` for single frames that match a bank.
        action: of the bank it points to; a bank that only logs stops nothing.
        may_cut: the bank is marked and the entry verified by two, by the rows.
        dismissed: a person said of this reference that it is not in this broadcast.
        unchecked: the bank holds what nobody checked: it is looked at, never stopped.
    """
    if dismissed:
        return Judged(Control.OPEN, 0.0, opens=False)
    weight = WEIGHTS.get(alert.kind, 0.0)
    if alert.kind == "classifier":
        return Judged(Control.OPEN, weight * min(max(alert.score, 0.0), 1.0), opens=False)
    opens = alert.kind in CASES
    to = policy.stops.get(alert.kind, Control.WATCHED)
    known = alert.kind in {"match", "copy", "stopped"}
    if known and action is BankAction.LOG:
        return Judged(Control.WATCHED, 0.2, opens=False)
    if known and (unchecked or zone is not Zone.LINK):
        return Judged(min(to, Control.WATCHED, key=_rank), LOOK_WEIGHT, opens=opens)
    if known and may_cut and _enough(policy, alert):
        to = Control.CUT
    return Judged(to, weight, opens=opens)


def graded(policy: Policy, risk: float) -> Control:
    """How far risk alone goes: looked at more closely, held from discovery, never further."""
    if risk >= policy.hide_at:
        return Control.HIDDEN
    return Control.WATCHED if risk >= policy.watch_at else Control.OPEN


def priority(policy: Policy, risk: float, control: Control = Control.OPEN) -> Priority:
    """The shape and word on the wall; what was stopped without a person is looked at now."""
    if control.rank >= Control.FROZEN.rank or risk >= policy.now_at:
        return Priority.NOW
    if risk >= policy.high_at:
        return Priority.HIGH
    return Priority.MEDIUM if risk >= policy.medium_at else Priority.LOW


def together(risks: Mapping[str, float]) -> float:
    """The chance that at least one source is right, taken as independent."""
    rest = 1.0
    for one in risks.values():
        rest *= 1.0 - min(max(one, 0.0), 1.0)
    return round(1.0 - rest, 4)


def _enough(policy: Policy, alert: Alert) -> bool:
    """The rule of the automatic cut, on what the alert says of itself."""
    return (
        policy.auto_cut
        and alert.auto_cut
        and alert.kind in {"copy", "stopped"}
        and alert.frames >= policy.cut_frames
        and alert.span_s >= policy.cut_span_s
    )


def _rank(control: Control) -> int:
    return control.rank
