"""Pictures on the pages of links: one moment while a key is held, and the small stills of a page.

Thin over `review.looking.link_views`, which writes down each look before its first byte; what is
asked and answered: `pictures`.
"""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from breakwater.model.access import Permission
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages.pictures import OneLook, SomeStills, id_of, picture, small_stills
from breakwater.web.workstation import Workstation

P = Permission
router = Router(include_in_schema=False)


@router.post("/links/look/views")
@needs(P.MEDIA_VIEW)
def look(app: Parts, who: Who, at: Workstation, body: OneLook) -> Response:
    """Show one moment of a medium while a key is held."""
    shown = app.review.link_views.look(
        who, item=id_of(body.item), frame=body.frame, level=body.level, reason=body.reason,
        device=at,
    )  # fmt: skip
    return picture(shown)


@router.post("/links/look/stills")
@needs(P.MEDIA_VIEW)
def stills(app: Parts, who: Who, at: Workstation, body: SomeStills) -> JSONResponse:
    """The grey 32 × 18 stills of one page."""
    return small_stills(app.review.link_views.stills(who, frames=body.wanted, device=at))
