"""Frames for people: `POST /views`, its end, and the small stills of a page.

Thin over `review.looking.views`, which writes down each look before its first byte; what is asked and
answered: `pictures`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from breakwater.model.access import Permission
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages.pictures import OneLook, SomeStills, id_of, picture, small_stills
from breakwater.web.workstation import Workstation

router = Router(include_in_schema=False)


class LookBody(OneLook):
    """A frame of a case."""

    case: str = Field(max_length=64)


class StillsBody(SomeStills):
    """The stills of a case."""

    case: str = Field(max_length=64)


class EndBody(BaseModel):
    """How long it was on screen."""

    ms: int = Field(ge=0, le=86_400_000)


@router.post("/views")
@needs(Permission.MEDIA_VIEW)
def look(app: Parts, who: Who, at: Workstation, body: LookBody) -> Response:
    """Show one frame while a key is held."""
    shown = app.review.views.look(
        who, case=id_of(body.case), item=id_of(body.item), frame=body.frame, level=body.level,
        reason=body.reason, device=at,
    )  # fmt: skip
    return picture(shown)


@router.post("/views/{view}/end")
@needs(Permission.MEDIA_VIEW)
def end(app: Parts, who: Who, view: Annotated[str, Path(max_length=64)], body: EndBody) -> Response:
    """Say how long it was on screen."""
    app.review.views.end(who, id_of(view), body.ms)
    return Response(status_code=204)


@router.post("/stills")
@needs(Permission.MEDIA_VIEW)
def stills(app: Parts, who: Who, at: Workstation, body: StillsBody) -> JSONResponse:
    """The grey 32 × 18 stills of one page."""
    case = id_of(body.case)
    return small_stills(app.review.views.stills(who, case=case, frames=body.wanted, device=at))
