"""What people outside said of one case: their words as they wrote them, and never their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Path
from starlette.requests import Request
from starlette.responses import HTMLResponse

from breakwater.model.access import Permission
from breakwater.records import user_reports
from breakwater.review.queueing.reports import believed
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.read_queue import case_named
from breakwater.web.pages.read_reports import ReportRow, row
from breakwater.web.pages.speech import figure, say, say_n

router = Router(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class ReportsView:
    """All of one case, the newest first."""

    case: str
    number: int
    believed: str
    rows: tuple[ReportRow, ...]


@router.get("/cases/{case}/reports")
@needs(Permission.CASE_DECIDE)
def of_case(
    request: Request, app: Parts, pages: Pages, who: Who,
    case: Annotated[str, Path(max_length=64)],
) -> HTMLResponse:  # fmt: skip
    """Reports on one case."""
    with app.db.read() as tx:
        found = case_named(tx, case)
        people, chance = believed(tx, found.id)
        view = ReportsView(
            case=found.id,
            number=found.number,
            believed=_believed(people, chance),
            rows=tuple(row(tx, one) for one in user_reports.of_case(tx, found.id)),
        )
    return show(request, pages, who, "reports", section="queue", view=view)


def _believed(people: int, chance: float) -> str:
    if not people:
        return say("Reporters are known by a pseudonym only.")
    return say_n(
        "%(n)s person reported this. By earlier outcomes, they are right in %(share)s of 100 cases.",
        "%(n)s people reported this. By earlier outcomes, one of them is right in %(share)s of 100 cases.",
        people,
        share=figure(round(chance * 100)),
    )
