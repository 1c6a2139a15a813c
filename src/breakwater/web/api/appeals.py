"""`/v1/appeals` and `/v1/verdicts/{id}/notice`: claims that a measure was wrong, and what is told.

A service files with its key (`appeal:write`) and reads its own appeals only; people whose role
decides appeals see those that wait and answer them. Answers go out as `appeal.decided`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import Field

from breakwater.errors import BadInput
from breakwater.model.access import Permission
from breakwater.model.appeal import Appeal, AppealOutcome, Claim, Ground, OverturnRate
from breakwater.model.ids import Id, parse_id
from breakwater.model.notice import Notice
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["appeals"])

IdText = Annotated[str, Path(max_length=64, examples=[ID])]
FAULTS = problems(401, 403, 404, 409, 422, 429, 503)
LANGUAGE = r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3})?$"


class AppealIn(Body):
    """What your user says of a measure."""

    upload: str = Field(max_length=64, description="`id` of the verdict.", examples=[ID])
    claim: Claim = Field(description="Why it is said to be wrong.", examples=["wrong_match"])
    words: str = Field(default="", max_length=4000, description="The user's own; kept sealed.")
    account: str = Field(default="", max_length=512, description="Your id of the user; sealed.")
    language: str = Field(default="", pattern=LANGUAGE, description="BCP 47; of the answer.", examples=["de"])  # fmt: skip
    reference: str = Field(default="", max_length=200, description="Your own id of the appeal; the same one is not filed twice.")  # fmt: skip


class DecisionIn(Body):
    """The answer to an appeal."""

    outcome: AppealOutcome = Field(examples=["overturned"])
    ground: Ground | None = Field(default=None, description="Why the measure falls; only then.")
    reason: str = Field(min_length=1, max_length=4000, description="For the record; the user is told by a notice.")  # fmt: skip


class NoticeOut(Answer):
    """What your user is to be told; empty sentences while it is withheld."""

    measure: str = Field(examples=["blocked"])
    decided_by: str = Field(description="`machine`, `both` or `person`.", examples=["machine"])
    language: str = Field(examples=["en"])
    version: int = Field(description="Of the texts.")
    what: str
    why: str
    how: str = Field(description="Whether a machine decided.")
    appeal: str = Field(description="What the user can do.")
    statement: dict[str, Any] = Field(
        description="Fields of the DSA Transparency Database's statement of reasons."
    )
    withheld_until: datetime | None = Field(
        default=None, description="Tell the user nothing until then."
    )

    @classmethod
    def of(cls, notice: Notice) -> NoticeOut:
        """From the noun."""
        return cls(
            measure=notice.measure.value,
            decided_by=notice.decided_by.value,
            language=notice.language,
            version=notice.version,
            what=notice.what,
            why=notice.why,
            how=notice.decided_by_words,
            appeal=notice.appeal,
            statement=dict(notice.statement),
            withheld_until=notice.withheld_until,
        )


class AppealOut(Answer):
    """One appeal. The user's words are not given back."""

    id: str = Field(examples=[ID])
    number: int = Field(examples=[7])
    upload: str = Field(examples=[ID])
    service: str = Field(examples=["photos"])
    reference: str = ""
    claim: str = Field(examples=["wrong_match"])
    state: str = Field(description="`waiting` or `decided`.", examples=["waiting"])
    outcome: str | None = Field(default=None, description="`upheld` or `overturned`.")
    ground: str | None = None
    at: datetime
    due_at: datetime
    decided_at: datetime | None = None
    notice: NoticeOut | None = Field(default=None, description="Once it is decided.")

    @classmethod
    def of(cls, appeal: Appeal, notice: Notice | None = None) -> AppealOut:
        """From the noun."""
        answer = appeal.answer
        return cls(
            id=appeal.id,
            number=appeal.number,
            upload=appeal.upload,
            service=appeal.service,
            reference=appeal.reference,
            claim=appeal.claim.value,
            state="decided" if answer else "waiting",
            outcome=answer.outcome.value if answer else None,
            ground=answer.ground.value if answer and answer.ground else None,
            at=appeal.at,
            due_at=appeal.due_at,
            decided_at=answer.at if answer else None,
            notice=NoticeOut.of(notice) if notice else None,
        )


class AppealsOut(Answer):
    """Appeals that wait, the first due first."""

    appeals: list[AppealOut]
    next: int | None = Field(default=None, description="`after` of the next page.")


class RateOut(Answer):
    """How often appeals against one bank, rule or reviewer were right."""

    name: str = Field(examples=["DEMO"])
    decided: int = Field(examples=[40])
    overturned: int = Field(examples=[3])
    share: float = Field(examples=[0.075])
    low: float = Field(description="Lower end of the 95 % interval (Wilson).")
    high: float = Field(description="Upper end of it.")

    @classmethod
    def of(cls, rate: OverturnRate) -> RateOut:
        """From the noun."""
        low, high = rate.interval
        return cls(
            name=rate.name,
            decided=rate.decided,
            overturned=rate.overturned,
            share=round(rate.share, 4),
            low=round(low, 4),
            high=round(high, 4),
        )


class RatesOut(Answer):
    """Of the last year; answers of people only."""

    bank: list[RateOut]
    rule: list[RateOut]
    reviewer: list[RateOut] = Field(description="By id of the person who decided first.")


@router.post("/v1/appeals", status_code=201, summary="File an appeal", responses=FAULTS)
@needs(P.APPEAL_WRITE)
def file(body: AppealIn, app: Parts, who: Who) -> AppealOut:
    """What is kept of the upload is locked until the appeal is answered, by another person."""
    asked = body.model_dump(exclude={"upload"})
    return AppealOut.of(app.review.appeals.file(who, named_id(body.upload), **asked))


@router.get("/v1/appeals/rates", summary="How often appeals were right", responses=FAULTS)
@needs(P.GRADE_QA)
def rates(app: Parts) -> RatesOut:
    """Overturned of decided, by bank, rule and reviewer."""
    found = app.review.appeals.rates()
    return RatesOut(**{kind: [RateOut.of(rate) for rate in rows] for kind, rows in found.items()})


@router.get("/v1/appeals", summary="Appeals that wait", responses=FAULTS)
@needs(P.APPEAL_DECIDE)
def waiting(app: Parts, after: Annotated[int, Query(ge=0, lt=1 << 62)] = 0) -> AppealsOut:
    """Fifty at a time."""
    found = app.review.appeals.waiting(after=after, limit=50)
    following = found[-1].number if len(found) == 50 else None
    return AppealsOut(appeals=[AppealOut.of(appeal) for appeal in found], next=following)


@router.get("/v1/appeals/{id}", summary="One appeal of yours", responses=FAULTS)
@needs(P.APPEAL_WRITE)
def get(id: IdText, app: Parts, who: Who) -> AppealOut:  # noqa: A002 - the path's own word
    """With the notice for your user, once it is decided."""
    return AppealOut.of(*app.review.appeals.get(known_id(id), who))


@router.post("/v1/appeals/{id}/decision", summary="Answer an appeal", responses=FAULTS)
@needs(P.APPEAL_DECIDE)
def decide(id: IdText, body: DecisionIn, app: Parts, who: Who) -> AppealOut:  # noqa: A002 - the path's own word
    """By another person than the one who decided first; the service is told by webhook."""
    done = app.review.appeals.decide(
        who, known_id(id), body.outcome, reason=body.reason, ground=body.ground
    )
    return AppealOut.of(done)


@router.get("/v1/verdicts/{id}/notice", summary="What to tell the user", responses=FAULTS)
@needs(P.VERDICT_READ)
def notice(
    id: IdText,  # noqa: A002 - the path's own word
    app: Parts,
    who: Who,
    language: Annotated[str, Query(max_length=35, pattern=LANGUAGE, examples=["de"])] = "",
) -> NoticeOut:
    """What was done, why in neutral words, whether by a machine, and how to appeal."""
    return NoticeOut.of(app.review.notices.of(known_id(id), who, language))


def named_id(text: str) -> Id:
    """Read an id from a body.

    Raises:
        BadInput: it has another form.
    """
    found = parse_id(text)
    if found is None:
        raise BadInput("upload: has the form 0197a2f0-6f6a-7c3e-9d4e-2f1f6a4c9b11.")
    return found
