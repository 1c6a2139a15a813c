"""Feeds that this installation follows: how each does; check, pull now, pause, resume.

Plain forms; what is refused, and what a peer answers to a check, is said on the page. A feed is
entered by the command, which reads credentials from files. Thin over `exchange.manage`.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Form, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.app import App
from breakwater.errors import BadInput
from breakwater.model.access import Permission, Principal
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_followed
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.reads import Console
from breakwater.web.pages.retold import refused, retold
from breakwater.web.pages.speech import later, say

P = Permission
router = Router(include_in_schema=False)
SEE_OTHER: Final = 303
Name = Annotated[str, Path(max_length=64)]
SAID: Final = {
    "pull": later("It is pulled now."),
    "pause": later("It is paused. Its entries stay."),
    "resume": later("It is pulled again, from where it was."),
}


@router.get("/hub/feeds")
@needs(P.EXCHANGE_WRITE)
def every(request: Request, app: Parts, pages: Pages, who: Who) -> HTMLResponse:
    """All, by name."""
    view = read_followed.every(app.exchange.feeds.every(), app.clock.now())
    return show(request, pages, who, "hub_feeds", view=view)


@router.get("/hub/feeds/{name}")
@needs(P.EXCHANGE_WRITE)
def one(  # noqa: PLR0917 - the request and its parts
    request: Request, app: Parts, pages: Pages, who: Who, name: Name,
    done: Annotated[str, Query(max_length=16)] = "",
) -> HTMLResponse:  # fmt: skip
    """One with its pulls and what could not be read."""
    return _page(request, app, pages, who, name, said=say(SAID[done]) if done in SAID else "")


@router.post("/hub/feeds/{name}")
@needs(P.EXCHANGE_WRITE)
def act(  # noqa: PLR0917 - the request and its parts
    request: Request, app: Parts, pages: Pages, who: Who, name: Name,
    to: Annotated[str, Form(max_length=16)] = "",
) -> Response:  # fmt: skip
    """Ask the peer whether it lets us in, or pull it now, pause it, resume it."""
    feeds = app.exchange.feeds
    if to not in SAID:
        found = feeds.check(name)
        heard = retold(found.words)
        said, wrong = (heard, "") if found.ok else ("", heard)
        return _page(request, app, pages, who, name, said=said, wrong=wrong)
    try:
        {"pull": feeds.pull, "pause": feeds.pause, "resume": feeds.resume}[to](name, who)
    except BadInput as error:
        return _page(
            request, app, pages, who, name, wrong=refused(error), status=error.status
        )  # fmt: skip
    return RedirectResponse(f"/hub/feeds/{name}?done={to}", SEE_OTHER)


def _page(
    request: Request, app: App, pages: Console, who: Principal, name: str, *, said: str = "",
    wrong: str = "", status: int = 200,
) -> HTMLResponse:  # fmt: skip
    shown = app.exchange.feeds.get(name, pulls=read_followed.PULLS, bad=read_followed.BAD)
    view = read_followed.one(shown, app.clock.now())
    return show(
        request, pages, who, "hub_feed", view=view, said=said, wrong=wrong, status=status
    )  # fmt: skip
