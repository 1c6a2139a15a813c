"""Figures of a period: what came, what was found, what was done, how much there is.

Made by `transparency.gathering` from `records.transparency*`, printed by `transparency.papers` and
the console. Each figure is counted from rows that name nobody; a count that could point at
somebody is None, which is printed as "suppressed" and never as zero. Definitions:
`docs/reference/transparency.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Self

from breakwater.errors import BadInput

MOST_DAYS: Final = 3_660
FIRST_YEAR, LAST_YEAR = 1971, 9000
SURFACES: Final = ("live", "public", "private", "profile")
"""Always all of them, live first, also where nothing came."""

DETECTORS: Final = ("list", "video", "classifier", "comments", "spot_check", "user_report")
"""What draws attention: entries of a list, known videos, an operator's classifier, comments,
spot checks, and the reports of users."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in UTC, both ends in it.

    Attributes:
        first, last: the first and the last day.
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        """Refuse what is no period.

        Raises:
            BadInput: it ends before it begins, is longer than ten years or far from now.
        """
        if self.last < self.first:
            raise BadInput("The period ends before it begins.")
        if (
            self.days > MOST_DAYS
            or not FIRST_YEAR <= self.first.year <= self.last.year <= LAST_YEAR
        ):
            raise BadInput("A period is ten years at most, and no year before 1971.")

    @classmethod
    def parse(cls, first: str, last: str) -> Self:
        """Read two days as people type them.

        Raises:
            BadInput: not a day such as 2026-11-01, or no period.
        """
        try:
            return cls(date.fromisoformat(first.strip()), date.fromisoformat(last.strip()))
        except ValueError:
            raise BadInput("A day is written as 2026-11-01.") from None

    @classmethod
    def until(cls, now: datetime, days: int = 30) -> Self:
        """The days before a moment's, that day with them."""
        last = now.astimezone(UTC).date()
        return cls(last - timedelta(days=days - 1), last)

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)

    def __str__(self) -> str:
        """As it is printed."""
        return f"{self.first.isoformat()}/{self.last.isoformat()}"


@dataclass(frozen=True, slots=True)
class Count:
    """How many of something.

    Attributes:
        keys: what is counted, such as ("live", "list"); its names stand with the table.
        n: None: too few to be told.
    """

    keys: tuple[str, ...]
    n: int | None


@dataclass(frozen=True, slots=True)
class Wait:
    """From a flag until a person had it, for flags of one hour of the day.

    Attributes:
        hour: 0 to 23 in UTC; None: all day.
        flags: cases that nobody opened by hand.
        waiting: of them without a person yet.
        median_s, p95_s: of those that a person has had; None: there are none.
    """

    hour: int | None
    flags: int
    waiting: int
    median_s: float | None
    p95_s: float | None


@dataclass(frozen=True, slots=True)
class StratumSums:
    """What a stratum's frame and draws sum up to, over the rounds of a period.

    Weights are one over the chance of each draw; for views, times its viewers.

    Attributes:
        name: of the stratum.
        streams, viewers: of all broadcasts at the moments of the rounds.
        drawn: how many were drawn.
        looked: of them with an answer that says what there was.
        w, w2: sum of weights of those looked at, and of their squares.
        found, undecided: weights of those found illegal, and of those whose case is open.
        v, v2, v_found, v_undecided: the same for views.
        n_found, n_undecided: how many they are.
    """

    name: str
    streams: int
    viewers: int
    drawn: int = 0
    looked: int = 0
    w: float = 0.0
    w2: float = 0.0
    found: float = 0.0
    undecided: float = 0.0
    v: float = 0.0
    v2: float = 0.0
    v_found: float = 0.0
    v_undecided: float = 0.0
    n_found: int = 0
    n_undecided: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its interval.

    Attributes:
        value: the estimate; None: nothing was looked at.
        low, high: 95 % interval; it is finite also where nothing was found.
        covered: share of the frame that lies in strata where something was looked at.
    """

    value: float | None
    low: float
    high: float
    covered: float


@dataclass(frozen=True, slots=True)
class Prevalence:
    """How much illegal there is among public broadcasts, from a sample.

    Attributes:
        off: why there is none; empty: there is.
        basis: the lawful basis that an operator stated, as it stood with the draws.
        streams, views: shares of broadcasts at a moment, and of viewers at a moment.
        rounds, drawn, looked, found, undecided: of the sample.
        left_out: broadcasts outside the frame, by the reason.
    """

    off: str = ""
    basis: tuple[str, ...] = ()
    streams: Share | None = None
    views: Share | None = None
    strata: tuple[StratumSums, ...] = ()
    rounds: int = 0
    drawn: int = 0
    looked: int = 0
    found: int = 0
    undecided: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """Every figure of a period.

    Attributes:
        tables: by name, in the order in which they are printed; `TABLES` says what keys mean.
    """

    period: Period
    made_at: datetime
    version: str
    services: tuple[str, ...]
    tables: Mapping[str, tuple[Count, ...]]
    waits: tuple[Wait, ...]
    prevalence: Prevalence


TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "items": ("kind", "surface"),
    "verdicts": ("action",),
    "messages": ("kind",),
    "matches": ("detector", "surface"),
    "decisions": ("kind",),
    "overturned": ("by", "outcome"),
    "filings": ("recipient", "state"),
    "requests": ("way", "state"),
    "refusals": ("what", "why"),
    "countries": ("country", "certainty"),
    "outcomes": ("outcome",),
}
"""Tables by name, with the names of their keys."""
