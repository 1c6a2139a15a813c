"""The pages of figures: a period in plots and tables, its files, and the measures of a code.

For auditors and whoever runs the installation; counts alone, small ones suppressed. That somebody
took a report as a file is in the audit log.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from breakwater.errors import BadInput
from breakwater.model.access import Permission
from breakwater.model.transparency import Period
from breakwater.web.api.transparency import PaperForm, ReportForm, answer, printed, proven, taken
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_transparency
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.retold import refused

P = Permission
router = Router(include_in_schema=False)

Day = Annotated[str, Query(max_length=10)]
First = Annotated[str, Query(alias="from", max_length=10)]
CodeName = Annotated[str, Query(max_length=32)]
UNFIT: Final = 422


@router.get("/transparency")
@needs(P.TRANSPARENCY_READ)
def page(
    request: Request, *, app: Parts, pages: Pages, who: Who, first: First = "", to: Day = ""
) -> HTMLResponse:
    """The figures of a period; the last 30 days where none is given."""
    told, status, now = "", 200, app.clock.now()
    period = Period.until(now)
    try:
        period = Period.parse(first, to) if first or to else period
    except BadInput as bad:
        told, status = refused(bad), UNFIT
    view = read_transparency.view(app.transparency.figures.report(period), now)
    return show(request, pages, who, "transparency", status=status, view=view, told=told)


@router.get("/transparency/report")
@needs(P.TRANSPARENCY_READ)
def file(app: Parts, who: Who, first: First, to: Day, form: ReportForm) -> Response:
    """The report as a file."""
    period = Period.parse(first, to)
    report = taken(app, who, period, form.value)
    return answer(printed(report, form.value), form.value, f"{period}")


@router.get("/transparency/measures")
@needs(P.TRANSPARENCY_READ)
def measures(
    request: Request, *, app: Parts, pages: Pages, who: Who, code: CodeName = "ofcom"
) -> HTMLResponse:
    """Measures of a code: on or off, since when, and what proves it."""
    view = read_transparency.measures(app.transparency.measures.report(code), app.clock.now())
    return show(request, pages, who, "measures", section="transparency", view=view)


@router.get("/transparency/measures/report")
@needs(P.TRANSPARENCY_READ)
def proof(app: Parts, form: PaperForm, code: CodeName = "ofcom") -> Response:
    """The same as a file."""
    return answer(proven(app.transparency.measures.report(code), form.value), form.value, code)
