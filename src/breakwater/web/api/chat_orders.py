"""`/v1/streams/{id}/chat`: what people order of a broadcast's chat, and what services say they did.

Orders are for people; a service reads its own and answers them with a key of scope
`stream:write`. What was written is never here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from breakwater.enforcement.chat_wishes import ChatOrder
from breakwater.model.access import Permission
from breakwater.model.chat import Measure
from breakwater.model.ids import Id
from breakwater.web.api.media import known_id
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.api.streams import CHANGE, READ, IdText
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["streams"])
MOST_RELEASED = 200
KnownId = Annotated[str, Field(max_length=64, examples=[ID])]


class ChatOrderIn(Body):
    """How the chat of a broadcast shall be."""

    to: Measure = Field(examples=["slow"])
    reason: str = Field(default="", max_length=2000)
    seen: str | None = Field(default=None, max_length=64, description="Id of the order you saw in force, empty for none: letting go of a newer one is refused.")  # fmt: skip


class ChatUndoIn(Body):
    """Which order is taken back: the one in force."""

    order: KnownId
    reason: str = Field(default="", max_length=2000)


class ChatReleaseIn(Body):
    """Held comments that are shown again, by their ids here."""

    comments: list[KnownId] = Field(min_length=1, max_length=MOST_RELEASED)


class CommentLabelIn(Body):
    """Whether a comment is what is looked for."""

    comment: KnownId
    found: bool = Field(examples=[False])


class ChatAnswerIn(Body):
    """What a service says of an order to its chat."""

    order: KnownId
    done: bool = Field(default=True, description="Whether the chat is so.")
    detail: str = Field(default="", max_length=200, examples=["no slow mode here"])


class ChatAnswerOut(Answer):
    """One answer to an order."""

    step: str = Field(description="`adapter`, `webhook` or `service`.", examples=["service"])
    done: bool
    detail: str
    ms: int
    at: datetime


class ChatOrderOut(Answer):
    """An order to a chat and where it stands."""

    id: str = Field(examples=[ID])
    stream: str = Field(examples=[ID])
    to: str = Field(examples=["slow"])
    state: str = Field(description="`wanted`, `confirmed`, `unconfirmed` or `overtaken`.", examples=["confirmed"])  # fmt: skip
    why: str = Field(examples=["person"])
    by: str = Field(description="Id of a person, or `policy`.")
    at: datetime
    answers: list[ChatAnswerOut] = Field(default_factory=list)

    @classmethod
    def of(cls, order: ChatOrder) -> ChatOrderOut:
        """From the noun."""
        wish = order.wish
        return cls(
            id=wish.id, stream=order.stream or "", to=wish.to.value, state=order.state.value,
            why=wish.why, by=wish.by, at=wish.at,
            answers=[
                ChatAnswerOut(
                    step=one.step, done=one.done, detail=one.detail, ms=one.ms, at=one.at
                )
                for one in order.answers
            ],
        )  # fmt: skip


class ChatOrdersOut(Answer):
    """Orders to a chat, the newest first."""

    orders: list[ChatOrderOut]


class ChatReleasedOut(Answer):
    """How many comments were let go."""

    released: int


@router.get("/v1/streams/{id}/chat/orders", summary="What was ordered of a chat", responses=READ)
@needs(P.STREAM_READ)
def every(id: IdText, app: Parts, who: Who) -> ChatOrdersOut:  # noqa: A002 - the path's own word
    """The newest first, with every answer; a service sees its own."""
    found = app.enforcement.chat_wishes.of_stream(who, known_id(id))
    return ChatOrdersOut(orders=[ChatOrderOut.of(one) for one in found])


@router.post("/v1/streams/{id}/chat/orders", status_code=201, summary="Slow, gate, pause or open a chat", responses=CHANGE)  # fmt: skip
@needs(P.STREAM_CONTROL)
def order(id: IdText, body: ChatOrderIn, app: Parts, who: Who) -> ChatOrderOut:  # noqa: A002 - the path's own word
    """Written down, then asked of whoever carries the chat; each measure includes those before it."""
    wishes = app.enforcement.chat_wishes
    made = wishes.want(who, known_id(id), body.to, reason=body.reason, seen=body.seen)
    return ChatOrderOut.of(made)


@router.post("/v1/streams/{id}/chat/orders/undo", status_code=201, summary="Take back the order in force", responses=CHANGE)  # fmt: skip
@needs(P.STREAM_CONTROL)
def undo(id: IdText, body: ChatUndoIn, app: Parts, who: Who) -> ChatOrderOut:  # noqa: A002 - the path's own word
    """The chat is as it was before it."""
    wishes = app.enforcement.chat_wishes
    made = wishes.undo(who, known_id(id), known_id(body.order), reason=body.reason)
    return ChatOrderOut.of(made)


@router.post("/v1/streams/{id}/chat/released", summary="Show held comments again", responses=CHANGE)  # fmt: skip
@needs(P.STREAM_CONTROL)
def release(id: IdText, body: ChatReleaseIn, app: Parts, who: Who) -> ChatReleasedOut:  # noqa: A002 - the path's own word
    """The service is told by webhook, or its server asked."""
    wanted: list[Id] = [known_id(one) for one in body.comments]
    return ChatReleasedOut(released=app.enforcement.chat_wishes.let_go(who, known_id(id), wanted))


@router.post("/v1/streams/{id}/chat/answers", summary="Say that a chat is as ordered", responses=CHANGE)  # fmt: skip
@needs(P.STREAM_WRITE)
def answer(id: IdText, body: ChatAnswerIn, app: Parts, who: Who) -> ChatOrderOut:  # noqa: A002 - the path's own word
    """Closes the order you obeyed; `done: false` leaves it not confirmed."""
    wishes, about = app.enforcement.chat_wishes, known_id(body.order)
    said = wishes.obeyed(who, known_id(id), about, done=body.done, detail=body.detail)
    return ChatOrderOut.of(said)


@router.post("/v1/streams/{id}/chat/labels", status_code=204, summary="Label a comment of a case", responses=CHANGE)  # fmt: skip
@needs(P.CASE_DECIDE)
def label(id: IdText, body: CommentLabelIn, app: Parts, who: Who) -> None:  # noqa: A002 - the path's own word
    """Kept with the case; `breakwater comments labels` takes it out for learning."""
    about = known_id(body.comment)
    app.enforcement.labels.mark(who, known_id(id), about, found=body.found)
