"""Queue and case: what waits for a person, and why. Read only; pictures go through `views`."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from breakwater.model.access import Permission
from breakwater.web.gate import Router, Who, needs
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.reads import QueueQuery

router = Router(include_in_schema=False)

Text = Annotated[str, Query(max_length=200)]
FIRST_RUN: Final = "breakwater-first-run"
"""Cookie that says the first case was opened, so that the strip of first steps may go."""


@router.get("/queue")
@needs(Permission.CASE_READ)
def queue(
    request: Request,
    pages: Pages,
    who: Who,
    *,
    q: Text = "",
    priority: Text = "",
    kind: Text = "",
    state: Text = "",
    after: Text = "",
    at: Text = "",
) -> HTMLResponse:
    """Fifty rows, filtered by the address."""
    query = QueueQuery(q=q, priority=priority, kind=kind, state=state, after=after, at=at)
    first_run = FIRST_RUN not in request.cookies and not query.filtered
    view = pages.reads.queue(who, query)
    return show(request, pages, who, "queue", view=view, first_run=first_run)


@router.get("/cases/{case}")
@needs(Permission.CASE_READ)
def case(request: Request, pages: Pages, who: Who, case: str) -> HTMLResponse:
    """One case, by id or by number."""
    view = pages.reads.case(who, case)
    seen = show(request, pages, who, "case", section="queue", view=view)
    seen.set_cookie(FIRST_RUN, "done", max_age=31536000, httponly=True, samesite="strict")
    return seen


@router.get("/cases/{case}/preview")
@needs(Permission.CASE_READ)
def preview(request: Request, pages: Pages, who: Who, case: str) -> HTMLResponse:
    """Why one case waits, for the queue's right column."""
    return show(request, pages, who, "parts/preview", preview=pages.reads.preview(who, case))
