"""`/v1/streams/{id}/chat`: how a broadcast's chat stands, and why it alarmed; never what was written.

Messages and accounts are named by the service's own ids, which it knows. A service reads its own.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from breakwater.model.access import Permission
from breakwater.model.chat import Chat, ChatAlarm
from breakwater.model.comment import Share
from breakwater.web.api.media import known_id
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.api.streams import READ, IdText
from breakwater.web.gate import Parts, Router, Who, needs

router = Router(tags=["comments"])


class ShareOut(Answer):
    """One source of evidence."""

    source: str = Field(description="`model`, `lexicon`, `cue`, `encoder` or `behaviour`.", examples=["cue"])  # fmt: skip
    nats: float = Field(examples=[1.1])
    ref: str = Field(description="A model's id, `list/entry`, or a cue; never a term.", examples=["move_service"])  # fmt: skip

    @classmethod
    def of(cls, one: Share) -> ShareOut:
        """From the noun."""
        return cls(source=one.source.value, nats=round(one.nats, 3), ref=one.ref)


class EvidenceOut(Answer):
    """A message that gave evidence, by its id."""

    id: str = Field(examples=["m-1"])
    author: str = Field(examples=["acct-3"])
    at: datetime
    nats: float = Field(examples=[2.5])
    by: list[ShareOut] = Field(examples=[[{"source": "cue", "nats": 1.1, "ref": "move_service"}]])


class AuthorOut(Answer):
    """What one account gave."""

    author: str = Field(examples=["acct-3"])
    messages: int
    nats: float


class ChatAlarmOut(Answer):
    """An alarm and why it rang; the reason goes when a person finds nothing."""

    id: str = Field(examples=[ID])
    level: str = Field(description="`message`, `author`, `stream` or `across`.", examples=["stream"])  # fmt: skip
    evidence: float = Field(description="Nats.", examples=[7.3])
    threshold: float = Field(description="Nats from which it rings.", examples=[5.1])
    at: datetime
    case: str | None = None
    ordinary_per_hour: float = Field(description="How often ordinary chats of this speed ring so.")
    lang: str = Field(examples=["en"])
    band: str = Field(description="Messages a minute.", examples=["10-100"])
    benign_hours: float = Field(description="That the calibration has seen; 0: fixed limits.")
    abstained: bool = Field(description="The model was not used.")
    clears_in_s: float = Field(description="Seconds of silence after which it is under the limit.")
    messages: list[EvidenceOut] = Field(description="At most ten, the heaviest first.")
    authors: list[AuthorOut]
    notes: list[str]

    @classmethod
    def of(cls, alarm: ChatAlarm) -> ChatAlarmOut:
        """From the noun."""
        why = alarm.why
        return cls(
            id=alarm.id, level=alarm.level.value, evidence=round(alarm.evidence, 3),
            threshold=round(alarm.threshold, 3), at=alarm.at, case=alarm.case,
            ordinary_per_hour=why.alarms_per_hour, lang=why.lang, band=why.band,
            benign_hours=round(why.benign_hours, 2), abstained=why.abstained,
            clears_in_s=why.clears_in_s, notes=list(why.notes),
            messages=[
                EvidenceOut(
                    id=one.message, author=one.author, at=one.at, nats=round(one.nats, 3),
                    by=[ShareOut.of(share) for share in one.by],
                )
                for one in why.messages
            ],
            authors=[
                AuthorOut(author=one.author, messages=one.messages, nats=round(one.evidence, 3))
                for one in why.authors
            ],
        )  # fmt: skip


class ChatOut(Answer):
    """A broadcast's chat as it stands."""

    stream: str = Field(examples=[ID])
    messages: int
    unscored: int = Field(description="Messages that were not weighed; never silently lost.")
    risk: float = Field(description="0 to 1.")
    measure: str = Field(description="What is done in it.", examples=["slow"])
    lang: str
    band: str
    alarms: list[ChatAlarmOut] = Field(description="The newest first.")

    @classmethod
    def of(cls, chat: Chat, alarms: list[ChatAlarm]) -> ChatOut:
        """From the nouns."""
        return cls(
            stream=chat.stream or "", messages=chat.messages, unscored=chat.unscored,
            risk=chat.risk, measure=chat.measure.value, lang=chat.lang, band=chat.band,
            alarms=[ChatAlarmOut.of(one) for one in alarms],
        )  # fmt: skip


@router.get("/v1/streams/{id}/chat", summary="How a chat stands, and why it alarmed", responses=READ)  # fmt: skip
@needs(Permission.STREAM_READ)
def standing(id: IdText, app: Parts, who: Who) -> ChatOut:  # noqa: A002 - the path's own word
    """404 while nobody has written."""
    return ChatOut.of(*app.enforcement.chat_wishes.standing(who, known_id(id)))
