"""Spot checks: one strip at a time, blurred and grey until a key is held, one answer each.

Thin over `live.spots.desk` and `review.looking.spot_views`. The answer is a plain form and works
without scripts; pictures are drawn on a canvas and never have an address.
"""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Form, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from breakwater.errors import BadInput, Conflict, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import Id
from breakwater.model.spot import SpotAnswer
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_spots
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.pictures import OneLook, SomeStills, id_of, picture, small_stills
from breakwater.web.pages.reads import Console
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import Spoken, later, say
from breakwater.web.workstation import Workstation

P = Permission
router = Router(include_in_schema=False)

SEE_OTHER: Final = 303
SAID: Final = Spoken({
    "nothing": later("Noted that there is nothing."),
    "closer": later("The stream is watched more closely. The next strip of it is being taken."),
})  # fmt: skip


@router.get("/spots")
@needs(P.STREAM_CONTROL)
def spot_checks(
    request: Request, app: Parts, pages: Pages, who: Who,
    *, said: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:  # fmt: skip
    """The first strip that waits."""
    return _page(request, app, pages, who, said=SAID.get(said, ""))


@router.post("/spots/{id}")
@needs(P.STREAM_CONTROL)
def answer(
    request: Request, app: Parts, pages: Pages, who: Who, *,
    id: Annotated[str, Path(max_length=64)],  # noqa: A002 - the path's own word
    answer: Annotated[str, Form(max_length=20)] = "",
) -> Response:  # fmt: skip
    """Keep what somebody says of a strip, and go on; a case is opened where they go on to it."""
    draw = id_of(id)
    try:
        done = app.live.spot_desk.answer(who, draw, _read(answer))
    except (BadInput, Conflict, NotFound) as error:
        return _page(request, app, pages, who, wrong=refused(error), status=error.status, at=draw)
    where = f"/cases/{done.case}" if done.case else f"/spots?{urlencode({'said': answer})}"
    return RedirectResponse(where, SEE_OTHER)


@router.post("/spots/look/views")
@needs(P.MEDIA_VIEW)
def look(app: Parts, who: Who, at: Workstation, body: OneLook) -> Response:
    """Show one still while a key is held."""
    shown = app.review.spot_views.look(
        who, item=id_of(body.item), frame=body.frame, level=body.level, reason=body.reason,
        device=at,
    )  # fmt: skip
    return picture(shown)


@router.post("/spots/look/stills")
@needs(P.MEDIA_VIEW)
def stills(app: Parts, who: Who, at: Workstation, body: SomeStills) -> JSONResponse:
    """The grey 32 × 18 stills of one strip."""
    return small_stills(app.review.spot_views.stills(who, frames=body.wanted, device=at))


def _page(
    request: Request, app: Parts, pages: Console, who: Principal,
    *, said: str = "", wrong: str = "", status: int = 200, at: Id | None = None,
) -> HTMLResponse:  # fmt: skip
    with app.db.read() as tx:
        view = read_spots.view(tx, who, app.live.spots.rules, at=at)
    return show(request, pages, who, "spots", view=view, said=said, wrong=wrong, status=status)


def _read(answer: str) -> SpotAnswer:
    try:
        return SpotAnswer(answer)
    except ValueError:
        raise BadInput(say("Choose an answer, then Enter.")) from None
