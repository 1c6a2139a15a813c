"""Protects what signing in keeps: an account is one person's, a challenge counts once, limits hold."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.conftest import SettableClock

from breakwater.errors import Conflict, NotFound
from breakwater.model.access import Person
from breakwater.model.ids import new_id
from breakwater.records import buckets, challenges, linked_accounts, people
from breakwater.records.database import Database

ISSUER = "https://login.example"


@pytest.fixture
def sam(database: Database) -> Person:
    with database.transaction() as tx:
        return people.create(tx, name="Sam")


def test_an_account_finds_its_person_again(database: Database, sam: Person) -> None:
    with database.transaction() as tx:
        made = linked_accounts.link(tx, sam.id, issuer=ISSUER, subject="s-1")
        assert linked_accounts.link(tx, sam.id, issuer=ISSUER, subject="s-1") == made
        assert linked_accounts.use(tx, issuer=ISSUER, subject="s-1").person == sam.id
        (found,) = linked_accounts.of_person(tx, sam.id)
        assert found.used_at == tx.now
        assert people.get(tx, sam.id).credential == "account"
        assert linked_accounts.holders(tx) == {sam.id}


@pytest.mark.parametrize(
    ("issuer", "subject"), [(ISSUER, "S-1"), (ISSUER, "s-1 "), ("https://other.example", "s-1")]
)
def test_an_account_that_only_looks_alike_is_another(
    database: Database, sam: Person, issuer: str, subject: str
) -> None:
    with database.transaction() as tx:
        linked_accounts.link(tx, sam.id, issuer=ISSUER, subject="s-1")
        with pytest.raises(NotFound):
            linked_accounts.use(tx, issuer=issuer, subject=subject)


def test_an_account_is_one_person_s_and_only_they_unlink_it(
    database: Database, sam: Person
) -> None:
    with database.transaction() as tx:
        other = people.create(tx, name="Kim")
        made = linked_accounts.link(tx, sam.id, issuer=ISSUER, subject="s-1")
        with pytest.raises(Conflict):
            linked_accounts.link(tx, other.id, issuer=ISSUER, subject="s-1")
        with pytest.raises(NotFound):
            linked_accounts.unlink(tx, made.id, person=other.id)
        linked_accounts.unlink(tx, made.id, person=sam.id)
        assert linked_accounts.of_person(tx, sam.id) == []


def test_a_challenge_counts_once_until_it_is_forgotten(
    database: Database, clock: SettableClock
) -> None:
    ends = clock.now() + timedelta(minutes=5)
    with database.transaction() as tx:
        challenges.spend(tx, b"a" * 32, expires_at=ends)
        challenges.spend(tx, b"b" * 32, expires_at=ends)
        with pytest.raises(Conflict):
            challenges.spend(tx, b"a" * 32, expires_at=ends)
        assert challenges.forget(tx) == 0
    clock.advance(301)
    with database.transaction() as tx:
        assert challenges.forget(tx) == 2


def test_a_refused_proof_leaves_its_challenge_unspent(
    database: Database, clock: SettableClock
) -> None:
    ends = clock.now() + timedelta(minutes=5)

    def refused() -> None:
        with database.transaction() as tx:
            challenges.spend(tx, b"a" * 32, expires_at=ends)
            linked_accounts.use(tx, issuer=ISSUER, subject="nobody's")

    with pytest.raises(NotFound):
        refused()
    with database.transaction() as tx:
        challenges.spend(tx, b"a" * 32, expires_at=ends)


def test_a_bucket_empties_waits_and_fills_by_the_clock(
    database: Database, clock: SettableClock
) -> None:
    def take(cost: float = 1.0) -> float:
        with database.transaction() as tx:
            return buckets.take(tx, b"n" * 32, per_second=2, burst=4, cost=cost)

    assert [take() for _ in range(4)] == [0, 0, 0, 0]
    assert take() == 0.5
    clock.advance(1)
    assert [take(), take(), take()] == [0, 0, 0.5]
    clock.advance(3600)
    assert take(4) == 0
    with database.read() as tx:
        assert buckets.level(tx, b"n" * 32, per_second=2, burst=4) == 0
        assert buckets.level(tx, b"other", per_second=2, burst=4) == 4
    clock.advance(buckets.IDLE.total_seconds() + 1)
    with database.transaction() as tx:
        assert buckets.forget(tx) == 1


def test_a_session_remembers_its_browser_and_who_is_here(
    database: Database, sam: Person, clock: SettableClock
) -> None:
    with database.transaction() as tx:
        ends = tx.now + timedelta(hours=12)
        old = people.start_session(
            tx, sam.id, token_sha256=b"o" * 32, method="password", expires_at=ends
        )
    clock.advance(3600)
    with database.transaction() as tx:
        made = people.start_session(
            tx, sam.id, token_sha256=b"t" * 32, method="account", expires_at=ends,
            agent="Firefox on Linux",
        )  # fmt: skip
        assert people.session(tx, b"t" * 32) == made
        assert people.session_by_id(tx, old.id).agent == ""
        with pytest.raises(NotFound):
            people.session_by_id(tx, new_id())
        assert [s.id for s in people.live_sessions(tx, idle=timedelta(minutes=30))] == [made.id]
        assert people.last_seen(tx) == {sam.id: tx.now}
        people.revoke_session(tx, made.id)
        assert people.live_sessions(tx, idle=timedelta(hours=2)) == [old]


def test_sessions_that_ended_are_forgotten_with_what_was_said_of_them(
    database: Database, sam: Person, clock: SettableClock
) -> None:
    with database.transaction() as tx:
        people.start_session(
            tx, sam.id, token_sha256=b"t" * 32, method="link", expires_at=tx.now,
            agent="Chrome on Windows",
        )  # fmt: skip
    clock.advance(60)
    with database.transaction() as tx:
        assert people.forget_before(tx, tx.now) == 1
        assert people.sessions(tx, sam.id) == []


def test_somebody_comes_back(database: Database, sam: Person) -> None:
    with database.transaction() as tx:
        assert not people.deactivate(tx, sam.id).active
        assert people.activate(tx, sam.id).active
        with pytest.raises(NotFound):
            people.activate(tx, new_id())
