"""What people may know of their work: a person of their own, those who look after them of the team.

Own figures: time by level and day, how breaks went, what came of one's decisions (people who know
the outcome of their work are better: reference, console §1.2). For the team only what is true of
several people together, and nothing of fewer than five, so that nobody is told from it (issue
"The people"). Shown by `web.pages.wellbeing`; tests: `tests/integration/test_wellbeing.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from breakwater.errors import NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.decision import DecisionKind, Outcome
from breakwater.model.exposure import Glance, Limits, Rest, Why
from breakwater.model.ids import Id
from breakwater.model.media import Level
from breakwater.records import decisions, exposure
from breakwater.records.database import Database, Tx
from breakwater.review.looking import policy

DAYS: Final = 14
"""Of one's own figures."""

TEAM_DAYS: Final = 7

FEWEST: Final = 5
"""People below whom no figure of the team is told (k-anonymity with the usual k of statistics
offices for counts of persons)."""

LATELY: Final = timedelta(days=30)
"""What came of one's work."""

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one person.

    Attributes:
        starts: its midnight in UTC.
        time: with pictures on screen, by level.
        small: looks at small grey stills, which cost no time.
    """

    starts: datetime
    time: Mapping[Level, timedelta]
    small: int = 0

    @property
    def total(self) -> timedelta:
        """With pictures on screen."""
        return sum(self.time.values(), timedelta())


@dataclass(frozen=True, slots=True)
class Own:
    """A person's own figures.

    Attributes:
        glances: of this shift, for the strip.
        rests: made in this shift.
        decided: what they said lately, by kind; what was taken back left out.
        became: of uploads their decisions reached, by outcome.
        overtime: of this fortnight.
    """

    stands: policy.Exposure
    limits: Limits
    everybodys: Limits
    days: tuple[Day, ...]
    glances: tuple[Glance, ...] = ()
    rests: tuple[Rest, ...] = ()
    decided: Mapping[DecisionKind, int] = field(default_factory=dict)
    became: Mapping[Outcome, int] = field(default_factory=dict)
    overtime: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Team:
    """Figures of the last seven days; none where they are of fewer than five people.

    Attributes:
        people: who had pictures on screen; None under five.
        median_daily: time with pictures, of the days on which somebody had any.
        at_cap: share of those days that reached the cap, 0 to 1.
        moved: breaks the server moved forward.
        overtime: beyond a limit, all together.
    """

    people: int | None = None
    median_daily: timedelta | None = None
    at_cap: float | None = None
    moved: int | None = None
    overtime: timedelta | None = None

    def told(self) -> dict[str, Any]:
        """As the API tells it, times in minutes."""
        return {
            "days": TEAM_DAYS,
            "people": self.people,
            "median_daily_minutes": _minutes(self.median_daily),
            "share_at_cap": self.at_cap,
            "breaks_moved": self.moved,
            "overtime_minutes": None
            if self.overtime is None
            else int(_minutes(self.overtime) or 0),
        }


class Wellbeing:
    """Tells people how they and their team are."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def own(self, who: Principal) -> Own:
        """One's own figures.

        Raises:
            NotAllowed: a key, which looks at nothing.
        """
        if who.person is None:
            raise NotAllowed("Figures are of people, not of keys.")
        with self._db.read() as tx:
            return _own(tx, who.person)

    def team(self, who: Principal) -> Team:
        """Of the team, where it is large enough that nobody is told from it.

        Raises:
            NotAllowed: without `wellbeing:read`.
        """
        if not who.may(Permission.WELLBEING_READ):
            raise NotAllowed("Figures of the team are for those who look after it.")
        with self._db.read() as tx:
            return _team(tx)


def _own(tx: Tx, person: Id) -> Own:
    ledger = exposure.ledger(
        tx, person, since=tx.now - policy.WINDOW, levels=policy.COUNTED, rest=policy.REST
    )
    limits = exposure.limits_of(tx, person)
    stands = policy.exposure(ledger, limits, tx.now)
    began = stands.began or tx.now
    decided = Counter(
        one.kind for one in decisions.by_person(tx, person, tx.now - LATELY) if one.stands
    )
    overtime = exposure.overtime_since(tx, person, tx.now - DAYS * DAY)
    return Own(
        stands=stands,
        limits=limits,
        everybodys=exposure.limits_of(tx, None),
        days=tuple(_day(tx, person, starts) for starts in _days(tx.now, DAYS)),
        glances=tuple(g for g in ledger.glances if g.at >= began),
        rests=tuple(exposure.rests_since(tx, began - timedelta(hours=1), person)),
        decided=decided,
        became=exposure.came_of(tx, person, tx.now - LATELY),
        overtime=sum((one.length for one in overtime), timedelta()),
    )


def _day(tx: Tx, person: Id, starts: datetime) -> Day:
    spent = exposure.spent(tx, starts, starts + DAY, person)
    return Day(
        starts=starts,
        time={s.level: s.time for s in spent if s.level in policy.COUNTED},
        small=sum(s.looks for s in spent if s.level not in policy.COUNTED),
    )


def _days(now: datetime, count: int) -> list[datetime]:
    """Midnights of the last days, the oldest first, today's last."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return [today - n * DAY for n in reversed(range(count))]


def _team(tx: Tx) -> Team:
    days: list[timedelta] = []
    people: set[Id] = set()
    for starts in _days(tx.now, TEAM_DAYS):
        mine: Counter[Id] = Counter()
        for spent in exposure.spent(tx, starts, starts + DAY):
            if spent.level in policy.COUNTED and spent.time:
                mine[spent.person] += int(spent.time.total_seconds() * 1000)
        days += [timedelta(milliseconds=ms) for ms in mine.values()]
        people |= set(mine)
    if len(people) < FEWEST:
        return Team()
    since = _days(tx.now, TEAM_DAYS)[0]
    cap = exposure.limits_of(tx, None).of("daily")
    moved = [r for r in exposure.rests_since(tx, since) if r.why is Why.STAGGERED]
    extra = exposure.overtime_since(tx, None, since)
    return Team(
        people=len(people),
        median_daily=timedelta(seconds=median(day.total_seconds() for day in days)),
        at_cap=round(sum(day >= cap for day in days) / len(days), 3),
        moved=_told(len({r.person for r in moved}), len(moved)),
        overtime=_told(len({o.person for o in extra}), sum((o.length for o in extra), timedelta())),
    )


def _told(people: int, figure: Any) -> Any:
    """A figure, unless it is of some but fewer than five people."""
    return None if 0 < people < FEWEST else figure


def _minutes(length: timedelta | None) -> float | None:
    return None if length is None else round(length.total_seconds() / 60, 1)
