"""`/v1/schemes`: the tables of law, what a new one would change, and the two people it needs.

For those who answer for quality. A table is tried on all of history, proposed with what it would
change, and put in force by another person; history is derived anew in the background.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Path
from pydantic import Field

from breakwater.model.access import Permission
from breakwater.model.scheme import Scheme
from breakwater.review.grading.adopting import Proposal
from breakwater.review.grading.derive import Difference
from breakwater.web.api.grading import FAULTS, NoteIn
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["schemes"])

TABLE: Final = {
    "id": "uk_abc", "name": "…", "jurisdiction": "GB-EAW", "version": "2014-04-01",
    "source": "…", "answers": "one", "scale": "ordinal",
    "codes": [{"code": "A", "words": "Category A"}], "rules": [{"give": "A", "when": {}}],
}  # fmt: skip


class SchemeOut(Answer):
    """A table in force."""

    id: str
    name: str
    jurisdiction: str
    version: str
    source: str
    table: dict[str, Any]

    @classmethod
    def of(cls, scheme: Scheme) -> SchemeOut:
        """From the noun."""
        return cls(
            id=scheme.id, name=scheme.name, jurisdiction=scheme.jurisdiction,
            version=scheme.version, source=scheme.source, table=scheme.plain(),
        )  # fmt: skip


class SchemesOut(Answer):
    """By id."""

    schemes: list[SchemeOut]


class TableIn(Body):
    """A table to be tried."""

    table: dict[str, Any] = Field(max_length=20, examples=[TABLE])


class AdoptIn(TableIn):
    """A table to be proposed."""

    reason: str = Field(min_length=1, max_length=500)


class MoveOut(Answer):
    """Items that would go from some codes to others."""

    before: list[str]
    after: list[str]
    items: int


class ExampleOut(Answer):
    """One item whose code would change."""

    item: int
    before: list[str]
    after: list[str]


class DifferenceOut(Answer):
    """What a table would change, over all settled items."""

    scheme: str
    version: str
    items: int
    changed: int
    moves: list[MoveOut]
    examples: list[ExampleOut]

    @classmethod
    def of(cls, found: Difference) -> DifferenceOut:
        """From the value."""
        return cls(
            scheme=found.scheme, version=found.version, items=found.items,
            changed=found.changed,
            moves=[MoveOut(before=list(b), after=list(a), items=n) for b, a, n in found.moves],
            examples=[
                ExampleOut(item=one.item, before=list(one.before), after=list(one.after))
                for one in found.examples
            ],
        )  # fmt: skip


class ProposalOut(Answer):
    """A table that waits for a second person."""

    scheme: str = Field(examples=["uk_abc"])
    version: str
    by: str = Field(examples=[ID])
    reason: str
    lapses_at: datetime
    items: int = Field(description="Settled items that it was tried on.")
    changed: int = Field(description="Items whose code would change.")
    moves: list[MoveOut]
    table: dict[str, Any]

    @classmethod
    def of(cls, one: Proposal) -> ProposalOut:
        """From the value."""
        waits = one.approval
        return cls(
            scheme=one.scheme.id, version=one.scheme.version, by=waits.by, reason=waits.reason,
            lapses_at=waits.lapses_at, items=one.items, changed=one.changed,
            moves=[MoveOut(before=list(a), after=list(b), items=n) for a, b, n in one.moves],
            table=one.scheme.plain(),
        )  # fmt: skip


class ProposalsOut(Answer):
    """The oldest first."""

    proposals: list[ProposalOut]


SchemeId = Annotated[str, Path(max_length=40, examples=["uk_abc"])]


@router.get("/v1/schemes", summary="Tables in force", responses=FAULTS)
@needs(P.GRADE_QA)
def schemes(app: Parts) -> SchemesOut:
    """Each with its rules."""
    return SchemesOut(schemes=[SchemeOut.of(one) for one in app.review.schemes.every()])


@router.post("/v1/schemes/try", summary="Try a table on history", responses=FAULTS)
@needs(P.GRADE_QA)
def try_out(body: TableIn, app: Parts) -> DifferenceOut:
    """What it would change; nothing is kept."""
    return DifferenceOut.of(app.review.schemes.try_out(body.table))


@router.get("/v1/schemes/proposals", summary="Tables that wait", responses=FAULTS)
@needs(P.GRADE_QA)
def proposals(app: Parts, who: Who) -> ProposalsOut:
    """For a second person, with what each would change; they lapse after 24 hours."""
    found = app.review.adopting.waiting(who)
    return ProposalsOut(proposals=[ProposalOut.of(one) for one in found])


@router.post("/v1/schemes", status_code=202, summary="Propose a table", responses=FAULTS)
@needs(P.GRADE_QA)
def propose(body: AdoptIn, app: Parts, who: Who) -> ProposalOut:
    """It waits for a second person with the list of what it would change."""
    return ProposalOut.of(app.review.adopting.propose(who, body.table, reason=body.reason))


@router.post("/v1/schemes/{scheme}/confirm", summary="Adopt a table", responses=FAULTS)
@needs(P.GRADE_QA)
def confirm(scheme: SchemeId, body: NoteIn, app: Parts, who: Who) -> SchemeOut:
    """By another person than who proposed it. History is derived anew in the background."""
    return SchemeOut.of(app.review.adopting.confirm(who, scheme, note=body.note))


@router.post("/v1/schemes/{scheme}/refuse", summary="Refuse a table", responses=FAULTS)
@needs(P.GRADE_QA)
def refuse(scheme: SchemeId, body: NoteIn, app: Parts, who: Who) -> ProposalOut:
    """By anybody who answers for quality; whoever proposed it takes it back so."""
    return ProposalOut.of(Proposal.of(app.review.adopting.refuse(who, scheme, note=body.note)))
