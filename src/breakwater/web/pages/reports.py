"""What people outside said of one case: their words as they wrote them, and never their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Path
from starlette.requests import Request
from starlette.responses import HTMLResponse

from breakwater.model.access import Permission
from breakwater.model.user_report import Concern, Reliability, ReporterKind, UserReport
from breakwater.records import reports
from breakwater.records.database import Tx
from breakwater.review.queueing.reports import believed
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import words
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.models import When
from breakwater.web.pages.read_queue import case_named
from breakwater.web.pages.speech import Spoken, figure, later, say, say_n

router = Router(include_in_schema=False)

CONCERNS: Final[Mapping[Concern, str]] = Spoken({
    Concern.SEXUAL_MATERIAL: later("Sexual material of a child"),
    Concern.GROOMING: later("An approach to a child"),
    Concern.EXTORTION: later("Extortion of a child"),
    Concern.ABUSE_LIVE: later("Abuse shown live"),
    Concern.OTHER: later("Something else"),
})  # fmt: skip

REPORTERS: Final[Mapping[ReporterKind, str]] = Spoken({
    ReporterKind.USER: later("A user"),
    ReporterKind.TRUSTED_FLAGGER: later("A trusted flagger"),
    ReporterKind.PARTNER: later("A partner"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One report."""

    concern: str
    who: str
    at: When
    words: str
    danger: bool
    facts: tuple[tuple[str, str], ...]


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
            rows=tuple(_row(tx, one) for one in reports.of_case(tx, found.id)),
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


def _row(tx: Tx, one: UserReport) -> ReportRow:
    trust = reports.reliability(tx, {one.reporter: one.reporter_kind})[one.reporter]
    return ReportRow(
        concern=CONCERNS[one.concern],
        who=REPORTERS[one.reporter_kind],
        at=words.ago(one.at, tx.now),
        words=one.words,
        danger=one.danger,
        facts=(
            (say("Reporter"), say("Pseudonym %(key)s", key=one.reporter[:10])),
            (say("Their record"), _record(trust)),
        ),
    )


def _record(trust: Reliability) -> str:
    if not trust.known:
        return say("No outcome yet")
    return say(
        "%(right)s right, %(wrong)s wrong", right=figure(trust.right), wrong=figure(trust.wrong)
    )
