"""What the pages Wellbeing, Break and Workstations show, as frozen values.

Built by `read_wellbeing` and `read_workstations`; lengths of drawings are in the units of their
SVG, so that a template needs no arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, Number, Option, When


@dataclass(frozen=True, slots=True)
class Block:
    """Something that lasted, on the strip of a shift.

    Attributes:
        style: `seen`, `rest` or `planned`.
        x, width: in thousandths of the strip.
        words: what it was, from when to when.
    """

    style: str
    x: float
    width: float
    words: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment on the strip: an hour, now, a break that is due, the end."""

    x: float
    words: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Strip:
    """A shift from its first picture to its end."""

    blocks: tuple[Block, ...]
    ticks: tuple[Tick, ...]
    now: float
    words: str


@dataclass(frozen=True, slots=True)
class DayBar:
    """One day: what was seen by level, as heights up to 100.

    Attributes:
        grey, colour: heights of the two parts of the bar.
        minutes_grey, minutes_colour, small: the same as figures.
    """

    day: str
    full: str
    grey: float
    colour: float
    minutes_grey: str
    minutes_colour: str
    total: str
    small: str


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit in a form."""

    name: str
    words: str
    value: int
    low: int
    high: int
    unit: str
    note: str


@dataclass(frozen=True, slots=True)
class Waits:
    """A looser limit that waits for a second person."""

    subject: str
    who: str
    reason: str
    changes: tuple[str, ...]
    until: When
    mine: bool = False


@dataclass(frozen=True, slots=True)
class OwnView:
    """A person's own figures."""

    state: Mark
    state_words: str
    numbers: tuple[Number, ...]
    days: tuple[DayBar, ...]
    cap_height: float
    scale: str
    limits: tuple[LimitRow, ...]
    rests: tuple[tuple[str, str], ...]
    lengths: tuple[Option, ...]
    strip: Strip | None = None
    came: tuple[Number, ...] = ()
    waits: Waits | None = None
    may_end: bool = False
    closed: bool = False


@dataclass(frozen=True, slots=True)
class TeamView:
    """What is true of several people together."""

    numbers: tuple[Number, ...]
    words: str
    waiting: tuple[Waits, ...] = ()
    limits: tuple[LimitRow, ...] = ()
    may_set: bool = False


@dataclass(frozen=True, slots=True)
class WellbeingView:
    """The page: one's own part, the team's, or both."""

    own: OwnView | None
    team: TeamView | None


@dataclass(frozen=True, slots=True)
class LiveCase:
    """A live case that waits while its reader's pictures are closed."""

    id: str
    number: int
    why: str


@dataclass(frozen=True, slots=True)
class BreakView:
    """Where a limit leads.

    Attributes:
        until: when pictures are back; None when they are open.
        support: whom to talk to, as the operator wrote it.
        may_end: it was taken freely.
        live: beyond a limit, live cases that wait.
    """

    title: str
    words: str
    until: When | None
    support: str
    may_end: bool = False
    live: tuple[LiveCase, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One workstation."""

    id: str
    name: str
    way: str
    by: str
    at: When
    seen: When | None
    state: Mark
    removed: bool = False


@dataclass(frozen=True, slots=True)
class WorkstationsView:
    """This machine, and all of them for those who run them.

    Attributes:
        enrolled: there is nothing to enrol: it is one already, or never will be.
        code: that was just made, shown once; empty otherwise.
    """

    state: Mark
    words: str
    enrolled: bool
    may_run: bool
    rows: tuple[DeviceRow, ...] = ()
    code: str = ""
    code_name: str = ""
