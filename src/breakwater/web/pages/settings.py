"""Settings: whether all is well, how it is set, and the keys and webhooks of services.

Settings themselves come from the environment and the settings file, and are only shown here.
Secrets of a new key or webhook are in the answer that made them and nowhere else.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import Form, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BreakwaterError
from breakwater.model.access import Permission, Principal
from breakwater.web.api.media import known_id
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_settings
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.models_settings import Given
from breakwater.web.pages.reads import Console
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import later, say

P = Permission
router = Router(include_in_schema=False)

Field = Annotated[str, Form(max_length=2048)]
Words = Annotated[list[str], Form(max_length=40)]
Said = Annotated[str, Query(max_length=20)]

SAID: Final = {
    "revoked": later("The key is revoked. It stops working everywhere within 5 seconds."),
    "removed": later("The webhook is removed. What waited for it is dropped."),
}


@router.get("/settings")
@needs(P.SYSTEM_READ)
def settings(request: Request, app: Parts, pages: Pages, who: Who) -> HTMLResponse:
    """Alarms, this host, versions, limits, every setting in force."""
    with app.db.read() as tx:
        view = read_settings.overview(tx, app)
    return show(request, pages, who, "settings", view=view)


@router.get("/settings/keys")
@needs(P.SYSTEM_WRITE)
def keys(request: Request, app: Parts, pages: Pages, who: Who, said: Said = "") -> HTMLResponse:
    """API keys of services."""
    return _keys(request, app, pages, who, said=say(SAID.get(said, "")))


@router.post("/settings/keys")
@needs(P.SYSTEM_WRITE)
def make_key(
    request: Request,
    app: Parts,
    pages: Pages,
    who: Who,
    *,
    name: Field = "",
    scopes: Words = [],  # noqa: B006 - never changed
    service: Field = "",
    networks: Field = "",
    per_second: Annotated[float, Form(ge=0, le=1e6)] = 0.0,
    days: Annotated[int, Form(ge=0, le=3650)] = 0,
    test: Annotated[bool, Form()] = False,
) -> HTMLResponse:
    """Make a key; its token is on this page and nowhere else."""
    expires = app.clock.now() + timedelta(days=days) if days else None
    try:
        key, token = app.access.keys.create(
            who, name=name, scopes=scopes, service=service.strip(), networks=networks.split(),
            per_second=per_second, test=test, expires_at=expires,
        )  # fmt: skip
    except BreakwaterError as error:
        return _keys(request, app, pages, who, status=error.status, wrong=refused(error))
    given = Given(
        say("Key of %(name)s", name=key.name),
        say("Send it as a Bearer token. It is shown only now; only its hash is kept."),
        token,
    )
    return _keys(request, app, pages, who, status=201, given=given)


@router.post("/settings/keys/{id}/revoke")
@needs(P.SYSTEM_WRITE)
def revoke_key(id: str, app: Parts, who: Who) -> Response:  # noqa: A002 - the path's own word
    """Stop a key."""
    app.access.keys.revoke(known_id(id), who)
    return RedirectResponse("/settings/keys?said=revoked", status_code=303)


@router.get("/settings/webhooks")
@needs(P.SYSTEM_WRITE)
def webhooks(request: Request, app: Parts, pages: Pages, who: Who, said: Said = "") -> HTMLResponse:
    """Addresses that are told of events."""
    return _hooks(request, app, pages, who, said=say(SAID.get(said, "")))


@router.post("/settings/webhooks")
@needs(P.SYSTEM_WRITE)
def add_webhook(
    request: Request,
    app: Parts,
    pages: Pages,
    who: Who,
    *,
    url: Field = "",
    service: Field = "",
    events: Words = [],  # noqa: B006 - never changed
) -> HTMLResponse:
    """Add an address; its secret is on this page and nowhere else."""
    try:
        _, secret = app.webhooks.create(url.strip(), service.strip(), tuple(events), who)
    except BreakwaterError as error:
        return _hooks(request, app, pages, who, status=error.status, wrong=refused(error))
    given = Given(
        say("Secret of the new webhook"),
        say("Check the signature of each message with it. It is shown only now."),
        secret,
    )
    return _hooks(request, app, pages, who, status=201, given=given)


@router.post("/settings/webhooks/{id}/remove")
@needs(P.SYSTEM_WRITE)
def remove_webhook(id: str, app: Parts, who: Who) -> Response:  # noqa: A002 - the path's own word
    """Tell an address no more."""
    app.webhooks.remove(known_id(id), who)
    return RedirectResponse("/settings/webhooks?said=removed", status_code=303)


def _keys(
    request: Request,
    app: Any,
    pages: Console,
    who: Principal,
    *,
    status: int = 200,
    said: str = "",
    wrong: str = "",
    given: Given | None = None,
) -> HTMLResponse:
    return show(
        request, pages, who, "settings_keys", section="settings", status=status,
        view=read_settings.keys(app), said=said, wrong=wrong, given=given,
    )  # fmt: skip


def _hooks(
    request: Request,
    app: Any,
    pages: Console,
    who: Principal,
    *,
    status: int = 200,
    said: str = "",
    wrong: str = "",
    given: Given | None = None,
) -> HTMLResponse:
    with app.db.read() as tx:
        view = read_settings.hooks(tx, app)
    return show(
        request, pages, who, "settings_webhooks", section="settings", status=status,
        view=view, said=said, wrong=wrong, given=given,
    )  # fmt: skip
