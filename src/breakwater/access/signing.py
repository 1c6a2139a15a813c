"""Signing one act anew: an open screen is not enough to be the second person.

In comes what is signed (the id of a proposal: its reason, facts and effect never change) and
the proof: a passkey's answer to a challenge made for this act and session, or, from somebody
without a passkey, the password. Out goes `Signed`, which the verb checks again. What a passkey
signed is no sign-in, and the other way round. Wrong passwords count like those at the door.
Fed by `web.api.decisions` and `web.pages.case`. Tests: `tests/unit/test_access_signing.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from breakwater.access.passkeys import Passkeys, Site
from breakwater.access.people import People
from breakwater.errors import BadInput
from breakwater.model.access import Principal
from breakwater.model.clock import Clock
from breakwater.model.signin import Signed
from breakwater.records import people
from breakwater.records.database import Database

NOTHING_TO_SIGN_WITH: Final = (
    'Signing needs a passkey or a password. Set one up under "Password and passkey" first.'
)
ASKED_FOR: Final = {
    "passkey": "Sign with your passkey: nothing was confirmed.",
    "password": "Type your password to sign: nothing was confirmed.",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody signs with; never kept.

    Attributes:
        credential: what the browser answered to the challenge.
        password: their own.
    """

    credential: dict[str, Any] | None = None
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How somebody can sign: `passkey` with the browser's options, `password`, or `` for not at all."""

    method: str
    options: dict[str, Any] = field(default_factory=dict)


class Signing:
    """Asks for signatures and checks them."""

    def __init__(self, *, db: Database, passkeys: Passkeys, people: People, clock: Clock) -> None:
        self._db = db
        self._passkeys = passkeys
        self._people = people
        self._clock = clock

    def method(self, who: Principal) -> str:
        """What this person signs with: `passkey`, `password`, or empty when they have neither."""
        with self._db.read() as tx:
            return people.signs_with(tx, who.id)

    def ask(self, who: Principal, site: Site, about: str) -> Wanted:
        """How this person signs `about`, with a challenge for that alone."""
        method = self.method(who)
        if method != "passkey":
            return Wanted(method)
        return Wanted(method, self._passkeys.to_sign(who, site, about))

    def check(self, who: Principal, site: Site, about: str, proof: Proof) -> Signed:
        """Whether this person signed `about` just now.

        Raises:
            BadInput: no proof, a wrong one, or one for something else; or they have nothing
                to sign with.
            TooManyRequests: too many wrong passwords; the facts say how long.
        """
        method = self.method(who)
        if not method:
            raise BadInput(NOTHING_TO_SIGN_WITH)
        if method == "passkey":
            if proof.credential is None:
                raise BadInput(ASKED_FOR[method])
            self._passkeys.signed(who, site, about, proof.credential)
        else:
            if not proof.password:
                raise BadInput(ASKED_FOR[method])
            self._people.check_password(who, proof.password)
        return Signed(who.id, about, method, self._clock.now())
