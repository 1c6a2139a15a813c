"""What the pages of figures show, as frozen values; see `models` for the rule they keep."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.transparency.plots import Plot
from breakwater.web.pages.models import Mark, Number, When


@dataclass(frozen=True, slots=True)
class FigureTable:
    """A table: the head's first word names what rows are, the others columns of figures."""

    id: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plot with what it shows in words, and the table that says the same."""

    words: str
    plot: Plot
    table: FigureTable


@dataclass(frozen=True, slots=True)
class HowMuch:
    """Prevalence.

    Attributes:
        off: why there is none; empty: there is.
        said: sentences about the sample.
        basis: what was stated as its lawful basis.
    """

    off: str
    drawn: Drawn | None = None
    said: tuple[str, ...] = ()
    design: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TransparencyView:
    """The page of figures."""

    first: str
    last: str
    made: When
    numbers: tuple[Number, ...]
    how_much: HowMuch
    matches: Drawn
    waits: Drawn
    decisions: Drawn
    tables: tuple[FigureTable, ...]
    files: tuple[tuple[str, str], ...]
    periods: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One measure of a code."""

    name: str
    code: str
    mark: Mark
    since: When | None
    why: str
    proofs: tuple[tuple[str, str, str], ...]
    turns: tuple[tuple[str, When], ...]


@dataclass(frozen=True, slots=True)
class MeasuresView:
    """The page of a code."""

    title: str
    edition: str
    source: str
    numbers: tuple[Number, ...]
    rows: tuple[MeasureRow, ...]
    files: tuple[tuple[str, str], ...]
