"""What `breakwater doctor` says of comments: which model and lists weigh them, or why none can."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from breakwater.app.finding import Check
from breakwater.app.hearing import irc_rules_of, lane_rules_of
from breakwater.comments import encoder, lexicon, model
from breakwater.comments.model import Package
from breakwater.errors import BadInput, BreakwaterError
from breakwater.model.clock import SystemClock
from breakwater.recognition.hearing.lanes import LaneRules
from breakwater.settings import Settings

NAME: Final = "comments"
_MEND: Final = (
    "Until then comments come in and are counted as unscored. See comments_package and "
    "comments_lexicons."
)

IRC: Final = "comments_irc"
ANSWER_S: Final = 5.0
_AWAY: Final = "Its chats are not read meanwhile; it is tried again. See comments_irc_url."

_LEFT_OUT: Final = "Until then comments are weighed without it."


def comments(settings: Settings) -> Iterator[Check]:
    """A package or list that cannot be used is told loudly: nothing is weighed without it."""
    if not settings.comments_enabled:
        yield Check(NAME, "ok", "off")
        return
    rules, today = lane_rules_of(settings), SystemClock().now().date()
    try:
        package = model.load(Path(rules.package)) if rules.package else None
        lists = [lexicon.load(Path(one), today=today).id for one in rules.lexicons]
    except BreakwaterError as error:
        yield Check(NAME, "warn", error.detail, _MEND)
        return
    named = "no model" if package is None else package.id
    if package is not None and package.card["surrogate"]:
        named += " (a surrogate: it shows how a model works, and finds polite spam)"
    yield Check(NAME, "ok", f"{named}; lists: {', '.join(lists) or 'none'}; cues and behaviour")
    yield from _beside(rules, package)


def irc(settings: Settings) -> Iterator[Check]:
    """Whether the IRC server whose chats are to be read can be reached; nothing where none is named."""
    if not (settings.comments_enabled and settings.comments_irc_url):
        return
    try:
        rules = irc_rules_of(settings)
    except BreakwaterError as error:
        yield Check(IRC, "bad", error.detail, "Correct it: breakwater does not start with it.")
        return
    count = len(rules.channels)
    named = f"{count} channel{'s' if count > 1 else ''} of {rules.host}:{rules.port}"
    try:
        socket.create_connection((rules.host, rules.port), ANSWER_S).close()
    except OSError:
        yield Check(IRC, "warn", f"{named}, which does not answer", _AWAY)
    else:
        yield Check(IRC, "ok", f"{named}, which answers")


def _beside(rules: LaneRules, package: Package | None) -> Iterator[Check]:
    """A challenger or an encoder that cannot be used is left out: weighing goes on without it."""
    if rules.challenger:
        try:
            found = f"in shadow: {model.load(Path(rules.challenger)).id}"
            yield Check("comments_challenger", "ok", found)
        except BreakwaterError as error:
            yield Check("comments_challenger", "warn", error.detail, _LEFT_OUT)
    if rules.encoder:
        try:
            if package is None:
                raise BadInput("An encoder needs the model it was counted beside.")
            held = encoder.load(Path(rules.encoder), package)
            if "*" not in held.card.jurisdictions:
                raise BadInput("Its card does not say that it may be used everywhere.")
            yield Check("comments_encoder", "ok", f"for what stands out: {held.id}")
        except BreakwaterError as error:
            yield Check("comments_encoder", "warn", error.detail, _LEFT_OUT)
