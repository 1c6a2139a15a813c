"""Looking as time: the limits that hold, and what is judged by them.

Limits are data. Each says its default, how tight a person may draw it alone, and how loose two
people may let it: a daily cap of 4 to 5 hours, a break each hour, a cut-off relative to the
shift, cool-down after severe items and a mix of severities (reference: law, "Reviewer
wellbeing"). Judged by `review.looking.policy`, kept by `records.exposure`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from breakwater.errors import BadInput
from breakwater.model.ids import Id


class Unit(StrEnum):
    """What a limit counts."""

    MINUTES = "minutes"
    ITEMS = "items"


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: its name, and how far it moves.

    Attributes:
        default: what holds while nobody changed it, in `unit`.
        tightest: what one person may draw it to alone.
        loosest: beyond this nobody lets it, not even two people.
    """

    name: str
    default: int
    tightest: int
    loosest: int
    unit: Unit

    def looser(self, before: int, after: int) -> bool:
        """Whether a change lets more be seen."""
        return after != before and (after > before) == (self.loosest > self.tightest)

    def tighter(self, one: int, other: int) -> int:
        """The one that lets less be seen."""
        return other if self.looser(other, one) else one

    def checked(self, value: int) -> int:
        """The value, when it may be set at all.

        Raises:
            BadInput: it lies outside.
        """
        low, high = sorted((self.tightest, self.loosest))
        if not low <= value <= high:
            raise BadInput(f"{self.name} is between {low} and {high} {self.unit}.")
        return value


def _limit(default: int, *, tightest: int, loosest: int, unit: Unit = Unit.MINUTES) -> Any:
    return field(default=default, metadata={"limit": (default, tightest, loosest, unit)})


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for one person.

    Attributes:
        daily: time with pictures on screen in a shift.
        stretch: work with pictures without a break; the law knows no longer one.
        pause: a break; as long without a picture ends a stretch by itself.
        cut_off: pictures close so long after the first one of a shift, before people go home.
        cool_down: without pictures after a run of severe items.
        severe_run: severe items, without a break between them, that ask for it.
        severe_hour: severe items within an hour; further ones go to somebody else.
    """

    daily: int = _limit(240, tightest=0, loosest=300)
    stretch: int = _limit(60, tightest=15, loosest=60)
    pause: int = _limit(10, tightest=60, loosest=5)
    cut_off: int = _limit(420, tightest=60, loosest=540)
    cool_down: int = _limit(15, tightest=120, loosest=5)
    severe_run: int = _limit(10, tightest=1, loosest=40, unit=Unit.ITEMS)
    severe_hour: int = _limit(30, tightest=0, loosest=90, unit=Unit.ITEMS)

    def of(self, name: str) -> timedelta:
        """A limit in minutes as a length of time."""
        return timedelta(minutes=self.values()[name])

    def values(self) -> dict[str, int]:
        """By name, as rows and the API have them."""
        return asdict(self)

    def with_(self, values: Mapping[str, int]) -> Limits:
        """The same with some values changed.

        Raises:
            BadInput: a name or value that cannot be.
        """
        return replace(self, **{name: named(name).checked(v) for name, v in values.items()})


LIMITS: Final[Mapping[str, Limit]] = {
    f.name: Limit(f.name, *f.metadata["limit"]) for f in fields(Limits)
}
"""Every limit by name, in the order of the page."""


def named(name: str) -> Limit:
    """One limit.

    Raises:
        BadInput: there is none of this name.
    """
    found = LIMITS.get(name)
    if found is None:
        raise BadInput(f"Limits are: {', '.join(LIMITS)}.")
    return found


@dataclass(frozen=True, slots=True)
class LimitChange:
    """One change of limits; only ever added.

    Attributes:
        person: whose; None for everybody's.
        values: only what changed.
        by: who asked for it.
        second: who agreed, where it lets more be seen; None for what one may do alone.
    """

    id: Id
    at: datetime
    person: Id | None
    values: Mapping[str, int]
    by: Id
    second: Id | None = None
    reason: str = ""


def limits_after(changes: Iterable[LimitChange]) -> Limits:
    """What holds for a person after everybody's changes and their own, the oldest first.

    One's own value never outlives a tighter one that is later set for everybody.
    """
    everybody, own = Limits().values(), dict[str, int]()
    for change in changes:
        for name, value in change.values.items():
            if change.person is None:
                everybody[name] = value
                if name in own:
                    own[name] = LIMITS[name].tighter(own[name], value)
            else:
                own[name] = value
    return Limits().with_(everybody | own)


def loosened(before: Limits, after: Limits) -> dict[str, int]:
    """What of a change lets more be seen, and so needs a second person."""
    was = before.values()
    return {n: v for n, v in after.values().items() if LIMITS[n].looser(was[n], v)}


def tightened(before: Limits, after: Limits) -> dict[str, int]:
    """What of a change lets less be seen, which everybody may do alone for themselves."""
    was = before.values()
    return {n: v for n, v in after.values().items() if LIMITS[n].looser(v, was[n])}


class Why(StrEnum):
    """Why somebody rests."""

    TAKEN = "taken"
    """They asked for it."""
    STAGGERED = "staggered"
    """The server moved it forward, so that not everybody rests at once."""
    ENDED = "ended"
    """They came back from one they had asked for; it rests nobody."""


@dataclass(frozen=True, slots=True)
class Rest:
    """A break that somebody has or will have; the newest one of a person counts.

    Attributes:
        made_at: when it was asked for or planned.
        begins_at, until: without pictures.
    """

    person: Id
    made_at: datetime
    begins_at: datetime
    until: datetime
    why: Why = Why.TAKEN

    def on(self, now: datetime) -> bool:
        """Whether it is going on."""
        return self.begins_at <= now < self.until


@dataclass(frozen=True, slots=True)
class Mark:
    """Somebody met a severe item.

    Attributes:
        subject: id of the item or case; the same one counts once a shift.
    """

    person: Id
    at: datetime
    subject: Id


@dataclass(frozen=True, slots=True)
class Overtime:
    """A live case opened beyond a limit: words and small grey stills only, given back later."""

    id: Id
    person: Id
    case: Id
    at: datetime
    until: datetime
    reason: str

    @property
    def length(self) -> timedelta:
        """What is given back."""
        return self.until - self.at


@dataclass(frozen=True, slots=True)
class Glance:
    """Looks of one minute as the clock sees them.

    Attributes:
        at: when the first picture came.
        ended: when the last one was gone, at the latest.
        ms: milliseconds they are charged together.
    """

    at: datetime
    ended: datetime
    ms: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """All that is judged of one person.

    Attributes:
        glances: looks that count, by minute, of at least the last `review.looking.policy.WINDOW`, oldest first.
        severe: when severe items were met in that time, oldest first.
        rest: the newest break.
        overtime: of the last weeks, oldest first.
    """

    glances: tuple[Glance, ...] = ()
    severe: tuple[datetime, ...] = ()
    rest: Rest | None = None
    overtime: tuple[Overtime, ...] = ()
