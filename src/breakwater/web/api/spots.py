"""`/v1/spot-checks`: what was drawn at random, what people found, and the frames it was drawn from.

Numbers and ids of draws only: no answer here names a broadcast, and none has a picture. Rounds
with their strata are what a sample is weighted back to. Answering is for people who looked.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Self

from fastapi import Path, Query
from pydantic import Field

from breakwater.errors import BadInput
from breakwater.live.spots.desk import Answered
from breakwater.model.access import Permission
from breakwater.model.ids import Id, parse_id
from breakwater.model.spot import Round, SpotAnswer, SpotFigures, SpotRecord, Stratum
from breakwater.records import spot_figures, spots
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body, Moment
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["spot checks"])
IdText = Annotated[str, Path(max_length=64, examples=[ID])]
READ = problems(401, 403, 404, 422, 429)
CHANGE = problems(401, 403, 404, 409, 422, 429, 503)
MOST: Final = 200
WINDOW: Final = timedelta(days=31)
"""Longest stretch of one answer with rounds."""


class AnswerIn(Body):
    """What a person says of a strip."""

    answer: SpotAnswer = Field(examples=["nothing"])


class AnsweredOut(Answer):
    """What followed."""

    draw: str = Field(examples=[ID])
    answer: SpotAnswer
    case: str | None = Field(default=None, description="That was opened or joined.")

    @classmethod
    def of(cls, done: Answered) -> Self:
        """From the noun."""
        return cls(draw=done.draw, answer=done.answer, case=done.case)


class FiguresOut(Answer):
    """How the spot checks stand."""

    rounds: int
    drawn: int
    taken: int = Field(description="Draws of which there was a strip.")
    missed: int = Field(description="Draws whose broadcast ended or could not be fetched.")
    looked: int = Field(description="Draws that somebody answered.")
    cases: int = Field(description="Answers that opened or joined a case.")
    waiting: int
    purged: int
    overdue: int = Field(description="Strips past their purge; anything but 0 is a fault.")

    @classmethod
    def of(cls, now: SpotFigures) -> Self:
        """From the noun."""
        return cls(**{name: getattr(now, name) for name in cls.model_fields})


class DrawOut(Answer):
    """One draw, with all that is kept of it."""

    id: str = Field(examples=[ID])
    drawn_at: datetime
    slot: int = Field(description="Its round.")
    design: int
    stratum: str = Field(examples=["v100-new"])
    inclusion: float = Field(description="Its chance to be drawn in this round.", examples=[0.05])
    viewers: int = Field(description="At the moment of the draw.")
    taken: bool
    answer: SpotAnswer | None = None
    frames: int = Field(description="Stills of it that were looked at.")
    found: str = Field(description="Kind of the decision on its case; empty: none.", examples=[""])
    answered_at: datetime | None = None
    purged_at: datetime | None = None

    @classmethod
    def of(cls, one: SpotRecord) -> Self:
        """From the noun."""
        draw = one.draw
        return cls(
            id=draw.id, drawn_at=draw.at, slot=draw.slot, design=one.design,
            stratum=draw.stratum, inclusion=draw.inclusion, viewers=draw.viewers,
            taken=one.taken, answer=one.answer, frames=one.frames, found=one.found,
            answered_at=one.answered_at, purged_at=one.purged_at,
        )  # fmt: skip


class SpotChecksOut(Answer):
    """Whether they are on, how they stand, and the newest draws."""

    on: bool
    per_hour: int
    jurisdictions: list[str]
    figures: FiguresOut
    draws: list[DrawOut]


class StratumOut(Answer):
    """One stratum of a round: the frame and what was drawn from it."""

    name: str = Field(examples=["v100-new"])
    streams: int
    viewers: int
    weight: int
    inclusion: float
    drawn: int

    @classmethod
    def of(cls, one: Stratum) -> Self:
        """From the noun."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class RoundOut(Answer):
    """One drawing."""

    slot: int
    design: int
    seed: str
    at: datetime
    wanted: int
    left_out: dict[str, int] = Field(description="Broadcasts not in the frame, by the reason.")
    strata: list[StratumOut]

    @classmethod
    def of(cls, one: Round) -> Self:
        """From the noun."""
        return cls(
            slot=one.slot, design=one.design, seed=one.seed, at=one.at, wanted=one.wanted,
            left_out=dict(one.left_out), strata=[StratumOut.of(each) for each in one.strata],
        )  # fmt: skip


class RoundsOut(Answer):
    """Rounds between two moments, and the designs they were drawn by."""

    designs: dict[int, dict[str, Any]]
    rounds: list[RoundOut]


@router.get("/v1/spot-checks", summary="Spot checks and how they stand", responses=READ)
@needs(P.STREAM_READ)
def every(
    app: Parts,
    *,
    before: Annotated[str, Query(max_length=64, description="Older than this draw.")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> SpotChecksOut:
    """Draws, the newest first; none of them names a broadcast."""
    rules, older = app.live.spots.rules, _before(before)
    with app.db.read() as tx:
        found = spot_figures.records(tx, before=older, limit=limit)
        now = FiguresOut.of(spot_figures.figures(tx))
    return SpotChecksOut(
        on=rules.on, per_hour=rules.per_hour, jurisdictions=list(rules.jurisdictions),
        figures=now, draws=[DrawOut.of(one) for one in found],
    )  # fmt: skip


@router.get("/v1/spot-checks/rounds", summary="Frames that were drawn from", responses=READ)
@needs(P.STREAM_READ)
def rounds(app: Parts, *, since: Moment, until: Moment) -> RoundsOut:
    """What prevalence is weighted back to: sizes, viewers and chances of every stratum."""
    if not timedelta() < until - since <= WINDOW:
        raise BadInput("Ask for up to 31 days, since before until.")
    with app.db.read() as tx:
        found = spot_figures.rounds(tx, since=since, until=until)
        designs = {n: dict(rules) for n, rules in spots.designs(tx).items()}
    used = {one.design for one in found}
    return RoundsOut(
        designs={n: rules for n, rules in designs.items() if n in used},
        rounds=[RoundOut.of(one) for one in found],
    )


@router.get("/v1/spot-checks/{id}", summary="One draw", responses=READ)
@needs(P.STREAM_READ)
def one(id: IdText, app: Parts) -> DrawOut:  # noqa: A002 - the path's own word
    """What is kept of it for good."""
    with app.db.read() as tx:
        return DrawOut.of(spot_figures.record(tx, known_id(id)))


@router.post("/v1/spot-checks/{id}/answer", summary="Answer a strip", responses=CHANGE)
@needs(P.STREAM_CONTROL)
def answer(id: IdText, body: AnswerIn, app: Parts, who: Who) -> AnsweredOut:  # noqa: A002 - the path's own word
    """409 while somebody else looks at it, or when nobody looked at all."""
    return AnsweredOut.of(app.live.spot_desk.answer(who, known_id(id), body.answer))


def _before(text: str) -> Id | None:
    found = parse_id(text) if text else None
    if text and found is None:
        raise BadInput(f"Ids have the form {ID}.")
    return found
