"""What the Quality page shows, as frozen values; see `models` for the rule they keep.

No picture and no grade key stands here: quality is measured by people who do not grade.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, Number, Option, When


@dataclass(frozen=True, slots=True)
class Interval:
    """A coefficient on a line from 0 to 1, in percent of its length; what is below 0 begins at 0."""

    value: str
    reach: str
    words: str
    at: float
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class PairRow:
    """How far two people agree."""

    one: str
    other: str
    items: str
    found: Interval | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """How far everybody agrees on one measure."""

    id: str
    word: str
    items: str
    found: Interval | None
    state: Mark
    pairs: tuple[PairRow, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class StandingRow:
    """How one grader's answers measured up."""

    grader: str
    gold: str
    gold_share: float
    settled: str
    state: Mark
    score: float
    words: str


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One question with everybody's answer to it."""

    word: str
    answers: tuple[str, ...]
    differs: bool


@dataclass(frozen=True, slots=True)
class DisputeView:
    """One item with all answers side by side.

    Attributes:
        heads: who answered, in the order of the columns.
    """

    number: int
    set: int
    state: Mark
    heads: tuple[str, ...]
    lines: tuple[AnswerLine, ...]
    notes: tuple[str, ...] = ()
    may_be_gold: bool = False


@dataclass(frozen=True, slots=True)
class GoldRow:
    """One gold item."""

    number: int
    set: int
    answer: str
    by: str
    at: When
    reason: str
    state: Mark
    active: bool


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One alarm."""

    id: str
    words: str
    at: When
    open: bool
    ended: str = ""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A table of law that waits for a second person.

    Attributes:
        changed: how many settled items would get another code.
        moves: codes before, codes after, and how many items, the most first.
        mine: the viewer proposed it, and can only take it back.
    """

    scheme: str
    version: str
    by: str
    reason: str
    until: When
    changed: str
    moves: tuple[tuple[str, str, str], ...]
    mine: bool


@dataclass(frozen=True, slots=True)
class QaView:
    """The quality of grading over the last four weeks."""

    numbers: tuple[Number, ...]
    sets: tuple[Option, ...]
    agreement: tuple[AgreementRow, ...]
    pairs: tuple[AgreementRow, ...]
    standings: tuple[StandingRow, ...]
    waiting: tuple[DisputeView, ...]
    settled: tuple[DisputeView, ...]
    golds: tuple[GoldRow, ...]
    alarms: tuple[AlarmRow, ...]
    reliable_at: float
    tentative_at: float
    wrong: str = ""
