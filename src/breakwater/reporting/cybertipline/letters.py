"""Texts as XML can carry them, and back: every letter there is, none lost.

In: any text, control characters and half surrogates included. Out: a text that XML 1.0 allows
(section 2.2), in which what it forbids stands as `⟦U+0007⟧`. The opening bracket itself is
written so too, so that a bare one is always a mark of ours: `⟦more: screenName⟧` says that a
value goes on there. Used by `write` and `read`. Tests: `tests/unit/test_cybertipline_write.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

OPENS: Final = "\u27e6"
CLOSES: Final = "\u27e7"
ELLIPSIS: Final = "…"

_FORBIDDEN: Final = re.compile(
    "[^\t\n\r\u0020-\u27e5\u27e7-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
_WRITTEN: Final = re.compile(rf"{OPENS}U\+([0-9A-F]{{4,6}}){CLOSES}")
_MARK: Final = re.compile(rf"\n?{OPENS}(more|data|file): ([^{CLOSES}]*){CLOSES} ")
_ABOUT: Final = (
    f"{OPENS}about{CLOSES} The form has no field for what follows, or too little room: each item "
    "stands under the name of the element it belongs to."
)


@dataclass(frozen=True, slots=True)
class Note:
    """What had no room.

    Attributes:
        kind: `more` for words, `data` for JSON, `file` for the name of an attached text.
        path: names of elements from the one that holds the note; items are counted from 1.
    """

    kind: str
    path: str
    value: str


def clean(text: str) -> str:
    """The text as XML carries it."""
    return _FORBIDDEN.sub(lambda found: f"{OPENS}U+{ord(found[0]):04X}{CLOSES}", text)


def unclean(text: str) -> str:
    """The text as it was told."""
    return _WRITTEN.sub(lambda found: chr(int(found[1], 16)), text)


def units(text: str) -> int:
    """How much room a text takes, in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, room: int) -> str:
    """The beginning of a clean text, with an ellipsis, in the room there is."""
    kept = text[: room - 1].encode("utf-16-le")[: 2 * (room - 1)].decode("utf-16-le", "ignore")
    begun = kept.rfind(OPENS)
    if begun >= 0 and CLOSES not in kept[begun:]:
        kept = kept[:begun]
    return kept + ELLIPSIS


def with_notes(text: str, notes: Iterable[Note]) -> str:
    """A clean text, and after it the notes."""
    lines = [f"{OPENS}{one.kind}: {one.path}{CLOSES} {clean(one.value)}" for one in notes]
    if not lines:
        return text
    return "\n".join([*([text] if text else []), _ABOUT, *lines])


def apart(text: str) -> tuple[str, tuple[Note, ...]]:
    """The text as it was told and its notes, from what `with_notes` wrote."""
    start = text.find(_ABOUT)
    if start < 0:
        return unclean(text), ()
    told = text[:start].removesuffix("\n") if start else ""
    return unclean(told), tuple(_notes(text[start + len(_ABOUT) :]))


def _notes(text: str) -> Iterator[Note]:
    marks = list(_MARK.finditer(text))
    ends = [*(one.start() for one in marks[1:]), len(text)]
    for mark, end in zip(marks, ends, strict=True):
        yield Note(mark[1], mark[2], unclean(text[mark.end() : end]))
