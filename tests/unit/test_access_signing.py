"""Protects the second person's word: signed anew, by themselves, for this one proposal."""

from __future__ import annotations

import pytest
from tests.unit import test_access_passkeys as keys
from tests.unit.test_access_passkeys import SITE, Authenticator

from breakwater.access import policy
from breakwater.access.challenges import LIFE
from breakwater.access.door import Access
from breakwater.access.signing import Proof
from breakwater.errors import BadInput, TooManyRequests
from breakwater.model.access import Principal, Role
from breakwater.model.ids import new_id

access, admin, phone, database_url = keys.access, keys.admin, keys.phone, keys.database_url
ABOUT = new_id()
PASSWORD = "seven grey herons wait"


@pytest.fixture
def sam(access: Access, admin: Principal) -> Principal:
    """Somebody with a password and no passkey."""
    who = signed_in(access, admin, "Sam")
    access.people.set_password(who, PASSWORD)
    return who


def signed_in(access: Access, admin: Principal, name: str) -> Principal:
    person = access.people.create(name, [Role.REVIEWER], admin)
    _, session = access.people.consume_link(access.people.link(person.id, "test"))
    who = access.sessions.resume(session)
    assert who is not None
    return who


def test_a_passkey_signs_one_thing_once(access, admin, phone):
    wanted = access.signing.ask(admin, SITE, ABOUT)
    assert wanted.method == "passkey"
    assert [one["id"] for one in wanted.options["allowCredentials"]] == [keys.b64(phone.id)]
    answer = phone.sign(wanted.options)
    signed = access.signing.check(admin, SITE, ABOUT, Proof(answer))
    assert (signed.person, signed.about, signed.method) == (admin.person, ABOUT, "passkey")
    with pytest.raises(BadInput, match="did not sign this"):
        access.signing.check(admin, SITE, ABOUT, Proof(answer))


def test_what_was_signed_for_something_else_signs_nothing(access, admin, phone, clock):
    def refused(answer: dict, who: Principal = admin) -> None:
        with pytest.raises(BadInput, match="did not sign this"):
            access.signing.check(who, SITE, ABOUT, Proof(answer))

    refused(phone.sign(access.signing.ask(admin, SITE, new_id()).options))
    refused(phone.sign(access.passkeys.authentication(SITE)))
    other_session = signed_in_again(access, admin)
    refused(phone.sign(access.signing.ask(other_session, SITE, ABOUT).options))
    stranger = Authenticator()
    stranger.id = phone.id
    refused(stranger.sign(access.signing.ask(admin, SITE, ABOUT).options))
    stale = phone.sign(access.signing.ask(admin, SITE, ABOUT).options)
    clock.advance(LIFE.total_seconds() + 1)
    refused(stale)
    good = phone.sign(access.signing.ask(admin, SITE, ABOUT).options)
    access.signing.check(admin, SITE, ABOUT, Proof(good))
    phone.count -= 1  # as a copy of the key would answer
    refused(phone.sign(access.signing.ask(admin, SITE, ABOUT).options))
    for nonsense in ({}, {"id": 3}, {"id": "x", "response": None}, {"id": "é", "response": {}}):
        refused(nonsense)


def test_another_person_s_passkey_does_not_sign(access, admin, phone):
    sam = signed_in(access, admin, "Sam")
    own = Authenticator()
    options = access.passkeys.registration(sam, SITE)
    access.passkeys.register(sam, SITE, own.make(options), "own")
    asked = access.signing.ask(sam, SITE, ABOUT)
    with pytest.raises(BadInput, match="did not sign this"):
        access.signing.check(sam, SITE, ABOUT, Proof(phone.sign(asked.options)))
    again = access.signing.ask(sam, SITE, ABOUT)
    access.signing.check(sam, SITE, ABOUT, Proof(own.sign(again.options)))


def test_a_password_signs_only_for_people_without_a_passkey(access, admin, phone, sam):
    assert access.signing.ask(sam, SITE, ABOUT).method == "password"
    signed = access.signing.check(sam, SITE, ABOUT, Proof(password=PASSWORD))
    assert (signed.person, signed.method) == (sam.person, "password")
    access.people.set_password(admin, PASSWORD)
    with pytest.raises(BadInput, match="Sign with your passkey"):
        access.signing.check(admin, SITE, ABOUT, Proof(password=PASSWORD))


def test_wrong_passwords_count_as_at_the_door(access, sam):
    with pytest.raises(BadInput, match="Type your password"):
        access.signing.check(sam, SITE, ABOUT, Proof())
    for _ in range(policy.FREE_FAILURES):
        with pytest.raises(BadInput, match="password is wrong"):
            access.signing.check(sam, SITE, ABOUT, Proof(password="guess"))
    with pytest.raises(TooManyRequests):
        access.signing.check(sam, SITE, ABOUT, Proof(password=PASSWORD))


def test_who_has_nothing_to_sign_with_is_told_what_to_do(access, admin):
    came_by_link = signed_in(access, admin, "Kim")
    assert access.signing.ask(came_by_link, SITE, ABOUT).method == ""
    with pytest.raises(BadInput, match="passkey or a password"):
        access.signing.check(came_by_link, SITE, ABOUT, Proof(password="x"))


def signed_in_again(access: Access, admin: Principal) -> Principal:
    _, session = access.people.consume_link(access.people.link(admin.id, "test"))
    who = access.sessions.resume(session)
    assert who is not None
    return who
