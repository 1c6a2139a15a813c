"""`/v1/transparency`: figures of a period; `/v1/compliance`: measures and their proof.

Counts alone: nothing here names a person, an account or a broadcast, and small counts by country
are suppressed. As JSON, CSV or a paper; every report that is taken is in the audit log.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import Query
from starlette.responses import Response

from breakwater.app import App
from breakwater.model.access import Permission, Principal
from breakwater.model.compliance import Compliance
from breakwater.model.transparency import Period, Report
from breakwater.transparency import compliance_paper, flat, paper
from breakwater.web.api.openapi import problems
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["transparency"])


class ReportForm(StrEnum):
    """What a report is printed as."""

    JSON = "json"
    CSV = "csv"
    PDF = "pdf"


class PaperForm(StrEnum):
    """What measures are printed as."""

    JSON = "json"
    PDF = "pdf"


KINDS: Final = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
}
_EXAMPLES: Final[dict[str, Any]] = {
    "application/json": {"schema": {"type": "object"}, "example": {"format": flat.FORMAT}},
    "text/csv": {"schema": {"type": "string"}, "example": ",".join(flat.HEAD)},
    "application/pdf": {"schema": {"type": "string", "format": "binary"}, "example": "%PDF-1.4"},
}
READ: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": _EXAMPLES, "description": "The report."}, **problems(401, 403, 404, 422, 429),
}  # fmt: skip
From = Annotated[date, Query(alias="from", description="First day, UTC.", examples=["2026-11-01"])]
CodeName = Annotated[str, Query(max_length=32, description="Name of the code.", examples=["ofcom"])]
To = Annotated[
    date, Query(description="Last day, UTC; it is in the report.", examples=["2026-11-30"])
]


@router.get(
    "/v1/transparency",
    summary="Figures of a period",
    responses=READ,
    response_class=Response,
)
@needs(P.TRANSPARENCY_READ)
def figures(
    first: From, to: To, app: Parts, who: Who, form: ReportForm = ReportForm.JSON
) -> Response:
    """Items, matches, decisions, waits, reports, refusals, countries and prevalence."""
    period = Period(first, to)
    return answer(printed(taken(app, who, period, form.value), form.value), form.value, f"{period}")


@router.get(
    "/v1/compliance",
    summary="Measures of a regulator's code",
    responses=READ,
    response_class=Response,
)
@needs(P.TRANSPARENCY_READ)
def compliance(
    app: Parts, code: CodeName = "ofcom", form: PaperForm = PaperForm.JSON
) -> Response:  # fmt: skip
    """Which are on, since when, and which rows prove it."""
    found = app.transparency.measures.report(code)
    return answer(proven(found, form.value), form.value, code)


def taken(app: App, who: Principal, period: Period, form: str) -> Report:
    """The report of a period; that somebody took it is written down."""
    report = app.transparency.figures.report(period)
    with app.db.transaction() as tx:
        tx.audit(who.person or who.id, "transparency.report", f"{period}", form=form)
    return report


def printed(report: Report, form: str) -> str | bytes:
    """A report as JSON, CSV or PDF."""
    if form == ReportForm.PDF:
        return paper.to_pdf(report)
    return flat.to_csv(report) if form == ReportForm.CSV else flat.to_json(report)


def proven(found: Compliance, form: str) -> str | bytes:
    """Measures as JSON or PDF."""
    return compliance_paper.to_pdf(found) if form == "pdf" else compliance_paper.to_json(found)


def answer(body: str | bytes, form: str, name: str) -> Response:
    """What is printed as a file to keep; JSON is shown."""
    plain = name.replace("/", "_")
    headers = (
        {"Content-Disposition": f'attachment; filename="transparency_{plain}.{form}"'}
        if form != "json" else {}
    )  # fmt: skip
    return Response(body, media_type=KINDS[form], headers=headers)
