"""`/v1/conversations/{reference}`: messages from one to another, and what recipients report.

Off everywhere until the operator names the jurisdictions with a legal basis. Nothing that was
written comes back in an answer, a log or a fault. Services send with a key of scope
`stream:write`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

import anyio
from fastapi import Path
from starlette.requests import Request

from breakwater.errors import NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.chat import LONGEST_ID, Taken
from breakwater.web.api.bodies import checked
from breakwater.web.api.conversation_shapes import LAW, ConversationIn, ConversationReportIn
from breakwater.web.api.forms import read_json
from breakwater.web.api.message_shapes import TakenOut
from breakwater.web.api.openapi import flat, problems
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["conversations"])

JSON_BYTES: Final = 16 << 20
ANSWERS: Final = problems(401, 403, 413, 422, 429, 503)
Reference = Annotated[str, Path(min_length=1, max_length=LONGEST_ID, description="Your id of the conversation.")]  # fmt: skip

TALK: Final[Mapping[str, Any]] = {
    "service": "clips", "jurisdiction": "US", "legal_basis": LAW,
    "participants": [{"account": "acct-3", "age_band": "18+"}, {"account": "acct-9", "age": 14}],
}  # fmt: skip
SENT: Final[Mapping[str, Any]] = {
    "id": "m-1", "author": "acct-3", "to": "acct-9", "at": "2026-03-01T12:00:00Z",
    "text": "good morning", "lang": "en",
}  # fmt: skip
PROOF: Final[Mapping[str, Any]] = {"key": "0f" * 32, "commitment": "1e" * 32, "tag": "2d" * 32}
COUNTS: Final[Mapping[str, Any]] = {
    "account": "acct-3", "first_contacts": 40, "of_young": 31, "unanswered": 12
}  # fmt: skip


def _body(shape: type[Any], example: Mapping[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": flat(shape), "example": dict(example)}}
    return {"requestBody": {"required": True, "content": content}}


@router.post("/v1/conversations/{reference}/messages", summary="What people write to one another", responses=ANSWERS, openapi_extra=_body(ConversationIn, {**TALK, "messages": [SENT]}))  # fmt: skip
@needs(P.STREAM_WRITE, body=None)
async def messages(reference: Reference, request: Request, app: Parts, who: Who) -> TakenOut:
    """At most 1,000. 403 `scanning_not_permitted`: no legal basis there, and nothing was stored."""
    raw = await read_json(request, limit=JSON_BYTES)

    def work() -> Taken:
        body, now = checked(ConversationIn, raw), app.clock.now()
        _own(who, body.service)
        told = [one.message(now) for one in body.messages]
        taken: Taken = app.conversations.take(who, body.talk(reference), told)
        return taken

    return await _beside(request, work)


@router.post("/v1/conversations/{reference}/reports", summary="What a recipient reports of an encrypted conversation", responses=ANSWERS, openapi_extra=_body(ConversationReportIn, {**TALK, "messages": [{**SENT, **PROOF}], "signals": COUNTS}))  # fmt: skip
@needs(P.STREAM_WRITE, body=None)
async def reports(reference: Reference, request: Request, app: Parts, who: Who) -> TakenOut:
    """Each message with the platform's proof. 422 `proof_refused`: it does not hold."""
    raw = await read_json(request, limit=JSON_BYTES)

    def work() -> Taken:
        body = checked(ConversationReportIn, raw)
        _own(who, body.service)
        told = [one.message() for one in body.messages]
        taken: Taken = app.conversations.report(who, body.talk(reference), told)
        return taken

    return await _beside(request, work)


def _own(who: Principal, service: str) -> None:
    """A key of a service speaks for no other."""
    if who.service not in {"", service}:
        raise NotAllowed("Your key is of another service.")


async def _beside(request: Request, work: Callable[[], Taken]) -> TakenOut:
    """On the threads kept for comments."""
    found = await anyio.to_thread.run_sync(work, limiter=request.app.state.comment_threads)
    return TakenOut.of([found])
