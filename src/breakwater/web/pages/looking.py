"""Frames for people: `POST /views`, its end, and the small stills of a page.

Thin over `review.looking.views`, which writes down each look before its first byte. Answers are never
cached and never have an address of their own: the browser draws them on a canvas.
"""

from __future__ import annotations

import base64
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from breakwater.errors import NotFound
from breakwater.model.access import Permission
from breakwater.model.ids import Id, parse_id
from breakwater.model.media import Level
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.workstation import Workstation

router = Router(include_in_schema=False)


class LookBody(BaseModel):
    """Which frame, how large, and why."""

    model_config = ConfigDict(extra="forbid")
    case: str
    item: str
    frame: int = Field(ge=0, lt=1 << 31)
    level: Level
    reason: str = Field(min_length=1, max_length=200)


class StillBody(BaseModel):
    """One still of a page."""

    item: str
    frame: int = Field(ge=0, lt=1 << 31)


class StillsBody(BaseModel):
    """The stills of one page."""

    model_config = ConfigDict(extra="forbid")
    case: str
    stills: list[StillBody] = Field(min_length=1, max_length=24)


class EndBody(BaseModel):
    """How long it was on screen."""

    ms: int = Field(ge=0, le=86_400_000)


@router.post("/views")
@needs(Permission.MEDIA_VIEW)
def look(app: Parts, who: Who, at: Workstation, body: LookBody) -> Response:
    """Show one frame while a key is held."""
    shown = app.review.views.look(
        who, case=_id(body.case), item=_id(body.item), frame=body.frame, level=body.level,
        reason=body.reason, device=at,
    )  # fmt: skip
    headers = {"X-View": shown.view, "X-View-Cap": str(shown.cap_ms), "Cache-Control": "no-store"}
    return Response(shown.picture, media_type="image/webp", headers=headers)


@router.post("/views/{view}/end")
@needs(Permission.MEDIA_VIEW)
def end(app: Parts, who: Who, view: Annotated[str, Path(max_length=64)], body: EndBody) -> Response:
    """Say how long it was on screen."""
    app.review.views.end(who, _id(view), body.ms)
    return Response(status_code=204)


@router.post("/stills")
@needs(Permission.MEDIA_VIEW)
def stills(app: Parts, who: Who, at: Workstation, body: StillsBody) -> JSONResponse:
    """The grey 32 × 18 stills of one page."""
    wanted = [(_id(one.item), one.frame) for one in body.stills]
    shown = app.review.views.stills(who, case=_id(body.case), frames=wanted, device=at)
    return JSONResponse({"stills": [
        {"item": s.item, "frame": s.frame, "webp": base64.b64encode(s.picture).decode()}
        for s in shown if s.picture
    ]})  # fmt: skip


def _id(text: str) -> Id:
    found = parse_id(text)
    if found is None:
        raise NotFound("There is nothing of this id.")
    return found
