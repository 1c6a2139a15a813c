"""`/v1/banks/{name}/auto-cut`: which banks may cut a broadcast by themselves; two people say so."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field
from starlette.requests import Request

from breakwater.banks.cutting import CutMark
from breakwater.model.access import Permission
from breakwater.web.api.banks import BankName
from breakwater.web.api.openapi import problems
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.api.signing import ProofIn, ToSignOut, signature, to_sign
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["banks"])
READ = problems(401, 403, 404, 422, 429)
CHANGE = problems(401, 403, 404, 409, 422, 429, 503)


class MarkIn(ProofIn):
    """Why a bank shall cut by itself, and the signature."""

    reason: str = Field(min_length=1, max_length=2000, examples=["Verified by two hotlines."])


class CutMarkOut(Answer):
    """Whether a bank may cut by itself."""

    bank: str = Field(examples=["DEMO"])
    allowed: bool
    proposed_by: str | None = Field(default=None, description="Who waits for a second person.", examples=[ID])  # fmt: skip
    lapses_at: datetime | None = None

    @classmethod
    def of(cls, mark: CutMark) -> CutMarkOut:
        """From the noun."""
        waits = mark.waiting
        return cls(
            bank=mark.bank, allowed=mark.allowed, proposed_by=waits.by if waits else None,
            lapses_at=waits.lapses_at if waits else None,
        )  # fmt: skip


@router.get("/v1/banks/{name}/auto-cut", summary="Whether a bank may cut by itself", responses=READ)
@needs(P.BANK_READ)
def mark(name: BankName, app: Parts) -> CutMarkOut:
    """And who waits for a second person."""
    return CutMarkOut.of(app.enforcement.bank_cuts.get(name))


@router.put("/v1/banks/{name}/auto-cut", status_code=202, summary="Propose that a bank may cut by itself", responses=CHANGE)  # fmt: skip
@needs(P.BANK_WRITE)
def propose(name: BankName, body: MarkIn, request: Request, app: Parts, who: Who) -> CutMarkOut:
    """Signed; another person confirms within 24 hours; a key cannot."""
    cuts = app.enforcement.bank_cuts
    signed = signature(request, app, who, cuts.to_sign(name, who), body.proof)
    return CutMarkOut.of(cuts.propose(name, who, signed, reason=body.reason))


@router.post("/v1/banks/{name}/auto-cut/options", summary="How to sign it", responses=CHANGE)
@needs(P.BANK_WRITE)
def signing(name: BankName, request: Request, app: Parts, who: Who) -> ToSignOut:
    """A challenge for this bank, or for the proposal of another person that waits."""
    return to_sign(request, app, who, app.enforcement.bank_cuts.to_sign(name, who))


@router.post("/v1/banks/{name}/auto-cut/confirm", summary="Agree as second person", responses=CHANGE)  # fmt: skip
@needs(P.BANK_WRITE)
def confirm(name: BankName, body: ProofIn, request: Request, app: Parts, who: Who) -> CutMarkOut:
    """Signed; from now on it may. The person who proposed it is refused."""
    cuts = app.enforcement.bank_cuts
    signed = signature(request, app, who, cuts.to_sign(name, who), body.proof)
    return CutMarkOut.of(cuts.confirm(name, who, signed))


@router.delete("/v1/banks/{name}/auto-cut", summary="Take it back", responses=CHANGE)
@needs(P.BANK_WRITE)
def forbid(name: BankName, app: Parts, who: Who) -> CutMarkOut:
    """At once, by one person."""
    return CutMarkOut.of(app.enforcement.bank_cuts.forbid(name, who))
