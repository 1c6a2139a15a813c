"""Whether a challenger may take the champion's place, by a rule that is data, with reasons.

In: what both gave on the same replay (`replay.Outcome`), and a `Rule`. Out: a `Verdict`: promoted
only if the upper bound of its false alarms is no worse and it finds no less. Nothing is changed by
it: a person sets the package. `Shadow` runs a challenger beside a champion on live messages and
keeps counts only; whatever the challenger does, the champion's answer stands. Source: reference
chat, "Feedback". Tests: tests/unit/test_comments_promote.py.
"""

from __future__ import annotations

import tomllib
from collections import Counter, OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from breakwater.comments.engine import CHATS, Engine, Heard
from breakwater.comments.peaks import BLOCK_S
from breakwater.comments.replay import Outcome
from breakwater.errors import BadInput
from breakwater.model.comment import Alarm, Message

FORM: Final = 1


@dataclass(frozen=True, slots=True)
class Rule:
    """When a challenger is promoted.

    Attributes:
        form: of the rule's file.
        target: alarms per stream-hour at which both are held against each other.
        within_s: an episode found in this time counts as found; 300 or 600.
        more_alarms: by which the upper bound may be higher, as a share of the champion's.
        less_found: by which the share found may be lower.
        least_hours: stream-hours on which false alarms were counted.
        least_trials: episodes that count for both.
    """

    form: int = FORM
    target: float = 0.05
    within_s: float = 300.0
    more_alarms: float = 0.0
    less_found: float = 0.0
    least_hours: float = 20.0
    least_trials: int = 20

    def __post_init__(self) -> None:
        """Refuse a rule that says nothing."""
        numbers = [getattr(self, one.name) for one in fields(self)]
        if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers):
            raise BadInput("A rule of promotion holds numbers only.")
        if self.form != FORM or self.within_s not in {300.0, 600.0}:
            raise BadInput(f"A rule of promotion is of form {FORM}, and within_s is 300 or 600.")
        if self.target <= 0 or min(self.more_alarms, self.less_found) < 0:
            raise BadInput("A rule's target is above zero, and what it forgives is not below.")
        if self.least_hours <= 0 or self.least_trials < 1:
            raise BadInput("A rule needs hours and trials.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a TOML file.

        Raises:
            BadInput: no TOML, or a key that is not known.
        """
        try:
            held = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            raise BadInput("The rule is not TOML.") from None
        known = {one.name for one in fields(cls)}
        if held.keys() - known or "form" not in held:
            raise BadInput(f"A rule has form and perhaps {', '.join(sorted(known - {'form'}))}.")
        return cls(**held)


@dataclass(frozen=True, slots=True)
class Reason:
    """One point of a verdict.

    Attributes:
        id: stable.
        good: it speaks for the challenger, or does not speak against it.
        words: with the numbers.
    """

    id: str
    good: bool
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether, and why."""

    promoted: bool
    reasons: tuple[Reason, ...]

    def numbers(self) -> dict[str, Any]:
        """For JSON."""
        said = [{"id": one.id, "good": one.good, "words": one.words} for one in self.reasons]
        return {"promoted": self.promoted, "reasons": said}


def decide(champion: Outcome, challenger: Outcome, rule: Rule) -> Verdict:
    """Hold two outcomes against each other.

    Raises:
        BadInput: they are of different replays.
    """
    if champion.inputs != challenger.inputs or champion.own_traffic != challenger.own_traffic:
        raise BadInput("Both models must be measured on the same replay, in the same way.")
    ours, theirs = champion.case(rule.target), challenger.case(rule.target)
    reasons = [_enough(ours, theirs, rule)]
    for name, old, new in (("all", ours, theirs), *_bands(champion, challenger, rule)):
        if old.alarms is not None and new.alarms is not None:
            limit = old.alarms.high * (1.0 + rule.more_alarms)
            reasons.append(
                Reason(
                    f"false_alarms_{name}", new.alarms.high <= limit + 1e-12,
                    f"{name}: at most {new.alarms.high:.4f} false alarms per stream-hour (exact "
                    f"95 % bound) against {old.alarms.high:.4f}",
                )
            )  # fmt: skip
    before, after = (one.found.within(rule.within_s) for one in (ours, theirs))
    reasons.append(
        Reason(
            "found", after >= before - rule.less_found - 1e-12,
            f"{after:.3f} of {len(theirs.found.seconds)} episodes found within "
            f"{rule.within_s:g} s against {before:.3f} of {len(ours.found.seconds)}",
        )
    )  # fmt: skip
    return Verdict(all(one.good for one in reasons), tuple(reasons))


def _bands(champion: Outcome, challenger: Outcome, rule: Rule) -> list[tuple[str, Any, Any]]:
    """Bands in which there are enough hours to tell."""
    found = []
    for one in champion.cases:
        enough = one.alarms is not None and one.alarms.hours >= rule.least_hours
        if one.target == rule.target and one.band != "all" and enough:
            found.append((one.band, one, challenger.case(rule.target, one.band)))
    return found


def _enough(old: Any, new: Any, rule: Rule) -> Reason:
    hours = min(one.alarms.hours if one.alarms else 0.0 for one in (old, new))
    trials = min(len(one.found.seconds) for one in (old, new))
    return Reason(
        "enough", hours >= rule.least_hours and trials >= rule.least_trials,
        f"{hours:.1f} stream-hours (at least {rule.least_hours:g} are needed) and {trials} "
        f"episodes (at least {rule.least_trials})",
    )  # fmt: skip


class Shadow:
    """A champion that answers, and a challenger whose alarms are counted. Not for several threads.

    Attributes:
        tally: `messages` and `failed`; `both`, `champion`, `challenger`: messages at which they
            alarmed; `champion_<level>`, `challenger_<level>`: alarms of a level; `tens`: ten
            minutes of a chat that are over, and `tens_both`, `tens_champion`, `tens_challenger`
            of them, in which they alarmed.
    """

    def __init__(
        self, champion: Engine, challenger: Engine, tally: Counter[str] | None = None
    ) -> None:
        """Take both; they share nothing. A `tally` may be one of several pairs."""
        self._champion, self._challenger = champion, challenger
        self.tally: Counter[str] = Counter() if tally is None else tally
        self._tens: OrderedDict[str, _Ten] = OrderedDict()

    def take(
        self, stream: str, service: str, message: Message, *, sanctioned: bool = False
    ) -> Heard:
        """As an engine does; the answer is the champion's."""
        heard = self._champion.take(stream, service, message, sanctioned=sanctioned)
        self.tally["messages"] += 1
        told: tuple[Alarm, ...] = ()
        try:
            other = self._challenger.take(stream, service, message, sanctioned=sanctioned)
            told = other.alarms
        except Exception:  # noqa: BLE001 - a challenger never stops a champion; it is counted
            self.tally["failed"] += 1
        which = _which(bool(heard.alarms), bool(told))
        if which:
            self.tally[which] += 1
        for one in heard.alarms:
            self.tally[f"champion_{one.level.value}"] += 1
        for one in told:
            self.tally[f"challenger_{one.level.value}"] += 1
        ten = self._ten(stream, message.at.timestamp())
        ten.ours |= bool(heard.alarms)
        ten.theirs |= bool(told)
        return heard

    def decided(self, stream: str, *, found: bool) -> None:
        """People decided: both learn."""
        self._champion.decided(stream, found=found)
        with suppress(Exception):
            self._challenger.decided(stream, found=found)

    def ended(self, stream: str) -> None:
        """A broadcast ended."""
        self._champion.ended(stream)
        with suppress(Exception):
            self._challenger.ended(stream)
        ten = self._tens.pop(stream, None)
        if ten is not None:
            self._over(ten)

    def numbers(self) -> Mapping[str, int]:
        """Counts so far; no text, no ids."""
        return dict(self.tally)

    def _ten(self, stream: str, at: float) -> _Ten:
        """The ten minutes of a chat that a message belongs to; a late one to those that run."""
        number = int(at // BLOCK_S)
        ten = self._tens.get(stream)
        if ten is None or number > ten.number:
            if ten is not None:
                self._over(ten)
            ten = self._tens[stream] = _Ten(number)
            if len(self._tens) > CHATS:
                self._over(self._tens.popitem(last=False)[1])
        self._tens.move_to_end(stream)
        return ten

    def _over(self, ten: _Ten) -> None:
        self.tally["tens"] += 1
        which = _which(ten.ours, ten.theirs)
        if which:
            self.tally[f"tens_{which}"] += 1


@dataclass(slots=True)
class _Ten:
    """Ten minutes of a chat: did they alarm?"""

    number: int
    ours: bool = False
    theirs: bool = False


def _which(ours: bool, theirs: bool) -> str:
    if ours and theirs:
        return "both"
    return "champion" if ours else "challenger" if theirs else ""
