"""Protects passkeys with a software authenticator: real keys, real signatures, real lies."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import replace
from typing import Any

import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from tests.conftest import SettableClock
from webauthn.helpers import encode_cbor

from breakwater.access import policy
from breakwater.access.challenges import LIFE
from breakwater.access.door import Access
from breakwater.access.passkeys import Site
from breakwater.errors import BadInput, Conflict, NotAllowed, NotAuthenticated, NotFound
from breakwater.model.access import Principal
from breakwater.model.ids import new_id
from breakwater.records import audit
from breakwater.records.database import Database
from breakwater.records.keys import Keyring

SITE = Site("safety.example", "https://safety.example")
PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Authenticator:
    """What a phone or security key does, in software."""

    def __init__(self, site: Site = SITE) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(32)
        self.count = 0
        self.site = site
        self.flags = PRESENT | VERIFIED

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        numbers = self.key.public_key().public_numbers()
        cose = encode_cbor(
            {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        )
        attested = bytes(16) + len(self.id).to_bytes(2) + self.id + cose
        data = self._data(self.flags | ATTESTED) + attested
        response = {
            "clientDataJSON": b64(self._client("webauthn.create", options)),
            "attestationObject": b64(encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})),
        }
        return self._credential(response)

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        self.count += 1
        data, client = self._data(self.flags), self._client("webauthn.get", options)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": b64(client),
            "authenticatorData": b64(data),
            "signature": b64(signed),
        }
        return self._credential(response)

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": b64(self.id),
            "rawId": b64(self.id),
            "type": "public-key",
            "response": response,
        }

    def _data(self, flags: int) -> bytes:
        return (
            hashlib.sha256(self.site.host.encode()).digest()
            + bytes([flags])
            + self.count.to_bytes(4)
        )

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps(
            {"type": kind, "challenge": options["challenge"], "origin": self.site.origin}
        ).encode()


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Access itself knows no database; records have their contract on both."""
    return sqlite_url


@pytest.fixture
def access(database: Database, keyring: Keyring, clock: SettableClock) -> Access:
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return Access(db=database, keys=keyring, clock=clock, hasher=quick)


@pytest.fixture
def admin(access: Access) -> Principal:
    token = access.people.first_link()
    assert token is not None
    _, session = access.people.consume_link(token)
    who = access.sessions.resume(session)
    assert who is not None
    return who


@pytest.fixture
def phone(access: Access, admin: Principal) -> Authenticator:
    made = Authenticator()
    access.passkeys.register(
        admin, SITE, made.make(access.passkeys.registration(admin, SITE)), "phone"
    )
    return made


def test_a_passkey_signs_in(access: Access, admin: Principal, phone: Authenticator) -> None:
    person, session = access.passkeys.sign_in(
        SITE, phone.sign(access.passkeys.authentication(SITE))
    )
    assert person.id == admin.id
    assert access.sessions.resume(session) is not None
    assert access.people.get(person.id).credential == "passkey"


def test_an_answer_works_once(access: Access, phone: Authenticator) -> None:
    answer = phone.sign(access.passkeys.authentication(SITE))
    access.passkeys.sign_in(SITE, answer)
    with pytest.raises(NotAuthenticated):
        access.passkeys.sign_in(SITE, answer)


def test_a_copied_key_is_refused_and_noted_when_its_counter_goes_back(
    access: Access, phone: Authenticator, database: Database
) -> None:
    for _ in range(3):
        access.passkeys.sign_in(SITE, phone.sign(access.passkeys.authentication(SITE)))
    phone.count = 0
    with pytest.raises(NotAuthenticated):
        access.passkeys.sign_in(SITE, phone.sign(access.passkeys.authentication(SITE)))
    with database.read() as tx:
        assert [row.action for row in audit.page(tx, action="person.passkey_copied")] == [
            "person.passkey_copied"
        ]


def test_a_challenge_grows_old(access: Access, phone: Authenticator, clock: SettableClock) -> None:
    options = access.passkeys.authentication(SITE)
    clock.advance(LIFE.total_seconds() + 1)
    with pytest.raises(NotAuthenticated):
        access.passkeys.sign_in(SITE, phone.sign(options))


def test_another_site_s_answer_is_refused(access: Access, phone: Authenticator) -> None:
    """Phishing: the browser signs for the site it is on."""
    for lie in (
        Site("evil.example", "https://evil.example"),
        Site(SITE.host, "https://evil.example"),
    ):
        phone.site = lie
        with pytest.raises(NotAuthenticated):
            access.passkeys.sign_in(SITE, phone.sign(access.passkeys.authentication(SITE)))


def test_a_key_without_its_person_is_refused(access: Access, phone: Authenticator) -> None:
    """No fingerprint and no PIN: whoever found the phone."""
    phone.flags = PRESENT
    with pytest.raises(NotAuthenticated):
        access.passkeys.sign_in(SITE, phone.sign(access.passkeys.authentication(SITE)))


def test_another_key_is_refused(access: Access, phone: Authenticator) -> None:
    thief = Authenticator()
    thief.id = phone.id
    with pytest.raises(NotAuthenticated):
        access.passkeys.sign_in(SITE, thief.sign(access.passkeys.authentication(SITE)))
    with pytest.raises(NotAuthenticated):
        access.passkeys.sign_in(SITE, Authenticator().sign(access.passkeys.authentication(SITE)))


@pytest.mark.parametrize(
    "answer",
    [{}, {"id": ""}, {"id": 3, "response": 4}, {"id": "AA", "response": {}},
     {"id": "AA", "response": {"clientDataJSON": "e30"}}, {"id": "é", "response": {"clientDataJSON": "W10"}},
     {"id": "AA", "response": {"clientDataJSON": "bnVsbA"}}, {"id": "A", "response": {"clientDataJSON": "A"}}],
)  # fmt: skip
def test_nonsense_is_nobody(access: Access, answer: dict[str, Any]) -> None:
    with pytest.raises(NotAuthenticated):
        access.passkeys.sign_in(SITE, answer)


def test_a_passkey_is_registered_once_and_only_for_our_challenge(
    access: Access, admin: Principal, phone: Authenticator
) -> None:
    with pytest.raises(Conflict):
        access.passkeys.register(
            admin, SITE, phone.make(access.passkeys.registration(admin, SITE)), ""
        )
    with pytest.raises(BadInput):
        access.passkeys.register(
            admin, SITE, Authenticator().make({"challenge": b64(b"x" * 64)}), ""
        )
    options = access.passkeys.registration(admin, SITE)
    for lie in ({}, {"id": "x"}, Authenticator().make({"challenge": b64(b"y" * 64)})):
        with pytest.raises(BadInput):
            access.passkeys.register(admin, SITE, lie, "")
    del options


def test_an_answer_to_one_process_is_spent_for_all(
    access: Access, phone: Authenticator, database: Database, keyring: Keyring, clock: SettableClock
) -> None:
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    other = Access(db=database, keys=keyring, clock=clock, hasher=quick)
    answer = phone.sign(access.passkeys.authentication(SITE))
    other.passkeys.sign_in(SITE, answer)
    with pytest.raises(NotAuthenticated):
        access.passkeys.sign_in(SITE, answer)


def test_a_challenge_to_sign_in_registers_nothing_and_another_session_s_neither(
    access: Access, admin: Principal
) -> None:
    made = Authenticator()
    with pytest.raises(BadInput):
        access.passkeys.register(admin, SITE, made.make(access.passkeys.authentication(SITE)), "")
    other = replace(admin, session=new_id())
    options = access.passkeys.registration(admin, SITE)
    with pytest.raises(BadInput):
        access.passkeys.register(other, SITE, made.make(options), "")


def test_an_open_screen_is_not_enough_to_add_or_remove_a_passkey(
    access: Access, admin: Principal, phone: Authenticator, clock: SettableClock
) -> None:
    clock.advance(policy.STEP_UP.total_seconds() + 1)
    with pytest.raises(NotAllowed, match="Sign in again"):
        access.passkeys.registration(admin, SITE)
    with pytest.raises(NotAllowed, match="Sign in again"):
        access.passkeys.remove(admin, new_id())
    with pytest.raises(NotAllowed, match="Sign in again"):
        access.people.set_password(admin, "heron lantern quiet copper")


def test_a_removed_passkey_signs_in_no_more(
    access: Access, admin: Principal, phone: Authenticator
) -> None:
    made = access.passkeys.register(
        admin,
        SITE,
        (second := Authenticator()).make(access.passkeys.registration(admin, SITE)),
        "key",
    )
    access.passkeys.remove(admin, made.id)
    with pytest.raises(NotAuthenticated):
        access.passkeys.sign_in(SITE, second.sign(access.passkeys.authentication(SITE)))
    with pytest.raises(NotFound):
        access.passkeys.remove(admin, new_id())
    access.passkeys.sign_in(SITE, phone.sign(access.passkeys.authentication(SITE)))
