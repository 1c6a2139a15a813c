"""Any text as letters that a page can show: nothing is a box, and nothing is invisible.

In: text as somebody wrote it, in any script. Out: `Piece`s, each with the font that has its
letters. What no font here has, and what shows nothing (controls, marks that turn the direction
of writing, private letters), is printed as its code points between ‹ and ›, so that a name which
hides its ending cannot hide it on paper. Arabic letters take the shapes that their neighbours ask
for (Unicode chapter 9.2), and lines are ordered as Unicode annex 9 says, without its explicit
marks, which are printed. The fonts stand in `fonts/` with their licences; nothing is looked for
on the host, so that the same record gives the same bytes everywhere. Tests:
`tests/unit/test_paper_letters.py`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from breakwater.reporting.papers.direction import ordered

PLAIN: Final = "Paper"
BOLD: Final = "Paper-Bold"
FIXED: Final = "Paper-Fixed"
_FILES: Final[Mapping[str, str]] = {
    PLAIN: "NotoSans-Regular.ttf",
    BOLD: "NotoSans-Bold.ttf",
    FIXED: "DejaVuSansMono.ttf",
    "Paper-Wide": "DejaVuSans.ttf",
    "Paper-Thai": "NotoSansThai-Regular.ttf",
    "Paper-East": "wqy-microhei.ttc",
}
_BEHIND: Final = ("Paper-Wide", "Paper-Thai", "Paper-East")
"""Where a letter is looked for that the wanted font lacks, in this order."""

CODED: Final = "‹U+"
"""How code points begin that stand for letters."""

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SELECTORS: Final = frozenset({*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), 0x034F})


@dataclass(frozen=True, slots=True)
class Piece:
    """Letters of one font.

    Attributes:
        font: its name, as the page knows it.
        text: in the order in which it is drawn, left to right.
    """

    font: str
    text: str


@cache
def _face(font: str) -> Any:
    """A font, read when its first letter is needed."""
    path = resources.files(__package__).joinpath("fonts", _FILES[font])
    with resources.as_file(path) as file:
        made = TTFont(font, str(file))
    pdfmetrics.registerFont(made)
    return made.face


@cache
def font_of(letter: str, wanted: str) -> str:
    """The font that draws a letter; empty: none does."""
    code = ord(letter)
    for font in (wanted, *_BEHIND):
        if code in _face(font).charToGlyph:
            return font
    return ""


@cache
def width_of(letter: str, wanted: str) -> float:
    """How wide a letter is, in thousandths of the size of the type."""
    face = _face(font_of(letter, wanted) or wanted)
    return float(face.charWidths.get(ord(letter), face.defaultWidth))


def width(text: str, font: str, size: float) -> float:
    """How wide a text is in points."""
    return sum(width_of(letter, font) for letter in text) * size / 1000


def shown(text: str, font: str = PLAIN) -> str:
    """The text with everything printed that would not be seen, its letters in their shapes.

    Args:
        text: as somebody wrote it.
        font: in which it is wanted; what it lacks is looked for in the others.
    """
    out: list[str] = []
    odd: list[str] = []
    for letter in unicodedata.normalize("NFC", text):
        if _seen(letter, font):
            out += _told(odd)
            odd.clear()
            out.append(letter)
        else:
            odd.append(letter)
    return joined("".join([*out, *_told(odd)]))


def _seen(letter: str, font: str) -> bool:
    hidden = unicodedata.category(letter) in _UNSEEN or ord(letter) in _SELECTORS
    return not hidden and bool(font_of(letter, font))


def _told(odd: list[str]) -> list[str]:
    """Code points between marks; those of pictures with their names."""
    return ["‹" + ", ".join(_code(letter) for letter in odd) + "›"] if odd else []


def _code(letter: str) -> str:
    name = unicodedata.name(letter, "") if unicodedata.category(letter) == "So" else ""
    return f"U+{ord(letter):04X} {name.lower()}".rstrip()


def _forms() -> dict[str, dict[str, str]]:
    """Letters and pairs of Arabic, each with its shapes, from Unicode's own compatibility data."""
    forms: dict[str, dict[str, str]] = {}
    for code in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFEFD)):
        kind, *points = unicodedata.decomposition(chr(code)).split() or [""]
        base = "".join(chr(int(point, 16)) for point in points)
        if kind in _KINDS and (len(base) == 1 or base in _LAM_ALEF):
            forms.setdefault(base, {}).setdefault(kind.strip("<>"), chr(code))
    return forms


_KINDS: Final = frozenset({"<initial>", "<medial>", "<final>", "<isolated>"})
_LAM_ALEF: Final = frozenset("\u0644" + alef for alef in "\u0622\u0623\u0625\u0627")
_SHAPES: Final = _forms()


def joined(text: str) -> str:
    """Arabic letters in the shapes that their neighbours ask for."""
    if not any("\u0600" <= letter <= "\u06ff" for letter in text):
        return text
    units = list(_units(text))
    out = []
    for at, unit in enumerate(units):
        shapes = _SHAPES.get(unit)
        if shapes is None:
            out.append(unit)
            continue
        before = _neighbour(units, at, -1)
        after = _neighbour(units, at, +1)
        left = "initial" in _SHAPES.get(before, {})
        right = "initial" in shapes and "final" in _SHAPES.get(after, {})
        kind = {(1, 1): "medial", (1, 0): "final", (0, 1): "initial"}.get((left, right), "isolated")
        drawn = shapes.get(kind, unit)
        out.append(drawn if font_of(drawn, PLAIN) else unit)
    return "".join(out)


def _units(text: str) -> Iterator[str]:
    """Letters one by one, lam with alef as one."""
    at = 0
    while at < len(text):
        step = 2 if text[at : at + 2] in _LAM_ALEF else 1
        yield text[at : at + step]
        at += step


def _neighbour(units: list[str], at: int, step: int) -> str:
    """The next letter that takes part: marks above and below stand aside."""
    at += step
    while 0 <= at < len(units) and unicodedata.category(units[at][0]) == "Mn":
        at += step
    return units[at] if 0 <= at < len(units) else ""


def pieces(line: str, font: str) -> tuple[Piece, ...]:
    """One line as it is drawn, left to right, cut where the font changes."""
    out: list[Piece] = []
    for letter in ordered(line):
        chosen = font_of(letter, font) or font
        if out and out[-1].font == chosen:
            out[-1] = Piece(chosen, out[-1].text + letter)
        else:
            out.append(Piece(chosen, letter))
    return tuple(out)
