"""What is said to a lane and what it answers, as values: a batch in, what it weighs out.

Used by `lanes`; read by `live.hearing` and `conversations`. Tests:
tests/integration/test_comment_lanes.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from breakwater.model.chat import Chat, ChatKind, Heavy
from breakwater.model.chat_form import read, shares_read
from breakwater.model.comment import Explanation, Level, Message, Step


@dataclass(frozen=True, slots=True)
class Rang:
    """A level of the chat reached its threshold."""

    level: Level
    evidence: float
    threshold: float
    at: datetime
    why: Explanation = field(repr=False)


@dataclass(frozen=True, slots=True)
class LaneAnswer:
    """What a batch weighs.

    Attributes:
        scored: messages that were weighed, those that were counted before left out;
            `failed`: that could not be.
        nats: their evidence together, what is below zero left out.
        abstained: of them without the model.
        lang: of most of them; empty: there was none. `band`: speed of the chat.
        steps: where each level stands after the batch.
        alarms: levels that reached their threshold in it.
        loud: its messages of a nat or more, heaviest first; of a conversation all that give
            evidence.
        captured: the messages of the alarms' explanations, with what was written.
        surrogate: the model is one that only shows how it works.
    """

    scored: int = 0
    failed: int = 0
    nats: float = 0.0
    abstained: int = 0
    lang: str = ""
    band: str = ""
    steps: tuple[Step, ...] = ()
    alarms: tuple[Rang, ...] = ()
    loud: tuple[Heavy, ...] = ()
    captured: tuple[Heavy, ...] = ()
    surrogate: bool = False


@dataclass(frozen=True, slots=True)
class Busy:
    """It has enough to do: nothing of the batch was taken.

    Attributes:
        retry_s: seconds after which it is worth another try.
    """

    retry_s: float


def engine_of(chat: Chat) -> str:
    """Whose engine weighs it: what people write to one another is no measure of chats."""
    return chat.service + ("/conversations" if chat.kind is ChatKind.CONVERSATION else "")


def taken(chat: Chat, messages: Sequence[Message], sanctioned: Collection[str]) -> dict[str, Any]:
    """A batch as it is asked."""
    return {
        "do": "take", "each": chat.kind is ChatKind.CONVERSATION, "chat": chat.id, "service": engine_of(chat), "sanctioned": list(sanctioned),
        "messages": [
            [
                one.id, one.author, one.at.timestamp(), one.text, one.lang, one.kind.value,
                one.amount, one.to,
            ]
            for one in messages
        ],
    }  # fmt: skip


def unscored(messages: Sequence[Message]) -> LaneAnswer:
    """Nothing of it was weighed: it is counted."""
    return LaneAnswer(failed=sum(one.kind.written for one in messages))


def answered(said: Mapping[str, Any], about: Mapping[str, Any]) -> LaneAnswer:
    """What a lane said of a batch; `about`: what it said of itself."""
    return LaneAnswer(
        scored=said["scored"],
        failed=said["failed"],
        nats=said["nats"],
        abstained=said["abstained"],
        lang=said["lang"],
        band=said["band"],
        steps=tuple(Step(Level(level), *two) for level, *two in said["levels"]),
        alarms=tuple(
            Rang(Level(level), evidence, threshold, datetime.fromtimestamp(at, UTC), read(why))
            for level, evidence, threshold, at, why in said["alarms"]
        ),
        loud=tuple(map(_heavy, said["loud"])),
        captured=tuple(map(_heavy, said["captured"])),
        surrogate=bool(about["surrogate"]),
    )


def _heavy(told: Sequence[Any]) -> Heavy:
    message, author, at, text, nats, by, over = told
    when = datetime.fromtimestamp(at, UTC)
    return Heavy(message, author, when, text, nats, shares_read(by), over)
