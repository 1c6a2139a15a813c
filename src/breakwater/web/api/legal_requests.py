"""`/v1/requests`: legal requests both ways, for people who handle them.

What police or a court asks of us is taken in, approved by two people and answered with a sealed package, or
refused with a reason; what we ask of a provider is drafted, sent outside the system and answered.
Every look is written down. `/v1/request-counts` counts without naming anybody.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime, Field

from breakwater.model.access import Permission
from breakwater.model.ids import Id
from breakwater.model.request import Basis, Direction, LegalRequest, Move
from breakwater.records.legal_requests import NewRequest
from breakwater.reporting.requests.handling import Looked
from breakwater.web.api.media import known_id
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.api.streams import CHANGE, READ, IdText
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["requests"])


class LegalRequestIn(Body):
    """What came in, or shall go out."""

    direction: Direction = Field(description="`incoming`: asked of us; `outgoing`: of a provider.", examples=["incoming"])  # fmt: skip
    party: str = Field(min_length=1, max_length=300, description="The authority, or the provider that is asked.", examples=["National Crime Agency"])  # fmt: skip
    country: str = Field(pattern=r"^[A-Za-z]{2}$", examples=["GB"])
    basis: Basis = Field(examples=["order"])
    law: str = Field(min_length=1, max_length=300, description="The legal basis in words.", examples=["Production order of the Crown Court, 12 March 2026"])  # fmt: skip
    reference: str = Field(min_length=1, max_length=300, examples=["NCA-12-3"])
    scope: str = Field(min_length=1, max_length=10_000, description="What is asked for.", examples=["Media and account data of one account."])  # fmt: skip
    received_at: AwareDatetime | None = Field(default=None, description="It came then; now when not given.")  # fmt: skip
    due_at: AwareDatetime | None = Field(default=None, description="The date it names; without one the law's, or 30 days.")  # fmt: skip
    case: str | None = Field(default=None, max_length=64, description="Case it is about.")

    def new(self, now: datetime) -> NewRequest:
        """As the verb takes it."""
        received = self.received_at or now
        return NewRequest(
            self.direction, self.party, self.country, self.basis, self.law, self.reference,
            self.scope, received, received, None if self.case is None else known_id(self.case),
        )  # fmt: skip


class LegalStepIn(Body):
    """What somebody does about a request."""

    to: Move = Field(examples=["note"])
    words: str = Field(default="", max_length=10_000, description="Why, how it was sent, or what came.", examples=["Called back: number known."])  # fmt: skip
    package: str | None = Field(default=None, max_length=64, description="The sealed package that answers what came in.")  # fmt: skip
    due_at: AwareDatetime | None = Field(default=None, description="With `send`: until when an answer is expected.")  # fmt: skip
    version: int | None = Field(default=None, description="The version you saw.")


class LegalStepOut(Answer):
    """One thing that happened to a request."""

    at: datetime
    by: str
    what: str = Field(examples=["approve"])
    words: str
    package: str | None = None


class LegalRequestOut(Answer):
    """One request, without what it asks for."""

    id: str = Field(examples=[ID])
    number: int = Field(examples=[3])
    direction: Direction
    party: str = Field(examples=["National Crime Agency"])
    country: str = Field(examples=["GB"])
    basis: Basis
    state: str = Field(description="`draft`, `open`, `second`, `approved`, `sent`, `answered`, `refused` or `withdrawn`.", examples=["open"])  # fmt: skip
    received_at: datetime
    due_at: datetime
    ended_at: datetime | None = None
    case: str | None = None
    package: str | None = None
    version: int

    @classmethod
    def of(cls, one: LegalRequest) -> LegalRequestOut:
        """From the noun."""
        return cls(
            id=one.id, number=one.number, direction=one.direction, party=one.party,
            country=one.country, basis=one.basis, state=one.state.value,
            received_at=one.received_at, due_at=one.due_at, ended_at=one.ended_at,
            case=one.case, package=one.package, version=one.version,
        )  # fmt: skip


class LegalRequestWholeOut(LegalRequestOut):
    """One request, whole."""

    law: str
    reference: str
    scope: str
    steps: list[LegalStepOut]

    @classmethod
    def whole(cls, looked: Looked) -> LegalRequestWholeOut:
        """From the noun."""
        one = looked.request
        steps = [
            LegalStepOut(at=s.at, by=s.by, what=s.what, words=s.words, package=s.package)
            for s in looked.steps
        ]
        return cls(
            **LegalRequestOut.of(one).model_dump(), law=one.law, reference=one.reference,
            scope=one.scope, steps=steps,
        )  # fmt: skip


class LegalRequestsOut(Answer):
    """Requests: those that wait, the first due first; or those that ended."""

    requests: list[LegalRequestOut]


class RequestCountOut(Answer):
    """How many of one kind."""

    direction: Direction
    country: str
    basis: Basis
    state: str
    count: int
    overdue: int = Field(description="Of these: not answered in time.")


class RequestCountsOut(Answer):
    """Requests of a period, by whom, why, and how they stand."""

    counts: list[RequestCountOut]


@router.get("/v1/requests", summary="Legal requests", responses=READ)
@needs(P.REQUEST_WRITE)
def every(
    app: Parts,
    who: Who,
    *,
    ended: bool = False,
    before: Annotated[int, Query(ge=0, lt=1 << 62)] = 0,
) -> LegalRequestsOut:
    """Both ways; `ended`: answered, refused or withdrawn, the newest first."""
    requests = app.requesting.requests
    found = requests.ended(who, before=before) if ended else requests.waiting(who)
    return LegalRequestsOut(requests=[LegalRequestOut.of(one) for one in found])


@router.post("/v1/requests", status_code=201, summary="Take in or draft a legal request", responses=CHANGE)  # fmt: skip
@needs(P.REQUEST_WRITE)
def open_request(body: LegalRequestIn, app: Parts, who: Who) -> LegalRequestOut:
    """What asks to keep puts a hold on its case at once."""
    new = body.new(app.clock.now())
    return LegalRequestOut.of(app.requesting.requests.open_request(who, new, due_at=body.due_at))


@router.get("/v1/requests/{id}", summary="One legal request, whole", responses=READ)
@needs(P.REQUEST_WRITE)
def one(id: IdText, app: Parts, who: Who) -> LegalRequestWholeOut:  # noqa: A002 - the path's own word
    """With all that was done about it."""
    return LegalRequestWholeOut.whole(app.requesting.requests.look(who, known_id(id)))


@router.post("/v1/requests/{id}/steps", summary="Do something about a legal request", responses=CHANGE)  # fmt: skip
@needs(P.REQUEST_WRITE)
def step(id: IdText, body: LegalStepIn, app: Parts, who: Who) -> LegalRequestOut:  # noqa: A002 - the path's own word
    """Approve, agree as the second person, answer with a package, refuse, send, note."""
    out: Id | None = None if body.package is None else known_id(body.package)
    done = app.requesting.requests.move(
        who, known_id(id), body.to, words=body.words, package=out, due_at=body.due_at,
        version=body.version,
    )  # fmt: skip
    return LegalRequestOut.of(done)


@router.get("/v1/request-counts", summary="How many legal requests", responses=READ)
@needs(P.TRANSPARENCY_READ)
def counts(
    app: Parts,
    since: Annotated[AwareDatetime, Query(examples=["2026-01-01T00:00:00Z"])],
    until: Annotated[AwareDatetime, Query(examples=["2027-01-01T00:00:00Z"])],
) -> RequestCountsOut:
    """Of a period, by direction, country, basis and state; nobody is named."""
    found = app.requesting.requests.counts(since, until)
    return RequestCountsOut(
        counts=[
            RequestCountOut(
                direction=c.direction, country=c.country, basis=c.basis, state=c.state.value,
                count=c.n, overdue=c.overdue,
            )
            for c in found
        ]
    )  # fmt: skip
