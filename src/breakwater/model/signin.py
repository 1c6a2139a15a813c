"""Signing in: sessions, passkeys and what is known of failures. Secrets are never in a noun."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from breakwater.model.access import Person
from breakwater.model.ids import Id


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in.

    Attributes:
        method: `link`, `password`, `passkey` or `account` (the organisation's sign-in service).
        agent: which browser on which system, in words; no address is kept.
    """

    id: Id
    person: Id
    method: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    agent: str = ""

    def live(self, now: datetime) -> bool:
        """Whether it still lets somebody in."""
        return self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Passkey:
    """A WebAuthn credential of a person.

    Attributes:
        credential: id that the authenticator gave it.
        public_key: COSE key.
        sign_count: as last seen; one that goes back means a copy.
    """

    id: Id
    person: Id
    credential: bytes
    public_key: bytes
    sign_count: int
    name: str = ""
    created_at: datetime | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LinkedAccount:
    """A person's account at the organisation's own sign-in service (OpenID Connect).

    Attributes:
        issuer: the service, by the URL it calls itself.
        subject: its name for the account; unique to the issuer and never given to another.
    """

    id: Id
    person: Id
    issuer: str
    subject: str
    created_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignIn:
    """What the login needs of a person, and nobody else reads.

    Attributes:
        password_hash: argon2 string; empty when no password is set.
        failures: wrong attempts since the last right one.
        locked_until: no attempt counts before this.
    """

    person: Person
    password_hash: str = ""
    failures: int = 0
    locked_until: datetime | None = None
