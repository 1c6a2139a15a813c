"""Languages: which one a request is answered in, and its words.

Comes in: English sentences, which are the keys, and `web/words/<tag>.po`. Goes out: the same
sentence in the language of the request, in English where a catalogue lacks it. The language is
the person's choice (a cookie), else what their browser asks for (RFC 9110 §12.5.4). `qps` is
made of English on the spot: what stays plain under it was never put into a catalogue.
Filled by `tools/words.py`; pages speak through `pages.speech`. Tested in
`tests/unit/test_languages.py`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Final

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER: Final = Path(__file__).parent / "words"
COOKIE: Final = "breakwater-language"
PSEUDO: Final = "qps"
SOURCE: Final = "en"

PUBLIC: Final = "web/static/js/own.js"
"""The script of the public page: its words would be ballast on each page of the console."""

Forms = str | tuple[str, ...]
"""One message as the browser's scripts take it: its words, or its plural forms."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language with its words.

    Attributes:
        tag: BCP 47; what `<html lang>` says.
        name: in itself.
        locale: how it writes numbers and dates.
        words: of Python and templates.
        script: words of the console's scripts, by their English; empty in English.
        public: words of the script of the page for people in pictures.
        offered: stands in the menu.
    """

    tag: str
    name: str
    locale: Locale
    words: NullTranslations
    script: Mapping[str, Forms] = field(default_factory=dict)
    public: Mapping[str, Forms] = field(default_factory=dict)
    offered: bool = True


class Accented(NullTranslations):
    """English made strange: every sentence in brackets, every letter with a mark."""

    def gettext(self, message: str) -> str:
        """One sentence."""
        return accented(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """One of two sentences, by number."""
        return accented(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        """One sentence, told from its like by its context."""
        del context
        return accented(message)


@cache
def languages() -> Mapping[str, Language]:
    """All of them by tag: files of the package, read once."""
    found = {SOURCE: Language(SOURCE, "English", Locale(SOURCE), NullTranslations())}
    strange: dict[str, Forms] = {}
    public: dict[str, Forms] = {}
    for path in sorted(FOLDER.glob("*.po")):
        with path.open("rb") as source:
            catalogue = read_po(source, locale=path.stem)
        strange |= {key: _strange(ids) for key, ids, _ in _of_scripts(catalogue)}
        public |= {key: _strange(ids) for key, ids, _ in _of_scripts(catalogue, PUBLIC)}
        found[path.stem] = _language(path.stem, catalogue)
    found[PSEUDO] = Language(
        PSEUDO, accented("English"), Locale(SOURCE), Accented(), strange, public, offered=False
    )
    return MappingProxyType(found)


def offered() -> list[Language]:
    """What a person may choose from, by name."""
    return sorted((k for k in languages().values() if k.offered), key=lambda k: k.name)


def _language(tag: str, catalogue: Catalog) -> Language:
    packed = io.BytesIO()
    write_mo(packed, catalogue)
    packed.seek(0)
    locale = Locale.parse(tag)
    name = (locale.get_display_name() or tag).capitalize()
    script = {key: said for key, _, said in _of_scripts(catalogue) if said and all(said)}
    public = {key: said for key, _, said in _of_scripts(catalogue, PUBLIC) if said and all(said)}
    return Language(tag, name, locale, GNUTranslations(packed), script, public)


def _of_scripts(catalogue: Catalog, only: str = "") -> Iterator[tuple[str, Forms, Forms]]:
    """Messages of the browser's scripts: key, English, translated.

    Args:
        catalogue: of a language.
        only: the one script whose words are asked; empty: all of the console's.
    """
    for message in catalogue:
        scripts = {place for place, _ in message.locations if place.endswith(".js")}
        if message.id and (only in scripts if only else scripts - {PUBLIC}):
            if isinstance(message.id, str):
                yield message.id, message.id, str(message.string)
            else:
                yield message.id[0], tuple(message.id), tuple(message.string or ())


def _strange(words: Forms) -> Forms:
    return accented(words) if isinstance(words, str) else tuple(accented(one) for one in words)


@lru_cache(maxsize=256)
def choose(chosen: str, accepted: str) -> Language:
    """The language of one request.

    Args:
        chosen: by the person; empty or unknown leaves it to the browser.
        accepted: the browser's Accept-Language.
    """
    known = languages()
    if chosen in known:
        return known[chosen]
    for tag in _by_preference(accepted):
        if tag in known and known[tag].offered:
            return known[tag]
    return known[SOURCE]


def _by_preference(accepted: str) -> list[str]:
    """Primary tags of an Accept-Language, the most wanted first; unreadable ones are skipped."""
    wanted: list[tuple[float, str]] = []
    for item in accepted[:200].split(","):
        found = _RANGE.fullmatch(item.strip().lower())
        if found is not None:
            wanted.append((-float(found["q"] or 1), found["tag"]))
    return [tag for weight, tag in sorted(wanted, key=lambda pair: pair[0]) if weight < 0]


_RANGE: Final = re.compile(r"(?P<tag>[a-z]{2,8})(-[a-z0-9-]+)?(\s*;\s*q=(?P<q>[01](\.\d{1,3})?))?")

_speaking: ContextVar[Language | None] = ContextVar("speaking", default=None)


def speak(language: Language) -> None:
    """Answer the present request in a language; another request has its own."""
    _speaking.set(language)


def speaking() -> Language:
    """The language of the present request; English outside of one."""
    return _speaking.get() or languages()[SOURCE]


def gettext(text: str) -> str:
    """One sentence in the language of the present request."""
    return speaking().words.gettext(text) if text else ""


def ngettext(one: str, many: str, n: int) -> str:
    """One of two sentences, by number, in the language of the present request."""
    return speaking().words.ngettext(one, many, n)


def pgettext(context: str, text: str) -> str:
    """One sentence, told from its like by its context, in the language of the request."""
    return speaking().words.pgettext(context, text)


_KEPT: Final = re.compile(r"%\(\w+\)[sd]|%%|<[^>]*>")
_ACCENTS: Final = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "åƀçđéƒĝĥîĵķļɱñöþɋŕšţûṽŵẋýžÅƁÇĐÉƑĜĤÎĴĶĻṀÑÖÞɊŔŠŢÛṼŴẊÝŽ",
)


def accented(text: str) -> str:
    """Mark every letter but those of placeholders and markup.

    >>> accented("Held by %(name)s")
    '[Ĥéļđ ƀý %(name)s]'
    """
    ends = [0, *(edge for kept in _KEPT.finditer(text) for edge in kept.span()), len(text)]
    parts = [text[start:end] for start, end in pairwise(ends)]
    marked = [part if at % 2 else part.translate(_ACCENTS) for at, part in enumerate(parts)]
    return f"[{''.join(marked)}]"
