"""Passkeys: WebAuthn credentials of people, as the strongest way to sign in.

In come the browser's answers to a challenge, out go stored credentials and sessions. A
challenge is used once, lives five minutes and only in this process. A signature counter that
goes back means a copied key: refused and audited (WebAuthn Level 3 §6.1.1). Tests with a
software authenticator: `tests/unit/test_access_passkeys.py`.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any, Final

import webauthn
from webauthn.helpers import bytes_to_base64url, generate_challenge
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from breakwater.access.sessions import Sessions
from breakwater.errors import BadInput, NotAuthenticated, NotFound
from breakwater.model.access import Person, Principal
from breakwater.model.clock import Clock
from breakwater.model.ids import Id
from breakwater.model.signin import Passkey
from breakwater.records import people
from breakwater.records.database import Database

CHALLENGE_S: Final = 300.0
_MOST: Final = 2000


@dataclass(frozen=True, slots=True)
class Site:
    """Where people sign in: what a passkey is bound to.

    Attributes:
        host: the relying party id, e.g. `safety.example`.
        origin: as browsers see it, e.g. `https://safety.example`.
    """

    host: str
    origin: str


class Passkeys:
    """Registering passkeys and signing in with them."""

    def __init__(self, *, db: Database, sessions: Sessions, clock: Clock) -> None:
        self._db = db
        self._sessions = sessions
        self._clock = clock
        self._challenges: dict[str, tuple[bytes, float]] = {}
        self._lock = threading.Lock()

    def registration(self, who: Principal, site: Site) -> dict[str, Any]:
        """What the browser needs to make a passkey for whoever is signed in."""
        with self._db.read() as tx:
            present = people.passkeys(tx, who.id)
        options = webauthn.generate_registration_options(
            rp_id=site.host,
            rp_name="breakwater",
            user_name=who.name,
            user_id=who.id.encode(),
            challenge=self._challenge(f"register {who.session}"),
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
        challenge = self._taken(f"register {who.session}")
        try:
            made = webauthn.verify_registration_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError):
            raise BadInput("The passkey does not answer the challenge. Try again.") from None
        with self._db.transaction() as tx:
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
        """Remove one of one's own passkeys."""
        with self._db.transaction() as tx:
            if passkey not in {found.id for found in people.passkeys(tx, who.id)}:
                raise NotFound
            people.remove_passkey(tx, passkey)
            tx.audit(who.id, "person.passkey_removed", passkey)

    def authentication(self, site: Site) -> dict[str, Any]:
        """What the browser needs to sign in; says nothing about who has passkeys."""
        challenge = generate_challenge()
        self._keep(bytes_to_base64url(challenge), challenge)
        options = webauthn.generate_authentication_options(
            rp_id=site.host,
            challenge=challenge,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return _plain(options)

    def sign_in(self, site: Site, answer: dict[str, Any]) -> tuple[Person, str]:
        """Sign in; answers the person and the session's token.

        Raises:
            NotAuthenticated: unknown, wrong, stale or copied. Never says which.
        """
        try:
            credential = webauthn.base64url_to_bytes(str(answer["id"]))
            client = json.loads(
                webauthn.base64url_to_bytes(str(answer["response"]["clientDataJSON"]))
            )
            challenge = self._taken(str(client["challenge"]))
            with self._db.read() as tx:
                passkey = people.passkey(tx, credential)
                person = people.get(tx, passkey.person)
            proof = webauthn.verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError, NotFound, BadInput):
            raise NotAuthenticated("This passkey does not sign in here.") from None
        if not person.active:
            raise NotAuthenticated("This passkey does not sign in here.")
        with self._db.transaction() as tx:
            people.use_passkey(tx, passkey.id, sign_count=proof.new_sign_count)
            people.clear_failures(tx, person.id)
            return person, self._sessions.start(tx, person, "passkey")

    def _challenge(self, name: str) -> bytes:
        challenge = generate_challenge()
        self._keep(name, challenge)
        return challenge

    def _keep(self, name: str, challenge: bytes) -> None:
        now = self._clock.monotonic()
        with self._lock:
            if len(self._challenges) >= _MOST:
                fresh = {n: c for n, c in self._challenges.items() if c[1] > now}
                self._challenges = fresh if len(fresh) < _MOST else {}
            self._challenges[name] = (challenge, now + CHALLENGE_S)

    def _taken(self, name: str) -> bytes:
        with self._lock:
            challenge, until = self._challenges.pop(name, (b"", 0.0))
        if not challenge or until < self._clock.monotonic():
            raise BadInput("The challenge is too old. Try again.")
        return challenge


def _plain(options: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return found
