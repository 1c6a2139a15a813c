"""The report as a PDF: tables and plots that print well, drawn as lines and letters.

In: a `Report`. Out: bytes that depend on it alone: no clock and no random number goes in, so that
the same rows print the same paper. Plots are those of `plots`. Letters are Noto's, of the fonts that
ship. Measures are points of 1/72 inch. Tests: `tests/unit/test_transparency_papers.py`.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib import resources
from typing import Any, Final

from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from breakwater.model.clock import iso
from breakwater.model.transparency import Count, Report, Share
from breakwater.transparency import plots
from breakwater.transparency.flat import DESIGN, matrix
from breakwater.transparency.plots import Plot
from breakwater.transparency.words import OFF, TITLES, named, seconds, share

A4: Final = (595.28, 841.89)
SIDE: Final = 56.0
TOP: Final = 64.0
FOOT: Final = 64.0
PLAIN: Final = "Breakwater-Plain"
BOLD: Final = "Breakwater-Bold"
FILES: Final = {PLAIN: "NotoSans-Regular.ttf", BOLD: "NotoSans-Bold.ttf"}

INK: Final = (0.08, 0.10, 0.14)
SOFT: Final = (0.36, 0.40, 0.46)
LOOKS: Final = {
    "bar": (0.05, 0.34, 0.62), "pale": (0.70, 0.80, 0.90), "dot": (0.08, 0.10, 0.14),
    "grid": (0.86, 0.88, 0.90), "axis": (0.45, 0.49, 0.54), "whisker": (0.05, 0.34, 0.62),
    "label": SOFT, "value": INK,
}  # fmt: skip
THICK: Final = {"grid": 0.4, "axis": 0.8, "whisker": 1.6}


def to_pdf(report: Report) -> bytes:
    """The report as a PDF."""
    paper = _Paper(report)
    paper.title()
    paper.part("How much there is")
    _prevalence(paper, report)
    for name, counts in report.tables.items():
        paper.part(TITLES[name])
        if name == "matches":
            _matches(paper, counts)
            continue
        if name == "decisions":
            paper.plot(
                plots.bars([(_name(one), float(one.n or 0), f"{one.n:,}") for one in counts])
            )
        paper.table(["what", "count"], [_cells(one) for one in counts])
    paper.part("From a flag to a person, by hour of the day (UTC)")
    _waits(paper, report)
    return paper.done()


def _matches(paper: _Paper, counts: Sequence[Count]) -> None:
    """By detector as bars, by detector and surface as a table."""
    found = matrix(counts)
    surfaces = list(dict.fromkeys(one.keys[1] for one in counts))
    totals = [(named(detector), sum(row.values())) for detector, row in found.items()]
    paper.plot(plots.bars([(name, float(n), f"{n:,}") for name, n in totals]))
    paper.table(
        ["", *(named(surface) for surface in surfaces)],
        [
            (named(detector), *(f"{row.get(surface, 0):,}" for surface in surfaces))
            for detector, row in found.items()
        ],
    )  # fmt: skip


def _prevalence(paper: _Paper, report: Report) -> None:
    found = report.prevalence
    if found.off:
        paper.write(OFF[found.off])
        return
    shares = [("of broadcasts", found.streams), ("of views", found.views)]
    told = [(name, one) for name, one in shares if one is not None]
    paper.plot(
        plots.whiskers(
            [(name, one.value, one.low, one.high, interval(one)) for name, one in told], share
        )
    )
    paper.write(
        f"{found.looked:,} of {found.drawn:,} draws in {found.rounds:,} rounds were looked at; "
        f"{found.found:,} were found illegal, {found.undecided:,} wait for a decision."
    )
    paper.write(DESIGN, size=8.0)
    for basis in found.basis:
        paper.write(f"Lawful basis: {basis}", size=8.0)
    paper.table(
        ["stratum", "broadcasts", "viewers", "drawn", "looked at", "found"],
        [
            (one.name, f"{one.streams:,}", f"{one.viewers:,}", f"{one.drawn:,}",
             f"{one.looked:,}", f"{one.n_found:,}")
            for one in found.strata
        ],
    )  # fmt: skip


def interval(found: Share) -> str:
    """A share with its interval in words."""
    if found.value is None:
        return "nothing was looked at"
    return f"{share(found.value)}  (95 %: {share(found.low)} to {share(found.high)})"


def _waits(paper: _Paper, report: Report) -> None:
    each = [one for one in report.waits if one.hour is not None]
    paper.plot(plots.hours([(one.median_s, one.p95_s) for one in each], seconds))
    paper.write("Dark: median. Pale: 95th percentile. Of flags that a person has had.", size=8.0)
    paper.table(
        ["hour", "flags", "waiting", "median", "95th percentile"],
        [
            ("all day" if one.hour is None else f"{one.hour:02}:00", f"{one.flags:,}",
             f"{one.waiting:,}", seconds(one.median_s), seconds(one.p95_s))
            for one in report.waits if one.flags or one.hour is None
        ],
    )  # fmt: skip


def _name(one: Count) -> str:
    return " · ".join(named(key) for key in one.keys)


def _cells(one: Count) -> tuple[str, str]:
    return _name(one), "suppressed" if one.n is None else f"{one.n:,}"


class _Paper:
    """Pages that are being written from the top to the bottom."""

    def __init__(self, report: Report) -> None:
        for name, file in FILES.items():
            with resources.as_file(
                resources.files("breakwater") / "reporting" / "papers" / "fonts" / file
            ) as path:
                pdfmetrics.registerFont(TTFont(name, path))
        self._report, self._out = report, io.BytesIO()
        self._canvas: Any = Canvas(self._out, pagesize=A4, invariant=1, pageCompression=1)
        self._canvas.setTitle(f"Transparency report {report.period}")
        self._canvas.setAuthor("breakwater")
        self._canvas.setSubject("Figures of a period")
        self._page, self._y = 1, A4[1] - TOP

    def title(self) -> None:
        """The head of the first page."""
        report = self._report
        self.write("Transparency report", font=BOLD, size=22.0)
        self.write(
            f"{report.period.first:%d %B %Y} to {report.period.last:%d %B %Y} (UTC), both days "
            "included", size=10.5,
        )  # fmt: skip
        services = ", ".join(one or "without a name" for one in report.services) or "none"
        self.write(
            f"Services: {services}. Made {iso(report.made_at)} by breakwater {report.version}. Counts "
            'below 5 by country are "suppressed", with as many others as it takes to hide them.',
            size=8.5,
        )

    def part(self, words: str) -> None:
        """A heading; it does not stand alone at the foot of a page."""
        self._room(90)
        self._y -= 10
        self.write(words, font=BOLD, size=12.5)

    def write(self, words: str, *, font: str = PLAIN, size: float = 9.5) -> None:
        """A paragraph."""
        for line in simpleSplit(words, font, size, A4[0] - 2 * SIDE):
            self._room(size * 1.45)
            self._y -= size * 1.45
            self._letters(SIDE, self._y, line, font=font, size=size)
        self._y -= 4

    def plot(self, found: Plot) -> None:
        """A plot as wide as the page's text allows."""
        scale = min(1.0, (A4[0] - 2 * SIDE) / found.wide)
        self._room(found.high * scale + 14)
        top = self._y - 6
        for stroke in found.strokes:
            self._canvas.setStrokeColorRGB(*LOOKS[stroke.kind])
            self._canvas.setLineWidth(THICK[stroke.kind])
            self._canvas.line(
                SIDE + stroke.x * scale, top - stroke.y * scale,
                SIDE + stroke.to_x * scale, top - stroke.to_y * scale,
            )  # fmt: skip
        for box in found.boxes:
            self._canvas.setFillColorRGB(*LOOKS[box.kind])
            low = top - (box.y + box.h) * scale
            self._canvas.rect(
                SIDE + box.x * scale, low, box.w * scale, box.h * scale, stroke=0, fill=1
            )
        for text in found.texts:
            self._letters(
                SIDE + text.x * scale, top - text.y * scale, text.text, size=8.0 * scale,
                anchor=text.anchor, colour=LOOKS[text.kind],
            )  # fmt: skip
        self._y = top - found.high * scale - 8

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Rows under a head that each page repeats; figures stand to the right."""
        if not rows:
            self.write("None.")
            return
        wide = A4[0] - 2 * SIDE
        first = wide * (0.6 if len(head) == 2 else 0.3)
        step = (wide - first) / (len(head) - 1)
        ends = [SIDE + first + step * (at + 1) for at in range(len(head) - 1)]
        self._room(34)
        self._line(head, ends, font=BOLD)
        for row in rows:
            if self._y - 13 < FOOT:
                self._turn()
                self._line(head, ends, font=BOLD)
            self._line(row, ends)
        self._y -= 6

    def done(self) -> bytes:
        """The paper."""
        self._number()
        self._canvas.save()
        return self._out.getvalue()

    def _line(self, cells: Sequence[str], ends: Sequence[float], *, font: str = PLAIN) -> None:
        self._y -= 13
        colour = SOFT if font == BOLD else INK
        self._letters(SIDE, self._y, cells[0], font=font, size=8.5, colour=colour)
        for cell, end in zip(cells[1:], ends, strict=True):
            self._letters(end, self._y, cell, font=font, size=8.5, anchor="end", colour=colour)
        self._canvas.setStrokeColorRGB(*LOOKS["grid"])
        self._canvas.setLineWidth(0.4)
        self._canvas.line(SIDE, self._y - 3.5, A4[0] - SIDE, self._y - 3.5)

    def _letters(
        self, x: float, y: float, words: str, *, font: str = PLAIN, size: float = 9.5,
        anchor: str = "start", colour: tuple[float, float, float] = INK,
    ) -> None:  # fmt: skip
        self._canvas.setFont(font, size)
        self._canvas.setFillColorRGB(*colour)
        draw = {
            "start": self._canvas.drawString, "end": self._canvas.drawRightString,
            "middle": self._canvas.drawCentredString,
        }[anchor]  # fmt: skip
        draw(x, y, words)

    def _room(self, high: float) -> None:
        if self._y - high < FOOT:
            self._turn()

    def _turn(self) -> None:
        self._number()
        self._canvas.showPage()
        self._page += 1
        self._y = A4[1] - TOP

    def _number(self) -> None:
        words = f"Transparency report {self._report.period}"
        self._letters(SIDE, 36, words, size=7.5, colour=SOFT)
        self._letters(A4[0] - SIDE, 36, f"{self._page}", size=7.5, anchor="end", colour=SOFT)
