"""Chats: where people write, how risky that is now, and what was done about it.

A `Chat` is what people write to one broadcast, upload, post, profile or one another. Messages
(`model.comment`) come in and vanish; what stays are sums, `ChatAlarm`s, the few `KeptComment`s
that gave evidence, the `Measure` in force and a `ChatMinute` for each minute. Nothing written
stands in a repr. Made by `live.hearing` and `conversations`, read by `review` and the console.
Source: reference chat, "Forms" and the graded policy. Tests: tests/unit/test_chat.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from breakwater.model.comment import Explanation, Level, Share
from breakwater.model.ids import Id

LONGEST_TEXT: Final = 4_096
"""Characters of a message that are read and kept; the rest is counted."""

LONGEST_ID: Final = 256
"""Characters of a service's own ids and names of accounts."""

MOST_MESSAGES: Final = 1_000
"""Messages of one batch."""


class ChatKind(StrEnum):
    """What is written to."""

    STREAM = "stream"
    MEDIA = "media"
    POST = "post"
    PROFILE = "profile"
    CONVERSATION = "conversation"


class Measure(StrEnum):
    """What is done in a chat. Ordered: each includes those before it; all are reversible.

    `holding`: single messages are held back. `slow`: slow mode. `gated`: accounts younger than
    some days may not write. `no_gifts`: gifts are restricted too. `paused`: nobody writes.
    """

    OPEN = "open"
    HOLDING = "holding"
    SLOW = "slow"
    GATED = "gated"
    NO_GIFTS = "no_gifts"
    PAUSED = "paused"

    @property
    def rank(self) -> int:
        """0 to 5: the larger one is the stronger."""
        return list(Measure).index(self)


class KeptState(StrEnum):
    """What became of a comment that was captured."""

    CAPTURED = "captured"
    """It gave evidence to an alarm; a person has not decided yet."""
    PRESERVED = "preserved"
    """A decision found something: it is evidence of the case."""
    REMOVED = "removed"
    """Nothing was found: what was written and by whom is gone, the row says that it was."""
    WAITING = "waiting"
    """It gave no evidence and waits because its chat is paused or gated; its text is not kept."""


@dataclass(frozen=True, slots=True)
class About:
    """What a message was written to.

    Attributes:
        service: whose.
        reference: the service's own name of it; of a broadcast, the id of its stream.
        stream: the broadcast, where it is one.
    """

    kind: ChatKind
    service: str
    reference: str = field(repr=False)
    stream: Id | None = None


@dataclass(frozen=True, slots=True)
class Chat:
    """Where people write, as it stands now.

    Attributes:
        reference: the service's own name of what is written to; may name an account.
        messages: that came in; joins, gifts and the like are not among them.
        scored: that were weighed.
        unscored: that were not, as nobody was free or something failed; never silently lost.
        risk: 0 to 1.
        level: the highest that alarmed; None: none did.
        measure: what is done in it now.
        lang, band: of most of its messages, and its speed; as its thresholds are chosen.
        case: the case that a person looks at.
        change: its change number.
    """

    id: Id
    kind: ChatKind
    service: str
    reference: str = field(repr=False)
    stream: Id | None
    messages: int
    scored: int
    unscored: int
    risk: float
    level: Level | None
    measure: Measure
    lang: str
    band: str
    case: Id | None
    began_at: datetime
    last_at: datetime
    change: int
    ended_at: datetime | None = None

    @property
    def about(self) -> About:
        """What is written to."""
        return About(self.kind, self.service, self.reference, self.stream)


@dataclass(frozen=True, slots=True)
class ChatAlarm:
    """A level of a chat reached its threshold; only ever added.

    Attributes:
        evidence: nats.
        threshold: nats at which it alarms.
        why: names accounts and messages, so it goes with the suspicion; then it is empty.
        case: that it opened or joined.
    """

    id: Id
    chat: Id
    level: Level
    evidence: float
    threshold: float
    at: datetime
    why: Explanation = field(default=Explanation(), repr=False)
    case: Id | None = None
    change: int = 0


@dataclass(frozen=True, slots=True)
class KeptComment:
    """A message that gave evidence, kept with its case.

    Attributes:
        message: the service's own id; empty once it is removed, as are author and text.
        at: when it was sent, by the service's clock.
        text: as written, at most `LONGEST_TEXT` characters.
        nats: what it weighed, by whom.
        held: it was held back from the chat.
    """

    id: Id
    chat: Id
    message: str = field(repr=False)
    author: str = field(repr=False)
    at: datetime
    text: str = field(repr=False)
    nats: float
    by: tuple[Share, ...] = ()
    state: KeptState = KeptState.CAPTURED
    held: bool = False
    case: Id | None = None


@dataclass(frozen=True, slots=True)
class Heavy:
    """A message that gave evidence, with what was written: from memory, for those who keep it.

    Attributes:
        text: as written; empty when it came too long ago, or before a restart.
        over: by itself it reached the threshold of single messages.
    """

    message: str = field(repr=False)
    author: str = field(repr=False)
    at: datetime
    text: str = field(repr=False)
    nats: float
    by: tuple[Share, ...] = ()
    over: bool = False


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A message that is held back from a chat until somebody says otherwise."""

    chat: Id
    message: str = field(repr=False)
    author: str = field(repr=False)
    at: datetime
    nats: float = 0.0


@dataclass(frozen=True, slots=True)
class MeasureWish:
    """The wish to change what is done in a chat; only ever added, before anybody is asked.

    Attributes:
        by: id of a person or key, or `policy`.
        why: `risk`, `person`, `calm`, `decided`, ...
    """

    id: Id
    chat: Id
    to: Measure
    by: str
    why: str
    at: datetime
    change: int = 0


@dataclass(frozen=True, slots=True)
class MeasureAck:
    """One answer to a wish: of a service, a media server or a webhook; only ever added.

    Attributes:
        step: who was asked: `webhook`, `adapter`, `service`.
        done: whether it says that it is so.
        detail: its own words, cut, without names.
        ms: from the wish to this answer.
    """

    wish: Id
    step: str
    done: bool
    detail: str
    ms: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ChatMinute:
    """What happened in a chat within one minute of our clock.

    Attributes:
        minute: its beginning.
        nats: evidence of its messages together, what is below zero left out.
    """

    minute: datetime
    messages: int = 0
    unscored: int = 0
    joins: int = 0
    leaves: int = 0
    gifts: int = 0
    reports: int = 0
    nats: float = 0.0


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch.

    Attributes:
        taken: events that came in, the unscored ones among them.
        unscored: messages that were not weighed, and are counted as such.
        held: ids of messages that are to be held back.
        alarms: that it raised.
        measure: what the service is to do in this chat now.
    """

    taken: int
    unscored: int
    held: tuple[str, ...] = field(default=(), repr=False)
    alarms: tuple[ChatAlarm, ...] = ()
    measure: Measure = Measure.OPEN
