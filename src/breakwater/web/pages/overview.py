"""Overview: is it working, how much comes in, who waits. Verdicts only by role."""

from __future__ import annotations

from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse

from breakwater.web.gate import Router, Who, signed_in
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.models import Series
from breakwater.web.pages.read_overview import sees_sums

router = Router(include_in_schema=False)


@router.get("/")
@signed_in("counts and states only; verdicts, links and cases appear by role")
def overview(request: Request, pages: Pages, who: Who) -> HTMLResponse:
    """The first page."""
    return show(request, pages, who, "overview", view=pages.reads.overview(who))


@router.get("/overview/series")
@signed_in("counts only")
def series(pages: Pages, who: Who) -> JSONResponse:
    """Figures of the live plot; none for graders."""
    figures = pages.reads.series() if sees_sums(who) else Series((), (), (), ())
    return JSONResponse(asdict(figures))
