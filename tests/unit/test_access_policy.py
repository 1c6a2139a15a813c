"""Protects the rules of access: who waits how long, what a key may never hold."""

from __future__ import annotations

import doctest

import pytest

from breakwater.access import policy
from breakwater.errors import BadInput, NotAllowed
from breakwater.model.access import MACHINE_SCOPES, Permission, Principal, Role
from breakwater.model.ids import new_id


def test_the_examples_hold() -> None:
    assert doctest.testmod(policy).failed == 0


def test_waiting_doubles_and_ends_at_an_hour() -> None:
    waits = [policy.lock_seconds(n) for n in range(40)]
    assert waits[: policy.FREE_FAILURES] == [0] * policy.FREE_FAILURES
    assert waits == sorted(waits)
    assert waits[-1] == policy.LONGEST_LOCK_S


@pytest.mark.parametrize("scope", sorted(set(Permission) - MACHINE_SCOPES))
def test_no_key_holds_what_is_for_people(scope: Permission) -> None:
    with pytest.raises(NotAllowed):
        policy.check_scopes([scope.value])


def test_no_key_sees_media_identities_or_the_audit_log() -> None:
    private = {Permission.MEDIA_VIEW, Permission.MEDIA_COLOUR, Permission.IDENTITY_READ,
               Permission.AUDIT_READ, Permission.PEOPLE_WRITE, Permission.SYSTEM_WRITE}  # fmt: skip
    assert not private & MACHINE_SCOPES


def test_an_admin_never_sees_media_or_addresses() -> None:
    """Reference law, "who may see what": engineer and admin have no key."""
    private = {Permission.MEDIA_VIEW, Permission.MEDIA_COLOUR, Permission.IDENTITY_READ}
    assert not private & Role.ADMIN.permissions


@pytest.mark.parametrize("scopes", [[], ["nonsense"], ["media:screen", ""]])
def test_scopes_that_are_none_are_refused(scopes: list[str]) -> None:
    with pytest.raises(BadInput):
        policy.check_scopes(scopes)


@pytest.mark.parametrize(
    "password", ["", "short", "a" * 40, "abababababababab", "sam the reviewer", "x" * 300]
)
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(BadInput):
        policy.check_password(password, name="Sam the Reviewer")


def test_a_few_words_are_a_password() -> None:
    policy.check_password("heron lantern quiet copper", name="Sam")


@pytest.mark.parametrize("blocks", [["10.0.0.0/33"], ["everywhere"], [""], ["10.0.0.0/8", "x"]])
def test_networks_that_are_none_are_refused(blocks: list[str]) -> None:
    with pytest.raises(BadInput):
        policy.check_networks(blocks)


@pytest.mark.parametrize(
    ("address", "block", "inside"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("::ffff:10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("fd00::1", "fd00::/8", True),
        ("10.1.2.3", "::/0", False),
        ("", "0.0.0.0/0", False),
        ("testclient", "0.0.0.0/0", False),
    ],
)
def test_an_address_lies_in_its_block(address: str, block: str, inside: bool) -> None:
    assert policy.inside(address, [block]) is inside


def test_nobody_changes_their_own_roles() -> None:
    me = new_id()
    actor = Principal(me, "Sam", frozenset(), person=me)
    with pytest.raises(NotAllowed):
        policy.not_oneself(actor, me)
    policy.not_oneself(actor, new_id())
