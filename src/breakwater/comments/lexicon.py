"""An operator's own list of terms: read from a confidential file, never shown, never logged.

In: a YAML file of mode 0600 (form: docs/howto/weigh-comments.md) and the key of its HMAC entries.
Out: hits as list id and entry id. Terms are compared as skeletons and stay in memory; no repr,
error or explanation holds one, and what a parser would quote is left out. breakwater ships no
list. Source: reference chat, "Forms". Tests: tests/unit/test_comment_lexicon.py.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from breakwater.comments import strict_yaml
from breakwater.comments.normalise import Normal, normalise
from breakwater.errors import BadInput, NotFound, Unfit
from breakwater.model.comment import Cue, Share, Source

MOST_BYTES: Final = 16 << 20
MOST_ENTRIES: Final = 100_000
MOST_WORDS: Final = 8
HEAVIEST: Final = 10.0
PREFIX: Final = "hmac-sha256:"


class MatchBy(StrEnum):
    """What of a message is compared with an entry."""

    TOKEN = "skeleton_token"  # noqa: S105 - a word of a message, no secret
    PHRASE = "skeleton_phrase"


@dataclass(frozen=True, slots=True)
class Context:
    """An entry counts only near one of these cues.

    Attributes:
        any_cue: one of them in the same chat.
        within_s: at most so long ago.
    """

    any_cue: frozenset[Cue]
    within_s: float

    def holds(self, ago: Mapping[Cue, float]) -> bool:
        """Whether one was seen so shortly ago."""
        return any(ago.get(cue, float("inf")) <= self.within_s for cue in self.any_cue)


@dataclass(frozen=True, slots=True)
class Entry:
    """One term.

    Attributes:
        words: of its skeleton; empty for a sealed one.
        sealed: HMAC-SHA-256 of its skeleton; empty for an open one.
        length: words that it has.
        langs: languages in which it counts; empty: all.
    """

    id: str
    words: tuple[str, ...] = field(repr=False)
    sealed: bytes = field(repr=False)
    length: int
    weight_nats: float
    langs: frozenset[str] = frozenset()
    context: Context | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that a message holds.

    Attributes:
        start, end: words of the skeleton.
    """

    entry: Entry
    start: int
    end: int


class Lexicon:
    """A list that was read. Its terms cannot be printed."""

    __slots__ = ("_all", "_first", "_key", "_safe", "_sealed", "entries", "expires", "id", "owner")

    def __init__(
        self, id_: str, entries: Sequence[Entry], exceptions: Sequence[Entry],
        *, key: bytes = b"", owner: str = "", expires: date | None = None,
    ) -> None:  # fmt: skip
        """Index the terms."""
        self.id, self.owner, self.expires = id_, owner, expires
        self.entries = len(entries)
        self._key = key
        self._first = _by_first(entries)
        self._sealed = _by_length(entries)
        self._safe = (_by_first(exceptions), _by_length(exceptions))
        self._all = (tuple(entries), tuple(exceptions))

    def __repr__(self) -> str:
        return f"<Lexicon {self.id}: {self.entries} entries>"

    @property
    def terms(self) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
        """Entries and exceptions, whose reprs hold no words."""
        return self._all

    def find(
        self, normal: Normal, lang: str | None = None, ago: Mapping[Cue, float] | None = None
    ) -> tuple[Hit, ...]:
        """What a message holds of the list, each entry once.

        Args:
            normal: the message.
            lang: entries of other languages do not count; None: all count.
            ago: seconds since each cue was last seen in this chat, 0 for the message's own.
        """
        words = normal.words
        found = list(self._stretches(words, self._first, self._sealed))
        if not found:
            return ()
        safe = list(self._stretches(words, *self._safe))
        hits: dict[str, Hit] = {}
        for hit in found:
            entry = hit.entry
            if lang is not None and entry.langs and lang not in entry.langs:
                continue
            if entry.context is not None and not entry.context.holds(ago or {}):
                continue
            if any(one.start <= hit.start and hit.end <= one.end for one in safe):
                continue
            hits.setdefault(entry.id, hit)
        return tuple(hits.values())

    def shares(self, hits: Sequence[Hit]) -> tuple[Share, ...]:
        """What they weigh, named by list and entry."""
        return tuple(
            Share(Source.LEXICON, hit.entry.weight_nats, f"{self.id}/{hit.entry.id}")
            for hit in hits
        )

    def _stretches(
        self, words: Sequence[str], first: Mapping[str, Sequence[Entry]],
        sealed: Mapping[int, Mapping[bytes, Sequence[Entry]]],
    ) -> Iterator[Hit]:  # fmt: skip
        for start, word in enumerate(words):
            for entry in first.get(word, ()):
                end = start + entry.length
                if tuple(words[start:end]) == entry.words:
                    yield Hit(entry, start, end)
        for length, held in sealed.items():
            for start in range(len(words) - length + 1):
                stretch = " ".join(words[start : start + length]).encode("utf-8", "surrogatepass")
                for entry in held.get(seal(stretch, self._key), ()):
                    yield Hit(entry, start, start + length)


def seal(skeleton: bytes, key: bytes) -> bytes:
    """A term as a sealed entry holds it: HMAC-SHA-256 of its skeleton's words, one blank apart."""
    return hmac.digest(key, skeleton, hashlib.sha256)


def sealed(term: str, key: bytes) -> str:
    """A term as the `h` of an entry."""
    return PREFIX + seal(" ".join(normalise(term).words).encode(), key).hex()


def _by_first(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.words:
            found.setdefault(entry.words[0], []).append(entry)
    return found


def _by_length(entries: Sequence[Entry]) -> dict[int, dict[bytes, list[Entry]]]:
    found: dict[int, dict[bytes, list[Entry]]] = {}
    for entry in entries:
        if entry.sealed:
            found.setdefault(entry.length, {}).setdefault(entry.sealed, []).append(entry)
    return found


def load(path: Path, *, today: date, key: bytes = b"") -> Lexicon:
    """Read a list.

    Args:
        path: a file of mode 0600 that belongs to whoever runs this.
        today: lists that have expired are refused.
        key: of its sealed entries; empty: it has none.

    Raises:
        NotFound: there is no such file.
        Unfit: others can read it.
        BadInput: it is not of the form; the detail names the entry, never a term.
    """
    return parse(private_bytes(path), today=today, key=key)


def private_bytes(path: Path) -> bytes:
    """What is in a file that nobody else can read; see `load`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise NotFound(f"{path} cannot be opened: {error.strerror}.") from None
    with open(descriptor, "rb") as file:  # noqa: PTH123 - what was checked is what is read
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise BadInput(f"{path} is not a regular file.")
        if facts.st_mode & 0o077 or facts.st_uid not in {os.geteuid(), 0}:
            raise Unfit(
                f"The list {path} can be read by others (mode {stat.S_IMODE(facts.st_mode):04o}); "
                "set its mode to 0600 and its owner to yourself."
            )
        if facts.st_size > MOST_BYTES:
            raise BadInput(f"{path} is larger than {MOST_BYTES >> 20} MiB.")
        return file.read(MOST_BYTES)


def parse(data: bytes, *, today: date, key: bytes = b"") -> Lexicon:
    """Read a list from bytes; see `load`."""
    held = strict_yaml.mapping(
        strict_yaml.load(data),
        "the list",
        need={"version", "id", "source", "entries"},
        may={"confidential", "defaults", "exceptions"},
    )
    if held["version"] != 1 or isinstance(held["version"], bool):
        raise BadInput("The list's version is not 1.")
    name = _name(held["id"], "the list")
    source = strict_yaml.mapping(
        held["source"], "source", need={"owner", "licence"}, may={"expires"}
    )
    expires = source.get("expires")
    if expires is not None and type(expires) is not date:
        raise BadInput("source.expires is not a date (2026-12-31).")
    if expires is not None and expires < today:
        raise BadInput(f"The list {name} expired on {expires}.")
    if held.get("confidential") is not True:
        raise BadInput("The list does not say `confidential: true`.")
    defaults = strict_yaml.mapping(
        held.get("defaults") or {}, "defaults", may={"match", "weight_nats", "lang"}
    )
    entries = _entries(held["entries"], defaults, key, "entries")
    exceptions = _entries(held.get("exceptions") or [], defaults, key, "exceptions")
    ids = [one.id for one in (*entries, *exceptions)]
    if len(set(ids)) != len(ids):
        raise BadInput("Two entries of the list have the same id.")
    return Lexicon(
        name, entries, exceptions, key=key, owner=str(source["owner"]), expires=expires
    )  # fmt: skip


def _entries(held: Any, defaults: Mapping[str, Any], key: bytes, where: str) -> list[Entry]:
    if not isinstance(held, list) or len(held) > MOST_ENTRIES:
        raise BadInput(f"{where} is not a list of at most {MOST_ENTRIES:,} entries.")
    return [
        _entry(one, defaults, key, f"{where}, number {number}")
        for number, one in enumerate(held, 1)
    ]


def _entry(held: Any, defaults: Mapping[str, Any], key: bytes, where: str) -> Entry:
    fields = strict_yaml.mapping(
        held, where, need={"id"}, may={"t", "h", "match", "weight_nats", "lang", "context", "words"}
    )
    name = _name(fields["id"], where)
    where = f"entry {name}"
    said = {**defaults, **fields}
    try:
        by = MatchBy(said.get("match", MatchBy.TOKEN))
    except ValueError:
        raise BadInput(f"{where}: match is neither skeleton_token nor skeleton_phrase.") from None
    weight = said.get("weight_nats", 3.0)
    if (
        isinstance(weight, bool)
        or not isinstance(weight, int | float)
        or not 0 < weight <= HEAVIEST
    ):
        raise BadInput(f"{where}: weight_nats is not a number above 0 and at most {HEAVIEST}.")
    words, closed, length = _term(fields, by, key, where)
    return Entry(
        name, words, closed, length, float(weight),
        _langs(said.get("lang", "any"), where), _context(fields.get("context"), where),
    )  # fmt: skip


def _term(
    fields: Mapping[str, Any], by: MatchBy, key: bytes, where: str
) -> tuple[tuple[str, ...], bytes, int]:
    """Words, seal and length."""
    if ("t" in fields) == ("h" in fields):
        raise BadInput(f"{where} has neither or both of t and h.")
    if "t" in fields:
        if not isinstance(fields["t"], str):
            raise BadInput(f"{where}: t is not text; put it in quotes.")
        words = tuple(normalise(fields["t"]).words)
        most = 1 if by is MatchBy.TOKEN else MOST_WORDS
        if not 1 <= len(words) <= most:
            raise BadInput(
                f"{where} has {len(words)} words when it is normalised; {by} takes {most}."
            )
        return words, b"", len(words)
    if not key:
        raise BadInput(f"{where} is sealed, and no key of lists was given.")
    text = fields["h"]
    try:
        closed = bytes.fromhex(text.removeprefix(PREFIX))
    except (AttributeError, ValueError):
        closed = b""
    if len(closed) != 32 or not text.startswith(PREFIX):
        raise BadInput(f"{where}: h is not {PREFIX} and 64 hexadecimal digits.")
    length = fields.get("words", 1)
    if isinstance(length, bool) or not isinstance(length, int) or not 1 <= length <= MOST_WORDS:
        raise BadInput(f"{where}: words is not a number from 1 to {MOST_WORDS}.")
    return (), closed, length


def _name(value: Any, where: str) -> str:
    """An id, which is logged: short, and of letters, digits and signs only."""
    fine = isinstance(value, str) and 0 < len(value) <= 64
    if not fine or not all(one.isascii() and (one.isalnum() or one in "-_.:") for one in value):
        raise BadInput(f"{where}: id is not 1 to 64 ASCII letters, digits, - _ . :")
    return str(value)


def _langs(value: Any, where: str) -> frozenset[str]:
    if value == "any":
        return frozenset()
    held = [value] if isinstance(value, str) else value
    if not isinstance(held, list) or not all(
        isinstance(one, str) and len(one) == 2 for one in held
    ):
        raise BadInput(f"{where}: lang is not `any`, two letters or a list of these.")
    return frozenset(held)


def _context(value: Any, where: str) -> Context | None:
    if value is None:
        return None
    held = strict_yaml.mapping(value, f"{where}: context", need={"any_cue", "within_s"})
    seconds = held["within_s"]
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        raise BadInput(f"{where}: within_s is not a number of seconds.")
    try:
        return Context(frozenset(Cue(one) for one in held["any_cue"]), float(seconds))
    except (TypeError, ValueError):
        raise BadInput(f"{where}: any_cue is not a list of cues.") from None
