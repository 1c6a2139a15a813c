"""`/v1/filings`: reports to authorities, drafted from decided cases, sent by people.

For report officers. Every look is written down before it is answered; nothing is sent that has
a gap that blocks, and where the recipient is real a second person agrees first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from breakwater.app import App
from breakwater.errors import BadInput
from breakwater.model.access import Permission, Principal
from breakwater.model.filing import Filing, FilingState
from breakwater.model.ids import Id
from breakwater.model.report import Report
from breakwater.model.sending import DataClass, Occasion, RecipientKind
from breakwater.records import filings as rows
from breakwater.reporting.filing import Looked
from breakwater.web.api.media import known_id
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.api.streams import CHANGE, READ, IdText
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["filings"])
Reason = Annotated[
    str, Field(min_length=1, max_length=2000, examples=["It was reported by phone."])
]


class FilingReasonIn(Body):
    """Why."""

    reason: Reason


class FilingReportIn(Body):
    """What a draft shall say: the whole report, as `GET` gives it."""

    report: dict[str, Any]


class ReceiptIn(Body):
    """What the recipient gave."""

    reference: str = Field(min_length=1, max_length=200, examples=["Crime 12/3456, Sgt Example"])


class ReceiptOut(Answer):
    """A receipt as it is kept."""

    id: str = Field(examples=[ID])
    filing: str = Field(examples=[ID])
    reference: str = Field(examples=["Crime 12/3456, Sgt Example"])
    at: datetime


class SendingOut(Answer):
    """Whether it may leave."""

    allowed: bool
    basis: str = Field(description="The legal basis; empty where it may not.")
    why_not: str = Field(description="Why not, and what to do instead; empty where it may.")
    own: bool = Field(description="One of your own rules decided it.")


class FilingOut(Answer):
    """One report on its way to one recipient."""

    id: str = Field(examples=[ID])
    number: int = Field(examples=[7])
    case: str = Field(examples=[ID])
    destination: str = Field(examples=["ncmec"])
    person: int = Field(description="Which of the case's accounts it is about, from 0.")
    version: int
    state: str = Field(description="`draft`, `second`, `new`, `open`, `uploaded`, `described`, `retracting`, `dead`, `finished` or `dropped`.", examples=["draft"])  # fmt: skip
    urgent: bool
    report_id: str = Field(description="The recipient's number; empty: none yet.")
    files: int
    due_at: datetime
    finished_at: datetime | None = None
    fault: str = Field(description="What stands in its way; empty: nothing does.", examples=[""])

    @classmethod
    def of(cls, one: Filing) -> FilingOut:
        """From the noun."""
        return cls(
            id=one.id, number=one.number, case=one.case, destination=one.destination,
            person=one.person, version=one.version, state=one.state.value, urgent=one.urgent,
            report_id=one.report_id, files=len(one.files), due_at=one.due_at,
            finished_at=one.finished_at, fault=one.fault,
        )  # fmt: skip


class FilingsOut(Answer):
    """Reports of a case."""

    filings: list[FilingOut]


class GapOut(Answer):
    """Something a report does not say."""

    what: str = Field(examples=["port"])
    says: str = Field(examples=["An address stands without its port."])
    why: str
    blocks: bool


class FilingStepOut(Answer):
    """One call to the recipient: `intent` before it, `answer` or `lost` after it."""

    call: str = Field(examples=["submit"])
    phase: str = Field(examples=["answer"])
    attempt: int
    at: datetime
    file: int | None
    code: int | None
    request_id: str
    report_id: str
    detail: str


class FilingWholeOut(FilingOut):
    """One report with what it says."""

    report: dict[str, Any] = Field(description="The report, recipient's form aside.")
    gaps: list[GapOut]
    steps: list[FilingStepOut]
    orphans: list[str] = Field(description="Reports that may stand open with the recipient and belong to nothing; empty text: its number is not known.")  # fmt: skip

    @classmethod
    def whole(cls, one: Looked) -> FilingWholeOut:
        """From the noun."""
        return cls(
            **FilingOut.of(one.filing).model_dump(), report=one.report.plain(),
            gaps=[GapOut(what=g.what, says=g.says, why=g.why, blocks=g.blocks) for g in one.gaps],
            steps=[
                FilingStepOut(
                    call=s.call.value, phase=s.phase.value, attempt=s.attempt, at=s.at,
                    file=s.file, code=s.code, request_id=s.request_id, report_id=s.report_id,
                    detail=s.detail,
                )
                for s in one.steps
            ],
            orphans=[o.report_id for o in one.orphans if not o.retracted],
        )  # fmt: skip


@router.get("/v1/cases/{id}/filings", summary="Reports of a case", responses=READ)
@needs(P.FILING_READ)
def every(id: IdText, app: Parts, who: Who) -> FilingsOut:  # noqa: A002 - the path's own word
    """By recipient and account."""
    found = app.reporting.filings.of_case(who, known_id(id))
    return FilingsOut(filings=[FilingOut.of(one) for one in found])


@router.post("/v1/cases/{id}/filings", status_code=201, summary="Draft the reports of a case", responses=CHANGE)  # fmt: skip
@needs(P.FILING_WRITE)
def draft(id: IdText, app: Parts, who: Who) -> FilingsOut:  # noqa: A002 - the path's own word
    """From what is known now; drafts that nobody changed are renewed."""
    made = app.reporting.filings.draft(known_id(id), by=who)
    return FilingsOut(filings=[FilingOut.of(one) for one in made])


@router.get("/v1/filings/{id}", summary="One report, whole", responses=READ)
@needs(P.FILING_READ)
def one(id: IdText, app: Parts, who: Who) -> FilingWholeOut:  # noqa: A002 - the path's own word
    """With what it lacks and every call that was made for it."""
    return FilingWholeOut.whole(app.reporting.filings.look(who, known_id(id)))


@router.put("/v1/filings/{id}/report", summary="Change what a draft says", responses=CHANGE)
@needs(P.FILING_WRITE)
def change(id: IdText, body: FilingReportIn, app: Parts, who: Who) -> FilingOut:  # noqa: A002 - the path's own word
    """Its files stay as they are."""
    try:
        report = Report.read(body.report)
    except RecursionError:
        raise BadInput("The report is nested too deeply.") from None
    return FilingOut.of(app.reporting.filings.change(who, known_id(id), report))


@router.post("/v1/filings/{id}/send", summary="Send a draft", responses=CHANGE)
@needs(P.FILING_WRITE)
def send(id: IdText, app: Parts, who: Who, *, declared: bool = False) -> FilingOut:  # noqa: A002 - the path's own word
    """Or have it wait for a second person, where the recipient is real and it is not urgent.

    `declared`: you declare that all reasonably available information is in it.
    """
    return FilingOut.of(app.reporting.filings.want(who, known_id(id), declared=declared))


@router.post("/v1/filings/{id}/receipts", status_code=201, summary="Write a receipt down", responses=CHANGE)  # fmt: skip
@needs(P.FILING_WRITE)
def receipt(id: IdText, body: ReceiptIn, app: Parts, who: Who) -> ReceiptOut:  # noqa: A002 - the path's own word
    """What the recipient gave when the sealed file was handed over; then the report is filed."""
    made = app.reporting.courier.receive(who.person or who.id, known_id(id), body.reference)
    return ReceiptOut(id=made.id, filing=made.filing, reference=made.reference, at=made.at)


@router.get("/v1/filings/{id}/sealed", summary="The sealed file of a report", responses=READ)
@needs(P.FILING_WRITE)
def sealed(id: IdText, app: Parts, who: Who) -> Response:  # noqa: A002 - the path's own word
    """An `age` file that only the recipient opens; taking it is written down first."""
    return handed_out(app, who, known_id(id))


@router.get("/v1/filings", summary="Every report, open or filed")
@needs(P.FILING_READ)
def listed(
    app: Parts, who: Who, *, filed: bool = False, late: bool = False,
    to: Annotated[str, Query(max_length=40)] = "", after: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> FilingsOut:  # fmt: skip
    """Open ones by when they are due, filed ones the newest first; fifty at a time."""
    states = [one for one in FilingState if one.ends is filed]
    with app.db.transaction() as tx:
        tx.audit(who.id, "filing.list", "filings", filed=filed)
        found = rows.listed(tx, states, to=to, late=late and not filed, after=after, newest=filed)
    return FilingsOut(filings=[FilingOut.of(one) for one in found])


@router.get("/v1/sendings", summary="Whether something may leave for a recipient")
@needs(P.FILING_READ)
def may_leave(
    app: Parts, to: Annotated[str, Query(min_length=2, max_length=2, examples=["US"])],
    kind: RecipientKind, data: DataClass, when: Occasion = Occasion.ALWAYS,
) -> SendingOut:  # fmt: skip
    """By the table of laws, the seat of the service and your own rules; default no."""
    said = app.reporting.sendings.may(to.upper(), kind, data, when=when)
    return SendingOut(allowed=said.allowed, basis=said.basis, why_not=said.why_not, own=said.own)


def handed_out(app: App, who: Principal, filing: Id) -> Response:
    """The sealed file of a report as a download."""
    parcel, source = app.reporting.courier.opened(str(who.person or who.id), filing)

    def blocks() -> Iterator[bytes]:
        with source:
            while block := source.read(1 << 20):
                yield block

    headers = {
        "Content-Disposition": f'attachment; filename="{parcel.name}"',
        "Content-Length": str(parcel.size),
    }
    return StreamingResponse(blocks(), media_type="application/age", headers=headers)


@router.post("/v1/filings/{id}/confirm", summary="Agree, as the second person", responses=CHANGE)
@needs(P.FILING_WRITE)
def confirm(id: IdText, app: Parts, who: Who) -> FilingOut:  # noqa: A002 - the path's own word
    """It is sent."""
    return FilingOut.of(app.reporting.filings.confirm(who, known_id(id)))


@router.post("/v1/filings/{id}/take-back", summary="Make it a draft again", responses=CHANGE)
@needs(P.FILING_WRITE)
def take_back(id: IdText, body: FilingReasonIn, app: Parts, who: Who) -> FilingOut:  # noqa: A002 - the path's own word
    """While it waits for a second person."""
    return FilingOut.of(app.reporting.filings.take_back(who, known_id(id), body.reason))


@router.post("/v1/filings/{id}/drop", summary="Do not send it", responses=CHANGE)
@needs(P.FILING_WRITE)
def drop(id: IdText, body: FilingReasonIn, app: Parts, who: Who) -> FilingOut:  # noqa: A002 - the path's own word
    """A draft, or what the recipient refuses; with a reason."""
    return FilingOut.of(app.reporting.filings.drop(who, known_id(id), body.reason))


@router.post("/v1/filings/{id}/retry", summary="Try again what stopped", responses=CHANGE)
@needs(P.FILING_WRITE)
def retry(id: IdText, app: Parts, who: Who) -> FilingOut:  # noqa: A002 - the path's own word
    """What stood in its way is mended."""
    return FilingOut.of(app.reporting.filings.revive(who, known_id(id)))
