"""`/v1/cases/{id}/decisions`: what people decide, previewed, confirmed by a second, undone.

For people only: no key decides. `expected_version` and `effect` guard against deciding
something else than was looked at.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import Field
from starlette.requests import Request

from breakwater.access.signing import Proof
from breakwater.model.access import Permission
from breakwater.model.decision import Decision, DecisionFacts, DecisionKind, Effect, Touched
from breakwater.model.ids import Id
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body
from breakwater.web.api.sessions import site_of
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.api.signing import ProofIn, signature
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["decisions"])
IdText = Annotated[str, Path(max_length=64, examples=[ID])]
READ = problems(401, 403, 404, 422, 429)
CHANGE = problems(401, 403, 404, 409, 422, 429, 503)


class WantedIn(Body):
    """A decision to be looked at before it is taken."""

    kind: DecisionKind = Field(examples=["not_illegal"])
    also: list[str] = Field(
        default_factory=list, max_length=100, description="Ids of further cases of the same stack."
    )


class DecisionIn(WantedIn, ProofIn):
    """A decision; where it cuts a broadcast, signed as `/v1/streams/{id}/orders/options` says."""

    reason: str = Field(default="", max_length=2000, description="In your words; may be empty.")
    facts: dict[str, Any] = Field(
        default_factory=dict,
        max_length=3,
        description="`context` of what is lawful, `role` of the account, `item` as graded.",
        examples=[{"role": "unknown", "item": {"activity": "penetrative"}}],
    )
    expected_version: int | None = Field(
        default=None, ge=0, le=1 << 62, description="Of the case, as you read it."
    )
    effect: str = Field(
        default="", max_length=64, pattern=r"^[0-9a-f]*$", description="As the preview gave it."
    )


class NoteIn(Body):
    """Why."""

    reason: str = Field(default="", max_length=2000)


class ConfirmIn(NoteIn):
    """Why, and the signature: one of the two, as `confirm/options` says."""

    credential: dict[str, Any] | None = Field(
        default=None, description="What the browser answered to the challenge."
    )
    password: str = Field(default="", max_length=1024, description="Of people without a passkey.")


class CommentIn(Body):
    """A note for colleagues."""

    words: str = Field(min_length=1, max_length=2000)


class DecisionOut(Answer):
    """One thing a person said of a case."""

    id: str = Field(examples=[ID])
    case: str = Field(examples=[ID])
    kind: str = Field(examples=["not_illegal"])
    by: str = Field(description="Id of the person.", examples=[ID])
    second: str | None = Field(default=None, description="Id of the second person, if it took two.")
    at: datetime
    reason: str
    facts: dict[str, Any]
    stands: bool = Field(description="It was not taken back and takes nothing back.")
    undoes: str | None = Field(default=None, description="The decision that this row takes back.")
    knowledge_at: datetime | None = Field(default=None, description="When illegality was known.")

    @classmethod
    def of(cls, said: Decision) -> DecisionOut:
        """From the noun."""
        return cls(
            id=said.id, case=said.case, kind=said.kind.value, by=said.by, second=said.second,
            at=said.at, reason=said.reason, facts=said.facts.plain(), stands=said.stands,
            undoes=said.undoes, knowledge_at=said.knowledge_at,
        )  # fmt: skip


class SigningOut(Answer):
    """How the second person signs."""

    approval: str = Field(description="What is signed.", examples=[ID])
    method: str = Field(description="`passkey`, `password`, or empty: set one up first.")
    options: dict[str, Any] = Field(description="For `navigator.credentials.get`; with a passkey.")


class DecisionsOut(Answer):
    """Everything that was said of a case, the first first."""

    decisions: list[DecisionOut]


class TouchedOut(Answer):
    """What becomes of one upload."""

    upload: str = Field(examples=[ID])
    case: str | None
    outcome: str = Field(description="`released`, `kept`, `held` or `confirmed`.")
    why: str = ""

    @classmethod
    def of(cls, one: Touched) -> TouchedOut:
        """From the noun."""
        return cls(upload=one.upload, case=one.case, outcome=one.outcome.value, why=one.why)


class EffectOut(Answer):
    """What a decision would do."""

    effect: str = Field(description="Send it with the decision, so that nothing else is done.")
    released: int
    accounts: int
    second: bool = Field(description="It needs a second person before it acts.")
    later: int = Field(description="Uploads beyond those listed, released in the background.")
    entries: list[int] = Field(description="Entries it calls wrong.")
    touched: list[TouchedOut]

    @classmethod
    def of(cls, effect: Effect) -> EffectOut:
        """From the noun."""
        return cls(
            effect=effect.digest, released=effect.released, accounts=effect.accounts,
            second=effect.second, later=effect.later, entries=list(effect.entries),
            touched=[TouchedOut.of(one) for one in effect.touched],
        )  # fmt: skip


@router.get("/v1/cases/{id}/decisions", summary="What was decided on a case", responses=READ)
@needs(P.CASE_READ)
def every(id: IdText, app: Parts) -> DecisionsOut:  # noqa: A002 - the path's own word
    """Rows are only ever added: undo is one more."""
    said = app.review.decisions.of_case(known_id(id))
    return DecisionsOut(decisions=[DecisionOut.of(one) for one in said])


@router.post("/v1/cases/{id}/decisions/preview", summary="What a decision would do", responses=READ)
@needs(P.CASE_DECIDE)
def preview(id: IdText, body: WantedIn, app: Parts, who: Who) -> EffectOut:  # noqa: A002 - the path's own word
    """Changes nothing."""
    effect = app.review.decisions.preview(who, known_id(id), body.kind, also=_ids(body.also))
    return EffectOut.of(effect)


@router.post("/v1/cases/{id}/decisions", status_code=201, summary="Decide a case", responses=CHANGE)
@needs(P.CASE_DECIDE)
def decide(id: IdText, body: DecisionIn, request: Request, app: Parts, who: Who) -> DecisionOut:  # noqa: A002 - the path's own word
    """More than 10 released items: 409 `needs_second_person`. A cut: 422 `needs_signature`."""
    about = app.review.decisions.cut_to_sign(known_id(id))
    said = app.review.decisions.decide(
        who, known_id(id), body.kind, reason=body.reason, facts=DecisionFacts.read(body.facts),
        expected_version=body.expected_version, also=_ids(body.also), expected_effect=body.effect,
        signed=signature(request, app, who, about, body.proof) if about else None,
    )  # fmt: skip
    return DecisionOut.of(said)


@router.post("/v1/cases/{id}/decisions/confirm/options", summary="How to sign as second person", responses=CHANGE)  # fmt: skip
@needs(P.CASE_DECIDE)
def signing(id: IdText, request: Request, app: Parts, who: Who) -> SigningOut:  # noqa: A002 - the path's own word
    """A challenge for this proposal alone; the person who proposed it is refused."""
    waits = app.review.decisions.to_sign(who, known_id(id))
    wanted = app.access.signing.ask(who, site_of(request), waits.id)
    return SigningOut(approval=waits.id, method=wanted.method, options=wanted.options)


@router.post("/v1/cases/{id}/decisions/confirm", summary="Agree as second person", responses=CHANGE)
@needs(P.CASE_DECIDE)
def confirm(id: IdText, body: ConfirmIn, request: Request, app: Parts, who: Who) -> DecisionOut:  # noqa: A002 - the path's own word
    """What waits acts now. Signed anew: by passkey, or by password without one."""
    waits = app.review.decisions.to_sign(who, known_id(id))
    proof = Proof(body.credential, body.password)
    signed = app.access.signing.check(who, site_of(request), waits.id, proof)
    return DecisionOut.of(app.review.decisions.confirm(who, known_id(id), signed, note=body.reason))


@router.post("/v1/cases/{id}/decisions/refuse", status_code=204, summary="Disagree as second person", responses=CHANGE)  # fmt: skip
@needs(P.CASE_DECIDE)
def refuse(id: IdText, body: NoteIn, app: Parts, who: Who) -> None:  # noqa: A002 - the path's own word
    """Nothing is done; the case waits on."""
    app.review.decisions.refuse(who, known_id(id), note=body.reason)


@router.post("/v1/decisions/{id}/undo", status_code=201, summary="Take a decision back", responses=CHANGE)  # fmt: skip
@needs(P.CASE_DECIDE)
def undo(id: IdText, body: NoteIn, app: Parts, who: Who) -> DecisionOut:  # noqa: A002 - the path's own word
    """A new row; the case waits again. Released media come back for 30 seconds, then never."""
    return DecisionOut.of(app.review.decisions.undo(who, known_id(id), body.reason))


@router.post("/v1/cases/{id}/comments", status_code=204, summary="Note for colleagues", responses=CHANGE)  # fmt: skip
@needs(P.CASE_DECIDE)
def comment(id: IdText, body: CommentIn, app: Parts, who: Who) -> None:  # noqa: A002 - the path's own word
    """Kept with the case for good; it never leaves the installation."""
    app.review.decisions.comment(who, known_id(id), body.words)


def _ids(named: list[str]) -> list[Id]:
    return [known_id(one) for one in named]
