"""What a table of elements is made of: an element, its attributes, and the form of what is in it.

In: nothing. Out: the frozen values of which `elements` is made and which `write` and `read`
follow. Nothing here knows a single element of NCMEC's. Tests:
`tests/property/test_cybertipline_xml.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto


class Form(Enum):
    """What stands in an element or attribute."""

    TEXT = auto()
    """Prose: what is over the room is cut, and the whole goes on in the notes."""
    NAME = auto()
    """An identifier: whole, or only in the notes, because half of one names somebody else."""
    URL = auto()
    TIME = auto()
    DATE = auto()
    TRUTH = auto()
    NUMBER = auto()
    WORD = auto()
    """One of `words`."""
    ADDRESS = auto()
    """Of the Internet Protocol."""
    GROUP = auto()
    CHOICE = auto()
    """A group of exactly one child: the one whose `of` is the value's class."""
    FLAGS = auto()
    """A group of empty elements: one for each word that is set."""
    MARK = auto()
    """Empty: it stands there, or not."""
    MORE = auto()
    """The text of `of`, and after it the notes of everything around that had no room."""
    OLD = auto()
    """Read, never written: another element says the same."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute; `of` is a member of the element's own value, or of its neighbour's.

    Attributes:
        must: without it the element is invalid.
        words: of a `WORD`; pattern: that the whole must match; fixed: what always stands in it.
    """

    name: str
    of: str
    form: Form
    must: bool = False
    words: frozenset[str] = frozenset()
    pattern: re.Pattern[str] | None = None
    fixed: str = ""

    @property
    def room(self) -> None:
        """As much as there is."""
        return None


@dataclass(frozen=True, slots=True)
class Element:
    """One element.

    Attributes:
        of: the member it holds; with a point, a member of a member.
        inner: where the member is a value of several parts: the one that is the element's text.
        room: UTF-16 units; None: as much as there is.
        many: the member is a tuple, with one element for each.
        once: of a tuple only one has an element; the others stand in the notes.
        must: without it the group around it is invalid.
        other: the word that is written for one that is not in `words`.
        unless: the word of `relevance` with which the form refuses it; of flags only `barred`.
    """

    name: str
    of: str
    form: Form = Form.TEXT
    room: int | None = None
    inner: str = ""
    many: bool = False
    once: bool = False
    must: bool = False
    words: frozenset[str] = frozenset()
    other: str = ""
    unless: str = ""
    barred: frozenset[str] = frozenset()
    attributes: tuple[Attribute, ...] = ()
    children: tuple[Element, ...] = ()
