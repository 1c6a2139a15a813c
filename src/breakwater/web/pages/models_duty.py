"""What the pages of duty show: on call, and the live wall. Words only; no picture is here.

Built by `read_duty` and `read_wall`, drawn by `templates/duty.html` and `wall.html`.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, Number, Option, When


@dataclass(frozen=True, slots=True)
class CallCard:
    """One call that waits.

    Attributes:
        about: the case's one sentence, or whose shift it is.
        rung: who was rung so far, in words.
        next_at: when the next person is rung; None when nobody is.
        mine: it rang the viewer.
        answerable: the viewer may acknowledge it.
        case: id of its case, when the viewer may open it.
        stream: id of the case when its stream can be frozen by the viewer.
        stands: how far its stream is stopped, as the page of the case says it.
    """

    id: str
    mark: Mark
    title: str
    about: str
    since: When
    rung: str
    next_at: When | None
    mine: bool
    answerable: bool
    case: str = ""
    case_number: int = 0
    stream: str = ""
    stands: Mark | None = None


@dataclass(frozen=True, slots=True)
class OnDutyRow:
    """One person who can be called now."""

    order: int
    name: str
    until: When
    state: Mark
    you: bool


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """One shift on the rota."""

    id: str
    name: str
    order: int
    day: str
    starts: When
    ends: When
    now: bool
    you: bool


@dataclass(frozen=True, slots=True)
class EndedRow:
    """One call that ended."""

    id: str
    title: str
    at: When
    outcome: Mark
    who: str
    after: str


@dataclass(frozen=True, slots=True)
class DutyView:
    """The page "On call".

    Attributes:
        alarm: nobody is on duty although somebody should be.
        until: the end of the viewer's own shift; None when they are not on duty.
        colleagues: to whom the viewer may hand over.
        people: who may be put on the rota, for those who plan.
        pager: whether the pager service takes pages.
        next_shift: the day of the first shift after those shown, where none is shown.
        begins, ends: the shift that the form offers, as its fields spell it.
    """

    headline: str
    hint: str
    alarm: bool
    numbers: tuple[Number, ...]
    calls: tuple[CallCard, ...]
    on_duty: tuple[OnDutyRow, ...]
    shifts: tuple[ShiftRow, ...]
    ended: tuple[EndedRow, ...]
    colleagues: tuple[Option, ...]
    people: tuple[Option, ...]
    pager: Mark
    pager_words: str
    until: When | None = None
    begins: str = ""
    ends: str = ""
    next_shift: str = ""
