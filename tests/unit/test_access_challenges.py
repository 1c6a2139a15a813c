"""Protects challenges: ours, for one use, from one place, in time, once; and limits of many."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import SettableClock

from breakwater.access.challenges import LIFE, Challenges
from breakwater.access.limits import SharedBuckets
from breakwater.errors import BadInput
from breakwater.records.database import Database
from breakwater.records.keys import Keyring


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Access itself knows no database; records have their contract on both."""
    return sqlite_url


@pytest.fixture
def challenges(keyring: Keyring, clock: SettableClock) -> Challenges:
    return Challenges(keyring=keyring, clock=clock)


def test_a_challenge_is_good_for_its_use_and_place_in_any_process(
    challenges: Challenges, keyring: Keyring, clock: SettableClock
) -> None:
    made = challenges.issue("sign in", "session 1")
    other = Challenges(keyring=keyring, clock=clock)
    other.check(made, "sign in", "session 1")
    for use, bound in (("register", "session 1"), ("sign in", "session 2"), ("sign in", "")):
        with pytest.raises(BadInput):
            other.check(made, use, bound)


def test_it_grows_old(challenges: Challenges, clock: SettableClock) -> None:
    made, short = challenges.issue("x"), challenges.issue("x", life=timedelta(seconds=1))
    clock.advance(2)
    challenges.check(made, "x")
    with pytest.raises(BadInput):
        challenges.check(short, "x")
    clock.advance(LIFE.total_seconds())
    with pytest.raises(BadInput):
        challenges.check(made, "x")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(data=st.binary(max_size=80), at=st.integers(0, 55), flip=st.integers(1, 255))
def test_nothing_that_others_made_or_changed_is_ours(
    challenges: Challenges, data: bytes, at: int, flip: int
) -> None:
    with pytest.raises(BadInput):
        challenges.check(data, "x")
    made = bytearray(challenges.issue("x"))
    made[at] ^= flip
    with pytest.raises(BadInput):
        challenges.check(bytes(made), "x")


def test_it_counts_once(challenges: Challenges, database: Database) -> None:
    made = challenges.issue("x")
    with database.transaction() as tx:
        challenges.spend(tx, made)
    with pytest.raises(BadInput), database.transaction() as tx:
        challenges.spend(tx, made)


def test_what_is_derived_is_secret_constant_and_apart_by_use(challenges: Challenges) -> None:
    made = challenges.issue("x")
    assert challenges.derive(made, "nonce") == challenges.derive(made, "nonce")
    assert challenges.derive(made, "nonce") != challenges.derive(made, "verifier")
    assert challenges.derive(made, "nonce") != challenges.derive(challenges.issue("x"), "nonce")


def test_two_processes_share_one_limit(
    database: Database, keyring: Keyring, clock: SettableClock
) -> None:
    one, two = (SharedBuckets(db=database, keyring=keyring, clock=clock) for _ in range(2))
    taken = sum(
        each.take("key 1", per_second=100, burst=100) == 0
        for _ in range(100)
        for each in (one, two)
    )
    assert 90 <= taken <= 100
    assert one.wait("key 1", per_second=100, burst=100) > 0
    assert one.take("key 2", per_second=100, burst=100) == 0
    clock.advance(1)
    assert one.take("key 1", per_second=100, burst=100) == 0


def test_a_busy_key_asks_the_database_seldom(
    database: Database, keyring: Keyring, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = SharedBuckets(db=database, keyring=keyring, clock=clock)
    asked = []
    transaction = database.transaction
    monkeypatch.setattr(database, "transaction", lambda: asked.append(1) or transaction())
    for _ in range(500):
        assert shared.take("key", per_second=1000, burst=1000) == 0
    assert len(asked) == 5
