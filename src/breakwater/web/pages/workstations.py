"""Workstations: what this machine is, how it becomes one, and all of them for administrators.

A machine is enrolled where it stands: somebody types an administrator's one-time code on it, or
an administrator who sits at it presses a button. The token goes into the browser and nowhere
else. Thin over `review.looking.devices`; who a request came from is `web.workstation`'s matter.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Path
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, BreakwaterError, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import Id, parse_id
from breakwater.records import people
from breakwater.web.gate import Parts, Router, Who, gate_of, needs, signed_in
from breakwater.web.pages import read_workstations
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.reads import Console
from breakwater.web.pages.speech import say
from breakwater.web.workstation import approach, remember

P = Permission
router = Router(include_in_schema=False)

Field = Annotated[str, Form(max_length=100)]
DeviceId = Annotated[str, Path(max_length=64)]


@router.get("/workstations")
@signed_in("what this machine is; the list of all only for those who run the system")
def workstations(request: Request, app: Parts, pages: Pages, who: Who) -> HTMLResponse:
    """This machine, and all of them."""
    return _page(request, app, pages, who)


@router.post("/workstations/enrol")
@signed_in("the code is the proof; wrong ones are counted by address")
def enrol(request: Request, app: Parts, pages: Pages, who: Who, code: Field = "") -> Response:
    """Make this machine a workstation by a code."""
    gate_of(request).slow_down(request)
    try:
        _, token = app.review.devices.enrol(who, code)
    except NotFound as error:
        gate_of(request).failed(request)
        return _page(request, app, pages, who, wrong=error)
    return _enrolled(request, token)


@router.post("/workstations/here")
@needs(P.SYSTEM_WRITE)
def here(request: Request, app: Parts, pages: Pages, who: Who, name: Field = "") -> Response:
    """Make this machine a workstation with one click."""
    try:
        _, token = app.review.devices.enrol_here(who, name)
    except BadInput as error:
        return _page(request, app, pages, who, wrong=error)
    return _enrolled(request, token)


@router.post("/workstations/codes")
@needs(P.SYSTEM_WRITE)
def code(request: Request, app: Parts, pages: Pages, who: Who, name: Field = "") -> Response:
    """Make a code for another machine; it is shown here and never again."""
    try:
        made = app.review.devices.code(who, name)
    except BadInput as error:
        return _page(request, app, pages, who, wrong=error)
    return _page(request, app, pages, who, code=(made, name))


@router.post("/workstations/{device}/remove")
@needs(P.SYSTEM_WRITE)
def remove(request: Request, app: Parts, pages: Pages, who: Who, device: DeviceId) -> Response:
    """Show no picture on a machine from now on."""
    try:
        app.review.devices.remove(who, _id(device))
    except NotFound as error:
        return _page(request, app, pages, who, wrong=error)
    return RedirectResponse("/workstations", status_code=303)


def _enrolled(request: Request, token: str) -> Response:
    entered = RedirectResponse("/workstations", status_code=303)
    remember(request, entered, token)
    return entered


def _page(
    request: Request, app: Parts, pages: Console, who: Principal,
    *, wrong: BreakwaterError | None = None, code: tuple[str, str] = ("", ""),
) -> HTMLResponse:  # fmt: skip
    came = approach(request)
    devices = app.review.devices
    with app.db.read() as tx:
        view = read_workstations.view(
            came, devices.known(came),
            devices.every() if who.may(P.SYSTEM_READ) else [],
            names={person.id: person.name for person in people.every(tx)},
            may_run=who.may(P.SYSTEM_WRITE), code=code, now=tx.now,
        )  # fmt: skip
    return show(
        request, pages, who, "workstations", view=view, wrong=say(wrong.detail) if wrong else "",
        status=wrong.status if wrong else 200,
    )  # fmt: skip


def _id(text: str) -> Id:
    found = parse_id(text)
    if found is None:
        raise NotFound(say("There is nothing of this id."))
    return found
