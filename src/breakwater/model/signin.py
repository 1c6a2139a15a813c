"""Signing in: sessions, passkeys and what is known of failures. Secrets are never in a noun."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from breakwater.errors import BadInput
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


SIGNED_FOR: Final = timedelta(minutes=2)
"""From a signature to the act it is for: one request, with air for a slow disk."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A person stood behind one thing just now, by passkey or password.

    Attributes:
        about: id of what was signed.
        method: `passkey` or `password`.
    """

    person: Id
    about: str
    method: str
    at: datetime

    def check(self, person: Id, about: str, now: datetime) -> None:
        """Whether it is this person's, for this, and fresh.

        Raises:
            BadInput: it is not.
        """
        fresh = timedelta(0) <= now - self.at <= SIGNED_FOR
        if (self.person, self.about) != (person, about) or not fresh:
            raise BadInput("The signature is for something else, or too old. Sign again.")


def about_cut(stream: Id, publisher: Id | None = None) -> str:
    """What is signed to cut a broadcast, or one of its senders."""
    return f"stream.cut:{publisher or stream}"


def about_mark(bank: Id) -> str:
    """What is signed to let a bank cut by itself."""
    return f"bank.auto_cut:{bank}"


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
