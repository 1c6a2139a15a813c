"""What every page carries: static files, theme, palette, exposure meter."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import Form, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.web.gate import Router, Who, anyone, signed_in
from breakwater.web.languages import COOKIE, languages
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.render import THEME, THEMES

router = Router(include_in_schema=False)

FOR_EVER = "public, max-age=31536000, immutable"


@router.get("/static/{digest}/{name:path}")
@anyone("static files of the program itself, named by their hash")
def static(request: Request, pages: Pages, digest: str, name: str) -> Response:
    """One static file, compressed where the browser takes it."""
    asset = pages.renderer.assets.get(name, digest)
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.packed, headers=headers, media_type=asset.type)
    return Response(asset.body, headers=headers, media_type=asset.type)


@router.post("/me/theme")
@signed_in("one's own screen")
def theme(theme: Annotated[str, Form()] = "") -> Response:
    """Dark, light, or as the system has it."""
    back = RedirectResponse("/", status_code=303)
    if theme in THEMES:
        back.set_cookie(THEME, theme, max_age=31536000, httponly=True, samesite="strict")
    else:
        back.delete_cookie(THEME)
    return back


@router.post("/me/language")
@signed_in("one's own screen")
def language(language: Annotated[str, Form()] = "", back: Annotated[str, Form()] = "/") -> Response:
    """Another language for the console; an unknown one leaves it to the browser."""
    answer = RedirectResponse(back if _HERE.fullmatch(back) else "/", status_code=303)
    if language in languages():
        answer.set_cookie(COOKIE, language, max_age=31536000, httponly=True, samesite="strict")
    else:
        answer.delete_cookie(COOKIE)
    return answer


_HERE: Final = re.compile(r"/(?![/\\])[A-Za-z0-9/_.-]{0,200}")
"""A path of ours to come back to, and never another site's."""


@router.get("/me/exposure")
@signed_in("one's own time with pictures")
def exposure(request: Request, pages: Pages, who: Who) -> HTMLResponse:
    """The exposure meter, after a view ended."""
    return show(request, pages, who, "parts/exposure")


@router.get("/me/now")
@signed_in("answers only what the same person may open")
def now(request: Request, pages: Pages, who: Who) -> HTMLResponse:
    """How many cases need a person now; asked for after each change of a case."""
    return show(request, pages, who, "parts/now")


@router.get("/find")
@signed_in("answers only what the same person may open")
def find(
    request: Request, pages: Pages, who: Who, q: Annotated[str, Query(max_length=200)] = ""
) -> HTMLResponse:
    """What the palette offers."""
    return show(request, pages, who, "parts/found", found=pages.reads.find(who, q))
