"""`/v1/hooks/{token}`: what media servers ask before somebody publishes or plays, and tell after.

The unguessable token in the path says whose hook it is; where it comes from is checked too. An
empty 2xx lets in, an empty 403 refuses, 404 is a token of nobody. No key: media servers' own
hooks cannot carry one. Read and answered by `live.hooks`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Header, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from breakwater.live.ports import Admission
from breakwater.web.api.openapi import body_of, problems
from breakwater.web.gate import Parts, Router, anyone, client_address

router = Router(tags=["media servers"])

Token = Annotated[str, Path(min_length=1, max_length=64, pattern="^[A-Za-z0-9_-]+$")]
WHY: Final = "the token in the path, unguessable and of one media server, is the proof"
ANSWERS: Final = {403: {"description": "Refused."}, **problems(404, 413, 422, 503)}
MAX_BODY: Final = 16 << 10
CHAT_BODY: Final = 1 << 20
"""Bytes of a hook that may bring what people write."""


def _body(example: dict[str, Any], media_type: str = "application/json") -> dict[str, Any]:
    """A body that the media server shapes."""
    described = body_of({"type": "object"}, media_type)
    described["requestBody"]["content"][media_type]["example"] = example
    return described


FORM: Final = _body(
    {"app": "live", "name": "014", "call": "publish", "clientid": "7", "addr": "192.0.2.7"},
    "application/x-www-form-urlencoded",
)
EVENT: Final = _body(
    {
        "type": "stream.publish",
        "data": {"name": "live/014", "client": "c-7", "account": "acct-17", "address": "192.0.2.7"},
    }
)
MEDIAMTX: Final = _body(
    {"action": "publish", "path": "live/014", "protocol": "rtmp", "id": "c-7", "ip": "192.0.2.7",
     "user": "", "password": "", "query": ""}
)  # fmt: skip
OWNCAST: Final = _body({"type": "STREAM_STARTED", "eventData": {"id": "x", "name": "An example"}})


def said(admission: Admission) -> Response:
    """In, or not, and nothing more: the other end may be a stranger's."""
    return Response(status_code=204 if admission.allowed else 403)


@router.post("/v1/hooks/{token}/rtmp", status_code=204, summary="A hook of nginx-rtmp", responses=ANSWERS, openapi_extra=FORM)  # fmt: skip
@anyone(WHY, body=MAX_BODY)
async def rtmp(token: Token, request: Request, app: Parts) -> Response:
    """`on_publish`, `on_publish_done`, `on_play`, `on_update`: one address for all."""
    body = await request.body()
    sender = client_address(request)
    return said(await run_in_threadpool(app.live.hooks.rtmp, token, body, sender))


@router.post("/v1/hooks/{token}/events", status_code=204, summary="A signed event of a service", responses=ANSWERS, openapi_extra=EVENT)  # fmt: skip
@anyone(WHY, body=CHAT_BODY)
async def events(token: Token, request: Request, app: Parts) -> Response:
    """Signed by Standard Webhooks 1.0; the answer to `stream.publish` and `stream.play` counts.

    `stream.comments` brings what viewers write: `{"name": "live/014", "messages": [...]}`.
    """
    body, headers = await request.body(), dict(request.headers)
    sender = client_address(request)
    return said(await run_in_threadpool(app.live.hooks.event, token, body, headers, sender))


@router.post("/v1/hooks/{token}/mediamtx", status_code=204, summary="A question of MediaMTX", responses=ANSWERS, openapi_extra=MEDIAMTX)  # fmt: skip
@anyone(WHY, body=MAX_BODY)
async def mediamtx(token: Token, request: Request, app: Parts) -> Response:
    """`authMethod: http`: publish, read, and its own interfaces."""
    body = await request.body()
    sender = client_address(request)
    return said(await run_in_threadpool(app.live.hooks.mediamtx, token, body, sender))


@router.post("/v1/hooks/{token}/owncast", status_code=204, summary="A webhook of Owncast", responses=ANSWERS, openapi_extra=OWNCAST)  # fmt: skip
@anyone(WHY, body=CHAT_BODY)
async def owncast(token: Token, request: Request, app: Parts) -> Response:
    """It asks nobody first: whoever is refused is dropped. `CHAT` is weighed like other comments."""
    body = await request.body()
    sender = client_address(request)
    return said(await run_in_threadpool(app.live.hooks.owncast, token, body, sender))


@router.get("/v1/hooks/{token}/hls", status_code=204, summary="May a viewer have this playlist", responses=ANSWERS)  # fmt: skip
@anyone(WHY)
def hls(
    token: Token, request: Request, app: Parts, *,
    uri: Annotated[str, Header(alias="X-Original-URI", max_length=2048)] = "",
    address: Annotated[str, Header(alias="X-Viewer-Address", max_length=64)] = "",
    port: Annotated[str, Header(alias="X-Viewer-Port", max_length=8)] = "",
) -> Response:  # fmt: skip
    """For nginx's `auth_request`."""
    sender = client_address(request)
    return said(app.live.hooks.playlist(token, uri, sender, address=address, port=port))
