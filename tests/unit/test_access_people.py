"""Protects the people's door: links once, passwords slowly, sessions not for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from tests.conftest import SettableClock

from breakwater.access import policy
from breakwater.access.door import Access
from breakwater.errors import BadInput, Conflict, NotAllowed, NotAuthenticated, TooManyRequests
from breakwater.model.access import Person, Principal, Role
from breakwater.records.database import Database
from breakwater.records.keys import Keyring

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
WORDS = "heron lantern quiet copper"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Access itself knows no database; records have their contract on both."""
    return sqlite_url


@pytest.fixture
def access(database: Database, keyring: Keyring, clock: SettableClock) -> Access:
    return Access(db=database, keys=keyring, clock=clock, hasher=QUICK)


@pytest.fixture
def admin(access: Access) -> Principal:
    token = access.people.first_link()
    assert token is not None
    _, session = access.people.consume_link(token)
    who = access.sessions.resume(session)
    assert who is not None
    return who


def person(access: Access, admin: Principal, name: str = "Sam", *roles: str) -> Person:
    return access.people.create(name, roles or ("reviewer",), admin)


def let_in(access: Access, somebody: Person, admin: Principal) -> tuple[str, Principal]:
    _, session = access.people.consume_link(access.people.link(somebody.id, admin.id))
    who = access.sessions.resume(session)
    assert who is not None
    return session, who


def with_password(access: Access, admin: Principal, name: str = "Sam") -> Person:
    somebody = person(access, admin, name)
    _, who = let_in(access, somebody, admin)
    access.people.set_password(who, WORDS)
    return somebody


def test_the_first_administrator_comes_by_a_link_that_works_once(access: Access) -> None:
    token = access.people.first_link()
    assert token is not None
    first, _ = access.people.consume_link(token)
    assert first.roles == {Role.ADMIN}
    with pytest.raises(NotAuthenticated):
        access.people.consume_link(token)


def test_a_link_expires(access: Access, clock: SettableClock) -> None:
    token = access.people.first_link()
    assert token is not None
    clock.advance(policy.LINK_LIFE.total_seconds() + 1)
    with pytest.raises(NotAuthenticated):
        access.people.consume_link(token)


def test_a_new_link_ends_the_one_before(access: Access) -> None:
    one, two = access.people.first_link(), access.people.first_link()
    assert one
    assert two
    with pytest.raises(NotAuthenticated):
        access.people.consume_link(one)
    access.people.consume_link(two)


def test_no_first_link_once_an_administrator_can_sign_in(access: Access, admin: Principal) -> None:
    access.people.set_password(admin, WORDS)
    assert access.people.first_link() is None


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "é" * 20])
def test_a_made_up_link_is_nobody(access: Access, token: str) -> None:
    access.people.first_link()
    with pytest.raises(NotAuthenticated):
        access.people.consume_link(token)


def test_a_password_signs_in(access: Access, admin: Principal) -> None:
    somebody = with_password(access, admin)
    found, session = access.people.sign_in(" sam ", WORDS)
    who = access.sessions.resume(session)
    assert found.id == somebody.id
    assert who is not None
    assert who.permissions == Role.REVIEWER.permissions


@pytest.mark.parametrize(
    ("name", "password"), [("Sam", "wrong"), ("Nobody", WORDS), ("", ""), ("Sam", "")]
)
def test_a_wrong_proof_never_says_what_was_wrong(
    access: Access, admin: Principal, name: str, password: str
) -> None:
    with_password(access, admin)
    with pytest.raises(NotAuthenticated) as caught:
        access.people.sign_in(name, password)
    assert caught.value.detail == "The name or the password is wrong."


def test_wrong_passwords_make_a_name_wait_and_the_right_one_waits_too(
    access: Access, admin: Principal, clock: SettableClock
) -> None:
    with_password(access, admin)
    for _ in range(policy.FREE_FAILURES):
        with pytest.raises(NotAuthenticated):
            access.people.sign_in("Sam", "wrong")
    with pytest.raises(TooManyRequests) as caught:
        access.people.sign_in("Sam", WORDS)
    assert 0 < float(caught.value.facts["retry_after"] or 0) <= policy.FIRST_LOCK_S
    clock.advance(policy.FIRST_LOCK_S + 1)
    access.people.sign_in("Sam", WORDS)


def test_the_wait_doubles(access: Access, admin: Principal, clock: SettableClock) -> None:
    with_password(access, admin)
    waits = []
    for _ in range(policy.FREE_FAILURES + 4):
        try:
            access.people.sign_in("Sam", "wrong")
        except NotAuthenticated:
            continue
        except TooManyRequests as refusal:
            waits.append(float(refusal.facts["retry_after"] or 0))
            clock.advance(waits[-1] + 0.1)
            with pytest.raises(NotAuthenticated):
                access.people.sign_in("Sam", "wrong")
    assert waits == sorted(waits)
    assert waits[-1] >= 2 * waits[0]


def test_others_do_not_wait(access: Access, admin: Principal) -> None:
    with_password(access, admin, "Sam")
    with_password(access, admin, "Kim")
    for _ in range(policy.FREE_FAILURES):
        with pytest.raises(NotAuthenticated):
            access.people.sign_in("Sam", "wrong")
    access.people.sign_in("Kim", WORDS)


def test_a_session_ends_without_use(access: Access, admin: Principal, clock: SettableClock) -> None:
    session, _ = let_in(access, person(access, admin), admin)
    clock.advance(timedelta(minutes=29).total_seconds())
    assert access.sessions.resume(session) is not None
    clock.advance(timedelta(minutes=29).total_seconds())
    assert access.sessions.resume(session) is not None
    clock.advance(timedelta(minutes=31).total_seconds())
    assert access.sessions.resume(session) is None


def test_a_session_ends_after_twelve_hours_however_it_is_used(
    access: Access, admin: Principal, clock: SettableClock
) -> None:
    session, _ = let_in(access, person(access, admin), admin)
    for _ in range(12 * 3 - 1):
        clock.advance(1200)
        assert access.sessions.resume(session) is not None
    clock.advance(1201)
    assert access.sessions.resume(session) is None


def test_signing_out_ends_the_session_at_once(access: Access, admin: Principal) -> None:
    session, who = let_in(access, person(access, admin), admin)
    access.sessions.end(who)
    assert access.sessions.remembered(session) is None
    assert access.sessions.resume(session) is None


def test_new_roles_end_old_sessions(access: Access, admin: Principal) -> None:
    somebody = person(access, admin)
    session, _ = let_in(access, somebody, admin)
    access.people.set_roles(somebody.id, ["auditor"], admin)
    assert access.sessions.remembered(session) is None
    assert access.sessions.resume(session) is None


def test_whoever_left_is_let_in_by_nothing(access: Access, admin: Principal) -> None:
    somebody = with_password(access, admin)
    link = access.people.link(somebody.id, admin.id)
    session, _ = let_in(access, somebody, admin)
    link = access.people.link(somebody.id, admin.id)
    access.people.deactivate(somebody.id, admin)
    assert access.sessions.resume(session) is None
    with pytest.raises(NotAuthenticated):
        access.people.consume_link(link)
    with pytest.raises(NotAuthenticated):
        access.people.sign_in("Sam", WORDS)


def test_nobody_changes_or_removes_themselves(access: Access, admin: Principal) -> None:
    with pytest.raises(NotAllowed):
        access.people.set_roles(admin.id, ["admin", "investigator"], admin)
    with pytest.raises(NotAllowed):
        access.people.deactivate(admin.id, admin)


def test_two_people_are_not_called_alike(access: Access, admin: Principal) -> None:
    person(access, admin, "Sam Lee")
    with pytest.raises(Conflict):
        person(access, admin, "sam  LEE")


@pytest.mark.parametrize("name", ["", " ", "a\0b", "x" * 101, "a\u202eb"])
def test_names_are_readable(access: Access, admin: Principal, name: str) -> None:
    with pytest.raises(BadInput):
        person(access, admin, name)


def test_each_session_has_a_csrf_token_of_its_own(access: Access, admin: Principal) -> None:
    somebody = person(access, admin)
    _, one = let_in(access, somebody, admin)
    _, two = let_in(access, somebody, admin)
    assert access.sessions.csrf(one) != access.sessions.csrf(two)
    assert access.sessions.csrf(one) == access.sessions.csrf(one)
