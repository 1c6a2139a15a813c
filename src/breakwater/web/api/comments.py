"""`/v1/streams/{id}/comments` and `/v1/comments`: what people write, in batches or as a stream.

Batches are JSON; a stream of any length is NDJSON, a message a line, kept every thousand lines or
half a second. Services send with a key of scope `stream:write`. Nothing that was written comes
back in an answer, a log or a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import anyio
from starlette.requests import Request

from breakwater.errors import BadInput, BreakwaterError, NotFound
from breakwater.live.hearing.chats import Chats
from breakwater.model.access import Permission, Principal
from breakwater.model.chat import About, ChatKind
from breakwater.model.comment import Message
from breakwater.records import chat_beside
from breakwater.web.api.bodies import checked
from breakwater.web.api.forms import read_json
from breakwater.web.api.lines import Batch, Lines, read_lines
from breakwater.web.api.media import known_id
from breakwater.web.api.message_shapes import (
    CommentsIn,
    LineIn,
    MessageIn,
    MessagesIn,
    SubjectIn,
    TakenOut,
)
from breakwater.web.api.openapi import flat, problems
from breakwater.web.api.shadow_shapes import ShadowOut
from breakwater.web.api.streams import IdText
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
T = TypeVar("T")
router = Router(tags=["comments"])

NDJSON: Final = "application/x-ndjson"
JSON_BYTES: Final = 16 << 20
"""A thousand messages of the longest text that is read, in four bytes a character."""

ANSWERS: Final = problems(401, 403, 404, 413, 422, 429, 503)
MESSAGE: Final[Mapping[str, Any]] = {
    "id": "m-1", "author": "acct-3", "at": "2026-03-01T12:00:00Z", "text": "hello all", "lang": "en"
}  # fmt: skip


def _bodies(batch: type[Any], line: type[Any], subject: Mapping[str, Any]) -> dict[str, Any]:
    """Both forms of the body, each with an example."""
    content = {
        "application/json": {
            "schema": flat(batch), "example": {**subject, "messages": [MESSAGE], "lang": "en"},
        },
        NDJSON: {"schema": flat(line), "example": {**subject, **MESSAGE}},
    }  # fmt: skip
    return {"requestBody": {"required": True, "content": content}}


@router.post("/v1/streams/{id}/comments", summary="What viewers write to a broadcast", responses=ANSWERS, openapi_extra=_bodies(MessagesIn, MessageIn, {}))  # fmt: skip
@needs(P.STREAM_WRITE, body=None)
async def to_stream(id: IdText, request: Request, app: Parts, who: Who) -> TakenOut:  # noqa: A002 - the path's own word
    """JSON in batches of 1,000, or NDJSON of any length. 429: too much at once, nothing was taken."""
    about = await _beside(request, lambda: app.hearing.chats.of_stream(who, known_id(id)))
    if _streams(request):
        return await _fed(request, lambda batch: _of_one(app, who, about, batch))
    raw = await read_json(request, limit=JSON_BYTES)
    return await _beside(request, lambda: _batch(app, who, about, checked(MessagesIn, raw)))


@router.post("/v1/comments", summary="What people write to broadcasts, uploads, posts and profiles", responses=ANSWERS, openapi_extra=_bodies(CommentsIn, LineIn, {"post": "post-7"}))  # fmt: skip
@needs(P.STREAM_WRITE, body=None)
async def to_any(request: Request, app: Parts, who: Who) -> TakenOut:
    """One subject a batch, or one in every line of NDJSON; otherwise as for a broadcast."""
    if _streams(request):
        return await _fed(request, lambda batch: _of_many(app, who, batch))
    raw = await read_json(request, limit=JSON_BYTES)

    def work() -> TakenOut:
        body = checked(CommentsIn, raw)
        return _batch(app, who, _about(app, who, body), body)

    return await _beside(request, work)


@router.get("/v1/comments/shadow", summary="A challenger in shadow, and the encoder: counts", responses=problems(401, 403))  # fmt: skip
@needs(P.SYSTEM_READ)
def shadow(app: Parts) -> ShadowOut:
    """What a second model would have done; counts of about a minute ago, never what was written."""
    with app.db.read() as tx:
        return ShadowOut.of(chat_beside.standing(tx))


def _streams(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == NDJSON


async def _beside(request: Request, work: Callable[[], T]) -> T:
    """On the threads kept for comments: a lane may take its time, and others are served."""
    return await anyio.to_thread.run_sync(work, limiter=request.app.state.comment_threads)


def _batch(app: Any, who: Principal, about: About, body: MessagesIn) -> TakenOut:
    return TakenOut.of([app.hearing.chats.take(who, about, body.told(app.clock.now()))])


def _about(app: Any, who: Principal, said: SubjectIn) -> About:
    kind, name = said.subject
    chats: Chats = app.hearing.chats
    if kind is ChatKind.STREAM:
        return chats.of_stream(who, known_id(name))
    return chats.of_reference(who, kind, name, said.service)


async def _fed(request: Request, take: Callable[[Batch], None]) -> TakenOut:
    """Take a stream of lines, as fast as it can be weighed."""
    lines = Lines(stopping=getattr(request.app.state, "stopping", None))

    async def beside(batch: Batch) -> None:
        await _beside(request, lambda: take(batch))

    async for batch in read_lines(request, lines):
        await lines.patiently(beside, batch)
    return TakenOut.of(lines.taken, refused=lines.refused, lines=lines.refused_lines)


def _of_one(app: Any, who: Principal, about: About, batch: Batch) -> None:
    """A batch of one chat."""
    now, chats = app.clock.now(), app.hearing.chats
    told = [one.message(now, None) for one in batch.read(MessageIn)]
    if told:
        batch.taken.append(chats.take(who, about, told))
    if batch.unread:
        chats.unread(about, batch.unread)


def _of_many(app: Any, who: Principal, batch: Batch) -> None:
    """A batch of many chats, each in its order; what one of them refuses costs no other."""
    if batch.waits is None:
        batch.waits = _sorted(app, who, batch)
    while batch.waits:
        about, lines = next(iter(batch.waits.items()))
        try:
            batch.taken.append(app.hearing.chats.take(who, about, [one for _, one in lines]))
        except (BadInput, NotFound):  # of this subject; what holds for all of them goes on
            for number, _ in lines:
                batch.refuse(number)
        del batch.waits[about]


def _sorted(app: Any, who: Principal, batch: Batch) -> dict[About, list[tuple[int, Message]]]:
    """The lines by what they were written to; those of nothing are refused."""
    now = app.clock.now()
    known: dict[tuple[str, ...], About | None] = {}
    found: dict[About, list[tuple[int, Message]]] = {}
    for number, one in batch.numbered(LineIn):
        key = (*one.subject, one.service)
        if key not in known:
            try:
                known[key] = _about(app, who, one)
            except BreakwaterError:
                known[key] = None
        about = known[key]
        if about is None:
            batch.refuse(number)
        else:
            found.setdefault(about, []).append((number, one.message(now, None)))
    return found
