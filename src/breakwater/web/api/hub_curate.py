"""`/v1/hub/queue` and `/v1/hub/entries`: what curators look at, an entry with its history.

For people who run the hub; looks at an entry are audited, settling needs a curator.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import Field

from breakwater.hub.curate import Look, Open, Settled
from breakwater.model.access import Permission, Principal
from breakwater.model.approval import Approval
from breakwater.model.bank import Entry
from breakwater.model.hub import Score
from breakwater.model.hub_given import Giver, Happening, Outcome, Question, QueueWhy
from breakwater.model.signal import kind_named
from breakwater.web.api.hub_given import FeedbackOut
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["hub"])
FAULTS = problems(401, 403, 404, 409, 422, 429, 503)
IdText = Annotated[str, Path(max_length=64, examples=[ID])]
Number = Annotated[int, Path(ge=1, lt=1 << 32, examples=[7])]


class GiverOut(Answer):
    """A member that gives an entry."""

    member: str = Field(examples=[ID])
    category: str
    since: datetime | None
    first: bool = Field(description="The entry came with its batch.")

    @classmethod
    def of(cls, one: Giver) -> GiverOut:
        """From the noun."""
        return cls(member=one.member, category=one.category, since=one.since, first=one.first)


class QuestionOut(Answer):
    """Something a curator is to settle."""

    id: str = Field(examples=[ID])
    entry: int
    why: str = Field(description="`conflict`, `traffic`, `flood`, `returned` or `graded`.")
    facts: dict[str, Any]
    at: datetime | None
    settled_at: datetime | None
    outcome: str
    settled_by: str
    note: str

    @classmethod
    def of(cls, one: Question) -> QuestionOut:
        """From the noun."""
        return cls(
            id=one.id, entry=one.entry, why=one.why.value, facts=dict(one.facts), at=one.at,
            settled_at=one.settled_at, outcome=one.outcome.value if one.outcome else "",
            settled_by=one.settled_by, note=one.note,
        )  # fmt: skip


class ScoreOut(Answer):
    """How far an entry can be trusted, and the terms it is the sum of."""

    value: float
    terms: dict[str, float]

    @classmethod
    def of(cls, one: Score) -> ScoreOut:
        """From the noun."""
        return cls(value=one.value, terms=dict(one.terms))


class OpenOut(Answer):
    """A question with what is needed to settle it."""

    question: QuestionOut
    list_name: str
    kind: str
    status: str
    givers: list[GiverOut]
    feedback: list[FeedbackOut]
    score: ScoreOut | None = Field(description="Null: what its batch has alone.")
    cluster: list[int] = Field(description="Entries that look alike, this one among them.")

    @classmethod
    def of(cls, one: Open) -> OpenOut:
        """From the noun."""
        return cls(
            question=QuestionOut.of(one.question), list_name=one.bank, kind=one.entry.kind,
            status=one.entry.status.value, givers=[GiverOut.of(giver) for giver in one.givers],
            feedback=[FeedbackOut.of(said) for said in one.feedback],
            score=None if one.score is None else ScoreOut.of(one.score),
            cluster=list(one.cluster),
        )  # fmt: skip


class QueueOut(Answer):
    """What is open, the oldest first, or what was settled, the newest first."""

    questions: list[OpenOut]
    waiting: dict[str, int] = Field(description="Open questions by reason.")


class HappeningOut(Answer):
    """One line of a history."""

    what: str = Field(description="`came`, `moved`, `given`, `taken_back`, `feedback`, `asked`, `settled`.")  # fmt: skip
    at: datetime | None
    by: str
    facts: dict[str, Any]

    @classmethod
    def of(cls, one: Happening) -> HappeningOut:
        """From the noun."""
        return cls(what=one.what, at=one.at, by=one.by, facts=dict(one.facts))


class LookOut(Answer):
    """Everything that is known of an entry."""

    number: int
    list_name: str
    kind: str
    value: str = Field(description="Empty where your role does not see hashes.")
    status: str
    labels: list[str]
    source: str
    permitted_use: str
    givers: list[GiverOut]
    feedback: list[FeedbackOut]
    score: ScoreOut
    cluster: list[int]
    conflicts: list[str] = Field(description="`harmless`, `categories`, `opinions`, `cluster`.")
    open: list[QuestionOut]
    history: list[HappeningOut]

    @classmethod
    def of(cls, who: Principal, one: Look) -> LookOut:
        """From the noun, as far as the caller may see it."""
        entry = one.entry
        return cls(
            number=entry.number, list_name=one.bank, kind=entry.kind,
            value=kind_named(entry.kind).print(entry.value) if who.may(P.HASH_READ) else "",
            status=entry.status.value, labels=list(entry.labels), source=entry.source,
            permitted_use=entry.permitted_use,
            givers=[GiverOut.of(giver) for giver in one.givers],
            feedback=[FeedbackOut.of(said) for said in one.feedback],
            score=ScoreOut.of(one.score), cluster=list(one.cluster),
            conflicts=list(one.conflicts), open=[QuestionOut.of(asked) for asked in one.open],
            history=[HappeningOut.of(line) for line in one.history],
        )  # fmt: skip


class SettleIn(Body):
    """What a curator decides."""

    outcome: Literal["keep", "withdraw", "reclassify", "graders"]
    note: str = Field(default="", max_length=2_000)
    category: str = Field(default="", max_length=40, description="To classify anew.")


class SettledOut(Answer):
    """What became of a question."""

    question: QuestionOut
    waits: bool = Field(description="A second person has to agree.")

    @classmethod
    def of(cls, one: Settled) -> SettledOut:
        """From the noun."""
        return cls(question=QuestionOut.of(one.question), waits=one.waits is not None)


class WithdrawIn(Body):
    """Why an entry goes, or comes back."""

    reason: str = Field(min_length=1, max_length=2_000, examples=["It matches a common meme."])


class MovedOut(Answer):
    """An entry after it moved."""

    number: int
    status: str
    waits: bool = Field(default=False, description="A second person has to agree.")


def moved(done: Entry | Approval, number: int) -> MovedOut:
    """The entry, or that a second person has to agree."""
    if isinstance(done, Approval):
        return MovedOut(number=number, status="withdrawn", waits=True)
    return MovedOut(number=done.number, status=done.status.value)


def counted(found: Mapping[QueueWhy, int]) -> dict[str, int]:
    """Every reason with how many wait."""
    return {why.value: found.get(why, 0) for why in QueueWhy}


@router.get("/v1/hub/queue", summary="What curators look at", responses=FAULTS)
@needs(P.HUB_CURATE)
def queue(
    app: Parts, who: Who, *, why: QueueWhy | None = None, settled: bool = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> QueueOut:  # fmt: skip
    """Disagreements, entries held for their traffic, floods, values that return."""
    curate = app.hub.curating.curate
    found = curate.queue(who, why=why, settled=settled, limit=limit)
    return QueueOut(questions=[OpenOut.of(one) for one in found], waiting=counted(curate.waiting()))


@router.post("/v1/hub/queue/{id}/settle", summary="Settle a question", responses=FAULTS)
@needs(P.HUB_CURATE)
def settle(id: IdText, body: SettleIn, app: Parts, who: Who) -> SettledOut:  # noqa: A002 - the path's own word
    """To keep what was withdrawn or came as a flood, two people settle it alike."""
    done = app.hub.curating.curate.settle(
        who, known_id(id), Outcome(body.outcome), note=body.note, category=body.category
    )
    return SettledOut.of(done)


@router.get("/v1/hub/entries/{number}", summary="An entry with its history", responses=FAULTS)
@needs(P.HUB_READ)
def look(number: Number, app: Parts, who: Who) -> LookOut:
    """Moves, contributors, feedback and decisions in one order; the look is audited."""
    return LookOut.of(who, app.hub.curating.curate.look(who, number))


@router.post("/v1/hub/entries/{number}/withdraw", summary="Withdraw an entry", responses=FAULTS)
@needs(P.HUB_CURATE)
def withdraw(number: Number, body: WithdrawIn, app: Parts, who: Who) -> MovedOut:
    """Whoever gives it; it comes back only by two people."""
    return moved(app.hub.curating.curate.withdraw(who, number, reason=body.reason), number)


@router.post("/v1/hub/entries/{number}/reinstate", summary="Bring a withdrawn value back", responses=FAULTS)  # fmt: skip
@needs(P.HUB_CURATE)
def reinstate(number: Number, body: WithdrawIn, app: Parts, who: Who) -> MovedOut:
    """As a new entry, once a second person asks the same."""
    return moved(app.hub.curating.curate.reinstate(who, number, reason=body.reason), number)
