"""Chats in words: why one alarmed, what a message weighs by whom, what is done in it.

Nouns in, words and marks out; nothing that was written. Used by the case's page and its chat's
page, by the live wall and the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from babel import Locale, UnknownLocaleError

from breakwater.comments.explain import ABSTAINED, UNCOUNTED
from breakwater.conversations.sides import CONTACTS, WORDS
from breakwater.model.chat import ChatAlarm, ChatKind, Measure
from breakwater.model.comment import Cue, Level, Share, Source
from breakwater.model.stream import OrderState
from breakwater.web.languages import speaking
from breakwater.web.pages.models import Mark
from breakwater.web.pages.speech import Spoken, figure, later, say

SURROGATE: Final = "surrogate"
"""How ids of the shipped model begin."""

ALARMED: Final[Mapping[Level, str]] = Spoken({
    Level.MESSAGE: later("One message alone weighs enough for an alarm."),
    Level.AUTHOR: later("What one account wrote adds up to an alarm."),
    Level.STREAM: later("What several accounts wrote adds up to an alarm."),
    Level.ACROSS: later("What accounts did across streams adds up to an alarm."),
})  # fmt: skip

WRITTEN_TO: Final[Mapping[ChatKind, str]] = Spoken({
    ChatKind.STREAM: later("Comments on a live stream"),
    ChatKind.MEDIA: later("Comments on an upload"),
    ChatKind.POST: later("Comments on a post"),
    ChatKind.PROFILE: later("Comments on a profile"),
    ChatKind.CONVERSATION: later("A conversation"),
})  # fmt: skip
"""What a case about what people write is about."""

MEASURES: Final[Mapping[Measure, str]] = Spoken({
    Measure.OPEN: later("Chat open"),
    Measure.HOLDING: later("Single messages are held"),
    Measure.SLOW: later("Chat slowed"),
    Measure.GATED: later("New accounts may not write"),
    Measure.NO_GIFTS: later("No gifts, no new accounts"),
    Measure.PAUSED: later("Chat paused"),
})  # fmt: skip

ACTS: Final[Mapping[Measure, str]] = Spoken({
    Measure.OPEN: later("Open the chat"),
    Measure.SLOW: later("Slow the chat"),
    Measure.GATED: later("Keep new accounts out"),
    Measure.NO_GIFTS: later("Restrict gifts too"),
    Measure.PAUSED: later("Pause the chat"),
})  # fmt: skip

CUES: Final[Mapping[str, str]] = Spoken({
    Cue.ASKS_AGE.value: later("asks the age"),
    Cue.ASKS_ALONE.value: later("asks who else is there"),
    Cue.MOVE_SERVICE.value: later("names another service"),
    Cue.PAYMENT.value: later("payment or gift"),
    Cue.DIRECTIVE.value: later("tells the broadcaster what to do"),
    Cue.SECRECY.value: later("asks for secrecy"),
    Cue.CONTACT.value: later("a handle or a telephone number"),
    Cue.SPECIFIES.value: later("names what is wanted and a price"),
})  # fmt: skip

STAGES: Final[Mapping[str, str]] = Spoken({
    WORDS: later("model and lists"), CONTACTS: later("what the service counts"),
})  # fmt: skip

BEHAVIOUR: Final[Mapping[str, str]] = Spoken({"obfuscation": later("disguised letters")})

BANDS: Final[Mapping[str, str]] = Spoken({
    "1-10": later("1 to 10 messages a minute"),
    "10-100": later("10 to 100 messages a minute"),
    "100-1000": later("more than 100 messages a minute"),
})  # fmt: skip


def measure(now: Measure, state: OrderState | None) -> Mark:
    """What is done in a chat, and whether somebody said that it is so."""
    word = MEASURES[now]
    if state is OrderState.UNCONFIRMED:
        return Mark("bad", say("Not confirmed: %(what)s", what=word))
    if state is OrderState.WANTED:
        return Mark("wait", say("Asked for: %(what)s", what=word))
    if now is Measure.OPEN:
        return Mark("none", word)
    return Mark(
        "held", say("Confirmed: %(what)s", what=word) if state is OrderState.CONFIRMED else word
    )


def stage(name: str) -> str:
    """What one side of a conversation showed."""
    return CUES.get(name) or STAGES.get(name, name)


def share(one: Share) -> str:
    """One source and its nats."""
    return say("%(what)s %(n)s", what=_source(one), n=figure(one.nats, "+0.0;-0.0"))


def _source(one: Share) -> str:
    if one.source is Source.CUE:
        return CUES.get(one.ref, one.ref)
    if one.source is Source.LEXICON:
        return say("list %(ref)s", ref=one.ref)
    if one.source is Source.BEHAVIOUR:
        return BEHAVIOUR.get(one.ref, one.ref)
    if one.source is Source.ENCODER:
        return say("encoder")
    return say("surrogate model") if one.ref.startswith(SURROGATE) else say("model")


def facts(alarm: ChatAlarm) -> tuple[tuple[str, str], ...]:
    """An alarm's figures, each with what it means."""
    why = alarm.why
    limit = say(
        "%(n)s nats; from %(limit)s on it alarms",
        n=figure(alarm.evidence, "0.0"), limit=figure(alarm.threshold, "0.0"),
    )  # fmt: skip
    rows = [(say("Evidence"), limit)]
    if why.benign_hours > 0:
        often = say("%(n)s times in 100 hours", n=figure(why.alarms_per_hour * 100, "0.0"))
        rows.append((say("In ordinary chats of this speed"), often))
    rows.append((say("Calibration"), _calibration(alarm)))
    clears = _clears(why.clears_in_s) if why.clears_in_s > 0 else CLEARED.get(alarm.level, "")
    if clears:
        rows.append((say("Without further messages"), clears))
    return tuple(rows)


CLEARED: Final[Mapping[Level, str]] = Spoken({
    Level.MESSAGE: later("it stays, until somebody decides the case"),
    Level.ACROSS: later("it fades within hours, or when somebody decides the case"),
})  # fmt: skip
"""What clears an alarm of which nobody knows the minute."""


def _clears(seconds: float) -> str:
    return say("under the limit in %(n)s min", n=figure(max(1, round(seconds / 60))))


SAID: Final = frozenset({ABSTAINED, UNCOUNTED})
"""Notes of the engine that the row about the calibration says already."""


def _calibration(alarm: ChatAlarm) -> str:
    why = alarm.why
    if why.benign_hours <= 0 and not why.abstained:
        return say("Fixed limits: no hours of this traffic were counted yet")
    if why.benign_hours <= 0:
        return say("Not calibrated: fixed limits, and only lists and what messages do are counted")
    return say(
        "%(lang)s, %(band)s, from %(n)s hours of ordinary traffic",
        lang=language(why.lang), band=BANDS.get(why.band, why.band),
        n=figure(round(why.benign_hours)),
    )  # fmt: skip


def language(lang: str) -> str:
    """The name of a language; `und` where most of a chat's messages say none."""
    try:
        name = Locale.parse(lang).get_display_name(speaking().locale)
    except (UnknownLocaleError, ValueError):
        return say("no language named")
    return name or lang
