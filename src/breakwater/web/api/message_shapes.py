"""Messages of chats as services send them, and what they are answered.

What people write is taken as it is: half characters, NUL and all; ids and names lose them, as
they stand in answers and orders. A text is cut to what is read. Fed by `web.api.comments`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator

from breakwater.live.hearing.chats import READ
from breakwater.model.chat import LONGEST_ID, MOST_MESSAGES, ChatAlarm, ChatKind, Taken
from breakwater.model.comment import Message, MessageKind
from breakwater.web.api.requests import SERVICE, Moment
from breakwater.web.api.shapes import ID, Answer

LANG: Final = 2


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("is a text")  # noqa: TRY004 - pydantic answers 422 to this
    return value[:READ]


def _name(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        raise ValueError(f"is a text of 1 to {LONGEST_ID} characters")
    return value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _lang(value: Any) -> str | None:
    """Two letters; anything else is a language nobody told."""
    if not isinstance(value, str) or not value[:LANG].isascii() or not value[:LANG].isalpha():
        return None
    return value[:LANG].lower() if value[LANG : LANG + 1] in {"", "-", "_"} else None


Words = Annotated[str, PlainValidator(_text), WithJsonSchema({"type": "string"})]
Name = Annotated[
    str, PlainValidator(_name),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_ID}),
]  # fmt: skip
Lang = Annotated[str | None, PlainValidator(_lang), WithJsonSchema({"type": "string"})]


class MessageIn(BaseModel):
    """One thing that somebody did in a chat."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Name = Field(description="Your id of it; an edit or deletion has that of what it changes.", examples=["m-1"])  # fmt: skip
    author: Name = Field(description="Your id of the account.", examples=["acct-3"])
    at: Moment | None = Field(default=None, description="When it was sent; further than half an hour back, or ahead, it counts as of now.")  # fmt: skip
    text: Words = Field(default="", description="As written; the first 4,096 characters are read.", examples=["hello all"])  # fmt: skip
    lang: Lang = Field(default=None, description="Two letters of ISO 639-1.", examples=["en"])
    kind: MessageKind = MessageKind.COMMENT
    amount: float | None = Field(default=None, ge=0, allow_inf_nan=False, description="Of a gift.")
    to: Name | None = Field(default=None, description="Whom it is addressed to.")

    def message(self, now: datetime, lang: str | None) -> Message:
        """As the verb takes it."""
        return Message(
            self.id, self.author, self.at or now, self.text, self.lang or lang, self.kind,
            self.amount, self.to,
        )  # fmt: skip


class SubjectIn(BaseModel):
    """What is written to: one of four, by your own name of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stream: str = Field(default="", max_length=64, description="Id of a broadcast, as told by /v1/streams.")  # fmt: skip
    media: Name | None = Field(default=None, description="Your id of an upload.")
    post: Name | None = Field(default=None, description="Your id of a post.", examples=["post-7"])
    profile: Name | None = Field(default=None, description="Your id of a profile.")
    service: str = Field(default="", pattern=rf"({SERVICE})|^$", description="Your name for the service, where your key is of none.")  # fmt: skip

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(bool(one) for one in (self.stream, self.media, self.post, self.profile)) != 1:
            raise ValueError("names one of stream, media, post, profile")
        return self

    @property
    def subject(self) -> tuple[ChatKind, str]:
        """Its kind, and its name."""
        for kind in (ChatKind.MEDIA, ChatKind.POST, ChatKind.PROFILE):
            if found := getattr(self, kind.value):
                return kind, found
        return ChatKind.STREAM, self.stream


class LineIn(MessageIn, SubjectIn):
    """A line of a mixed stream: a message and what it was written to."""


class MessagesIn(BaseModel):
    """A batch of one chat, in its order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    messages: list[MessageIn] = Field(max_length=MOST_MESSAGES)
    lang: Lang = Field(default=None, description="Of messages that say none.", examples=["en"])

    def told(self, now: datetime) -> list[Message]:
        """As the verb takes it."""
        return [one.message(now, self.lang) for one in self.messages]


class CommentsIn(MessagesIn, SubjectIn):
    """A batch of one chat, and what it was written to."""


class ChatAlarmOut(Answer):
    """A level that reached its threshold."""

    id: str = Field(examples=[ID])
    level: str = Field(description="`message`, `author`, `stream` or `across`.", examples=["author"])  # fmt: skip
    evidence: float = Field(description="Nats.", examples=[6.4])
    threshold: float = Field(description="Nats.", examples=[6.0])
    case: str | None = Field(default=None, examples=[ID])

    @classmethod
    def of(cls, alarm: ChatAlarm) -> Self:
        """From the noun."""
        return cls(
            id=alarm.id, level=alarm.level.value, evidence=round(alarm.evidence, 2),
            threshold=round(alarm.threshold, 2), case=alarm.case,
        )  # fmt: skip


class TakenOut(Answer):
    """What became of what you sent."""

    taken: int = Field(description="Events that came in, the unscored ones among them.", examples=[1])  # fmt: skip
    unscored: int = Field(description="Messages that could not be weighed, and are counted as such.", examples=[0])  # fmt: skip
    refused: int = Field(default=0, description="Lines that are no message; nothing of them was taken.", examples=[0])  # fmt: skip
    refused_lines: list[int] = Field(default_factory=list, description="Their numbers, from 1; at most ten.")  # fmt: skip
    held: list[str] = Field(default_factory=list, description="Your ids of messages to hold back.")
    measure: str = Field(description="How the chat is to be now: `open`, `holding`, `slow`, `gated`, `no_gifts` or `paused`; of several chats the strongest.", examples=["open"])  # fmt: skip
    alarms: list[ChatAlarmOut] = Field(default_factory=list)

    @classmethod
    def of(cls, all_taken: Sequence[Taken], *, refused: int = 0, lines: Sequence[int] = ()) -> Self:
        """From the nouns, added up."""
        held = [one for taken in all_taken for one in taken.held]
        measures = [taken.measure for taken in all_taken]
        strongest = max(measures, key=lambda one: one.rank, default=None)
        return cls(
            taken=sum(one.taken for one in all_taken),
            unscored=sum(one.unscored for one in all_taken),
            refused=refused,
            refused_lines=list(lines),
            held=held,
            measure="open" if strongest is None else strongest.value,
            alarms=[ChatAlarmOut.of(one) for taken in all_taken for one in taken.alarms],
        )
