"""People, keys, links and sessions: who may enter, exactly once where once is meant."""

from __future__ import annotations

import hashlib
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests import builders

from breakwater.errors import Conflict, NotFound
from breakwater.model.access import ApiKey, Permission, Role
from breakwater.model.ids import new_id
from breakwater.records import api_keys, people
from breakwater.records.tables import nouns_people as tables

HOUR = timedelta(hours=1)


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def test_a_person_is_read_back_with_roles_and_best_credential(database):
    with database.transaction() as tx:
        made = builders.person(tx, "Robin Reed", Role.REVIEWER, Role.QA_LEAD)
        assert made.roles == {Role.REVIEWER, Role.QA_LEAD}
        assert made.credential == "none"
        people.set_password(tx, made.id, "$argon2id$words")
        assert people.get(tx, made.id).credential == "password"
        key = people.add_passkey(
            tx, made.id, credential=b"one", public_key=b"cose", sign_count=0, name="phone"
        )
        assert people.get(tx, made.id).credential == "passkey"
        people.remove_passkey(tx, key.id)
        assert people.get(tx, made.id).credential == "password"
        assert people.set_roles(tx, made.id, [Role.ADMIN]).roles == {Role.ADMIN}


def test_a_name_is_one_person_in_whatever_letters(database):
    with database.transaction() as tx:
        made = builders.person(tx, "Robin Reed")
    for name in ("robin reed", "ROBIN  REED", " Robin\tReed ", "Ｒobin Reed"):
        with pytest.raises(Conflict), database.transaction() as tx:
            builders.person(tx, name)
        with database.read() as tx:
            assert people.by_name(tx, name).id == made.id
    with database.read() as tx, pytest.raises(NotFound):
        people.sign_in(tx, "nobody")


def test_wrong_attempts_add_up_and_a_right_one_clears_them(database, clock):
    with database.transaction() as tx:
        made = builders.person(tx)
        assert [people.add_failure(tx, made.id) for _ in range(3)] == [1, 2, 3]
        people.lock(tx, made.id, clock.now() + HOUR)
        found = people.sign_in(tx, made.name)
        assert (found.failures, found.locked_until) == (3, clock.now() + HOUR)
        people.clear_failures(tx, made.id)
        found = people.sign_in(tx, made.name)
        assert (found.failures, found.locked_until, found.password_hash) == (0, None, "")
        with pytest.raises(NotFound):
            people.add_failure(tx, new_id())


def test_who_leaves_is_kept_and_their_sessions_end(database, clock):
    with database.transaction() as tx:
        made = builders.person(tx, "A")
        builders.person(tx, "B")
        people.start_session(
            tx, made.id, token_sha256=digest("t"), method="link", expires_at=clock.now() + HOUR
        )
        assert not people.deactivate(tx, made.id).active
        assert not people.session(tx, digest("t")).live(clock.now())
        assert [(p.name, p.active) for p in people.every(tx)] == [("A", False), ("B", True)]


def test_a_link_lets_in_once_before_it_ends_and_a_newer_one_replaces_it(database, clock):
    with database.transaction() as tx:
        made = builders.person(tx)
        for token in ("old", "new"):
            people.create_login_link(
                tx, made.id, token_sha256=digest(token), expires_at=clock.now() + HOUR
            )
        with pytest.raises(NotFound):
            people.use_login_link(tx, digest("old"))
        assert people.use_login_link(tx, digest("new")).id == made.id
        for token in ("new", "never"):
            with pytest.raises(NotFound):
                people.use_login_link(tx, digest(token))
        people.create_login_link(
            tx, made.id, token_sha256=digest("late"), expires_at=clock.now() + HOUR
        )
    clock.advance(3_600)
    with database.transaction() as tx, pytest.raises(NotFound):
        people.use_login_link(tx, digest("late"))


def test_of_many_who_try_one_link_at_once_exactly_one_gets_in(database, clock):
    with database.transaction() as tx:
        made = builders.person(tx)
        people.create_login_link(
            tx, made.id, token_sha256=digest("once"), expires_at=clock.now() + HOUR
        )
    outcomes = []

    def attempt():
        try:
            with database.transaction() as tx:
                people.use_login_link(tx, digest("once"))
            outcomes.append("in")
        except NotFound:
            outcomes.append("out")

    threads = [threading.Thread(target=attempt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in", "out", "out", "out", "out", "out"]


def test_sessions_are_known_by_the_hash_of_their_token_alone(database, clock):
    with database.transaction() as tx:
        made = builders.person(tx)
        begun = people.start_session(
            tx, made.id, token_sha256=digest("cookie"), method="passkey",
            expires_at=clock.now() + HOUR,
        )  # fmt: skip
        rows = tx.execute(sa.select(tables.sessions)).all()
        assert "cookie" not in str(rows)
    clock.advance(60)
    with database.transaction() as tx:
        assert people.session(tx, digest("cookie")) == begun
        people.touch_session(tx, begun.id)
        assert people.session(tx, digest("cookie")).seen_at == clock.now()
        assert begun.live(clock.now())
        assert not begun.live(clock.now() + HOUR)
        people.revoke_session(tx, begun.id)
        ended = people.session(tx, digest("cookie"))
        assert ended.revoked_at == clock.now()
        with pytest.raises(NotFound):
            people.session(tx, digest("other"))
        assert people.sessions(tx, made.id) == [ended]
        assert people.forget_before(tx, clock.now() + 2 * HOUR) == 1


def test_a_passkey_is_one_persons_and_its_counter_is_kept(database):
    with database.transaction() as tx:
        one, two = builders.person(tx), builders.person(tx)
        facts = {"credential": b"\x00\x01", "public_key": b"cose", "sign_count": 7}
        made = people.add_passkey(tx, one.id, **facts)
        with pytest.raises(Conflict):
            people.add_passkey(tx, two.id, **facts)
        people.use_passkey(tx, made.id, sign_count=9)
        found = people.passkey(tx, b"\x00\x01")
        assert (found.person, found.sign_count, found.used_at) == (one.id, 9, tx.now)
        assert people.passkeys(tx, one.id) == [found]
        assert people.passkeys(tx, two.id) == []
        with pytest.raises(NotFound):
            people.passkey(tx, b"other")


def test_a_key_is_read_back_and_revoked_once(database, clock):
    key = ApiKey(
        new_id(), "uploader", frozenset({Permission.MEDIA_SCREEN, Permission.HASH_LOOKUP}),
        service="photos", networks=("198.51.100.0/24",), per_second=12.5, test=True,
        expires_at=clock.now() + HOUR,
    )  # fmt: skip
    with database.transaction() as tx:
        made = api_keys.create(tx, key, secret_mac=b"m" * 32, created_by="someone")
        assert api_keys.by_id(tx, key.id) == (made, b"m" * 32)
        assert made.scopes == key.scopes
        assert (made.networks, made.per_second, made.test) == (key.networks, 12.5, True)
    clock.advance(5)
    with database.transaction() as tx:
        first = api_keys.revoke(tx, key.id)
        assert first.revoked_at == clock.now()
    clock.advance(5)
    with database.transaction() as tx:
        assert api_keys.revoke(tx, key.id) == first
        assert api_keys.every(tx) == [first]
        with pytest.raises(NotFound):
            api_keys.revoke(tx, new_id())
