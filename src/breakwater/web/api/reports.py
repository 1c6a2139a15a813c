"""`POST /v1/reports`: what users and partners of a service say is wrong.

With a key of scope `report:write`. The reporter is kept as a pseudonym; what they wrote is
sealed and stands on the case only. A report opens a case or joins the one that waits.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from breakwater.model.access import Permission
from breakwater.model.user_report import Concern, ReporterKind, UserReport
from breakwater.review.queueing.reports import Told
from breakwater.web.api.appeals import named_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import SERVICE, Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["reports"])


class ReportIn(Body):
    """One report: about an upload, an item or an account; at least one of them."""

    service: str = Field(pattern=SERVICE, description="Your name for the service.", examples=["photos"])  # fmt: skip
    concern: Concern = Field(description="What they say is wrong.", examples=["grooming"])
    reporter: str = Field(min_length=1, max_length=512, description="Your id of who reports; kept as a keyed pseudonym only.", examples=["acct-3"])  # fmt: skip
    reporter_kind: ReporterKind = ReporterKind.USER
    danger: bool = Field(default=False, description="They say that a child is in danger now.")
    upload: str = Field(default="", max_length=64, description="`id` of its verdict.", examples=[ID])  # fmt: skip
    item: str = Field(default="", max_length=512, description="Your id of the object.", examples=["obj-991"])  # fmt: skip
    account: str = Field(default="", max_length=512, description="Your id of the account it is about.")  # fmt: skip
    reference: str = Field(default="", max_length=200, description="Your own id of the report; the same one is not taken twice.")  # fmt: skip
    words: str = Field(default="", max_length=4000, description="The reporter's own; kept sealed.")

    def told(self) -> Told:
        """As the verb takes it."""
        upload = named_id(self.upload) if self.upload else None
        return Told(**dict(self) | {"upload": upload})


class ReportOut(Answer):
    """A report that was taken. What the case says is for people here."""

    id: str = Field(examples=[ID])
    case: str = Field(description="That it opened or joined.", examples=[ID])
    upload: str | None = Field(default=None, description="What it is about, where it is known.")
    reference: str = ""
    at: datetime

    @classmethod
    def of(cls, report: UserReport) -> ReportOut:
        """From the noun."""
        return cls(
            id=report.id,
            case=report.case,
            upload=report.upload,
            reference=report.reference,
            at=report.at,
        )


@router.post(
    "/v1/reports",
    status_code=201,
    summary="Report something",
    responses=problems(401, 403, 404, 409, 422, 429, 503),
)
@needs(P.REPORT_WRITE)
def take(body: ReportIn, app: Parts, who: Who) -> ReportOut:
    """A person looks, the sooner the more reliable those who reported it were."""
    return ReportOut.of(app.review.reports.take(who, body.told()))
