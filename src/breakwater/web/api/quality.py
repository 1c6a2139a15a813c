"""`/v1/quality`: agreement with intervals, gold items, alarms; hashing old items anew.

For people: no key measures graders. What is measured and what is not stands side by side: a
coefficient that cannot be told says why, and is never a zero.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Self

from fastapi import Path, Query
from pydantic import Field

from breakwater.errors import NotFound
from breakwater.model.access import Permission
from breakwater.model.ids import parse_id
from breakwater.model.quality import Gold, QualityAlarm
from breakwater.review.quality.agreement import Agreement, Unmeasured
from breakwater.review.quality.measures import PairAgreement
from breakwater.review.quality.quality import MOST_GOLD, QualityReport, Standing, TeamAgreement
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["quality"])

MOST: Final = 1 << 40
Number = Annotated[int, Path(ge=1, lt=MOST, examples=[7])]
FAULTS: Final = problems(401, 403, 404, 409, 422, 429, 503)


class CoefficientOut(Answer):
    """A coefficient with its 95 % interval, or why there is none."""

    value: float | None = Field(examples=[0.84])
    low: float | None = None
    high: float | None = None
    items: int = Field(default=0, description="Items that two people or more answered.")
    why: str = Field(default="", description="Why there is none: too_few, no_variation.")

    @classmethod
    def of(cls, found: Agreement | Unmeasured) -> Self:
        """From the value."""
        if isinstance(found, Unmeasured):
            return cls(value=None, why=found.value)
        return cls(value=found.value, low=found.low, high=found.high, items=found.items)


class PairOut(Answer):
    """Cohen's κ of two graders."""

    one: str = Field(examples=[ID])
    other: str = Field(examples=[ID])
    kappa: CoefficientOut

    @classmethod
    def of(cls, pair: PairAgreement) -> Self:
        """From the value."""
        return cls(one=pair.one, other=pair.other, kappa=CoefficientOut.of(pair.found))


class AgreementOut(Answer):
    """Krippendorff's α of everybody on one measure, and κ of each pair."""

    measure: str = Field(examples=["activity"])
    ordered: bool
    alpha: CoefficientOut
    pairs: list[PairOut]

    @classmethod
    def of(cls, team: TeamAgreement) -> Self:
        """From the value."""
        return cls(
            measure=team.measure, ordered=team.ordered, alpha=CoefficientOut.of(team.found),
            pairs=[PairOut.of(pair) for pair in team.pairs],
        )  # fmt: skip


class StandingOut(Answer):
    """How one grader's answers measured up."""

    grader: str = Field(examples=[ID])
    gold: int = Field(description="Answers to gold items.")
    gold_right: int
    settled: int = Field(description="Answers that an adjudicator judged.")
    settled_right: int
    drift: float = Field(description="Score of the drift alarm; it is raised at 4.")
    alarm: bool

    @classmethod
    def of(cls, one: Standing) -> Self:
        """From the value."""
        return cls(
            grader=one.grader, gold=one.gold, gold_right=one.gold_right, settled=one.settled,
            settled_right=one.settled_right, drift=one.drift.score, alarm=one.drift.alarm,
        )  # fmt: skip


class GoldOut(Answer):
    """One gold item."""

    item: int
    set: int
    active: bool
    reason: str
    by: str = Field(examples=[ID])
    at: datetime

    @classmethod
    def of(cls, gold: Gold) -> Self:
        """From the noun; what holds of it is on the page, and never in a grader's answer."""
        return cls(
            item=gold.item, set=gold.set, active=gold.active, reason=gold.reason, by=gold.by,
            at=gold.at,
        )  # fmt: skip


class AlarmOut(Answer):
    """One alarm about grading."""

    id: str = Field(examples=[ID])
    kind: str = Field(examples=["drift"])
    subject: str = Field(description="Id of the grader, or number of the set.")
    at: datetime
    open: bool
    note: str

    @classmethod
    def of(cls, alarm: QualityAlarm) -> Self:
        """From the noun."""
        return cls(
            id=alarm.id, kind=alarm.kind.value, subject=alarm.subject, at=alarm.at,
            open=alarm.open, note=alarm.note,
        )  # fmt: skip


class QualityOut(Answer):
    """The quality of grading over the last four weeks."""

    agreement: list[AgreementOut]
    graders: list[StandingOut]
    waiting: list[int] = Field(description="Numbers of items whose graders differ.")
    golds: list[GoldOut]
    alarms: list[AlarmOut]

    @classmethod
    def of(cls, report: QualityReport) -> Self:
        """From the value."""
        return cls(
            agreement=[AgreementOut.of(one) for one in report.agreement],
            graders=[StandingOut.of(one) for one in report.standings],
            waiting=[dispute.item.number for dispute in report.waiting],
            golds=[GoldOut.of(gold) for gold in report.golds],
            alarms=[AlarmOut.of(alarm) for alarm in report.alarms],
        )


class ReasonIn(Body):
    """Why."""

    reason: str = Field(min_length=1, max_length=500)


class ReachIn(Body):
    """Where a gold item is met."""

    everywhere: bool = Field(description="In every set; else only in its own.")


class ShareIn(Body):
    """How much of what graders meet is gold."""

    percent: float = Field(ge=0, le=MOST_GOLD, allow_inf_nan=False, examples=[5])
    reason: str = Field(min_length=1, max_length=500)
    set: int | None = Field(default=None, ge=1, lt=1 << 31, description="Else of all sets.")


class ShareOut(Answer):
    """What holds from now on."""

    percent: float
    set: int | None


class RehashIn(Body):
    """Which kind of hash."""

    kind: str = Field(min_length=1, max_length=40, examples=["pdq"])


class RehashOut(Answer):
    """A job that was begun."""

    items: int = Field(description="Items that lack a hash of this kind.")


@router.get("/v1/quality", summary="Measure how far graders agree", responses=FAULTS)
@needs(P.GRADE_QA)
def report(
    app: Parts, who: Who, set_number: Annotated[int | None, Query(alias="set", ge=1, lt=MOST)] = None
) -> QualityOut:  # fmt: skip
    """Agreement, graders' standing, gold items and alarms of one set or of all."""
    return QualityOut.of(app.review.quality.report(who, set_number=set_number))


@router.put("/v1/quality/golds/{number}", summary="Make an item gold", responses=FAULTS)
@needs(P.GRADE_QA)
def mark_gold(app: Parts, who: Who, number: Number, body: ReasonIn) -> GoldOut:
    """What holds for the item now is the answer graders are measured by from now on."""
    return GoldOut.of(app.review.quality.mark_gold(who, number, reason=body.reason))


@router.post("/v1/quality/golds/{number}/end", summary="End a gold item", responses=FAULTS)
@needs(P.GRADE_QA)
def end_gold(app: Parts, who: Who, number: Number, body: ReasonIn) -> GoldOut:
    """No further grader meets it; what was measured with it stays."""
    return GoldOut.of(app.review.quality.end_gold(who, number, reason=body.reason))


@router.put("/v1/quality/golds/{number}/reach", summary="Where gold is met", responses=FAULTS)
@needs(P.GRADE_QA)
def reach_gold(app: Parts, who: Who, number: Number, body: ReachIn) -> ReachIn:
    """In every set, or only in its own."""
    app.review.quality.reach_gold(who, number, everywhere=body.everywhere)
    return body


@router.put("/v1/quality/gold-share", summary="How much gold is met", responses=FAULTS)
@needs(P.GRADE_QA)
def set_share(app: Parts, who: Who, body: ShareIn) -> ShareOut:
    """Of 100 items, in one set, or in every set that has no share of its own."""
    found = app.review.quality.set_share(who, body.percent, reason=body.reason, set_number=body.set)
    return ShareOut(percent=found, set=body.set)


@router.post("/v1/quality/alarms/{id}/end", summary="Close an alarm", responses=FAULTS)
@needs(P.GRADE_QA)
def end_alarm(
    app: Parts, who: Who, id: Annotated[str, Path(max_length=64, examples=[ID])],  # noqa: A002 - as the wire says
    body: ReasonIn,
) -> AlarmOut:  # fmt: skip
    """Say what was done about it."""
    alarm = parse_id(id)
    if alarm is None:
        raise NotFound("There is no alarm of this id.")
    return AlarmOut.of(app.review.quality.end_alarm(who, alarm, note=body.reason))


@router.post(
    "/v1/quality/rehash", status_code=202, summary="Hash old items by a new kind", responses=FAULTS
)
@needs(P.SYSTEM_WRITE)
def rehash(app: Parts, who: Who, body: RehashIn) -> RehashOut:
    """In the background; what has a hash of the kind already is passed over."""
    return RehashOut(items=app.review.rehash.begin(who, body.kind))
