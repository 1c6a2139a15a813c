"""`/own-picture`: the public page for the person in the picture.

The picture never leaves the device: `js/own.js` makes the hashes and sends them to
`/v1/own-pictures`. No cookie is set, no address is kept; the language is chosen in the page's
own address. Without JavaScript it says what to do instead.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from breakwater.errors import NotFound
from breakwater.model.own_picture import MOST_PICTURES
from breakwater.own_pictures.taking import OFF
from breakwater.web.gate import Parts, Router, anyone
from breakwater.web.languages import choose, speak
from breakwater.web.pages.context import Pages

router = Router(include_in_schema=False)


@router.get("/own-picture")
@anyone("a public door where the operator opened it; it shows nothing and sets nothing")
def own_picture(
    request: Request, app: Parts, pages: Pages,
    language: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:  # fmt: skip
    """The page, in the language that was chosen or that the browser asks for."""
    if not app.own_pictures.enabled:
        raise NotFound(OFF)
    speak(choose(language, request.headers.get("accept-language", "")[:200]))
    return pages.renderer.bare(
        request, "own_picture", leave=app.settings.own_pictures_exit, most=MOST_PICTURES
    )
