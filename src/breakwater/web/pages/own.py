"""One's own sessions and ways of signing in: seen, ended, taken away.

Plain forms; each names an id that must be one's own, and another's is not found. Thin over
`access`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import NotAllowed
from breakwater.model.access import Principal
from breakwater.web.api.media import known_id
from breakwater.web.gate import Parts, Router, Who, gate_of, signed_in
from breakwater.web.pages import read_people
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.reads import Console
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import later, say

router = Router(include_in_schema=False)

SAID: Final = {
    "ended": later("The session ended."),
    "others": later("All your other sessions ended."),
    "removed": later("It signs in no more. You can set it up again at any time."),
}
OWN: Final = "one's own sessions and ways of signing in"


@router.get("/me/sessions")
@signed_in(OWN)
def sessions(
    request: Request,
    app: Parts,
    pages: Pages,
    who: Who,
    said: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """Browsers that are signed in as oneself, and how one signs in."""
    return _page(request, app, pages, who, said=say(SAID.get(said, "")))


@router.post("/me/sessions/end")
@signed_in(OWN)
def end_others(app: Parts, who: Who) -> Response:
    """End all but this one."""
    app.access.sessions.revoke_others(who)
    return _back("others")


@router.post("/me/sessions/{id}/end")
@signed_in(OWN)
def end(request: Request, id: str, app: Parts, who: Who) -> Response:  # noqa: A002 - the path's own word
    """End one; ending this one signs out."""
    ended = known_id(id)
    app.access.sessions.revoke(ended, who, person=who.id)
    if ended != who.session:
        return _back("ended")
    out = RedirectResponse("/login", status_code=303)
    gate_of(request).sign_out(out)
    return out


@router.post("/me/passkeys/{id}/remove")
@signed_in(OWN)
def remove_passkey(request: Request, id: str, app: Parts, pages: Pages, who: Who) -> Response:  # noqa: A002 - the path's own word
    """Take a passkey away."""
    passkeys = app.access.passkeys
    return _remove(request, app, pages, who, lambda: passkeys.remove(who, known_id(id)))


@router.post("/me/accounts/{id}/remove")
@signed_in(OWN)
def remove_account(request: Request, id: str, app: Parts, pages: Pages, who: Who) -> Response:  # noqa: A002 - the path's own word
    """Take a linked account away."""
    return _remove(request, app, pages, who, lambda: app.access.oidc.unlink(who, known_id(id)))


def _remove(
    request: Request, app: Any, pages: Console, who: Principal, act: Callable[[], object]
) -> Response:
    try:
        act()
    except NotAllowed as error:
        return _page(request, app, pages, who, status=error.status, wrong=refused(error))
    return _back("removed")


def _page(
    request: Request,
    app: Any,
    pages: Console,
    who: Principal,
    *,
    status: int = 200,
    said: str = "",
    wrong: str = "",
) -> HTMLResponse:
    with app.db.read() as tx:
        view = read_people.own(tx, app, who)
    return show(request, pages, who, "sessions", status=status, view=view, said=said, wrong=wrong)


def _back(said: str) -> Response:
    return RedirectResponse(f"/me/sessions?said={said}", status_code=303)
