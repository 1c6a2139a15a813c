"""Signing in and out by JSON: links, passwords and passkeys, for the console's scripts.

The pages work without scripts by forms of their own; both call the same verbs. Answers set or
clear the session cookie and say who is signed in. `/v1/people` is for administrators.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from breakwater.access.passkeys import Site
from breakwater.errors import NotAuthenticated
from breakwater.model.access import Permission, Person
from breakwater.web.agents import agent_of
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer, Word
from breakwater.web.gate import (
    Parts,
    Router,
    Who,
    anyone,
    check_origin,
    gate_of,
    needs,
    signed_in,
)

P = Permission
router = Router(tags=["people and sessions"])
IdText = Annotated[str, Path(max_length=64, examples=[ID])]
FAULTS = problems(401, 403, 404, 409, 422, 429, 503)
PROOF = "it is how one becomes somebody; failures are counted by name and address"


class LinkIn(Body):
    """The token of a one-time link."""

    token: str = Field(min_length=20, max_length=100)


class NamedIn(Body):
    """Whom a command on the server's host lets in."""

    name: str = Field(min_length=1, max_length=100, examples=["Ada"])


class PasswordIn(Body):
    """Name and password."""

    name: str = Field(min_length=1, max_length=100)
    password: str = Field(min_length=1, max_length=1024)


class NewPasswordIn(Body):
    """One's own new password."""

    password: str = Field(min_length=1, max_length=1024)


class PasskeyIn(Body):
    """What the browser answered to the challenge."""

    credential: dict[str, Any]
    name: str = Field(default="", max_length=100)


class PersonIn(Body):
    """Somebody new."""

    name: str = Field(min_length=1, max_length=100, examples=["Sam"])
    roles: list[str] = Field(max_length=20, examples=[["reviewer"]])


class RolesIn(Body):
    """What somebody may do from now on."""

    roles: list[str] = Field(max_length=20)


class PersonOut(Answer):
    """Somebody who signs in."""

    id: str
    name: str
    roles: list[str]
    active: bool
    credential: str = Field(description="`none`, `password`, `account` or `passkey`.")

    @classmethod
    def of(cls, person: Person) -> PersonOut:
        """From the noun."""
        return cls(
            id=person.id,
            name=person.name,
            roles=sorted(person.roles),
            active=person.active,
            credential=person.credential,
        )


class PeopleOut(Answer):
    """Everybody."""

    people: list[PersonOut]


class LinkOut(Answer):
    """A link that lets somebody in once."""

    path: str = Field(examples=["/login/…"])


@router.post("/v1/session/link", responses=FAULTS)
@anyone(PROOF)
def by_link(body: LinkIn, request: Request, app: Parts) -> Response:
    """Sign in by a one-time link."""
    return _proved(request, app.access.people.consume_link, body.token)


@router.post("/v1/session/password", responses=FAULTS)
@anyone(PROOF)
def by_password(body: PasswordIn, request: Request, app: Parts) -> Response:
    """Sign in by name and password."""
    return _proved(request, app.access.people.sign_in, body.name, body.password)


@router.post("/v1/session/passkey/options", responses=FAULTS)
@anyone(PROOF)
def passkey_challenge(request: Request, app: Parts) -> JSONResponse:
    """A challenge for the browser; says nothing about who has passkeys."""
    check_origin(request)
    return JSONResponse(app.access.passkeys.authentication(site_of(request)))


@router.post("/v1/session/passkey", responses=FAULTS)
@anyone(PROOF)
def by_passkey(body: PasskeyIn, request: Request, app: Parts) -> Response:
    """Sign in by passkey."""
    return _proved(request, app.access.passkeys.sign_in, site_of(request), body.credential)


@router.delete("/v1/session", responses=FAULTS)
@signed_in("one's own session")
def sign_out(request: Request, app: Parts, who: Who) -> Response:
    """Sign out."""
    app.access.sessions.end(who)
    response = JSONResponse({"status": "signed_out"})
    gate_of(request).sign_out(response)
    return response


@router.put("/v1/me/password", responses=FAULTS)
@signed_in("one's own password")
def set_password(body: NewPasswordIn, app: Parts, who: Who) -> Word:
    """Set one's own password."""
    app.access.people.set_password(who, body.password)
    return Word(status="set")


@router.post("/v1/me/passkeys/options", responses=FAULTS)
@signed_in("one's own passkeys")
def registration(request: Request, app: Parts, who: Who) -> JSONResponse:
    """A challenge for the browser to make a passkey."""
    return JSONResponse(app.access.passkeys.registration(who, site_of(request)))


@router.post("/v1/me/passkeys", status_code=201, responses=FAULTS)
@signed_in("one's own passkeys")
def register(body: PasskeyIn, request: Request, app: Parts, who: Who) -> JSONResponse:
    """Keep the passkey that the browser made."""
    made = app.access.passkeys.register(who, site_of(request), body.credential, body.name)
    return JSONResponse({"id": made.id, "name": made.name}, 201)


@router.delete("/v1/me/passkeys/{id}", responses=FAULTS)
@signed_in("one's own passkeys")
def unregister(id: IdText, app: Parts, who: Who) -> Word:  # noqa: A002 - the path's own word
    """Remove one of one's own passkeys."""
    app.access.passkeys.remove(who, known_id(id))
    return Word(status="removed")


@router.get("/v1/people", responses=FAULTS)
@needs(P.PEOPLE_WRITE)
def people(app: Parts) -> PeopleOut:
    """Everybody, those who left too."""
    return PeopleOut(people=[PersonOut.of(person) for person in app.access.people.every()])


@router.post("/v1/people", status_code=201, responses=FAULTS)
@needs(P.PEOPLE_WRITE)
def add(body: PersonIn, app: Parts, who: Who) -> PersonOut:
    """Then give them a link to sign in with."""
    return PersonOut.of(app.access.people.create(body.name, body.roles, who))


@router.put("/v1/people/{id}/roles", responses=FAULTS)
@needs(P.PEOPLE_WRITE)
def set_roles(id: IdText, body: RolesIn, app: Parts, who: Who) -> PersonOut:  # noqa: A002 - the path's own word
    """Their sessions end, so that it bites at once."""
    return PersonOut.of(app.access.people.set_roles(known_id(id), body.roles, who))


@router.post("/v1/people/links", status_code=201, responses=FAULTS)
@needs(P.DESK_SIGN)
def link_for(body: NamedIn, app: Parts, who: Who) -> LinkOut:
    """For commands on the server's host: a one-time link for somebody by name."""
    return LinkOut(path=f"/login/{app.access.people.link_for(body.name, who)}")


@router.post("/v1/people/{id}/link", status_code=201, responses=FAULTS)
@needs(P.PEOPLE_WRITE)
def link(id: IdText, app: Parts, who: Who) -> LinkOut:  # noqa: A002 - the path's own word
    """A one-time link, to be handed over by a way you trust."""
    return LinkOut(path=f"/login/{app.access.people.link(known_id(id), who.id)}")


@router.delete("/v1/people/{id}", responses=FAULTS)
@needs(P.PEOPLE_WRITE)
def deactivate(id: IdText, app: Parts, who: Who) -> PersonOut:  # noqa: A002 - the path's own word
    """Somebody left: nothing lets them in any more; what they did stays."""
    return PersonOut.of(app.access.people.deactivate(known_id(id), who))


def _proved(request: Request, verb: Any, *proof: Any) -> Response:
    """Check a proof, count failures against the address, set the cookie."""
    check_origin(request)
    gate = gate_of(request)
    gate.slow_down(request)
    try:
        person, token = verb(*proof, agent=agent_of(request))
    except NotAuthenticated:
        gate.failed(request)
        raise
    response = JSONResponse(PersonOut.of(person).model_dump(mode="json"))
    gate.sign_in(response, token)
    return response


def site_of(request: Request) -> Site:
    """Where the browser is: what passkeys are bound to."""
    site: Site = request.app.state.site
    return site
