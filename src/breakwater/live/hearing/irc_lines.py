"""Lines of IRC, with tags, and what they mean for a chat.

In comes one line as bytes, out go messages. Accounts are known by their login, which every line
has; an id that a server does not give is made here. Source: RFC 2812, IRCv3 message tags,
dev.twitch.tv/docs/chat/irc. Fed by `irc`; tests: `tests/unit/test_irc_lines.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from breakwater.model.chat import LONGEST_ID
from breakwater.model.comment import Message, MessageKind
from breakwater.model.ids import new_id

LONGEST: Final = 16 << 10
"""Bytes of a line: 8,191 of tags and 512 of the rest, twice."""

GIFTS: Final = frozenset({
    "subgift", "anonsubgift", "submysterygift", "anonsubmysterygift", "communitypayforward",
    "giftpaidupgrade", "anongiftpaidupgrade",
})  # fmt: skip
"""Notices of gifts; others are ordinary messages when somebody wrote something."""

_ESCAPED: Final = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
ACTION: Final = "\x01ACTION "


class Unread(ValueError):
    """A line that is none."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    Attributes:
        nick: who it comes from; of a server's own line, the server.
        params: the last one may hold blanks.
    """

    command: str
    nick: str = field(default="", repr=False)
    params: tuple[str, ...] = field(default=(), repr=False)
    tags: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def last(self) -> str:
        """The last parameter; empty where there is none."""
        return self.params[-1] if self.params else ""


def parse(raw: bytes) -> Line:
    """Read a line.

    Raises:
        Unread: it is none.
    """
    text = raw.decode("utf-8", "replace").strip("\r\n")
    tags: dict[str, str] = {}
    if text.startswith("@"):
        told, _, text = text[1:].partition(" ")
        for one in told.split(";"):
            name, _, value = one.partition("=")
            tags[name] = _unescaped(value)
    text = text.lstrip(" ")
    nick = ""
    if text.startswith(":"):
        prefix, _, text = text[1:].partition(" ")
        nick = prefix.partition("!")[0]
    head, colon, trailing = text.lstrip(" ").partition(" :")
    words = head.split()
    if not words or not words[0].isalnum() or not words[0].isascii():
        raise Unread
    params = (*words[1:], *((trailing,) if colon else ()))
    return Line(words[0].upper(), nick, params, tags)


def events(line: Line, now: datetime) -> list[Message]:
    """What a line means for its chat."""
    at = _at(line.tags.get("tmi-sent-ts", ""), now)
    if line.command == "USERNOTICE":
        return _notice(line, at)
    tags, found = line.tags, []
    match line.command:
        case "PRIVMSG":
            found.append(_message(line, _said(line.last), at))
            if bits := _number(tags.get("bits", "")):
                found.append(_done(line, MessageKind.GIFT, at, amount=bits))
        case "CLEARMSG":
            gone, who = tags.get("target-msg-id", ""), tags.get("login", "")
            if gone and who:
                found.append(Message(_id(gone), _id(who), at, kind=MessageKind.DELETE))
        case "CLEARCHAT":
            if len(line.params) > 1:
                found.append(_done(line, MessageKind.DELETE, at, author=line.last))
        case "JOIN":
            found.append(_done(line, MessageKind.JOIN, at))
        case "PART":
            found.append(_done(line, MessageKind.LEAVE, at))
    return found


def _notice(line: Line, at: datetime) -> list[Message]:
    """A server tells of somebody: what they wrote, and what they gave."""
    tags, found = line.tags, []
    who = tags.get("login") or line.nick
    if len(line.params) > 1:
        found.append(_message(line, line.last, at, author=who))
    if tags.get("msg-id") in GIFTS:
        many = _number(tags.get("msg-param-mass-gift-count", "")) or 1.0
        found.append(_done(line, MessageKind.GIFT, at, author=who, amount=many))
    return found


def _message(line: Line, text: str, at: datetime, *, author: str = "") -> Message:
    name = line.tags.get("id") or new_id()
    return Message(_id(name), _id(author or line.nick), at, text)


def _done(
    line: Line, kind: MessageKind, at: datetime, *, author: str = "", amount: float | None = None
) -> Message:
    return Message(new_id(), _id(author or line.nick), at, kind=kind, amount=amount)


def _said(text: str) -> str:
    """What was written; `/me` is written like anything else."""
    return text[len(ACTION) :].rstrip("\x01") if text.startswith(ACTION) else text


def _id(name: str) -> str:
    return name[:LONGEST_ID].replace("\0", "\ufffd") or "?"


def _at(stamp: str, now: datetime) -> datetime:
    """Milliseconds since 1970; anything else is now."""
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 14:
        return now
    return datetime.fromtimestamp(int(stamp) / 1000, UTC)


def _number(text: str) -> float:
    """A number of gifts; 0 where it is none."""
    try:
        found = float(text)
    except ValueError:
        return 0.0
    return found if math.isfinite(found) and found > 0 else 0.0


def _unescaped(value: str) -> str:
    if "\\" not in value:
        return value
    found, letters = [], iter(value)
    for letter in letters:
        if letter != "\\":
            found.append(letter)
            continue
        after = next(letters, "")
        found.append(_ESCAPED.get(after, after))
    return "".join(found)
