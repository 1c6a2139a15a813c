"""What the Appeals pages show, as frozen values; see `models` for the rule they keep."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, Number, When


@dataclass(frozen=True, slots=True)
class AppealRow:
    """One appeal in the list."""

    number: int
    claim: str
    why: str
    where: str
    due: When
    since: When
    state: Mark


@dataclass(frozen=True, slots=True)
class RateRow:
    """How often appeals against one bank, rule or person were right."""

    name: str
    share: float
    words: str


@dataclass(frozen=True, slots=True)
class RateTable:
    """Rates of one kind."""

    title: str
    rows: tuple[RateRow, ...]


@dataclass(frozen=True, slots=True)
class AppealsView:
    """What waits for an answer, or what was answered."""

    numbers: tuple[Number, ...]
    rows: tuple[AppealRow, ...]
    answered: bool = False
    rates: tuple[RateTable, ...] = ()
    next_url: str = ""
    first_url: str = ""


@dataclass(frozen=True, slots=True)
class NoticeView:
    """What the user is told, and for how long they are not.

    Attributes:
        lines: sentences in the user's language, none while withheld.
        language: BCP 47, for the `lang` of the lines.
        held: why and until when they are told nothing; empty when they are told.
    """

    upload: str
    title: str
    lines: tuple[str, ...]
    language: str
    statement: tuple[tuple[str, str], ...] = ()
    held: str = ""


@dataclass(frozen=True, slots=True)
class AppealView:
    """One appeal: the claim, why the measure was taken, and how it may be answered.

    Attributes:
        words: the user's own, shown as they are and never as markup.
        why_not: why this viewer does not answer it; empty when they may.
        notice: what the user is told now, before the answer.
    """

    id: str
    number: int
    claim: str
    words: str
    language: str
    why: str
    evidence: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    due: When
    state: Mark
    case: str = ""
    case_number: int = 0
    why_not: str = ""
    answer: tuple[tuple[str, str], ...] = ()
    notice: NoticeView | None = None
