"""`/v1/duty`: who is on call, the rota from a planning tool, test pages, acknowledging.

A key with `duty:write` plans and reads; only a person acknowledges, hands over or freezes.
Thin over `review.duty.duty`; names stay out of what pager services are told, not out of this.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final, Self

from fastapi import Path
from pydantic import Field

from breakwater.model.access import Permission
from breakwater.model.duty import Call, CallKind, OnDuty, Outcome, Shift
from breakwater.model.ids import Id
from breakwater.records import duty, duty_calls, people
from breakwater.records.database import Tx
from breakwater.review.duty.duty import MOST_PLANNED
from breakwater.review.duty.rota import RANKS, Planned
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body, Moment
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["on call"])

IdText = Annotated[str, Path(max_length=64, examples=[ID])]
FAULTS: Final = problems(401, 403, 404, 409, 422, 429, 503)
AHEAD: Final = timedelta(days=14)
"""How far `GET /v1/duty` shows the rota."""


class ShiftIn(Body):
    """One person on call from one moment to another."""

    person: str = Field(min_length=1, max_length=100, description="Id or name.", examples=["Ada"])
    starts_at: Moment = Field(description="From when (RFC 3339).", examples=["2026-12-01T08:00:00Z"])  # fmt: skip
    ends_at: Moment = Field(description="Until when.", examples=["2026-12-01T16:00:00Z"])
    rank: int = Field(default=1, ge=1, le=RANKS, description="1 is called first.")


class ShiftsIn(Body):
    """Shifts that are put on the rota together: all of them, or none."""

    shifts: list[ShiftIn] = Field(min_length=1, max_length=MOST_PLANNED)


class TestIn(Body):
    """Who is sent a test page."""

    __test__ = False

    person: str = Field(min_length=1, max_length=100, description="Id or name.", examples=["Ada"])


class HandoverIn(Body):
    """Who is offered the shift."""

    to: str = Field(min_length=1, max_length=100, description="Id or name.", examples=["Sam"])


class FreezeIn(Body):
    """Which stream is to be frozen."""

    case: str = Field(max_length=64, description="Id of the stream's case.", examples=[ID])


class ShiftOut(Answer):
    """One shift on the rota."""

    id: str = Field(examples=[ID])
    person: str = Field(examples=[ID])
    name: str = Field(examples=["Ada"])
    rank: int = Field(examples=[1])
    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, tx: Tx, shift: Shift) -> Self:
        """Put a noun on the wire."""
        return cls(
            id=shift.id, person=shift.person, name=people.get(tx, shift.person).name,
            rank=shift.rank, starts_at=shift.starts_at, ends_at=shift.ends_at,
        )  # fmt: skip


class OnDutyOut(Answer):
    """One person who can be called now, in the order in which they are."""

    person: str = Field(examples=[ID])
    name: str = Field(examples=["Ada"])
    rank: int = Field(examples=[1])
    until: datetime
    reachable: bool = Field(description="False while their last test page was missed.")
    resting: bool = Field(description="On a break from pictures: called after the others.")

    @classmethod
    def of(cls, tx: Tx, one: OnDuty) -> Self:
        """Put a noun on the wire."""
        return cls(
            person=one.person, name=people.get(tx, one.person).name, rank=one.rank,
            until=one.until, reachable=one.reachable, resting=one.resting,
        )  # fmt: skip


class CallOut(Answer):
    """One reason to get a person."""

    id: str = Field(examples=[ID])
    kind: CallKind
    subject: str = Field(description="Id of the case, shift or person.", examples=[ID])
    opened_at: datetime
    outcome: Outcome | None = Field(default=None, description="How it ended; none while it waits.")
    answered_at: datetime | None = None

    @classmethod
    def of(cls, call: Call) -> Self:
        """Put a noun on the wire."""
        return cls(
            id=call.id, kind=call.kind, subject=call.subject, opened_at=call.opened_at,
            outcome=call.outcome, answered_at=call.answered_at,
        )  # fmt: skip


class ShiftsOut(Answer):
    """Shifts as they stand on the rota."""

    shifts: list[ShiftOut]


class DutyOut(Answer):
    """Who is on call, who will be, and what waits for an answer."""

    now: list[OnDutyOut]
    shifts: list[ShiftOut] = Field(description="The next 14 days.")
    calls: list[CallOut] = Field(description="Nobody answered these yet.")
    pager: bool = Field(description="Whether a pager service is told.")


class FreezeOut(Answer):
    """What was asked for; whoever watches the stream does it."""

    case: str = Field(examples=[ID])
    wanted: bool = True


@router.get("/v1/duty", summary="Who is on call", responses=FAULTS)
@needs(P.DUTY_WRITE)
def standing(app: Parts) -> DutyOut:
    """Now, and the rota of the next 14 days."""
    on_call = app.review.on_call
    with app.db.read() as tx:
        return DutyOut(
            now=[OnDutyOut.of(tx, one) for one in on_call.caller.on_duty(tx)],
            shifts=[ShiftOut.of(tx, one) for one in duty.shifts(tx, tx.now, tx.now + AHEAD)],
            calls=[CallOut.of(call) for call in duty_calls.waiting(tx)],
            pager=on_call.pager is not None,
        )


@router.post("/v1/duty/shifts", status_code=201, summary="Plan shifts", responses=FAULTS)
@needs(P.DUTY_WRITE)
def plan(body: ShiftsIn, app: Parts, who: Who) -> ShiftsOut:
    """Put shifts on the rota: all of them, or none when one cannot be."""
    made = app.review.duty.plan(who, _planned(app, body.shifts))
    with app.db.read() as tx:
        return ShiftsOut(shifts=[ShiftOut.of(tx, shift) for shift in made])


@router.delete("/v1/duty/shifts/{id}", summary="End a shift", responses=FAULTS)
@needs(P.DUTY_WRITE)
def end(id: IdText, app: Parts, who: Who) -> ShiftOut:  # noqa: A002 - the path's own word
    """Now; one that did not begin is taken off the rota."""
    ended = app.review.duty.end(who, known_id(id))
    with app.db.read() as tx:
        return ShiftOut.of(tx, ended)


@router.post("/v1/duty/tests", status_code=201, summary="Send a test page", responses=FAULTS)
@needs(P.DUTY_WRITE)
def test(body: TestIn, app: Parts, who: Who) -> CallOut:
    """Whether somebody can be reached."""
    return CallOut.of(app.review.duty.test(who, person_named(app, body.person)))


@router.post("/v1/duty/calls/{id}/acknowledge", summary="Acknowledge a call", responses=FAULTS)
@needs(P.CASE_DECIDE)
def acknowledge(id: IdText, app: Parts, who: Who) -> CallOut:  # noqa: A002 - the path's own word
    """Say that one is on it: nobody else is rung."""
    return CallOut.of(app.review.duty.acknowledge(who, known_id(id)))


@router.post("/v1/duty/handovers", status_code=201, summary="Offer one's shift", responses=FAULTS)
@needs(P.CASE_DECIDE)
def hand_over(body: HandoverIn, app: Parts, who: Who) -> CallOut:
    """It changes hands when the colleague acknowledges, and not before."""
    return CallOut.of(app.review.duty.hand_over(who, person_named(app, body.to)))


@router.post("/v1/duty/freezes", status_code=202, summary="Freeze a live stream", responses=FAULTS)
@needs(P.CASE_DECIDE)
def freeze(body: FreezeIn, app: Parts, who: Who) -> FreezeOut:
    """Until somebody decides; the stream's watcher does it."""
    return FreezeOut(case=app.review.duty.freeze(who, known_id(body.case)).id)


def person_named(app: Parts, text: str) -> Id:
    """A person by id or name; raises `NotFound`."""
    with app.db.read() as tx:
        return duty.person_named(tx, text).id


def _planned(app: Parts, wanted: list[ShiftIn]) -> list[Planned]:
    known = {name: person_named(app, name) for name in {one.person for one in wanted}}
    return [Planned(known[one.person], one.starts_at, one.ends_at, one.rank) for one in wanted]
