"""What stands beside the model that weighs comments, in words: a challenger, an encoder, an IRC server.

Counts of about a minute ago, never what was written; of the IRC server those of this process. Shown by
the settings of comments; the counts of the first two are `GET /v1/comments/shadow`.
"""

from __future__ import annotations

from breakwater.live.hearing.irc import Irc
from breakwater.records import chat_beside
from breakwater.records.chat_beside import Standing
from breakwater.records.database import Tx
from breakwater.settings import Settings
from breakwater.web.pages.models_comments import Aside
from breakwater.web.pages.speech import figure, say, say_n


def beside(tx: Tx, settings: Settings, irc: Irc | None) -> tuple[Aside, ...]:
    """One line each for what is set; none for what is not."""
    found = chat_beside.standing(tx)
    rows = []
    if settings.comments_challenger:
        rows.append(_challenger(found))
    if settings.comments_encoder:
        rows.append(_encoder(found))
    if irc is not None:
        rows.append(_irc(irc))
    return tuple(rows)


def _challenger(found: Standing | None) -> Aside:
    name, wrong = say("Challenger in shadow"), found.wrong.get("challenger", "") if found else ""
    if wrong:
        return Aside(name, say("It cannot be used: it counts nothing."), wrong=wrong)
    if found is None or not found.challenger:
        return Aside(name, say("Nothing was weighed since it was set."))
    both, ours, theirs = (
        found.tally.get(one, 0) for one in ("tens_both", "tens_champion", "tens_challenger")
    )
    told = say(
        "%(hours)s hours of chats: both alarmed in %(both)s stretches of ten minutes, the model alone in "
        "%(ours)s, the challenger alone in %(theirs)s; it failed at %(failed)s messages.",
        hours=figure(found.hours, "#,##0.#"), both=figure(both), ours=figure(ours),
        theirs=figure(theirs), failed=figure(found.tally.get("failed", 0)),
    )  # fmt: skip
    return Aside(name, told, id=found.challenger)


def _encoder(found: Standing | None) -> Aside:
    name, wrong = say("Encoder"), found.wrong.get("encoder", "") if found else ""
    if wrong:
        return Aside(name, say("It gives no numbers; messages weigh without it."), wrong=wrong)
    if found is None:
        return Aside(name, say("Nothing was weighed since it was set."))
    told = say(
        "Asked about %(asked)s messages that stood out; %(missed)s weigh without it.",
        asked=figure(found.asked), missed=figure(found.missed),
    )  # fmt: skip
    return Aside(name, told)


def _irc(irc: Irc) -> Aside:
    name, there = say("IRC server"), irc.joined
    told = say_n(
        "%(n)s line could not be read since the start.",
        "%(n)s lines could not be read since the start.", irc.unread,
    )  # fmt: skip
    wrong = "" if there else say("It does not answer. It is tried again by itself.")
    return Aside(name, told, wrong=wrong, id=irc.rules.host)
