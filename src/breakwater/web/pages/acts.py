"""Acts on services: all of them, those of one case, and what people ask for by hand.

Plain forms that work without scripts. Thin over `enforcement.platform.acting`.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Form, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, Conflict, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.act import ActKind
from breakwater.model.ids import Id, parse_id
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_acts
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.read_queue import case_named
from breakwater.web.pages.retold import refused

P = Permission
router = Router(include_in_schema=False)

SEE_OTHER: Final = 303
Name = Annotated[str, Path(max_length=64)]


@router.get("/acts")
@needs(P.ACT_READ)
def every(
    request: Request, *, app: Parts, pages: Pages, who: Who,
    failing: Annotated[str, Query(max_length=1)] = "", at: Annotated[str, Query(max_length=64)] = "",
) -> HTMLResponse:  # fmt: skip
    """The newest first, or those that a person must look at."""
    return _every(request, app, pages, who, failing=bool(failing), at=at)


@router.post("/acts/{act}/retry")
@needs(P.ACT_RETRY)
def retry(request: Request, *, app: Parts, pages: Pages, who: Who, act: Name) -> Response:
    """Try one again, and show those that are left."""
    try:
        app.acting.acts.again(who, _id(act))
    except Conflict as fault:
        return _every(
            request, app, pages, who, failing=True, at="", told=refused(fault), status=fault.status
        )
    return RedirectResponse("/acts?failing=1", SEE_OTHER)


@router.get("/cases/{case}/acts")
@needs(P.CASE_READ)
def of_case(request: Request, *, app: Parts, pages: Pages, who: Who, case: Name) -> HTMLResponse:
    """What follows from one case."""
    return _of_case(request, app, pages, who, case)


@router.post("/cases/{case}/acts")
@needs(P.CASE_DECIDE)
def want(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: Name,
    kind: Annotated[str, Form(max_length=30)] = "",
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """Ask for an act by hand."""
    with app.db.read() as tx:
        found = case_named(tx, case)
    try:
        app.acting.acts.want(who, found.id, _kind(kind), reason=reason)
    except (Conflict, BadInput) as fault:
        return _of_case(request, app, pages, who, case, told=refused(fault), status=fault.status)
    return RedirectResponse(f"/cases/{found.id}/acts", SEE_OTHER)


def _every(
    request: Request, app: Parts, pages: Pages, who: Principal, *, failing: bool, at: str,
    told: str = "", status: int = 200,
) -> HTMLResponse:  # fmt: skip
    older = _id(at) if at else None
    acts = app.acting.acts
    found = acts.every(who, failing=failing, before=older, limit=read_acts.PAGE + 1)
    view = read_acts.every(
        found, failing=failing, waiting=acts.failing(), at=at, now=app.clock.now(),
        may=who.may(P.ACT_RETRY),
    )  # fmt: skip
    return show(request, pages, who, "acts", section="queue", status=status, view=view, told=told)


def _of_case(
    request: Request, app: Parts, pages: Pages, who: Principal, case: str, *,
    told: str = "", status: int = 200,
) -> HTMLResponse:  # fmt: skip
    with app.db.read() as tx:
        found = case_named(tx, case)
    acts = app.acting.acts
    view = read_acts.of_case(
        found, acts.every(who, case=found.id, limit=200), acts.kinds_for(found.id),
        connected=acts.connected(found.service), now=app.clock.now(), may=who.may(P.CASE_DECIDE),
    )  # fmt: skip
    return show(request, pages, who, "acts", section="queue", status=status, view=view, told=told)


def _id(text: str) -> Id:
    found = parse_id(text)
    if found is None:
        raise NotFound("act")
    return found


def _kind(name: str) -> ActKind:
    try:
        return ActKind(name)
    except ValueError:
        raise BadInput("Choose what the service shall do.") from None
