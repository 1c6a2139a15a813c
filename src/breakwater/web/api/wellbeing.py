"""`/v1/me/exposure` and beside it: where one stands, breaks, limits, live cases beyond a limit.

For people only: no key looks at pictures. What is tighter holds at once; what is looser waits
for a second person under `/v1/exposure/proposals`. `/v1/wellbeing` tells what is true of
several people together, and nothing of fewer than five.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import Path
from pydantic import Field

from breakwater.model.access import Permission
from breakwater.model.approval import Approval
from breakwater.model.exposure import LIMITS, Limits
from breakwater.review.looking.policy import Exposure
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer, Word
from breakwater.web.gate import Parts, Router, Who, needs, signed_in

P = Permission
router = Router(tags=["wellbeing"])

IdText = Annotated[str, Path(max_length=64, examples=[ID])]
FAULTS: Final = problems(401, 403, 404, 409, 422, 429, 503)
OWN: Final = "one's own time with pictures"


class ExposureOut(Answer):
    """Where a person stands."""

    used_s: int = Field(description="Seconds with pictures on screen in this shift.")
    cap_s: int = Field(description="Seconds there may be, overtime taken off.")
    closed: str | None = Field(description="`cap`, `shift`, `break`, `cool_down`; null while open.")
    until: datetime | None = Field(description="When pictures are back.")
    break_at: datetime | None = Field(description="When a break is due if looking goes on.")
    cut_off_at: datetime | None = Field(description="When pictures close before the shift ends.")
    severe: bool = Field(description="Whether a severe item may be opened now.")
    owed_s: int = Field(description="Overtime that is taken off this shift.")

    @classmethod
    def of(cls, stands: Exposure) -> ExposureOut:
        """From the noun."""
        return cls(
            used_s=_seconds(stands.used),
            cap_s=_seconds(stands.cap),
            closed=None if stands.closed is None else stands.closed.value,
            until=stands.until,
            break_at=stands.break_at,
            cut_off_at=stands.cut_off_at,
            severe=stands.severe,
            owed_s=_seconds(stands.owed),
        )


class BreakIn(Body):
    """A break that begins now."""

    minutes: int = Field(default=0, ge=0, le=240, description="0: as long as the limit says.")


class BreakOut(Answer):
    """A break."""

    begins_at: datetime
    until: datetime


class LimitOut(Answer):
    """One limit."""

    name: str = Field(examples=["daily"])
    value: int = Field(examples=[240])
    unit: str = Field(description="`minutes` or `items`.", examples=["minutes"])
    tightest: int = Field(description="What one person may draw it to alone.", examples=[0])
    loosest: int = Field(description="Beyond this nobody lets it.", examples=[300])


class LimitsOut(Answer):
    """What holds."""

    limits: list[LimitOut]
    waits: str | None = Field(
        default=None, description="Subject of a proposal that waits for a second person."
    )

    @classmethod
    def of(cls, limits: Limits, waits: Approval | None = None) -> LimitsOut:
        """From the noun."""
        held = limits.values()
        return cls(
            limits=[
                LimitOut(
                    name=k.name, value=held[k.name], unit=k.unit.value, tightest=k.tightest,
                    loosest=k.loosest,
                )
                for k in LIMITS.values()
            ],
            waits=None if waits is None else waits.subject,
        )  # fmt: skip


class LimitsIn(Body):
    """What changes; what is left out stays."""

    limits: dict[str, int] = Field(min_length=1, max_length=len(LIMITS), examples=[{"daily": 180}])
    reason: str = Field(default="", max_length=500, description="Needed for what is looser.")


class ProposalOut(Answer):
    """A looser limit that waits for a second person."""

    subject: str = Field(description="Whose limits: a person's id, or the id of everybody's.")
    by: str
    reason: str
    changes: dict[str, list[int]] = Field(description="From what to what, by name.")
    lapses_at: datetime

    @classmethod
    def of(cls, waits: Approval) -> ProposalOut:
        """From the noun."""
        return cls(
            subject=waits.subject, by=waits.by, reason=waits.reason,
            changes=dict(waits.facts), lapses_at=waits.lapses_at,
        )  # fmt: skip


class ProposalsOut(Answer):
    """All that waits."""

    proposals: list[ProposalOut]


class NoteIn(Body):
    """In one's own words."""

    note: str = Field(default="", max_length=500)


class OvertimeIn(Body):
    """Why a live case cannot wait for somebody else."""

    reason: str = Field(min_length=1, max_length=500)


class OvertimeOut(Answer):
    """A live case that is open beyond a limit, in words and small stills."""

    case: str
    until: datetime


class TeamOut(Answer):
    """What is true of several people together; null where they are fewer than five."""

    days: int
    people: int | None = Field(description="Who had pictures on screen; null under five.")
    median_daily_minutes: float | None
    share_at_cap: float | None = Field(description="Of their days, 0 to 1.")
    breaks_moved: int | None
    overtime_minutes: int | None


@router.get("/v1/me/exposure", summary="Where you stand", responses=FAULTS)
@signed_in(OWN)
def standing(app: Parts, who: Who) -> ExposureOut:
    """Time with pictures, the next break, and when pictures are back."""
    return ExposureOut.of(app.review.exposure.status(who))


@router.post("/v1/me/breaks", status_code=201, summary="Take a break", responses=FAULTS)
@signed_in(OWN)
def rest(body: BreakIn, app: Parts, who: Who) -> BreakOut:
    """Pictures are closed until it is over."""
    taken = app.review.exposure.take_break(who, body.minutes)
    return BreakOut(begins_at=taken.begins_at, until=taken.until)


@router.delete("/v1/me/breaks/current", summary="Come back from a break", responses=FAULTS)
@signed_in(OWN)
def back(app: Parts, who: Who) -> Word:
    """Only from one that you took; one that is due lasts its time."""
    app.review.exposure.end_break(who)
    return Word(status="ended")


@router.get("/v1/me/limits", summary="Your limits", responses=FAULTS)
@signed_in(OWN)
def limits(app: Parts, who: Who) -> LimitsOut:
    """Everybody's, drawn tighter by you."""
    return LimitsOut.of(app.review.exposure.limits(who))


@router.patch("/v1/me/limits", summary="Change your limits", responses=FAULTS)
@signed_in(OWN)
def change(body: LimitsIn, app: Parts, who: Who) -> LimitsOut:
    """What is tighter holds at once; what is looser waits for a second person."""
    waits = app.review.exposure.change(who, body.limits, body.reason)
    return LimitsOut.of(app.review.exposure.limits(who), waits)


@router.get("/v1/exposure/limits", summary="Everybody's limits", responses=FAULTS)
@needs(P.WELLBEING_READ)
def everybodys(app: Parts) -> LimitsOut:
    """What holds for whoever has drawn nothing tighter."""
    return LimitsOut.of(app.review.exposure.everybodys())


@router.patch("/v1/exposure/limits", summary="Change everybody's limits", responses=FAULTS)
@needs(P.DUTY_WRITE)
def change_everybodys(body: LimitsIn, app: Parts, who: Who) -> LimitsOut:
    """What is tighter holds at once, for those too who had more."""
    waits = app.review.exposure.change(who, body.limits, body.reason, everybody=True)
    return LimitsOut.of(app.review.exposure.everybodys(), waits)


@router.get("/v1/exposure/proposals", summary="Looser limits that wait", responses=FAULTS)
@needs(P.WELLBEING_READ)
def proposals(app: Parts) -> ProposalsOut:
    """The oldest first; each lapses after a day."""
    return ProposalsOut(proposals=[ProposalOut.of(one) for one in app.review.exposure.proposals()])


@router.post("/v1/exposure/proposals/{id}/confirm", summary="Agree", responses=FAULTS)
@needs(P.WELLBEING_READ)
def confirm(id: IdText, body: NoteIn, app: Parts, who: Who) -> LimitsOut:  # noqa: A002 - the path's own word
    """As the second person; it holds from now on."""
    return LimitsOut.of(app.review.exposure.confirm(who, known_id(id), body.note))


@router.post("/v1/exposure/proposals/{id}/refuse", summary="Disagree", responses=FAULTS)
@signed_in("taken back by whose it is; others need wellbeing:read, which the verb checks")
def refuse(id: IdText, body: NoteIn, app: Parts, who: Who) -> Word:  # noqa: A002 - the path's own word
    """Everything stays as it is."""
    app.review.exposure.refuse(who, known_id(id), body.note)
    return Word(status="refused")


@router.post(
    "/v1/cases/{id}/overtime", status_code=201, summary="Open a live case beyond a limit",
    responses=FAULTS,
)  # fmt: skip
@needs(P.CASE_DECIDE)
def overtime(id: IdText, body: OvertimeIn, app: Parts, who: Who) -> OvertimeOut:  # noqa: A002 - the path's own word
    """Words and small grey stills for ten minutes; your next shift is shorter by them."""
    granted = app.review.exposure.open_over_cap(who, known_id(id), body.reason)
    return OvertimeOut(case=granted.case, until=granted.until)


@router.get("/v1/wellbeing", summary="How the team is", responses=FAULTS)
@needs(P.WELLBEING_READ)
def team(app: Parts, who: Who) -> TeamOut:
    """Of the last seven days; never of one person, and of nobody where they are fewer than five."""
    return TeamOut(**app.review.wellbeing.team(who).told())


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())
