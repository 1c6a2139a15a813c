"""What is wrong with a list of terms, said by entry id alone.

In: a list that was read, ordinary texts if there are any. Out: findings for its owner: entries
that never count, that count twice, or that ordinary messages hold. Called by `breakwater comments
lexicon-check`. Tests: tests/unit/test_comment_lexicon.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from breakwater.comments.lexicon import Entry, Lexicon
from breakwater.comments.normalise import normalise
from breakwater.model.comment import Cue

COMMON: Final = 0.001
"""In one of a thousand ordinary messages: more often than a person can look at."""

SHORT: Final = 3
SOON_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        entry: its id; empty: the list as a whole.
        what: in words, without terms.
    """

    entry: str
    what: str


def check(lexicon: Lexicon, *, today: date, ordinary: Iterable[str] = ()) -> tuple[Finding, ...]:
    """All findings, in the order of the list.

    Args:
        lexicon: as read.
        today: for lists that soon expire.
        ordinary: messages in which nothing is looked for.
    """
    entries, exceptions = lexicon.terms
    found = [*_whole(lexicon, today), *_twice(entries), *_useless(entries, exceptions)]
    found += [
        Finding(one.id, f"is shorter than {SHORT} letters when it is normalised")
        for one in entries
        if one.words and sum(map(len, one.words)) < SHORT
    ]
    return (*found, *_common(lexicon, ordinary))


def _whole(lexicon: Lexicon, today: date) -> Iterator[Finding]:
    if lexicon.entries == 0:
        yield Finding("", "holds no entries")
    if lexicon.expires is not None and (lexicon.expires - today).days < SOON_DAYS:
        yield Finding("", f"expires on {lexicon.expires}")


def _twice(entries: Iterable[Entry]) -> Iterator[Finding]:
    seen: dict[tuple[object, ...], str] = {}
    for one in entries:
        term = (one.words, one.sealed)
        first = seen.setdefault(term, one.id)
        if first != one.id:
            yield Finding(one.id, f"is the same as {first} when it is normalised")


def _holds(longer: tuple[str, ...], shorter: tuple[str, ...]) -> bool:
    return any(
        longer[at : at + len(shorter)] == shorter for at in range(len(longer) - len(shorter) + 1)
    )


def _useless(entries: Iterable[Entry], exceptions: Iterable[Entry]) -> Iterator[Finding]:
    kept = [one for one in entries if one.words]
    sealed = any(one.sealed for one in entries)
    for safe in exceptions:
        if not safe.words:
            continue
        covered = [one for one in kept if _holds(safe.words, one.words)]
        yield from (
            Finding(one.id, f"never counts: {safe.id} is the same")
            for one in covered
            if one.words == safe.words
        )
        if not covered and not sealed:
            yield Finding(safe.id, "is an exception to no entry")


def _common(lexicon: Lexicon, ordinary: Iterable[str]) -> Iterator[Finding]:
    hits: Counter[str] = Counter()
    total = 0
    ago = dict.fromkeys(Cue, 0.0)  # as if every context held
    for text in ordinary:
        total += 1
        hits.update(hit.entry.id for hit in lexicon.find(normalise(text), None, ago))
    for name, count in sorted(hits.items()):
        if count > 1 and count / total > COMMON:
            yield Finding(name, f"stands in {count} of {total:,} ordinary messages")
