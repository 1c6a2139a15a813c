"""What pages of exhibits show. See `models` for the rules."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, Number, When
from breakwater.web.pages.models_links import ChildRow


@dataclass(frozen=True, slots=True)
class ExhibitSetRow:
    """One set of exhibits, counted."""

    number: int
    reference: str
    kind: str
    state: Mark
    at: When
    offered: str
    known: str
    bad: str
    taken: str


@dataclass(frozen=True, slots=True)
class FaultRow:
    """A row of a set that could not be read."""

    reference: str
    words: str


@dataclass(frozen=True, slots=True)
class ExhibitFileRow:
    """A file that nobody had judged.

    Attributes:
        name: its path where that was asked for, else its reference.
        series: the series it stands in; 0: none.
        note: what became of it.
    """

    number: int
    name: str
    size: str
    note: str
    series: int


@dataclass(frozen=True, slots=True)
class ExhibitsView:
    """Sets of exhibits, or one with its files and faults, and the children of its series.

    Attributes:
        case: number of the case in which files wait; 0: there is none.
        names_url: shows paths, which is written down; empty: they are shown, or may not be.
    """

    numbers: tuple[Number, ...]
    rows: tuple[ExhibitSetRow, ...]
    faults: tuple[FaultRow, ...] = ()
    files: tuple[ExhibitFileRow, ...] = ()
    more_url: str = ""
    case: int = 0
    case_url: str = ""
    names_url: str = ""
    children: tuple[tuple[int, ChildRow], ...] = ()
    next_url: str = ""
    first_url: str = ""
    fault: str = ""
