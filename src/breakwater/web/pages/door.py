"""The door: one-time link, password, passkey, the organisation's account, sign out.

A link is only used up by pressing its button, never by opening it: mail scanners and previews
open links. Proofs are checked by `access`; wrong ones are counted by address in `web.gate` and
by name in `access.people`. These forms work without JavaScript; passkeys need it
and go through `web.api.sessions`; the organisation's account goes by `account`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, NotAllowed, NotAuthenticated, TooManyRequests
from breakwater.web.agents import agent_of
from breakwater.web.gate import Parts, Router, Who, anyone, check_origin, gate_of, signed_in
from breakwater.web.pages.context import Pages
from breakwater.web.pages.models import SignInView
from breakwater.web.pages.retold import refused

router = Router(include_in_schema=False)

Field = Annotated[str, Form(max_length=500)]


@router.get("/login")
@anyone("the door itself")
def door(request: Request, app: Parts, pages: Pages) -> HTMLResponse:
    """Sign in by passkey, account or password."""
    return pages.renderer.bare(request, "signin", view=SignInView(account=app.access.oidc.name))


@router.post("/login")
@anyone("checks the proof itself; wrong ones are counted by name and address")
def sign_in(
    request: Request, app: Parts, pages: Pages, name: Field = "", password: Field = ""
) -> Response:
    """Try a name and a password."""
    check_origin(request)
    gate_of(request).slow_down(request)
    try:
        _, token = app.access.people.sign_in(name, password, agent=agent_of(request))
    except (NotAuthenticated, TooManyRequests) as error:
        gate_of(request).failed(request)
        view = SignInView(name=name, wrong=refused(error), account=app.access.oidc.name)
        return pages.renderer.bare(request, "signin", status=error.status, view=view)
    return _entered(request, token, "/")


@router.get("/login/{token}")
@anyone("shows a button; the link is used by pressing it")
def link(request: Request, pages: Pages, token: str) -> HTMLResponse:
    """A one-time link that was opened."""
    return pages.renderer.bare(request, "link", view=SignInView(token=token[:200]))


@router.post("/login/{token}")
@anyone("the link is the proof; wrong ones are counted by address")
def use_link(request: Request, app: Parts, pages: Pages, token: str) -> Response:
    """A one-time link that is used: it lets in once, then asks for a password or passkey."""
    check_origin(request)
    gate_of(request).slow_down(request)
    try:
        person, session = app.access.people.consume_link(token, agent=agent_of(request))
    except NotAuthenticated as error:
        gate_of(request).failed(request)
        view = SignInView(wrong=refused(error))
        return pages.renderer.bare(request, "link", status=error.status, view=view)
    return _entered(request, session, "/me/credential" if person.credential == "none" else "/")


@router.post("/logout")
@signed_in("one's own session")
def sign_out(request: Request, app: Parts, who: Who) -> Response:
    """End this session."""
    app.access.sessions.end(who)
    out = RedirectResponse("/login", status_code=303)
    gate_of(request).sign_out(out)
    return out


@router.get("/me/credential")
@signed_in("one's own password and passkeys")
def credential(request: Request, app: Parts, pages: Pages, who: Who) -> HTMLResponse:
    """Set a password or a passkey, or link the organisation's account."""
    view = SignInView(name=who.name, account=app.access.oidc.name)
    return pages.renderer.bare(request, "credential", view=view)


@router.post("/me/password")
@signed_in("one's own password")
def password(
    request: Request, app: Parts, pages: Pages, who: Who, password: Field = ""
) -> Response:
    """Set one's password."""
    try:
        app.access.people.set_password(who, password)
    except (BadInput, NotAllowed) as error:
        view = SignInView(name=who.name, wrong=refused(error), account=app.access.oidc.name)
        return pages.renderer.bare(request, "credential", status=error.status, view=view)
    return RedirectResponse("/", status_code=303)


def _entered(request: Request, token: str, where: str) -> Response:
    entered = RedirectResponse(where, status_code=303)
    gate_of(request).sign_in(entered, token)
    return entered
