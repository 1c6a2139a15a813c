"""How long a person may look at pictures: pure functions of what they saw and when they rested.

Law and wellbeing (reference: law, "Reviewer wellbeing"): a daily cap, a break each hour, a
cut-off relative to the shift, cool-down after severe items, a mix of severities. A shift begins
with the first picture after eleven hours without one, the daily rest of Directive 2003/88/EC
Art. 3, so that a night shift does not begin anew at midnight. Small grey stills (S1, S2) are
written down and do not count. Applied by `review.looking.exposure`; tests:
`tests/unit/test_review_policy.py`, `tests/property/test_exposure.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from breakwater.model.exposure import Glance, Ledger, Limits, Rest
from breakwater.model.facts import Activity
from breakwater.model.ids import Id
from breakwater.model.media import Level

REST: Final = timedelta(hours=11)
"""Without pictures, this long ends a shift."""

WINDOW: Final = timedelta(hours=24)
"""What is looked back at: the longest cut-off (9 h) and a rest lie within."""

HOUR: Final = timedelta(hours=1)

COUNTED: Final = (Level.S3, Level.S4)
"""Levels that show what is in a picture; the small grey stills do not."""

SEVERE_LABELS: Final = frozenset({
    "a", "a1", "b1", "category a", "category-a", "category 1", "category-1", "baseline",
})  # fmt: skip
"""Labels of entries that announce a severe item: UK category A, industry A1 and B1 (the act),
VICS category 1, INTERPOL baseline (reference: classification and VICS)."""


SEVERE_ACTS: Final = frozenset({Activity.PENETRATIVE, Activity.ANIMAL, Activity.SADISM})
"""What UK category A is derived from: somebody who judged this has met something severe."""


class Severity(StrEnum):
    """What is known of something before it is looked at."""

    SEVERE = "severe"
    LESS = "less"
    UNKNOWN = "unknown"


class Closed(StrEnum):
    """Why no picture may be shown now."""

    CAP = "cap"
    SHIFT = "shift"
    BREAK = "break"
    COOL_DOWN = "cool_down"

    @property
    def over_cap(self) -> bool:
        """Whether the day is done; otherwise it is a pause."""
        return self in {Closed.CAP, Closed.SHIFT}


@dataclass(frozen=True, slots=True)
class Exposure:
    """Where a person stands.

    Attributes:
        used: time with pictures on screen in this shift.
        cap: how much there may be, overtime that is given back taken off.
        began: first picture of the shift; None before it.
        break_at: when a break is due if looking goes on; None while no stretch runs.
        cut_off_at: when pictures close before the shift ends.
        closed: why no picture may be shown; None while they may.
        until: when pictures are back.
        severe: whether a severe item may be opened now.
        owed: overtime taken off this shift's cap.
    """

    used: timedelta
    cap: timedelta
    began: datetime | None = None
    break_at: datetime | None = None
    cut_off_at: datetime | None = None
    closed: Closed | None = None
    until: datetime | None = None
    severe: bool = True
    owed: timedelta = timedelta()

    @property
    def left(self) -> timedelta:
        """Time with pictures that is left in this shift."""
        return max(timedelta(), self.cap - self.used)


def exposure(ledger: Ledger, limits: Limits, now: datetime) -> Exposure:
    """Judge what a person saw.

    Args:
        ledger: what they saw and how they rested.
        limits: what holds for them.
        now: the present moment.
    """
    shift = _shift(ledger.glances, now)
    used = sum((timedelta(milliseconds=g.ms) for g in shift), timedelta())
    began = shift[0].at if shift else None
    owed = _owed(ledger, began or now)
    cap = max(timedelta(), limits.of("daily") - owed)
    stretch = _stretch(shift, limits.of("pause"), now)
    break_at = None if stretch is None else _break_at(ledger.rest, stretch, limits)
    closed, until = _closed(ledger, limits, now, used=used, cap=cap, shift=shift, break_at=break_at)
    return Exposure(
        used=used,
        cap=cap,
        began=began,
        break_at=None if closed else break_at,
        cut_off_at=None if began is None else began + limits.of("cut_off"),
        closed=closed,
        until=until,
        severe=sum(at > now - HOUR for at in ledger.severe) < limits.severe_hour,
        owed=owed,
    )


def _closed(
    ledger: Ledger, limits: Limits, now: datetime, *,
    used: timedelta, cap: timedelta, shift: Sequence[Glance], break_at: datetime | None,
) -> tuple[Closed | None, datetime | None]:  # fmt: skip
    """What closes pictures, and until when; of several the one that lasts longest."""
    ended = max((g.ended for g in shift), default=now)
    found: list[tuple[datetime, Closed]] = []
    if used >= cap:
        found.append((ended + REST, Closed.CAP))
    if shift and now >= shift[0].at + limits.of("cut_off"):
        found.append((ended + REST, Closed.SHIFT))
    if ledger.rest is not None and ledger.rest.on(now) and _counts(ledger.rest, shift, limits):
        found.append((ledger.rest.until, Closed.BREAK))
    if break_at is not None and now >= break_at:
        found.append((ended + limits.of("pause"), Closed.BREAK))
    cooled = _cooled(ledger.severe, shift, limits)
    if cooled is not None and now < cooled:
        found.append((cooled, Closed.COOL_DOWN))
    if not found:
        return None, None
    until, closed = max(found, key=_until)
    return closed, until


def _until(found: tuple[datetime, Closed]) -> datetime:
    return found[0]


def _shift(glances: Sequence[Glance], now: datetime) -> tuple[Glance, ...]:
    """Looks since the last rest; none when that rest is going on."""
    return _run(glances, REST, now)


def _stretch(
    shift: Sequence[Glance], pause: timedelta, now: datetime
) -> tuple[datetime, datetime] | None:
    """First and last moment of the looks since the last pause; None when it is over."""
    run = _run(shift, pause, now)
    return (run[0].at, max(g.ended for g in run)) if run else None


def _run(glances: Sequence[Glance], gap: timedelta, now: datetime) -> tuple[Glance, ...]:
    """The newest looks that follow one another without a gap, up to now."""
    first, ended = 0, None
    for place, glance in enumerate(glances):
        if ended is None or glance.at - ended >= gap:
            first, ended = place, glance.ended
        else:
            ended = max(ended, glance.ended)
    if ended is None or now - ended >= gap:
        return ()
    return tuple(glances[first:])


def _break_at(rest: Rest | None, stretch: tuple[datetime, datetime], limits: Limits) -> datetime:
    """When the break is due: after the stretch, or sooner where the server moved it."""
    due = stretch[0] + limits.of("stretch")
    planned = rest is not None and stretch[0] <= rest.made_at and rest.begins_at >= stretch[1]
    return min(due, rest.begins_at) if rest is not None and planned else due


def _counts(rest: Rest, shift: Sequence[Glance], limits: Limits) -> bool:
    """Whether a break still has a reason: one planned ahead has none after an earlier pause."""
    if rest.made_at == rest.begins_at:
        return True
    before = [g for g in shift if g.at < rest.begins_at]
    run = _run(before, limits.of("pause"), rest.begins_at)
    return bool(run) and run[0].at <= rest.made_at


def _cooled(severe: Sequence[datetime], shift: Sequence[Glance], limits: Limits) -> datetime | None:
    """When the cool-down after the newest run of severe items ends; None without a run.

    A pause between two severe items begins the count anew, whatever was seen before it.
    """
    pause, cool_down = limits.of("pause"), limits.of("cool_down")
    over: datetime | None = None
    count, before = 0, None
    for at in severe:
        if before is None or _rested(before, at, shift, pause):
            count = 0
        count, before = count + 1, at
        if count >= limits.severe_run:
            over, count, before = at + cool_down, 0, None
    return over


def _rested(after: datetime, before: datetime, shift: Sequence[Glance], pause: timedelta) -> bool:
    """Whether there was a pause without pictures between two moments."""
    ended = after
    for glance in shift:
        if after < glance.at <= before:
            if glance.at - ended >= pause:
                return True
            ended = max(ended, glance.ended)
    return before - ended >= pause


def _owed(ledger: Ledger, began: datetime) -> timedelta:
    """Overtime that this shift gives back: what came between the shift before and this one.

    The ledger holds only overtime that no shift has given back yet (`records.exposure`).
    """
    return sum((o.length for o in ledger.overtime if o.at < began), timedelta())


def severe(labels: Iterable[str]) -> bool:
    """Whether the labels of an item's matches announce a severe one.

    >>> severe(["Category-1", "2019"]), severe(["category-2"])
    (True, False)
    """
    return any(label.strip().casefold() in SEVERE_LABELS for label in labels)


@dataclass(frozen=True, slots=True)
class Due:
    """Somebody's next break: when it is due at the latest, and how long it is."""

    at: datetime
    pause: timedelta


def stagger(
    due: Mapping[Id, Due], resting: Iterable[tuple[datetime, datetime]], now: datetime, room: int
) -> dict[Id, datetime]:
    """Move breaks forward so that at most `room` people rest at once.

    As late as possible, the latest due first: a break is never later than its limit, and earlier
    only where it would leave nobody. Where no place is left, the limit wins.

    Args:
        due: next breaks by person.
        resting: breaks that are going on or fixed, from and until.
        now: none begins before.
        room: how many may rest at once, at least 1.
    """
    taken = list(resting)
    planned: dict[Id, datetime] = {}
    for person in sorted(due, key=lambda p: (due[p].at, p), reverse=True):
        pause, begins = due[person].pause, due[person].at
        while begins > now and (clash := _clashes(taken, begins, pause, room)):
            begins = min(clash) - pause
        if begins < now:
            begins = due[person].at  # no place is left: the limit itself, and not before
        planned[person] = begins
        taken.append((begins, begins + pause))
    return planned


def _clashes(
    taken: Sequence[tuple[datetime, datetime]], begins: datetime, pause: timedelta, room: int
) -> list[datetime]:
    """Beginnings of the breaks that leave no room for one more; empty when there is room."""
    over = [pair for pair in taken if pair[0] < begins + pause and begins < pair[1]]
    moments = [begins, *(start for start, _ in over if start > begins)]
    crowded = any(sum(s <= m < e for s, e in over) >= room for m in moments)
    return [start for start, _ in over] if crowded else []
