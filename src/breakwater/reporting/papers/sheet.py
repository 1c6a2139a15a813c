"""Pages of a paper: what is said goes in block by block, and a PDF comes out.

`Sheet` lays blocks out from top to bottom and breaks pages itself: a table repeats its head, and
a value that is longer than a page goes on on the next one. Nothing is cut off and nothing shrinks
to fit. The bytes depend on the words alone (no clock, no random number), so that anybody can make
the same paper from the same record again. Letters come from `letters`, drawing is `painting`'s.
Measures are points of 1/72 inch, from the top left. Tests: `tests/unit/test_papers.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from breakwater.reporting.papers import letters
from breakwater.reporting.papers.letters import BOLD, FIXED, PLAIN

A4: Final = (595.28, 841.89)
LETTER: Final = (612.0, 792.0)

INK: Final = (0.08, 0.10, 0.14)
SOFT: Final = (0.36, 0.40, 0.46)
RULE: Final = (0.76, 0.79, 0.83)
ACCENT: Final = (0.05, 0.28, 0.45)
PAPER_TINT: Final = (0.945, 0.955, 0.965)

SIDE: Final = 56.0
TOP: Final = 62.0
FOOT: Final = 64.0

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Style:
    """How a text looks: font, size and distance of lines in points."""

    font: str = PLAIN
    size: float = 10.0
    leading: float = 14.5
    colour: Colour = INK


BODY: Final = Style()
SMALL: Final = Style(size=8.5, leading=12.0, colour=SOFT)
STRONG: Final = Style(font=BOLD)
LABEL: Final = Style(size=8.5, leading=14.5, colour=SOFT)
HASH: Final = Style(font=FIXED, size=7.3, leading=14.5)
HEADING: Final = Style(font=BOLD, size=12.0, leading=17.0, colour=ACCENT)
TITLE: Final = Style(font=BOLD, size=18.5, leading=24.0)
CELL: Final = Style(size=8.0, leading=10.8)
CELL_HASH: Final = Style(font=FIXED, size=6.4, leading=9.4)
CELL_HEAD: Final = Style(font=BOLD, size=7.6, leading=10.2, colour=SOFT)
_TINY: Final = Style(size=6.6, leading=8.0, colour=SOFT)
_INITIALS: Final = 104.0
_GAP: Final = 9.0
_TOGETHER: Final = 6
"""Lines up to which a paragraph stays on one page."""


@dataclass(frozen=True, slots=True)
class Words:
    """A line of letters at a place; `y` is its base line."""

    x: float
    y: float
    text: str
    style: Style


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line."""

    x: float
    y: float
    to_x: float
    to_y: float
    colour: Colour = RULE
    thick: float = 0.6


@dataclass(frozen=True, slots=True)
class Area:
    """A filled rectangle; `y` is its top."""

    x: float
    y: float
    wide: float
    high: float
    colour: Colour


Mark = Words | Line | Area

Cell = str | tuple[str, ...]
"""A cell of a table: one text, or several that begin a line each."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, its share of the width, and how its cells look."""

    heading: str
    share: float
    style: Style = CELL


@dataclass(slots=True)
class Page:
    """What is drawn on one page, in this order."""

    marks: list[Mark] = field(default_factory=list)


class Sheet:
    """A paper that is being written.

    Attributes:
        title, subject, author: what a reader's list of files shows.
        size: of the page.
        draft: printed at the head and across every page; empty: it is none.
        foot: left of the number of the page.
        pages: what was laid out.
    """

    def __init__(
        self, *, title: str, subject: str, author: str, size: tuple[float, float] = A4,
        draft: str = "", foot: str = "",
    ) -> None:  # fmt: skip
        self.title, self.subject, self.author = title, subject, author
        self.size, self.draft, self.foot = size, draft, foot
        self.pages: list[Page] = [Page()]
        self._y = TOP
        self._head: tuple[Sequence[Column], float] | None = None

    @property
    def wide(self) -> float:
        """Between the margins."""
        return self.size[0] - 2 * SIDE

    @property
    def _end(self) -> float:
        return self.size[1] - FOOT

    def turn(self) -> None:
        """Begin a new page, with the head of the table that goes on."""
        self.pages.append(Page())
        self._y = TOP
        if self._head is not None:
            self._heads(*self._head)

    def room(self, high: float) -> None:
        """Begin a new page where less than this is left of the present one."""
        if self._y + high > self._end:
            self.turn()

    def space(self, high: float) -> None:
        """Leave some room."""
        self._y = min(self._y + high, self._end)

    def name(self, title: str, under: str = "") -> None:
        """The title, over a line."""
        self.write(title, TITLE)
        if under:
            self.space(2)
            self.write(under, Style(size=10.5, leading=15.0, colour=SOFT))
        self.space(8)
        self._put(Line(SIDE, self._y, SIDE + self.wide, self._y, ACCENT, 1.4))
        self.space(14)

    @property
    def coded(self) -> bool:
        """Whether a letter was printed by its code point so far."""
        lines = (one for page in self.pages for one in page.marks if isinstance(one, Words))
        return any(letters.CODED in one.text for one in lines)

    def heading(self, text: str, *, keep: float = 60.0) -> None:
        """A heading; it never stands alone at the foot of a page."""
        self.space(10)
        self.room(HEADING.leading + keep)
        self.write(text, HEADING)
        self.space(3)

    def write(
        self, text: str, style: Style = BODY, *, indent: float = 0.0, short: float = 0.0
    ) -> None:
        """A paragraph; lines that somebody broke stay broken.

        Args:
            text: of ours; what others wrote goes through `tell`.
            style: how it looks.
            indent: left of it.
            short: right of it.
        """
        lines = [
            line
            for part in text.split("\n")
            for line in wrapped(part, style, self.wide - indent - short)
        ]
        if len(lines) <= _TOGETHER:
            self.room(len(lines) * style.leading)
        for line in lines:
            self._line(line, style, SIDE + indent)

    def point(self, mark: str, text: str, style: Style = BODY) -> None:
        """A paragraph with a number or a sign before it."""
        self.room(min(_TOGETHER, len(wrapped(text, style, self.wide - 22))) * style.leading)
        self._put(Words(SIDE, self._y + style.size, mark, style))
        self.write(text, style, indent=22)
        self.space(4)

    def initial(self, mark: str, text: str) -> None:
        """A point with room at its right, where a person writes their initials."""
        lines = len(wrapped(text, BODY, self.wide - 22 - _INITIALS))
        self.room(lines * BODY.leading + 16)
        self._put(Words(SIDE, self._y + BODY.size, mark, BODY))
        self.write(text, indent=22, short=_INITIALS)
        x = SIDE + self.wide
        self._put(Line(x - _INITIALS + 24, self._y - 3, x, self._y - 3, SOFT, 0.5))
        self._put(Words(x - _INITIALS + 24, self._y + 7, "initials", _TINY))
        self.space(14)

    def tell(self, label: str, value: str, style: Style = BODY, *, wide: float = 124.0) -> None:
        """A value beside its name; every value of a paper stands so."""
        names = wrapped(label, LABEL, wide - 10)
        lines = wrapped(value or "–", style, self.wide - wide)
        for at in range(max(len(lines), len(names))):
            self.room(style.leading)
            if at < len(names):
                self._put(Words(SIDE, self._y + BODY.size, names[at], LABEL))
            if at < len(lines):
                self._put(Words(SIDE + wide, self._y + BODY.size, lines[at], style))
            self._y += style.leading
        self.space(2.5)

    def blank(self, label: str, *, lines: int = 1, wide: float = 124.0) -> None:
        """A ruled space that a person fills by hand."""
        high = 23.0
        self.room(high * lines)
        for at in range(lines):
            base = self._y + high - 6
            if at == 0:
                self._put(Words(SIDE, base, shown_line(label, LABEL), LABEL))
            self._put(Line(SIDE + wide, base + 2, SIDE + self.wide, base + 2, SOFT, 0.5))
            self._y += high
        self.space(3)

    def box(self, text: str, style: Style = SMALL) -> None:
        """A note on a tint, whole on one page."""
        lines = [one for part in text.split("\n") for one in wrapped(part, style, self.wide - 24)]
        high = len(lines) * style.leading + 14
        self.room(high)
        self._put(Area(SIDE, self._y, self.wide, high, PAPER_TINT))
        self._put(Area(SIDE, self._y, 2.4, high, ACCENT))
        self._y += 7
        for line in lines:
            self._line(line, style, SIDE + 14)
        self._y += 7
        self.space(8)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
        """Rows under headings that every page repeats; a row may be longer than a page."""
        full = self.wide - _GAP * (len(columns) - 1)
        scale = full / sum(column.share for column in columns)
        self.room(70)
        self._head = (columns, scale)
        self._heads(columns, scale)
        for row in rows:
            self._row(columns, row, scale)
        self._head = None
        self.space(8)

    def _heads(self, columns: Sequence[Column], scale: float) -> None:
        cells = [wrapped(one.heading, CELL_HEAD, one.share * scale) for one in columns]
        high = max(len(lines) for lines in cells) * CELL_HEAD.leading
        for x, lines in zip(_places(columns, scale), cells, strict=True):
            first = self._y + high - (len(lines) - 1) * CELL_HEAD.leading - 3
            for at, line in enumerate(lines):
                self._put(Words(x, first + at * CELL_HEAD.leading, line, CELL_HEAD))
        self._y += high + 2
        self._put(Line(SIDE, self._y, SIDE + self.wide, self._y, SOFT, 0.8))
        self._y += 3

    def _row(self, columns: Sequence[Column], row: Sequence[Cell], scale: float) -> None:
        cells = [
            [line for text in _texts(cell) for line in wrapped(text, one.style, one.share * scale)]
            for one, cell in zip(columns, row, strict=True)
        ]
        leading = [column.style.leading for column in columns]
        high = max(len(lines) * lead for lines, lead in zip(cells, leading, strict=True)) + 6
        if high < self._end - TOP - 40:
            self.room(high)
        done, most = 0, max(len(lines) for lines in cells)
        step = max(leading)
        while done < most:
            fits = max(1, int((self._end - self._y - 6) // step)) if high > 200 else most
            for x, lines, column in zip(_places(columns, scale), cells, columns, strict=True):
                self._cell(x, lines[done : done + fits], column.style)
            tall = max(
                len(lines[done : done + fits]) * lead
                for lines, lead in zip(cells, leading, strict=True)
            )
            self._y += tall + 6
            done += fits
            if done < most:
                self.turn()
        self._put(Line(SIDE, self._y - 2, SIDE + self.wide, self._y - 2, RULE, 0.4))

    def _cell(self, x: float, lines: Sequence[str], style: Style) -> None:
        for at, line in enumerate(lines):
            self._put(Words(x, self._y + CELL.size + 1 + at * style.leading, line, style))

    def _line(self, line: str, style: Style, x: float) -> None:
        self.room(style.leading)
        self._put(Words(x, self._y + style.size, line, style))
        self._y += style.leading

    def _put(self, mark: Mark) -> None:
        self.pages[-1].marks.append(mark)


def _texts(cell: Cell) -> tuple[str, ...]:
    return (cell or "–",) if isinstance(cell, str) else cell


def _places(columns: Sequence[Column], scale: float) -> list[float]:
    """Where columns begin."""
    places, x = [], SIDE
    for column in columns:
        places.append(x)
        x += column.share * scale + _GAP
    return places


def shown_line(text: str, style: Style) -> str:
    """A text that is one line."""
    return letters.shown(text, style.font)


def wrapped(text: str, style: Style, wide: float) -> list[str]:
    """A text in lines that fit; a word that is longer than a line is cut where the line ends.

    Values in letters of one width are cut into even parts, so that they can be read out.
    """
    whole = shown_line(text, style)
    if style.font == FIXED:
        return _even(whole, style, wide)
    lines: list[str] = []
    line, length = "", 0.0
    for word in _words(whole):
        across = letters.width(word.rstrip(" "), style.font, style.size)
        if line and length + across > wide:
            lines.append(line.rstrip(" "))
            line, length = "", 0.0
        *full, last = _cut(word, style, wide) if across > wide else [word]
        lines += full
        line += last
        length += letters.width(last, style.font, style.size)
    return [*lines, line.rstrip(" ")]


def _even(text: str, style: Style, wide: float) -> list[str]:
    """A value in as few lines as it needs, all but the last of one length."""
    longest = max((letters.width_of(letter, style.font) for letter in text), default=600.0)
    most = max(1, int(wide / (longest * style.size / 1000)))
    count = max(1, -(-len(text) // most))
    part = max(1, -(-len(text) // count))
    return [text[at : at + part] for at in range(0, len(text), part)] or [""]


def _words(text: str) -> list[str]:
    """Where a line may end: after a space, a hyphen, a slash, and between letters of the East."""
    out = [""]
    for letter in text:
        east = "\u2e80" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7af"
        if east and out[-1]:
            out.append("")
        out[-1] += letter
        if letter in " -/\\" or east:
            out.append("")
    return [word for word in out if word]


def _cut(word: str, style: Style, wide: float) -> list[str]:
    """A long word in pieces that fit."""
    out, length = [""], 0.0
    for letter in word:
        across = letters.width(letter, style.font, style.size)
        if out[-1] and length + across > wide:
            out.append("")
            length = 0.0
        out[-1] += letter
        length += across
    return out
