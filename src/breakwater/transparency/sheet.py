"""Pages of a paper of figures: headings, paragraphs, tables and plots, from the top to the bottom.

The bytes depend on the words alone (no clock, no random number). Letters are Noto's, of the fonts
that ship. Measures are points of 1/72 inch. Used by `paper` and `compliance_paper`; tests:
`tests/unit/test_transparency_papers.py`.
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

from breakwater.transparency.plots import Plot

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


class Sheet:
    """Pages that are being written from the top to the bottom."""

    def __init__(self, title: str, subject: str) -> None:
        for name, file in FILES.items():
            with resources.as_file(
                resources.files("breakwater") / "reporting" / "papers" / "fonts" / file
            ) as path:
                pdfmetrics.registerFont(TTFont(name, path))
        self._title, self._out = title, io.BytesIO()
        self._canvas: Any = Canvas(self._out, pagesize=A4, invariant=1, pageCompression=1)
        self._canvas.setTitle(title)
        self._canvas.setAuthor("breakwater")
        self._canvas.setSubject(subject)
        self._page, self._y = 1, A4[1] - TOP

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

    def table(
        self, head: Sequence[str], rows: Sequence[Sequence[str]], *, first: float = 0.0
    ) -> None:
        """Rows under a head that each page repeats; figures stand to the right.

        Args:
            head: of each column.
            rows: with as many cells.
            first: share of the width that the first column has; 0: by their number.
        """
        if not rows:
            self.write("None.")
            return
        wide = A4[0] - 2 * SIDE
        begin = wide * (first or (0.6 if len(head) == 2 else 0.3))
        step = (wide - begin) / (len(head) - 1)
        ends = [SIDE + begin + step * (at + 1) for at in range(len(head) - 1)]
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
        self._letters(SIDE, 36, self._title, size=7.5, colour=SOFT)
        self._letters(A4[0] - SIDE, 36, f"{self._page}", size=7.5, anchor="end", colour=SOFT)
