"""Media servers: what we share with them stands sealed, and no hook is taken twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.ids import new_id
from breakwater.model.server import ServerConfig, ServerKind, ServerSecrets
from breakwater.records import media_servers
from breakwater.records.tables.nouns_server import media_server_hooks
from breakwater.records.tables.nouns_server import media_servers as table

pytestmark = pytest.mark.usefixtures("keyring")
SHARED = ServerSecrets("operator", "lighthouse", "harbour-token", "whsec_boats", "pilot")


def server(name="edge"):
    return ServerConfig(
        id=new_id(), name=name, kind=ServerKind.NGINX_RTMP, service="live",
        control_url="http://127.0.0.1:1", hook_networks=("10.0.0.0/8",),
    )  # fmt: skip


def test_what_is_shared_is_sealed_and_comes_back(database):
    with database.transaction() as tx:
        made = media_servers.create(tx, server(), SHARED)
        assert media_servers.every(tx) == [made]
        assert media_servers.secrets(tx, made.id) == SHARED
        row = tx.execute(sa.select(table)).one()
        for secret in (b"lighthouse", b"harbour", b"boats", b"pilot"):
            assert secret not in row.sealed + row.hook_mac
        assert "lighthouse" not in repr(SHARED)


def test_a_server_is_found_by_its_hooks_token_alone(database):
    with database.transaction() as tx:
        made = media_servers.create(tx, server(), SHARED)
        media_servers.create(tx, server("other"), replace(SHARED, hook="other"))
        assert media_servers.by_hook(tx, "harbour-token") == made
        assert media_servers.by_hook(tx, "") is None
        assert media_servers.by_hook(tx, "harbour-toke") is None


def test_a_name_is_given_once_and_a_change_is_seen(database):
    with database.transaction() as tx:
        made = media_servers.create(tx, server(), SHARED)
        with pytest.raises(Conflict):
            media_servers.create(tx, server(), SHARED)
        other = replace(made, control_url="http://127.0.0.1:2")
        changed = media_servers.change(tx, other, version=1)
        assert (changed.control_url, changed.version) == ("http://127.0.0.1:2", 2)
        assert media_servers.secrets(tx, made.id) == SHARED
        with pytest.raises(Conflict):
            media_servers.change(tx, made, version=1)
        media_servers.change(tx, made, replace(SHARED, hook="new"), version=2)
        assert media_servers.by_hook(tx, "harbour-token") is None


def test_what_is_removed_is_gone_with_its_secrets(database):
    with database.transaction() as tx:
        made = media_servers.create(tx, server(), SHARED)
        media_servers.remove(tx, "edge")
        for ask in (
            lambda: media_servers.get(tx, "edge"),
            lambda: media_servers.secrets(tx, made.id),
        ):
            with pytest.raises(NotFound):
                ask()


def test_a_hook_is_taken_once_within_its_time(database, clock):
    def take(message="publish:7:live/014"):
        with database.transaction() as tx:
            made = media_servers.every(tx)[0]
            return media_servers.first_time(
                tx, made.id, message, since=clock.now() - timedelta(seconds=60)
            )

    with database.transaction() as tx:
        media_servers.create(tx, server(), SHARED)
    assert take()
    assert not take()
    assert take("publish:8:live/014")
    clock.advance(61)
    assert take()
    assert not take()
    clock.advance(600)
    with database.transaction() as tx:
        assert media_servers.forget_hooks_before(tx, clock.now()) == 2
        assert tx.execute(sa.select(media_server_hooks)).all() == []


def test_when_a_hook_last_came_is_noted_now_and_then(database, clock):
    with database.transaction() as tx:
        made = media_servers.create(tx, server(), SHARED)
        assert made.hook_at is None
        media_servers.heard(tx, made)
        first = media_servers.get(tx, "edge").hook_at
        assert first == clock.now()
    clock.advance(5)
    with database.transaction() as tx:
        media_servers.heard(tx, media_servers.get(tx, "edge"))
        assert media_servers.get(tx, "edge").hook_at == first
