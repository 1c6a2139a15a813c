"""Protects the machines' door: what a key opens, from where, for how long, and for whom."""

from __future__ import annotations

import sqlite3
import time
from datetime import timedelta

import pytest
from tests.conftest import SettableClock

from breakwater.access.keys import Keys
from breakwater.errors import BadInput, NotAllowed, NotAuthenticated, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import new_id
from breakwater.records.database import Database
from breakwater.records.keys import Keyring

ADMIN = Principal(new_id(), "Admin", frozenset({Permission.SYSTEM_WRITE}))
HERE = "127.0.0.1"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Access itself knows no database; records have their contract on both."""
    return sqlite_url


@pytest.fixture
def keys(database: Database, keyring: Keyring, clock: SettableClock) -> Keys:
    return Keys(db=database, keyring=keyring, clock=clock)


def test_a_key_is_who_it_says(keys: Keys) -> None:
    key, token = keys.create(ADMIN, name="up", scopes=["media:screen"], service="photos")
    who = keys.authenticate(token, HERE)
    assert (who.id, who.name, who.service, who.test) == (key.id, "up", "photos", False)
    assert who.permissions == {Permission.MEDIA_SCREEN}
    assert keys.remembered(token, HERE) == who


@pytest.mark.parametrize(
    "spoil",
    [
        lambda t: "", lambda t: "bw_", lambda t: t[:-1], lambda t: t + "A", lambda t: t.upper(),
        lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"), lambda t: " " + t,
        lambda t: "bw_" + "0" * 32 + t[35:], lambda t: t.replace("_", "-"), lambda t: t + "\n",
        lambda t: "é" * 50, lambda t: "x" * 100_000,
    ],
)  # fmt: skip
def test_anything_else_is_nobody(keys: Keys, spoil: object) -> None:
    _, token = keys.create(ADMIN, name="up", scopes=["media:screen"])
    with pytest.raises(NotAuthenticated):
        keys.authenticate(spoil(token), HERE)  # type: ignore[operator]


def test_a_secret_opens_only_its_own_key(keys: Keys) -> None:
    _, one = keys.create(ADMIN, name="one", scopes=["media:screen"])
    _, two = keys.create(ADMIN, name="two", scopes=["bank:write"])
    with pytest.raises(NotAuthenticated):
        keys.authenticate(one[:36] + two[36:], HERE)


def test_a_revoked_key_is_nobody_at_once(keys: Keys) -> None:
    key, token = keys.create(ADMIN, name="up", scopes=["media:screen"])
    keys.authenticate(token, HERE)
    keys.revoke(key.id, ADMIN)
    assert keys.remembered(token, HERE) is None
    with pytest.raises(NotAuthenticated):
        keys.authenticate(token, HERE)


def test_a_key_revoked_elsewhere_is_nobody_within_five_seconds(
    keys: Keys, database: Database, keyring: Keyring, clock: SettableClock
) -> None:
    key, token = keys.create(ADMIN, name="up", scopes=["media:screen"])
    keys.authenticate(token, HERE)
    Keys(db=database, keyring=keyring, clock=clock).revoke(key.id, ADMIN)
    clock.advance(5.001)
    assert keys.remembered(token, HERE) is None
    with pytest.raises(NotAuthenticated):
        keys.authenticate(token, HERE)


def test_an_expired_key_is_nobody(keys: Keys, clock: SettableClock) -> None:
    until = clock.now() + timedelta(seconds=2)
    _, token = keys.create(ADMIN, name="up", scopes=["media:screen"], expires_at=until)
    keys.authenticate(token, HERE)
    clock.advance(2)
    assert keys.remembered(token, HERE) is None
    with pytest.raises(NotAuthenticated):
        keys.authenticate(token, HERE)


def test_a_key_is_used_from_its_networks_only(keys: Keys) -> None:
    _, token = keys.create(ADMIN, name="up", scopes=["media:screen"], networks=["10.0.0.0/8"])
    keys.authenticate(token, "10.2.3.4")
    assert keys.remembered(token, "10.9.9.9") is not None
    for address in ("127.0.0.1", "11.0.0.1", ""):
        with pytest.raises(NotAllowed):
            keys.remembered(token, address)
        with pytest.raises(NotAllowed):
            keys.authenticate(token, address)


@pytest.mark.parametrize(
    "faults",
    [{"scopes": []}, {"scopes": ["people:write"]}, {"name": " "}, {"networks": ["nowhere"]},
     {"expires_at": "past"}],
)  # fmt: skip
def test_a_key_that_cannot_be_is_not_made(
    keys: Keys, clock: SettableClock, faults: dict[str, object]
) -> None:
    wanted: dict[str, object] = {"name": "up", "scopes": ["media:screen"]} | faults
    if wanted.get("expires_at"):
        wanted["expires_at"] = clock.now() - timedelta(seconds=1)
    with pytest.raises((BadInput, NotAllowed)):
        keys.create(ADMIN, **wanted)  # type: ignore[arg-type]
    assert keys.every() == []


def test_the_secret_is_nowhere_in_the_database(keys: Keys, database: Database) -> None:
    _, token = keys.create(ADMIN, name="up", scopes=["media:screen"])
    secret = token.split("_", 2)[2]
    if database.path is None:
        pytest.skip("the files of a server are not ours to read")
    database.checkpoint()
    with sqlite3.connect(database.path) as raw:
        assert secret not in "\n".join(raw.iterdump())
    assert secret.encode() not in database.path.read_bytes()


def test_a_remembered_key_costs_microseconds(keys: Keys) -> None:
    _, token = keys.create(ADMIN, name="up", scopes=["hash:lookup"])
    keys.authenticate(token, HERE)
    started = time.perf_counter()
    for _ in range(2000):
        keys.remembered(token, HERE)
    assert (time.perf_counter() - started) / 2000 < 100e-6


def test_revoking_nothing_says_so(keys: Keys) -> None:
    with pytest.raises(NotFound):
        keys.revoke(new_id(), ADMIN)
