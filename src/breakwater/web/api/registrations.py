"""`/v1/registrations` and `/v1/sanctions`: whether a suspect is back, and who is let go of.

Services ask with a key of scope `registration:check`; what they send is hashed and forgotten.
Sanctions are shown to people, and let go of by people.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Final

from fastapi import Query
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from breakwater.enforcement.registrations.releasing import Looked
from breakwater.errors import BadInput, NotAuthenticated
from breakwater.model.access import Permission, Principal
from breakwater.model.sanction import Checked, Hit, Registration
from breakwater.web.api.bodies import checked
from breakwater.web.api.forms import read_json
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import json_of, problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.api.streams import CHANGE, READ, IdText, Sighted
from breakwater.web.gate import Parts, Router, Who, caller, needs

P = Permission
router = Router(tags=["registrations"])
BODY: Final = 1 << 16
"""Bytes: six fields of 512 characters, however they are escaped."""
SERVICE = r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$"
Text = Annotated[str, Field(max_length=512)]


class RegistrationIn(Body):
    """What is known of somebody who registers. Nothing of it is stored, in any form."""

    service: str = Field(default="", pattern=SERVICE, description="Where; a key of one service needs none.", examples=["photos"])  # fmt: skip
    email: Text = Field(default="", description="As they typed it.", examples=["someone+new@example.org"])  # fmt: skip
    phone: Text = Field(default="", description="Best in E.164.", examples=["+4930901820"])
    device: Text = Field(default="", description="Your own id of the device.", examples=["5f1a77c0-22b9-4e1d-a6e1-0d3c55aa9e10"])  # fmt: skip
    shared_device: bool = Field(default=False, description="You know that several people use it.")
    payment: Text = Field(default="", description="A fingerprint; never a card's number.", examples=["pm_1Nf8aKQ2eZvKYlo2C"])  # fmt: skip
    payment_bin: Text = Field(default="", description="The first six to eight digits of a card.", examples=["424242"])  # fmt: skip
    address: Text = Field(default="", description="IP address; compared as its network.", examples=["81.2.69.142"])  # fmt: skip
    at: Sighted | None = Field(default=None, description="When it was; now without it.")

    def noun(self) -> Registration:
        """As the verb takes it."""
        return Registration(
            self.email, self.phone, self.device, self.payment, self.payment_bin, self.address,
            self.shared_device, self.at,
        )  # fmt: skip


class CheckedOut(Answer):
    """What becomes of a registration."""

    answer: str = Field(description="`allow`, `watch` or `refuse`.", examples=["refuse"])
    confidence: float = Field(description="That a sanctioned person is back, 0 to 1.", examples=[0.95])  # fmt: skip
    reasons: list[str] = Field(description="What was known again, the strongest first.", examples=[["email"]])  # fmt: skip
    registration: str | None = Field(description="Names this answer, to have it put right; null where it is allowed.", examples=[ID])  # fmt: skip
    unread: list[str] = Field(description="Fields that gave nothing to compare.", examples=[[]])

    @classmethod
    def of(cls, one: Checked) -> CheckedOut:
        """From the noun."""
        said = one.judgement
        return cls(
            answer=said.answer.value, confidence=said.confidence,
            reasons=[clue.value for clue in said.clues], registration=one.id,
            unread=list(one.unread),
        )  # fmt: skip


class ReleaseIn(Body):
    """Who is let go of, and why: a registration that was somebody else's, or a whole sanction."""

    registration: str = Field(default="", max_length=64, description="A wrong match.", examples=[ID])  # fmt: skip
    sanction: str = Field(default="", max_length=64, description="The whole of it.", examples=[""])
    reason: str = Field(min_length=1, max_length=2000, examples=["The number is somebody else's now."])  # fmt: skip


class HitOut(Answer):
    """A registration that was refused or is watched; nothing says who it was."""

    registration: str = Field(examples=[ID])
    service: str
    answer: str = Field(examples=["watch"])
    confidence: float
    reasons: list[str]
    at: datetime
    wrong: bool = Field(description="A person said that it was somebody else.")

    @classmethod
    def of(cls, one: Hit) -> HitOut:
        """From the noun."""
        said = one.judgement
        return cls(
            registration=one.id, service=one.service, answer=said.answer.value,
            confidence=said.confidence, reasons=[clue.value for clue in said.clues], at=one.at,
            wrong=bool(one.wrong_by),
        )  # fmt: skip


class SanctionOut(Answer):
    """An account that was sanctioned."""

    id: str = Field(examples=[ID])
    number: int = Field(examples=[7])
    service: str
    account: str = Field(description="Empty where your role does not see accounts.")
    case: str = Field(examples=[ID])
    decision: str = Field(description="That it rests on.", examples=[ID])
    at: datetime
    until: datetime
    in_force: bool
    known_by: dict[str, int] = Field(description="Keyed hashes by kind.", examples=[{"email": 2}])
    ended: str = Field(description="`overturned`, `no_suspect`, `released`, `expired`; empty: not yet.")  # fmt: skip
    ended_at: datetime | None = None
    reason: str = Field(default="", description="Of who let go of it.")
    waits: bool = Field(description="A release waits for a second person.")
    registrations: list[HitOut] = Field(description="What it was found in, the newest first.")

    @classmethod
    def of(cls, who: Principal, looked: Looked) -> SanctionOut:
        """From the noun, as far as the caller may see it."""
        one, end = looked.sanction, looked.sanction.end
        return cls(
            id=one.id, number=one.number, service=one.service,
            account=one.account if who.may(P.ACCOUNT_READ) else "", case=one.case,
            decision=one.decision, at=one.at, until=one.until, in_force=looked.stands,
            known_by={kind.value: count for kind, count in one.kinds.items()},
            ended="" if end is None else end.kind.value, ended_at=None if end is None else end.at,
            reason="" if end is None else end.reason, waits=looked.waits is not None,
            registrations=[HitOut.of(hit) for hit in looked.hits],
        )  # fmt: skip


class SanctionsOut(Answer):
    """Sanctions, the newest first."""

    sanctions: list[SanctionOut]


@router.post(
    "/v1/registrations/check", response_model=CheckedOut, summary="Check a registration",
    responses=problems(401, 403, 413, 422, 429, 503), openapi_extra=json_of(RegistrationIn),
)  # fmt: skip
@needs(P.REGISTRATION_CHECK, body=None, bare=True)
async def check(request: Request) -> Response:
    """Refused only on strong evidence. Ask before the account exists; nothing sent is kept.

    Where memory proves that nobody is known the answer is made on the event loop: 0.3 ms, less
    than a thread costs. Whatever needs the database is asked on a thread.
    """
    body: RegistrationIn = checked(RegistrationIn, await read_json(request, limit=BODY))
    who = caller(request)
    if who is None:
        raise NotAuthenticated
    verb = request.app.state.parts.sanctions.registrations
    told, service = body.noun(), body.service
    if verb.quick:
        asked = verb.ask(who, told, service=service)
        done = verb.nobody(asked) or await run_in_threadpool(verb.search, asked)
    else:
        done = await run_in_threadpool(partial(verb.check, who, told, service=service))
    answer = CheckedOut.of(done).model_dump_json()
    return Response(answer, media_type="application/json")


@router.post("/v1/registrations/release", summary="Let go of a wrong match or a sanction", responses=CHANGE)  # fmt: skip
@needs(P.SANCTION_RELEASE)
def release(body: ReleaseIn, app: Parts, who: Who) -> SanctionOut:
    """At once; a whole sanction waits for a second person where that is set."""
    releasing = app.sanctions.releasing
    if bool(body.registration) is bool(body.sanction):
        raise BadInput("Name a registration or a sanction.")
    if body.registration:
        done = releasing.wrong(who, known_id(body.registration), reason=body.reason)
    else:
        done = releasing.release(who, known_id(body.sanction), reason=body.reason)
    return SanctionOut.of(who, done)


@router.get("/v1/sanctions", summary="Accounts that are sanctioned", responses=READ)
@needs(P.SANCTION_READ)
def every(
    app: Parts, who: Who, *, ended: bool = False,
    before: Annotated[int, Query(ge=0, lt=1 << 62, description="Number of the last one seen; 0: the newest.")] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> SanctionsOut:  # fmt: skip
    """In force, or over; the look is audited."""
    found = app.sanctions.releasing.page(who, ended=ended, before=before, limit=limit)
    return SanctionsOut(sanctions=[SanctionOut.of(who, one) for one in found])


@router.get("/v1/sanctions/{id}", summary="One sanction", responses=READ)
@needs(P.SANCTION_READ)
def one(id: IdText, app: Parts, who: Who) -> SanctionOut:  # noqa: A002 - the path's own word
    """With the registrations it was found in; the look is audited."""
    return SanctionOut.of(who, app.sanctions.releasing.look(who, known_id(id)))


@router.post("/v1/sanctions/{id}/confirm", summary="Agree to a release as second person", responses=CHANGE)  # fmt: skip
@needs(P.SANCTION_RELEASE)
def confirm(id: IdText, app: Parts, who: Who) -> SanctionOut:  # noqa: A002 - the path's own word
    """The account is let go of."""
    return SanctionOut.of(who, app.sanctions.releasing.confirm(who, known_id(id)))


@router.post("/v1/sanctions/{id}/refuse", status_code=204, summary="Disagree with a release", responses=CHANGE)  # fmt: skip
@needs(P.SANCTION_RELEASE)
def refuse(id: IdText, app: Parts, who: Who) -> None:  # noqa: A002 - the path's own word
    """The sanction stays."""
    app.sanctions.releasing.refuse(who, known_id(id))
