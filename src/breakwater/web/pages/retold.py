"""Sentences that records keep in English, said in the reader's language.

What was written stays as it was written: it is evidence. A page says it anew by knowing how such
sentences are made: fixed ones from the tables that write them, the others by their pattern,
values kept. One that is none of these is shown as it stands. Tested with `test_languages.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final

from breakwater.comments.explain import NOTES
from breakwater.errors import BreakwaterError
from breakwater.intake.policy import NO_MATCH, WHY_NOT
from breakwater.live.hearing.alone import WHY as ALONE_WHY
from breakwater.live.hearing.measures import WHY as CHAT_WHY
from breakwater.model.match import VIEW_WORDS, Match
from breakwater.model.media import Reason
from breakwater.model.signal import BUILTIN
from breakwater.reporting.drafting.gaps import ALL as GAPS
from breakwater.reporting.receiving.screening import NEW
from breakwater.reporting.receiving.triage import LAST, USUAL
from breakwater.reporting.receiving.triage import RULES as TRIAGE
from breakwater.review.deciding.policy import REASONS, RELEASED, VERDICTS
from breakwater.web.languages import SOURCE, speaking
from breakwater.web.pages.speech import later, say

PATTERNS: Final = (
    later("The feed %(name)s is paused. Resume it first."),
    later("The peer answered %(n)s."),
    later("It answered %(n)s: it does not know these credentials."),
    later("We are member %(id)s, %(name)s."),
    later("One medium joined series %(series)s."),
    later("%(n)s media joined series %(series)s."),
    later("One medium of series %(series)s, asked for by a person."),
    later("%(n)s media of series %(series)s, asked for by a person."),
    later("A child of series %(series)s is identified."),
    later("A child of series %(series)s is safe."),
    later("Nothing more is done for a child of series %(series)s."),
    later("A label has 1 to %(n)s letters."),
    later("What is said of a child has at most %(n)s letters."),
    later("%(lead)s A child in it is not identified."),
    later("%(lead)s It was broadcast."),
    later("%(lead)s It is recent."),
    later("%(lead)s It was made or added in the last seven days."),
    later(
        "Medium %(n)s and %(other)s may show the same furnishing, which need not be the same room. Nothing was joined."
    ),
    later(
        "Medium %(n)s and %(other)s may show persons who look alike, as a model says. Nothing was joined."
    ),
    later("Medium %(n)s could not be read: no links were sought for it."),
    later("Exhibits %(reference)s: files that nobody here has judged."),
    later("It passed on %(day)s; %(reason)s"),
    later("%(match)s, in bank %(bank)s: a person must look."),
    later("%(match)s, in bank %(bank)s."),
    later("I am calling from a live-streaming service. A child is in danger now."),
    later("I am calling from %(name)s. A child is in danger now."),
    later("We saw it in a live broadcast, and we can tell you where it came from."),
    later("The address is %(address)s, source port unknown, at %(at)s."),
    later("The address is %(address)s, source port %(port)s, at %(at)s."),
    later("The address is registered in %(country)s; that is not certain."),
    later("The address is registered in %(country)s."),
    later("Our reference is case %(n)s. A report goes to the authority at once."),
    later("Please give me your name and a reference number."),
    later("Exact match: %(kind)s"),
    later("Very close match: %(n)s of %(all)s bits differ (limit %(limit)s)"),
    later("Close match: %(n)s of %(all)s bits differ (limit %(limit)s)"),
    later("Similar match: %(n)s of %(all)s bits differ (limit %(limit)s)"),
    later("%(match)s, at %(speed)s x speed"),
    later("%(match)s, mirrored"),
    later("Shows %(length)s s of a known video from %(at)s on"),
    later("May show %(length)s s of a known video from %(at)s on"),
    later("It shows %(length)s s of a video of the bank %(bank)s."),
    later("It shows %(length)s s of a broadcast that was stopped."),
    later("It shows frames of a video of the bank %(bank)s."),
    later("A frame is %(n)s bits from an entry of the bank %(bank)s."),
    later("A closer look bears it out: %(n)s of %(all)s frame pairs show the same."),
    later(
        "A closer look bears it out: %(n)s of %(all)s frame pairs show the same; "
        "%(span)s s of sound are the same."
    ),
    later("A closer look found another video: %(n)s of %(all)s frame pairs show the same."),
    later("A closer look cannot tell: %(n)s of %(all)s frame pairs show the same."),
    later(
        "A closer look cannot tell: %(n)s of %(all)s frame pairs show the same; "
        "%(span)s s of sound are the same."
    ),
    later("%(match)s, as it is"),
    later("%(match)s, turned a quarter to the right"),
    later("%(match)s, turned upside down"),
    later("%(match)s, turned a quarter to the left"),
    later("%(match)s, mirrored top to bottom"),
    later("%(match)s, mirrored left to right"),
    later("%(match)s, mirrored across the diagonal"),
    later("%(match)s, mirrored across the other diagonal"),
    later("A user reported: %(what)s."),
    later("A trusted flagger reported: %(what)s."),
    later("A partner reported: %(what)s."),
    later("%(said)s They say that a child is in danger now."),
    later("%(n)s people reported it."),
    later("%(n)s viewers reported it."),
    later("It shows %(n)s s of a broadcast that was stopped."),
    later("It shows %(n)s s of a video of the bank %(bank)s."),
    later("A frame is %(n)s bits from an entry of the bank %(bank)s."),
    later("It cannot be decoded (%(why)s); a person must look."),
    later("Streams of it are watched: %(n)s. Let them end, or take it out of use."),
    later("%(name)s answered this at %(at)s UTC."),
    later("%(name)s is on the rota at that time already."),
    later(
        "Nothing of this case can be named: VICS names files by their MD5. Make an evidence package."
    ),
    later("It is confirmed already. Take that back first to say something else."),
    later("It is rejected already: both are kept apart. Take that back first to say why anew."),
    later("Nobody has said anything of it that could be taken back."),
    later("%(name)s may not decide on cases, so they cannot be on duty."),
    later(
        "A classifier of yours, %(name)s, version %(version)s, gave %(value)s "
        "(threshold %(threshold)s); scores alone decide nothing."
    ),
    later(
        "%(held)s of %(all)s imported entries flood bank %(bank)s and nobody signed for them; "
        "they wait until a person has looked."
    ),
    later(
        "Entry %(number)s of bank %(bank)s matched %(n)s items within an hour (limit %(limit)s); "
        "it is held until a person has looked."
    ),
    later("Report %(n)s came in: %(what)s. %(why)s"),
    later("File %(n)s came before, with report %(report)s."),
    later("File %(n)s is like one of report %(report)s: %(bits)s of 256 bits differ."),
    later("It came with report %(n)s."),
)
"""How the verbs put sentences together: `intake.policy`, `model.match`, `review.queueing.reports`."""

FIXED: Final = (
    later("The list is there."),
    later("We are let in, and it has the key that the feed says."),
    later("The hub has another key than the feed says: ask its people."),
    later("It answers, and is no hub of breakwater."),
    later("New entries flood this bank; they wait until a person has looked."),
    later("Another report came in."),
    later("A viewer reported it."),
    later("A report says: a child is in danger now."),
    later("It shows frames of a broadcast that was stopped."),
    later("Packets come, and no picture can be made of them."),
    later("It runs, and nobody sees it: it cannot be fetched."),
    later("A report says that a child is in danger now."),
    later("sexual material of a child"),
    later("an approach to a child"),
    later("extortion of a child"),
    later("abuse shown live"),
    later("something else"),
    later("A person saw something in a spot check."),
    later("The service told no comments."),
    later("What was written is held in memory, and was gone."),
    later("It was purged unpreserved: the media server did not let us fetch it."),
    later("Somebody reported what was written to them."),
    later("No account is known."),
    later("The service has told nothing of this account."),
    later("The service told no viewers."),
    later("No comment of the broadcast was kept."),
    later("It was destroyed before it could be held."),
    later("Only its hash is kept: the law of the service's seat."),
)


def sentences() -> Iterator[str]:
    """Every fixed sentence that a verb may have written, for the catalogues."""
    yield NO_MATCH.reason
    yield RELEASED
    yield from WHY_NOT.values()
    yield from REASONS.values()
    yield from VERDICTS.values()
    yield from VIEW_WORDS.values()
    yield from CHAT_WHY.values()
    yield from NOTES
    yield ALONE_WHY
    yield from (why for _, why, _ in TRIAGE)
    yield from (LAST, USUAL, NEW)
    yield from (words for gap in GAPS for words in (gap.says, gap.why))
    yield from (reason.words for reason in Reason)
    yield from (kind.words for kind in BUILTIN.values())


def retold(text: str) -> str:
    """A sentence of the records in the reader's language."""
    language = speaking().tag
    return text if language == SOURCE else _retold(text, language)


def refused(error: BreakwaterError) -> str:
    """Why something was not done, in the reader's language."""
    return say(retold(error.detail)) or say(error.title())


def nearness(match: Match) -> str:
    """How near a match is, in the reader's language."""
    return retold(match.words)


@lru_cache(maxsize=4096)
def _retold(text: str, language: str) -> str:
    del language  # part of the key only: the words are those of the request
    if text in _fixed():
        return say(text)
    for pattern, key in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            return say(key, **{name: retold(value) for name, value in found.groupdict().items()})
    return text


@cache
def _fixed() -> frozenset[str]:
    return frozenset((*FIXED, *sentences()))


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_pattern(key), key) for key in PATTERNS)


def _pattern(key: str) -> re.Pattern[str]:
    """A sentence with placeholders as what recognises it: `a %(n)s b` → `a (?P<n>.+) b`."""
    parts = re.split(r"%\((\w+)\)s", key)
    built = (f"(?P<{part}>.+)" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    return re.compile("".join(built), re.DOTALL)
