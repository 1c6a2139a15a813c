"""`/v1/acts`: what services are asked to do with content and accounts, and what became of it.

People ask for acts on a case and try again what was not confirmed; services acknowledge theirs,
with the act's id and epoch. Who may not see accounts gets acts without the names in them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field

from breakwater.enforcement.platform.acting import Shown
from breakwater.model.access import Permission
from breakwater.model.act import Acknowledged, AckOutcome, Act, ActKind
from breakwater.web.api.media import known_id
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.api.streams import CHANGE, READ, IdText
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["acts"])


class ActIn(Body):
    """An act by hand."""

    kind: ActKind = Field(examples=["hide"])
    reason: str = Field(min_length=1, max_length=2000, examples=["While it is looked at."])


class AcknowledgementIn(Body):
    """What a service says of an act."""

    epoch: int = Field(ge=1, le=2**31 - 1, description="As it stands in the act.")
    outcome: AckOutcome = Field(description="`later`: taken, not yet done.", examples=["done"])
    detail: str = Field(default="", max_length=500, description="In words, without names.")


class ActStepOut(Answer):
    """One thing that happened to an act; `late`: an acknowledgement that came too late to count."""

    at: datetime
    what: str = Field(examples=["acknowledged"])
    by: str
    outcome: str = Field(examples=["done"])
    detail: str


class ActOut(Answer):
    """One wish to a service."""

    id: str = Field(examples=[ID])
    kind: str = Field(examples=["remove"])
    lane: str = Field(description="What of the thing it is about.", examples=["content"])
    fence: str = Field(description="The thing: acts with the same fence replace one another.", examples=[ID])  # fmt: skip
    epoch: int = Field(description="1, 2, … in its fence: the newest counts.")
    service: str = Field(examples=["photos"])
    name: str = Field(description="The service's own reference or account; empty: not shown to you.", examples=["obj-17"])  # fmt: skip
    state: str = Field(description="`wanted`, `sent`, `confirmed`, `impossible`, `unconfirmed`, `overtaken` or `reversed`.", examples=["sent"])  # fmt: skip
    why: str = Field(description="`decision`, `list`, `released` or `person`.", examples=["decision"])  # fmt: skip
    automated: bool
    reversible: bool = Field(description="Whether it can be taken back at all.")
    attempts: int
    fault: str = Field(description="What stands in its way; empty: nothing does.", examples=[""])
    case: str | None = None
    upload: str | None = None
    reverses: str | None = Field(default=None, description="The act that it takes back.")
    wanted_at: datetime
    until: datetime = Field(description="Tried until then.")
    confirmed_at: datetime | None = None

    @classmethod
    def of(cls, one: Act, name: str = "") -> ActOut:
        """From the noun."""
        return cls(
            id=one.id, kind=one.kind.value, lane=one.kind.lane.value, fence=one.fence,
            epoch=one.epoch, service=one.service, name=name, state=one.state.value,
            why=one.why.value, automated=one.automated, reversible=not one.kind.lasts,
            attempts=one.attempts, fault=one.fault, case=one.case, upload=one.upload,
            reverses=one.reverses, wanted_at=one.at, until=one.until,
            confirmed_at=one.confirmed_at,
        )  # fmt: skip


class ActWholeOut(ActOut):
    """One act with all that happened to it."""

    steps: list[ActStepOut]

    @classmethod
    def whole(cls, shown: Shown) -> ActWholeOut:
        """From the noun."""
        steps = [
            ActStepOut(at=s.at, what=s.what, by=s.by, outcome=s.outcome, detail=s.detail)
            for s in shown.steps
        ]
        return cls(**ActOut.of(shown.act, shown.name).model_dump(), steps=steps)


class ActsOut(Answer):
    """A page of acts, the newest first."""

    acts: list[ActOut]
    failing: int = Field(description="How many wait for a person: not confirmed, or impossible.")


Before = Annotated[str, Query(max_length=64, description="Older than this act.")]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("/v1/acts", summary="Acts on services", responses=READ)
@needs(P.ACT_READ)
def every(
    app: Parts, who: Who, *, failing: bool = False, before: Before = "", limit: Limit = 50
) -> ActsOut:
    """`failing`: only those that a person must look at."""
    older = known_id(before) if before else None
    found = app.acting.acts.every(who, failing=failing, before=older, limit=limit)
    return ActsOut(
        acts=[ActOut.of(one.act, one.name) for one in found], failing=app.acting.acts.failing()
    )


@router.get("/v1/acts/{id}", summary="One act", responses=READ)
@needs(P.ACT_READ)
def one(id: IdText, app: Parts, who: Who) -> ActWholeOut:  # noqa: A002 - the path's own word
    """With every answer of the service."""
    return ActWholeOut.whole(app.acting.acts.one(who, known_id(id)))


@router.post("/v1/acts/{id}/retry", summary="Try an act again", responses=CHANGE)
@needs(P.ACT_RETRY)
def retry(id: IdText, app: Parts, who: Who) -> ActOut:  # noqa: A002 - the path's own word
    """One that was not confirmed: for another three days, under the same id."""
    return ActOut.of(app.acting.acts.again(who, known_id(id)))


@router.post("/v1/acts/{id}/acknowledgements", summary="Acknowledge an act", responses=CHANGE)
@needs(P.ACT_WRITE)
def acknowledge(id: IdText, body: AcknowledgementIn, app: Parts, who: Who) -> ActOut:  # noqa: A002 - the path's own word
    """As the service that did it. Of an act that was overtaken it is kept and changes nothing."""
    said = Acknowledged(body.outcome, body.detail)
    done = app.acting.acts.acknowledge(who, known_id(id), said, epoch=body.epoch)
    return ActOut.of(done)


@router.get("/v1/cases/{id}/acts", summary="Acts that follow from a case", responses=READ)
@needs(P.CASE_READ)
def of_case(id: IdText, app: Parts, who: Who) -> ActsOut:  # noqa: A002 - the path's own word
    """The newest first."""
    found = app.acting.acts.every(who, case=known_id(id), limit=200)
    failing = sum(shown.act.state.failed for shown in found)
    return ActsOut(acts=[ActOut.of(shown.act, shown.name) for shown in found], failing=failing)


@router.post("/v1/cases/{id}/acts", status_code=201, summary="Ask for an act by hand", responses=CHANGE)  # fmt: skip
@needs(P.CASE_DECIDE)
def want(id: IdText, body: ActIn, app: Parts, who: Who) -> ActOut:  # noqa: A002 - the path's own word
    """On the content or the account of a case. Never against the account of an apparent child."""
    return ActOut.of(app.acting.acts.want(who, known_id(id), body.kind, reason=body.reason))
