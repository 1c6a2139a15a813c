"""Messages of chats that come by hook: read from each form, then taken like any other.

In come bodies that were believed already (`live.hooks`): Owncast's `CHAT`, `USER_JOINED` and
`USER_PARTED` (owncast.online/thirdparty/webhooks), and the signed `stream.comments` of a service.
A hook is not sent again, so what lanes have no room for is counted as unscored. Tests:
`tests/integration/test_comments_hooks.py`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from breakwater.errors import BadInput, NotAllowed, TooManyRequests
from breakwater.live.adapters.owncast import NAME as OWNCAST
from breakwater.live.hearing.chats import READ, Chats
from breakwater.model.access import Principal
from breakwater.model.chat import LONGEST_ID, MOST_MESSAGES, About, ChatKind
from breakwater.model.clock import Clock
from breakwater.model.comment import Message, MessageKind
from breakwater.model.ids import Id
from breakwater.records import streams
from breakwater.records.database import Database

COMMENTS: Final = "stream.comments"
LETTERS: Final = 2
KINDS: Final = {
    "CHAT": MessageKind.COMMENT,
    "USER_JOINED": MessageKind.JOIN,
    "USER_PARTED": MessageKind.LEAVE,
}


class Listener(Protocol):
    """Who takes what was written to a broadcast of a media server; `Hooked` does."""

    def heard(self, server: str, by: Id, body: bytes) -> bool:
        """Take a body, if it is about a chat; False: it is about something else.

        Raises:
            BadInput: it is about a chat and cannot be read.
        """
        ...


class Hooked:
    """Takes messages for the broadcast that runs under a name."""

    def __init__(self, *, db: Database, clock: Clock, chats: Chats) -> None:
        self._db, self._clock, self._chats = db, clock, chats

    def heard(self, server: str, by: Id, body: bytes) -> bool:
        """Take a body, if it is about a chat; False: it is about something else.

        Args:
            server: name of the media server whose hook it is.
            by: its id.
            body: signed, or of a server whose address and token are known.

        Raises:
            BadInput: it is about a chat and cannot be read.
        """
        said = _object(body)
        kind = said.get("type")
        if kind == COMMENTS:
            name, told = read_comments(said, self._clock.now())
        elif kind in KINDS:
            name, told = OWNCAST, [read_owncast(said, self._clock.now())]
        else:
            return False
        self.take(server, by, name, told)
        return True

    def take(self, server: str, by: Id, name: str, told: list[Message]) -> None:
        """Take messages for a broadcast that runs; those of none are nobody's."""
        with self._db.read() as tx:
            stream = streams.running(tx, server, name)
        if stream is None or not told:
            return
        about = About(ChatKind.STREAM, stream.service, stream.id, stream.id)
        who = Principal(by, server, frozenset(), service=stream.service)
        try:
            self._chats.take(who, about, told)
        except NotAllowed:
            return  # switched off
        except TooManyRequests:
            self._chats.unread(about, sum(one.kind.written for one in told))

    def untaken(self, server: str, name: str, count: int) -> None:
        """Count messages for a broadcast that runs and that could not be taken."""
        with self._db.read() as tx:
            stream = streams.running(tx, server, name)
        if stream is not None and count:
            about = About(ChatKind.STREAM, stream.service, stream.id, stream.id)
            self._chats.unread(about, count)


def is_chat(body: bytes) -> bool:
    """Whether a service's event is about a chat.

    Raises:
        BadInput: it is no JSON.
    """
    return _object(body).get("type") == COMMENTS


def read_comments(said: Mapping[str, Any], now: datetime) -> tuple[str, list[Message]]:
    """Read a service's event; answers the broadcast's name beside the messages.

    `{"type": "stream.comments", "data": {"name": "live/014", "messages": [...]}}`, each message
    as `POST /v1/streams/{id}/comments` takes it.

    Raises:
        BadInput: it is no such event, or one of its messages is none.
    """
    data = said.get("data")
    told = data.get("messages") if isinstance(data, Mapping) else None
    name = data.get("name") if isinstance(data, Mapping) else None
    if not isinstance(told, list) or not isinstance(name, str) or len(told) > MOST_MESSAGES:
        raise BadInput(f"The event has a name and at most {MOST_MESSAGES:,} messages.")
    return name, [_message(one, now) for one in told]


def read_owncast(said: Mapping[str, Any], now: datetime) -> Message:
    """Read an event of Owncast's chat; what is typed is `rawBody`, `body` is made of it.

    Raises:
        BadInput: nobody wrote it.
    """
    data = said.get("eventData")
    who = data.get("user") if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(who, Mapping):
        raise BadInput("The event of a chat has no user.")
    words = data.get("rawBody") or data.get("body") or ""
    return _message(
        {
            "id": data.get("id"), "author": who.get("id"), "at": data.get("timestamp"),
            "text": words, "kind": KINDS[str(said.get("type"))].value,
        },
        now,
    )  # fmt: skip


def _message(said: object, now: datetime) -> Message:
    if not isinstance(said, Mapping):
        raise BadInput("A message of a chat is an object.")
    text, lang, amount = said.get("text", ""), said.get("lang"), said.get("amount")
    kind = said.get("kind", MessageKind.COMMENT.value)
    if not isinstance(text, str) or kind not in set(MessageKind):
        raise BadInput("A message of a chat has a text and a known kind.")
    known = isinstance(amount, int | float) and not isinstance(amount, bool)
    number = float(amount) if known and amount is not None else math.nan
    return Message(
        _name(said.get("id")), _name(said.get("author")), _at(said.get("at"), now),
        text[:READ], _lang(lang), MessageKind(kind),
        number if math.isfinite(number) and number >= 0 else None,
        None if said.get("to") is None else _name(said.get("to")),
    )  # fmt: skip


def _name(said: object) -> str:
    if not isinstance(said, str) or not 0 < len(said) <= LONGEST_ID:
        raise BadInput(f"Ids and accounts have 1 to {LONGEST_ID} characters.")
    return said.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _at(said: object, now: datetime) -> datetime:
    """RFC 3339; anything else counts as of now, like a clock that is wrong."""
    try:
        at = datetime.fromisoformat(said) if isinstance(said, str) else now
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (OverflowError, ValueError):
        return now


def _lang(said: object) -> str | None:
    if not isinstance(said, str) or not said[:LETTERS].isascii() or not said[:LETTERS].isalpha():
        return None
    return said[:LETTERS].lower() if len(said[:LETTERS]) == LETTERS else None


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise BadInput("The hook is not JSON.")
    return said
