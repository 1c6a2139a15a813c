"""Draws laid-out pages as PDF; the same pages give the same bytes.

In: a `sheet.Sheet`. Out: PDF 1.4 with its fonts embedded. Reportlab's `invariant` leaves out the
clock and the random id (its user guide, "Invariant"). Tests: `tests/unit/test_papers.py`.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final

from reportlab.pdfgen.canvas import Canvas

from breakwater.reporting.papers import letters
from breakwater.reporting.papers.letters import BOLD
from breakwater.reporting.papers.sheet import (
    FOOT,
    RULE,
    SIDE,
    SOFT,
    Area,
    Line,
    Mark,
    Sheet,
    Style,
    shown_line,
)

_SMALL: Final = Style(size=7.6, leading=10.0, colour=SOFT)
_BANNER: Final = Style(font=BOLD, size=8.2, colour=(0.62, 0.16, 0.10))


def painted(sheet: Sheet) -> bytes:
    """The whole paper."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=sheet.size, invariant=1, pageCompression=1, lang="en")
    canvas.setTitle(letters.shown(sheet.title))
    canvas.setSubject(letters.shown(sheet.subject))
    canvas.setAuthor(letters.shown(sheet.author))
    canvas.setCreator("breakwater")
    for number, page in enumerate(sheet.pages, start=1):
        _frame(canvas, sheet, number)
        for mark in page.marks:
            _draw(canvas, sheet.size[1], mark)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _frame(canvas: Any, sheet: Sheet, number: int) -> None:
    """What every page has: the mark of a draft, the foot and its number."""
    wide, high = sheet.size
    if sheet.draft:
        _text(canvas, SIDE, high - 40, shown_line(sheet.draft, _BANNER), _BANNER)
        canvas.setStrokeColorRGB(*_BANNER.colour)
        canvas.setLineWidth(0.8)
        canvas.line(SIDE, high - 46, wide - SIDE, high - 46)
    canvas.setStrokeColorRGB(*RULE)
    canvas.setLineWidth(0.5)
    canvas.line(SIDE, FOOT - 18, wide - SIDE, FOOT - 18)
    counted = f"Page {number} of {len(sheet.pages)}"
    across = letters.width(counted, _SMALL.font, _SMALL.size)
    _text(canvas, wide - SIDE - across, FOOT - 30, counted, _SMALL)
    foot = _short(sheet.foot, wide - 2 * SIDE - across - 20)
    _text(canvas, SIDE, FOOT - 30, foot, _SMALL)


def _short(foot: str, wide: float) -> str:
    """The foot as far as it fits; what it says stands in full elsewhere on the paper."""
    whole = shown_line(foot, _SMALL)
    if letters.width(whole, _SMALL.font, _SMALL.size) <= wide:
        return whole
    while whole and letters.width(whole + " …", _SMALL.font, _SMALL.size) > wide:
        whole = whole[:-1]
    return whole + " …"


def _draw(canvas: Any, high: float, mark: Mark) -> None:
    if isinstance(mark, Area):
        canvas.setFillColorRGB(*mark.colour)
        canvas.rect(mark.x, high - mark.y - mark.high, mark.wide, mark.high, stroke=0, fill=1)
    elif isinstance(mark, Line):
        canvas.setStrokeColorRGB(*mark.colour)
        canvas.setLineWidth(mark.thick)
        canvas.line(mark.x, high - mark.y, mark.to_x, high - mark.to_y)
    else:
        _text(canvas, mark.x, high - mark.y, mark.text, mark.style)


def _text(canvas: Any, x: float, y: float, text: str, style: Style) -> None:
    """One line of letters; `y` from the foot of the page."""
    canvas.setFillColorRGB(*style.colour)
    for piece in letters.pieces(text, style.font):
        canvas.setFont(piece.font, style.size)
        canvas.drawString(x, y, piece.text)
        x += letters.width(piece.text, piece.font, style.size)
