"""Sessions listed and ended, names unlocked, access given back: one's own and, by rank, others'.

Own routes find nothing but one's own: another's id is not found, whoever asks. Those of others
are for administrators.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import Field

from breakwater.model.access import Permission, Principal
from breakwater.model.signin import LinkedAccount, Session
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.sessions import PersonOut
from breakwater.web.api.shapes import ID, Answer, Word
from breakwater.web.gate import Parts, Router, Who, needs, signed_in

P = Permission
router = Router(tags=["people and sessions"])
IdText = Annotated[str, Path(max_length=64, examples=[ID])]
FAULTS = problems(401, 403, 404, 409, 422, 429, 503)
OWN = "one's own sessions"


class SessionOut(Answer):
    """A browser that is signed in."""

    id: str
    method: str = Field(description="`link`, `password`, `account` or `passkey`.")
    agent: str = Field(description="Which browser on which system; empty when unknown.")
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    here: bool = Field(description="The one that asks.")

    @classmethod
    def of(cls, session: Session, who: Principal) -> SessionOut:
        """From the noun."""
        return cls(
            id=session.id,
            method=session.method,
            agent=session.agent,
            created_at=session.created_at,
            seen_at=session.seen_at,
            expires_at=session.expires_at,
            here=session.id == who.session,
        )


class SessionsOut(Answer):
    """Sessions that let somebody in, the newest first."""

    sessions: list[SessionOut]


class AccountOut(Answer):
    """An account at the organisation's sign-in service."""

    id: str
    issuer: str
    created_at: datetime
    used_at: datetime | None

    @classmethod
    def of(cls, account: LinkedAccount) -> AccountOut:
        """From the noun; the subject stays here."""
        return cls(
            id=account.id,
            issuer=account.issuer,
            created_at=account.created_at,
            used_at=account.used_at,
        )


class AccountsOut(Answer):
    """One's own linked accounts."""

    accounts: list[AccountOut]


@router.get("/v1/me/sessions", summary="One's own sessions", responses=FAULTS)
@signed_in(OWN)
def own(app: Parts, who: Who) -> SessionsOut:
    """Those that still let one in."""
    found = app.access.sessions.of_person(who.id)
    return SessionsOut(sessions=[SessionOut.of(each, who) for each in found])


@router.delete("/v1/me/sessions", summary="End one's other sessions", responses=FAULTS)
@signed_in(OWN)
def end_others(app: Parts, who: Who) -> Word:
    """All but the one that asks."""
    app.access.sessions.revoke_others(who)
    return Word(status="ended")


@router.delete("/v1/me/sessions/{id}", summary="End one of one's sessions", responses=FAULTS)
@signed_in(OWN)
def end(id: IdText, app: Parts, who: Who) -> Word:  # noqa: A002 - the path's own word
    """Here at once, in other processes within 5 s."""
    app.access.sessions.revoke(known_id(id), who, person=who.id)
    return Word(status="ended")


@router.get("/v1/me/accounts", summary="One's linked accounts", responses=FAULTS)
@signed_in("one's own accounts")
def accounts(app: Parts, who: Who) -> AccountsOut:
    """At the organisation's sign-in service."""
    found = app.access.oidc.of_person(who.id)
    return AccountsOut(accounts=[AccountOut.of(each) for each in found])


@router.delete("/v1/me/accounts/{id}", summary="Unlink an account", responses=FAULTS)
@signed_in("one's own accounts")
def unlink(id: IdText, app: Parts, who: Who) -> Word:  # noqa: A002 - the path's own word
    """It signs in no more."""
    app.access.oidc.unlink(who, known_id(id))
    return Word(status="removed")


@router.get("/v1/people/{id}/sessions", summary="Somebody's sessions", responses=FAULTS)
@needs(P.PEOPLE_WRITE)
def of_person(id: IdText, app: Parts, who: Who) -> SessionsOut:  # noqa: A002 - the path's own word
    """Those that still let them in."""
    person = app.access.people.get(known_id(id))
    found = app.access.sessions.of_person(person.id)
    return SessionsOut(sessions=[SessionOut.of(each, who) for each in found])


@router.delete("/v1/people/{id}/sessions", summary="End somebody's sessions", responses=FAULTS)
@needs(P.PEOPLE_WRITE)
def end_all(id: IdText, app: Parts, who: Who) -> Word:  # noqa: A002 - the path's own word
    """All of them."""
    app.access.sessions.revoke_all(known_id(id), who)
    return Word(status="ended")


@router.delete("/v1/people/{id}/sessions/{session}", summary="End one session", responses=FAULTS)
@needs(P.PEOPLE_WRITE)
def end_one(id: IdText, session: IdText, app: Parts, who: Who) -> Word:  # noqa: A002 - the path's own word
    """Of the person named; another's session is not found."""
    app.access.sessions.revoke(known_id(session), who, person=known_id(id))
    return Word(status="ended")


@router.post("/v1/people/{id}/unlock", summary="Unlock a name", responses=FAULTS)
@needs(P.PEOPLE_WRITE)
def unlock(id: IdText, app: Parts, who: Who) -> PersonOut:  # noqa: A002 - the path's own word
    """After too many wrong passwords, before the wait is over."""
    return PersonOut.of(app.access.people.unlock(known_id(id), who))


@router.post("/v1/people/{id}/activate", summary="Give access back", responses=FAULTS)
@needs(P.PEOPLE_WRITE)
def activate(id: IdText, app: Parts, who: Who) -> PersonOut:  # noqa: A002 - the path's own word
    """What they had set up signs in again."""
    return PersonOut.of(app.access.people.activate(known_id(id), who))
