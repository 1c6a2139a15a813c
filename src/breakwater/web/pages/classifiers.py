"""Settings of operators' classifiers: which there are, whether they give scores, on and off.

Thin over `classifiers.manage`. A new one is added by a command on the host or through the API,
where its model is a file; a second person agrees here where policy says so.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Form, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, BreakwaterError
from breakwater.model.access import Permission, Principal
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_classifiers
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.reads import Console
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import Spoken, later, say

P = Permission
router = Router(include_in_schema=False)

Field = Annotated[str, Form(max_length=64)]
SEE_OTHER: Final = 303
SAID: Final = Spoken({
    "confirm": later("Agreed. It gives scores from now on."),
    "on": later("Switched on. It gives scores in a moment."),
    "off": later("Switched off. Nothing that it raised is lowered."),
    "remove": later("Removed. What it said stays with its cases."),
})  # fmt: skip


@router.get("/settings/classifiers")
@needs(P.SERVER_WRITE)
def classifiers(
    request: Request, app: Parts, pages: Pages, who: Who,
    *, said: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:  # fmt: skip
    """All of them."""
    return _page(request, app, pages, who, said=SAID.get(said, ""))


@router.post("/settings/classifiers/check")
@needs(P.SERVER_WRITE)
def check(request: Request, app: Parts, pages: Pages, who: Who, name: Field = "") -> HTMLResponse:
    """Try one in the jail."""
    try:
        _, tried = app.scoring.classifiers.check(name)
    except BreakwaterError as error:
        return _page(request, app, pages, who, wrong=refused(error), status=error.status)
    if tried.trouble is None:
        return _page(request, app, pages, who, said=say("%(name)s can be used.", name=name))
    why = f"{read_classifiers.WHY[tried.trouble]} {tried.detail}".strip()
    return _page(request, app, pages, who, wrong=f"{name}: {why}")


@router.post("/settings/classifiers")
@needs(P.SERVER_WRITE)
def act(
    request: Request, app: Parts, pages: Pages, who: Who,
    *, name: Field = "", what: Field = "",
) -> Response:  # fmt: skip
    """Agree, switch on or off, remove."""
    try:
        _done(app, who, name, what)
    except BreakwaterError as error:
        return _page(request, app, pages, who, wrong=refused(error), status=error.status)
    return RedirectResponse(f"/settings/classifiers?said={what}", SEE_OTHER)


def _done(app: Any, who: Principal, name: str, what: str) -> None:
    verb = app.scoring.classifiers
    if what == "confirm":
        verb.confirm(name, who)
    elif what in {"on", "off"}:
        verb.switch(name, who, on=what == "on")
    elif what == "remove":
        verb.remove(name, who)
    else:
        raise BadInput(say("Say what is to be done."))


def _page(
    request: Request, app: Any, pages: Console, who: Principal,
    *, said: str = "", wrong: str = "", status: int = 200,
) -> HTMLResponse:  # fmt: skip
    view = read_classifiers.view(app, app.clock.now())
    return show(
        request, pages, who, "settings_classifiers", section="settings", view=view, said=said,
        wrong=wrong, status=status,
    )  # fmt: skip
