"""`/v1/likeness`: an operator's likeness models and their legal gates; leads for people alone.

A gate is one model for one role in one jurisdiction, opened by two people and closed by one. What is
seen through it is written down each time. Thin over `linking.likeness`; decision 0047.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import Field

from breakwater.linking.likeness import Standing
from breakwater.model.access import Permission, Role
from breakwater.model.likeness import Gate, GateState
from breakwater.model.link import Link
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["likeness"])
READ = problems(401, 403, 404, 422, 429)
CHANGE = problems(401, 403, 404, 409, 422, 429, 503)
GateId = Annotated[str, Path(max_length=64, examples=[ID])]
Number = Annotated[int, Path(ge=1, le=(1 << 53) - 1, examples=[41])]
LAW = "Data Act, section 35: identifying victims of crime"


class GateIn(Body):
    """Which model may be used by whom, where, and why that is lawful."""

    model: str = Field(max_length=40, description="Name on its card.", examples=["yunet-sface"])
    role: Role = Field(examples=["investigator"])
    jurisdiction: str = Field(max_length=6, description="ISO 3166; the gate works where the service has its seat.", examples=["GB"])  # fmt: skip
    legal_basis: str = Field(min_length=10, max_length=2000, examples=[LAW])


class GateOut(Answer):
    """One gate, and where it stands."""

    id: str = Field(examples=[ID])
    model: str = Field(examples=["yunet-sface"])
    sha256: str
    role: Role
    jurisdiction: str = Field(examples=["GB"])
    legal_basis: str = Field(examples=[LAW])
    state: GateState
    proposed_by: str = Field(examples=[ID])
    opened_by: str | None = Field(default=None, description="The second person.", examples=[ID])
    at: datetime
    opened_at: datetime | None = None
    ended_at: datetime | None = None

    @classmethod
    def of(cls, one: Gate, now: datetime) -> GateOut:
        """From the noun."""
        return cls(
            id=one.id, model=one.name, sha256=one.sha256, role=one.role,
            jurisdiction=one.jurisdiction, legal_basis=one.legal_basis, state=one.state(now),
            proposed_by=one.by, opened_by=one.second_by, at=one.at, opened_at=one.opened_at,
            ended_at=one.ended_at,
        )  # fmt: skip


class ModelOut(Answer):
    """One model whose card and files are whole."""

    name: str = Field(examples=["yunet-sface"])
    version: str = Field(examples=["2023mar"])
    sha256: str
    licence: str = Field(examples=["Apache-2.0"])
    modality: str = Field(examples=["face"])
    dim: int = Field(examples=[128])
    metric: str = Field(examples=["cosine"])
    threshold_lead: float = Field(examples=[0.363])
    threshold_strong: float = Field(examples=[0.5])


class BrokenOut(Answer):
    """A model that is off."""

    name: str
    why: str = Field(examples=["model.onnx is not the file that its card names."])


class LikenessOut(Answer):
    """What there is, and what may be used."""

    models: list[ModelOut]
    broken: list[BrokenOut]
    gates: list[GateOut]
    vectors: int = Field(description="Kept of all models; 0 while no gate is open.", examples=[0])

    @classmethod
    def of(cls, found: Standing, now: datetime) -> LikenessOut:
        """From the noun."""
        cards = [one.card for one in found.models]
        return cls(
            models=[
                ModelOut(
                    name=card.name, version=card.version, sha256=card.sha256,
                    licence=card.licence, modality=card.modality, dim=card.dim,
                    metric=card.metric.value, threshold_lead=card.threshold_lead,
                    threshold_strong=card.threshold_strong,
                )
                for card in cards
            ],
            broken=[BrokenOut(name=one.name, why=one.why) for one in found.broken],
            gates=[GateOut.of(one, now) for one, _ in found.gates], vectors=found.vectors,
        )  # fmt: skip


class LeadOut(Answer):
    """A likeness between two media: look for yourself, it joins nothing."""

    edge: int = Field(description="Number of the link; judge it like any other.", examples=[12])
    media: tuple[int, int]
    score: float = Field(description="0 to 1 by the model's own metric; no probability.", examples=[0.52])  # fmt: skip
    state: str = Field(examples=["machine"])
    likenesses: list[dict[str, Any]] = Field(description="Moments and boxes on both sides.")

    @classmethod
    def of(cls, link: Link) -> LeadOut:
        """From the noun."""
        edge = link.edge
        return cls(
            edge=edge.number, media=(edge.a, edge.b), score=edge.score, state=edge.state.value,
            likenesses=list(link.evidence.get("likenesses", ())),
        )  # fmt: skip


class LeadsOut(Answer):
    """Likenesses of one medium."""

    leads: list[LeadOut]


@router.get("/v1/likeness", summary="Likeness models and their gates", responses=READ)
@needs(P.LIKENESS_OPEN)
def standing(app: Parts) -> LikenessOut:
    """Those that are whole, those that are off with the reason, and every gate."""
    return LikenessOut.of(app.linking.likeness.standing(), app.clock.now())


@router.post("/v1/likeness/gates", status_code=202, summary="Propose to open a gate", responses=CHANGE)  # fmt: skip
@needs(P.LIKENESS_OPEN)
def propose(body: GateIn, app: Parts, who: Who) -> GateOut:
    """With the law that allows it; another person opens it within 24 hours; a key cannot."""
    made = app.linking.likeness.propose(
        who, model=body.model, role=body.role, jurisdiction=body.jurisdiction,
        basis=body.legal_basis,
    )  # fmt: skip
    return GateOut.of(made, app.clock.now())


@router.post("/v1/likeness/gates/{gate}/confirm", summary="Open a gate as second person", responses=CHANGE)  # fmt: skip
@needs(P.LIKENESS_OPEN)
def confirm(gate: GateId, app: Parts, who: Who) -> GateOut:
    """From now on what is kept is looked at by this model. Who proposed it is refused."""
    return GateOut.of(app.linking.likeness.confirm(who, known_id(gate)), app.clock.now())


@router.delete("/v1/likeness/gates/{gate}", summary="Close a gate", responses=CHANGE)
@needs(P.LIKENESS_OPEN)
def close(gate: GateId, app: Parts, who: Who) -> GateOut:
    """At once, by one person; with a model's last gate its vectors and unjudged leads go."""
    return GateOut.of(app.linking.likeness.close(who, known_id(gate)), app.clock.now())


@router.get("/v1/links/media/{number}/likenesses", summary="Likenesses of a medium", responses=READ)
@needs(P.LINK_READ)
def leads(number: Number, app: Parts, who: Who) -> LeadsOut:
    """For people whose role's gate is open; each look is an audit row."""
    return LeadsOut(leads=[LeadOut.of(one) for one in app.linking.likeness.leads(who, number)])
