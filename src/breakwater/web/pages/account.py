"""The organisation's account: to its sign-in service and back, to sign in or to be linked.

Ways are links, because the page's policy lets forms go nowhere else. A short-lived cookie says
which browser left; it is sent on the way back (`SameSite=Lax`), where the session's is not
(`Strict`). So whoever arrives is shown a page of ours that goes on by itself.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.access.oidc import AWAY, Back, Leaving
from breakwater.errors import BreakwaterError, Conflict, NotAuthenticated, Unavailable
from breakwater.web.agents import agent_of
from breakwater.web.api.sessions import site_of
from breakwater.web.gate import Parts, Router, Who, anyone, gate_of, signed_in
from breakwater.web.pages.context import Pages
from breakwater.web.pages.models import SignInView
from breakwater.web.pages.retold import refused

router = Router(include_in_schema=False)

BACK: Final = "/login/account/return"
Text = Annotated[str, Query(max_length=2000)]


@router.get("/login/account")
@anyone("sends the browser to the organisation's sign-in service; nothing is done yet")
def leave(request: Request, app: Parts) -> Response:
    """Go and sign in there."""
    gate_of(request).slow_down(request)
    return _gone(request, app.access.oidc.leave(back=_back(request)))


@router.get("/me/account")
@signed_in("links one's own account; nothing is done before the browser is back")
def link(request: Request, app: Parts, who: Who) -> Response:
    """Go and prove the account that shall sign in from now on."""
    return _gone(request, app.access.oidc.leave(back=_back(request), who=who))


@router.get(BACK)
@anyone("checks the proof itself; wrong ones are counted by address")
def arrive(
    request: Request,
    app: Parts,
    pages: Pages,
    *,
    code: Text = "",
    state: Text = "",
    iss: Text = "",
) -> Response:
    """Come back: signed in, linked, or told what to do instead."""
    gate = gate_of(request)
    gate.slow_down(request)
    answer = Back(request.cookies.get(_cookie(request), ""), state, code, iss)
    try:
        arrived = app.access.oidc.arrive(answer, back=_back(request), agent=agent_of(request))
    except (NotAuthenticated, Conflict, Unavailable) as error:
        if isinstance(error, NotAuthenticated):
            gate.failed(request)
        return _refused(request, app, pages, error)
    view = SignInView(name=arrived.person.name, account=app.access.oidc.name)
    page = pages.renderer.bare(request, "arrived", view=view, linked=not arrived.session)
    page.delete_cookie(_cookie(request), path="/", secure=gate.secure, httponly=True)
    if arrived.session:
        gate.sign_in(page, arrived.session)
    return page


def _refused(request: Request, app: Parts, pages: Pages, error: BreakwaterError) -> HTMLResponse:
    view = SignInView(wrong=refused(error), account=app.access.oidc.name)
    return pages.renderer.bare(request, "signin", status=error.status, view=view)


def _gone(request: Request, leaving: Leaving) -> Response:
    away = RedirectResponse(leaving.url, status_code=303)
    away.set_cookie(
        _cookie(request), leaving.cookie, path="/", httponly=True, samesite="lax",
        secure=gate_of(request).secure, max_age=int(AWAY.total_seconds()),
    )  # fmt: skip
    return away


def _cookie(request: Request) -> str:
    return f"{gate_of(request).cookie}-away"


def _back(request: Request) -> str:
    return f"{site_of(request).origin}{BACK}"
