"""Passkeys: WebAuthn credentials of people, as the strongest way to sign in.

In come the browser's answers to a challenge, out go stored credentials and sessions. A
challenge lives five minutes and is used once, in whichever process (`challenges`). A signature
counter that goes back means a copied key: refused and audited (WebAuthn Level 3 §6.1.1). Tests
with a software authenticator: `tests/unit/test_access_passkeys.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import webauthn
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from breakwater.access.challenges import Challenges
from breakwater.access.sessions import Sessions
from breakwater.errors import BadInput, NotAuthenticated, NotFound
from breakwater.model.access import Person, Principal
from breakwater.model.ids import Id
from breakwater.model.signin import Passkey
from breakwater.records import people
from breakwater.records.database import Database, Tx

REGISTER: Final = "passkey register"
SIGN_IN: Final = "passkey sign in"
SIGN: Final = "passkey sign"


@dataclass(frozen=True, slots=True)
class Site:
    """Where people sign in: what a passkey is bound to.

    Attributes:
        host: the relying party id, e.g. `safety.example`.
        origin: as browsers see it, e.g. `https://safety.example`.
    """

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class _Answered:
    """An answer that holds."""

    passkey: Passkey
    person: Person
    count: int
    challenge: bytes


class Passkeys:
    """Registering passkeys and signing in with them."""

    def __init__(self, *, db: Database, sessions: Sessions, challenges: Challenges) -> None:
        self._db = db
        self._sessions = sessions
        self._challenges = challenges

    def registration(self, who: Principal, site: Site) -> dict[str, Any]:
        """What the browser needs to make a passkey for whoever is signed in.

        Raises:
            NotAllowed: the sign-in is not fresh.
        """
        self._sessions.check_fresh(who)
        with self._db.read() as tx:
            present = people.passkeys(tx, who.id)
        options = webauthn.generate_registration_options(
            rp_id=site.host,
            rp_name="breakwater",
            user_name=who.name,
            user_id=who.id.encode(),
            challenge=self._challenges.issue(REGISTER, str(who.session)),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=p.credential) for p in present],
        )
        return _plain(options)

    def register(self, who: Principal, site: Site, answer: dict[str, Any], name: str) -> Passkey:
        """Keep the passkey that the browser made.

        Raises:
            BadInput: it does not answer our challenge.
        """
        try:
            challenge = _challenge(answer)
            self._challenges.check(challenge, REGISTER, str(who.session))
            made = webauthn.verify_registration_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                require_user_verification=True,
            )
        except _NONSENSE:
            raise BadInput("The passkey does not answer the challenge. Try again.") from None
        with self._db.transaction() as tx:
            self._challenges.spend(tx, challenge)
            passkey = people.add_passkey(
                tx,
                who.id,
                credential=made.credential_id,
                public_key=made.credential_public_key,
                sign_count=made.sign_count,
                name=name.strip()[:100] or "passkey",
            )
            tx.audit(who.id, "person.passkey_added", passkey.id)
        return passkey

    def remove(self, who: Principal, passkey: Id) -> None:
        """Remove one of one's own passkeys; raises `NotFound`, `NotAllowed`."""
        self._sessions.check_fresh(who)
        with self._db.transaction() as tx:
            if passkey not in {found.id for found in people.passkeys(tx, who.id)}:
                raise NotFound
            people.remove_passkey(tx, passkey)
            tx.audit(who.id, "person.passkey_removed", passkey)

    def authentication(self, site: Site) -> dict[str, Any]:
        """What the browser needs to sign in; says nothing about who has passkeys."""
        options = webauthn.generate_authentication_options(
            rp_id=site.host,
            challenge=self._challenges.issue(SIGN_IN),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return _plain(options)

    def sign_in(self, site: Site, answer: dict[str, Any], *, agent: str = "") -> tuple[Person, str]:
        """Sign in; answers the person and the session's token.

        Raises:
            NotAuthenticated: unknown, wrong, stale or copied. Never says which.
        """
        try:
            found = self._answered(site, answer, SIGN_IN)
        except (*_NONSENSE, NotFound, BadInput):
            raise _NOT_HERE from None
        self._check_count(found.passkey, found.count)
        if not found.person.active:
            raise _NOT_HERE
        try:
            with self._db.transaction() as tx:
                self._use(tx, found)
                people.clear_failures(tx, found.person.id)
                return found.person, self._sessions.start(tx, found.person, "passkey", agent=agent)
        except BadInput:
            raise _NOT_HERE from None

    def to_sign(self, who: Principal, site: Site, about: str) -> dict[str, Any]:
        """What the browser needs to sign one act by a passkey of whoever is signed in."""
        with self._db.read() as tx:
            present = people.passkeys(tx, who.id)
        options = webauthn.generate_authentication_options(
            rp_id=site.host,
            challenge=self._challenges.issue(SIGN, _bound(who, about)),
            allow_credentials=[PublicKeyCredentialDescriptor(id=p.credential) for p in present],
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return _plain(options)

    def signed(self, who: Principal, site: Site, about: str, answer: dict[str, Any]) -> None:
        """Check that a passkey of whoever is signed in signed this act, and use the answer up.

        Raises:
            BadInput: another act, session or person, a stale or used challenge, a copied key.
        """
        try:
            found = self._answered(site, answer, SIGN, _bound(who, about))
            self._check_count(found.passkey, found.count)
        except (*_NONSENSE, NotFound, BadInput, NotAuthenticated):
            raise _NOT_SIGNED from None
        if found.person.id != who.id or not found.person.active:
            raise _NOT_SIGNED
        with self._db.transaction() as tx:
            self._use(tx, found)

    def _answered(self, site: Site, answer: dict[str, Any], use: str, bound: str = "") -> _Answered:
        """Whose passkey answered our challenge; raises what nonsense raises."""
        credential = webauthn.base64url_to_bytes(str(answer["id"]))
        challenge = _challenge(answer)
        self._challenges.check(challenge, use, bound)
        with self._db.read() as tx:
            passkey = people.passkey(tx, credential)
            person = people.get(tx, passkey.person)
        proof = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,  # compared by `_check_count`, where it is audited
            require_user_verification=True,
        )
        return _Answered(passkey, person, proof.new_sign_count, challenge)

    def _use(self, tx: Tx, found: _Answered) -> None:
        self._challenges.spend(tx, found.challenge)
        people.use_passkey(tx, found.passkey.id, sign_count=found.count)

    def _check_count(self, passkey: Passkey, count: int) -> None:
        """A counter that does not go on means that somebody copied the key."""
        if (count or passkey.sign_count) and count <= passkey.sign_count:
            with self._db.transaction() as tx:
                tx.audit("system", "person.passkey_copied", passkey.id)
            raise _NOT_HERE


_NONSENSE: Final = (WebAuthnException, ValueError, KeyError, TypeError, RecursionError)
"""What answers raise that are no answers."""

_NOT_SIGNED: Final = BadInput("The passkey did not sign this. Nothing was confirmed; sign again.")

_NOT_HERE: Final = NotAuthenticated("This passkey does not sign in here.")


def _challenge(answer: dict[str, Any]) -> bytes:
    """The challenge that an answer says it answers; raises what nonsense raises."""
    client = json.loads(webauthn.base64url_to_bytes(str(answer["response"]["clientDataJSON"])))
    return webauthn.base64url_to_bytes(str(client["challenge"]))


def _bound(who: Principal, about: str) -> str:
    """What a signature's challenge is for: this act, in this session."""
    return f"{who.session}\0{about}"


def _plain(options: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return found
