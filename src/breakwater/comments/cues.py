"""What messages do: eight kinds of cues, in neutral words of six languages.

In: a normalised message and its language. Out: the cues it shows, and what each weighs. A cue is
ordinary in itself: its weight follows from how rare it is in ordinary text (cues.json, measured
by `tools/cue_rates.py`) against a stated guess, and never from a claim about abuse. Words:
cues.toml. Source: reference chat, level 1. Tests: tests/unit/test_comment_cues.py.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Final

from breakwater.comments.normalise import Normal, normalise
from breakwater.model.comment import Cue, Share, Source

WORDS: Final = Path(__file__).with_name("cues.toml")
RATES: Final = Path(__file__).with_name("cues.json")
BETWEEN: Final = 2
"""Words that may stand where a phrase says `~`."""

GUESS: Final = 0.05
"""Assumed: where somebody is led on, one message in twenty shows a given cue. Nobody has
measured it openly; it is a prior, as those of user reports are."""

LEAST, MOST, UNMEASURED = 0.25, 1.5, 0.5
"""Nats of one cue at least and at most, and where its language was not measured."""

_SERVICE_LINK: Final = ("t.me", "wa.me", "discord.gg", "instagram.com", "snapchat.com", "m.me")
_MONEY: Final = (
    "usd", "eur", "dollars", "dollar", "euros", "euro", "bucks", "pounds", "pesos", "reais",
    "coins", "tokens", "monedas", "jetons", "munzen", "moedas",
)  # fmt: skip


def _alike(words: Sequence[str]) -> str:
    """An alternation of words as `Normal.plain` spells them."""
    return "|".join(re.escape(normalise(word).plain) for word in words)


@dataclass(frozen=True, slots=True)
class Rate:
    """How often ordinary text shows a cue.

    Attributes:
        hits, messages: as counted.
    """

    hits: int
    messages: int

    @property
    def upper(self) -> float:
        """Upper 95 % bound of the share (Wilson), never zero."""
        n, p, z = self.messages, self.hits / self.messages, 1.645
        centre = p + z * z / (2 * n)
        return (centre + z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)

    @property
    def nats(self) -> float:
        """What one sight of it weighs."""
        return round(min(MOST, max(LEAST, math.log(GUESS / self.upper))), 3)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand together, in parts with a few words between them."""

    cue: Cue
    parts: tuple[tuple[str, ...], ...]

    def goes_on(self, words: Sequence[str], at: int, number: int = 1) -> bool:
        """Whether what follows its first part stands from this word on."""
        if number == len(self.parts):
            return True
        part = self.parts[number]
        return any(
            tuple(words[begin : begin + len(part)]) == part
            and self.goes_on(words, begin + len(part), number + 1)
            for begin in range(at, at + BETWEEN + 1)
        )


class _Phrases:
    """The phrases of one language, found by their first parts."""

    def __init__(self, held: Iterable[Phrase]) -> None:
        self._starts: dict[tuple[str, ...], list[Phrase]] = {}
        lengths: dict[str, set[int]] = {}
        for phrase in held:
            first = phrase.parts[0]
            self._starts.setdefault(first, []).append(phrase)
            lengths.setdefault(first[0], set()).add(len(first))
        self._lengths = {word: tuple(sorted(held)) for word, held in lengths.items()}

    def find(self, words: Sequence[str], found: set[Cue]) -> None:
        """Add the cues that stand in these words."""
        for at, word in enumerate(words):
            for length in self._lengths.get(word, ()):
                for phrase in self._starts.get(tuple(words[at : at + length]), ()):
                    if phrase.cue not in found and phrase.goes_on(words, at + length):
                        found.add(phrase.cue)


class Cues:
    """The cues of some languages, ready to be looked for."""

    def __init__(
        self, words: Mapping[str, Mapping[str, Sequence[str]]], rates: Mapping[str, Rate]
    ) -> None:
        """Read the phrases.

        Args:
            words: by language and cue.
            rates: by `language/cue`.
        """
        self.rates = dict(rates)
        self._phrases: dict[str, _Phrases] = {}
        self._wanted: dict[str, frozenset[str]] = {}
        for lang, kinds in words.items():
            held: set[Phrase] = set()
            for kind, lines in kinds.items():
                if kind == Cue.SPECIFIES:
                    joined = "|".join(lines).split("|")
                    self._wanted[lang] = frozenset(normalise(word).skeleton.text for word in joined)
                else:
                    held.update(one for line in lines for one in phrases(Cue(kind), line))
            self._phrases[lang] = _Phrases(held)
        self._everything = tuple(self._phrases)

    @property
    def langs(self) -> tuple[str, ...]:
        """Languages whose words are known."""
        return self._everything

    def find(self, normal: Normal, lang: str | None) -> tuple[Cue, ...]:
        """The cues of a message; words of every language when its own is not known."""
        langs = (lang,) if lang in self._phrases else self._everything
        words = ["#" if word.isdigit() else word for word in normal.words]
        found: set[Cue] = set()
        for one in langs:
            self._phrases[one].find(words, found)
        if "#" in words or "@" in normal.plain or "/" in normal.plain:
            self._numbers(normal.plain, words, langs, found)
        if not found:
            return ()
        return tuple(cue for cue in Cue if cue in found)

    def _numbers(
        self, plain: str, words: Sequence[str], langs: Sequence[str], found: set[Cue]
    ) -> None:
        if _reaches(plain):
            found.add(Cue.CONTACT)
        wanted = any(
            not self._wanted[one].isdisjoint(words) for one in langs if one in self._wanted
        )
        if wanted and _price().search(plain):
            found.add(Cue.SPECIFIES)

    def shares(self, found: Sequence[Cue], lang: str | None) -> tuple[Share, ...]:
        """What each cue weighs in a language."""
        return tuple(Share(Source.CUE, self.nats(cue, lang), cue.value) for cue in found)

    def nats(self, cue: Cue, lang: str | None) -> float:
        """What one cue weighs."""
        rate = self.rates.get(f"{lang}/{cue.value}") or self.rates.get(f"any/{cue.value}")
        return rate.nats if rate else UNMEASURED


def phrases(cue: Cue, line: str) -> Iterator[Phrase]:
    """Every way to read one line of cues.toml."""
    for chosen in product(*(word.split("|") for word in line.split())):
        parts: list[tuple[str, ...]] = []
        for stretch in " ".join(chosen).split("~"):
            words = [
                part
                for word in stretch.split()
                for part in (["#"] if word == "#" else normalise(word).words)
            ]
            if words:
                parts.append(tuple(words))
        if parts:
            yield Phrase(cue, tuple(parts))


@lru_cache(maxsize=1)
def _price() -> re.Pattern[str]:
    money = _alike(_MONEY)
    return re.compile(rf"[$€£¥₱]\s?\d|\d\s?[$€£¥₱]|\b\d+\s?(?:{money})\b")


@lru_cache(maxsize=1)
def _links() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_alike(_SERVICE_LINK)})/\w")


_ADDRESS: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.\w{2,}")
_HANDLE: Final = re.compile(r"\b\w{2,32}#\d{4}\b")
_PHONE: Final = re.compile(
    r"\+\d(?:[ ().-]{0,2}\d){7,13}(?!\d)"
    r"|(?<![\w.:/,-])\(?\d{2,5}\)?(?:[ -]\(?\d{2,5}\)?){1,5}(?![\w.:/,-])"
)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d|\d\d-\d\d-\d{4}")
_DIGITS: Final = re.compile(r"\D+")


def _reaches(plain: str) -> bool:
    """An address, a handle, a profile or a telephone number; not a date or a version."""
    if "@" in plain and _ADDRESS.search(plain):
        return True
    if "/" in plain and _links().search(plain):
        return True
    if "#" in plain and _HANDLE.search(plain):
        return True
    return len(_DIGITS.sub("", plain)) >= 9 and any(
        9 <= len(_DIGITS.sub("", one.group())) <= 14 and not _DATE.match(one.group())
        for one in _PHONE.finditer(plain)
    )


@lru_cache(maxsize=1)
def shipped() -> Cues:
    """The cues in the tree, with their measured rates."""
    words = tomllib.loads(WORDS.read_text("utf-8"))
    words.pop("version")
    kept = json.loads(RATES.read_text("utf-8"))["rates"] if RATES.exists() else {}
    return Cues(words, {name: Rate(*pair) for name, pair in kept.items()})
