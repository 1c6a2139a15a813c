"""Words for people, in their language: `say` for Python, `_` and `trans` for templates.

The English sentence is the key and the answer of last resort. Values are put in by name, after
translation, so that each language orders its sentence as it likes. What is listed in a table at
import is marked by `later` and said when it is read (`Spoken`). Words of verbs and records stay
as they were written: they are evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from babel.numbers import format_decimal

from breakwater.web.languages import gettext, ngettext, speaking
from breakwater.web.pages.models import Mark

K = TypeVar("K")
V = TypeVar("V", str, Mark)


def say(words: str, /, **values: Any) -> str:
    """A sentence with its values put in.

    >>> say("%(n)d waiting", n=3)
    '3 waiting'
    """
    text = gettext(words)
    return text % values if values else text


def say_n(one: str, many: str, n: int, /, **values: Any) -> str:
    """A sentence about so many of something; `%(n)s` is the number with its digits grouped.

    >>> say_n("%(n)s case", "%(n)s cases", 1), say_n("%(n)s case", "%(n)s cases", 1200)
    ('1 case', '1,200 cases')
    """
    return ngettext(one, many, n) % ({"n": figure(n)} | values)


def later(words: str, /) -> str:
    """Mark words that a table keeps in English and a page says; the extractor looks for it."""
    return words


def figure(number: float, form: str | None = None) -> str:
    """A number as the language writes it.

    Args:
        number: to be written.
        form: a CLDR pattern (`0.0`); None groups the digits.

    >>> figure(1234567), figure(3.14159, "0.0")
    ('1,234,567', '3.1')
    """
    return format_decimal(number, format=form, locale=speaking().locale)


class Spoken(Mapping[K, V]):
    """A table of words or marks: kept in English, said in the reader's language when read."""

    def __init__(self, table: Mapping[K, V]) -> None:
        self._table: Mapping[K, V] = table

    def __getitem__(self, key: K) -> V:
        """The words of one key, said."""
        found = self._table[key]
        if isinstance(found, Mark):
            return replace(found, word=say(found.word))
        return say(found)

    def __iter__(self) -> Iterator[K]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)
