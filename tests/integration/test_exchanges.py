"""Feeds end to end: a list pulled by a served installation holds an upload; a withdrawal frees it."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest

from breakwater.model.access import Role
from breakwater.model.clock import SystemClock
from breakwater.testing.fake_ncmec import FakeNcmec
from breakwater.testing.peer_server import Fault
from breakwater.worker.loop import Worker
from tests.integration.conftest import photo
from tests.integration.served import serving
from tests.integration.test_api_media import send
from tests.integration.test_cli import Installation

LOOPBACK = ("127.0.0.0/8",)


@pytest.fixture
def peer():
    with FakeNcmec(SystemClock()) as one:
        yield one


def old(peer, seconds=120):
    """Entries of the fake as if they came some time ago: a window ends before the server's now."""
    for entry in peer.entries.values():
        entry.at = peer.now() - timedelta(seconds=seconds)


def feed_body(peer, **facts):
    known = {
        "name": "centre", "kind": "ncmec", "bank": "CENTRE", "url": peer.url, "user": "harbour",
        "password": "lighthouse", "options": {"from": "2026-01-01T00:00:00Z"}, "every_s": 30,
    }  # fmt: skip
    return known | facts


def test_what_a_list_holds_is_held_and_freed_when_it_is_withdrawn(tmp_path: Path, peer, wait_until):
    content = photo(71)
    peer.put("a", {"md5": hashlib.md5(content, usedforsecurity=False).hexdigest()})
    old(peer)
    with serving(tmp_path, exchange_private_networks=LOOPBACK, max_wait_ms=5000) as served:
        app = served.app
        worker = Worker(
            db=app.db, subscriptions=app.subscriptions, kinds=app.jobs, turns=app.turns,
            metrics=app.metrics,
        )  # fmt: skip
        admin = served.browser(Role.ADMIN)
        service = served.client(served.key())
        assert admin.post("/v1/banks", json={"name": "CENTRE"}).status_code == 201
        made = admin.post("/v1/exchanges", json=feed_body(peer))
        assert made.status_code == 201, made.text
        assert "lighthouse" not in made.text
        assert admin.post("/v1/exchanges/centre/check").json() == {
            "ok": True, "words": "We are member 7, Harbour & Sons.",
        }  # fmt: skip
        worker.start()
        try:
            wait_until(lambda: health(admin)["entries"] == 1, 20)
            answer = send(service, content).json()
            assert (answer["state"], answer["action"]) == ("done", "hold")
            peer.withdraw("a")
            old(peer, 60)
            assert admin.post("/v1/exchanges/centre/pull").status_code == 202
            there = f"/v1/verdicts/{answer['id']}"
            wait_until(lambda: service.get(there).json()["action"] == "allow", 30)
            assert health(admin)["entries"] == 0
        finally:
            worker.stop()


def health(client):
    return client.get("/v1/exchanges/centre").json()["feed"]


def test_the_command_line_does_all_of_it(tmp_path: Path, peer):
    here = Installation(tmp_path, ready=True)
    with (tmp_path / "breakwater.toml").open("a") as file:
        file.write('exchange_private_networks = ["127.0.0.0/8"]\n')
    (tmp_path / "pass").write_text("lighthouse\n")
    peer.put("a", {"md5": "0f" * 16})
    peer.put("b", {"md5": "no hash", "sha1": "0e" * 20})
    old(peer)
    assert here.run("bank", "create", "CENTRE").code == 0
    words = (
        "exchange", "add", "centre", "--kind", "ncmec", "--bank", "CENTRE", "--url", peer.url,
        "--user", "harbour", "--password-file", str(tmp_path / "pass"),
        "--option", "from=2026-01-01T00:00:00Z",
    )  # fmt: skip
    added = here.run(*words)
    assert added.code == 0, added.err
    assert "We are member 7" in added.out
    assert here.run(*words).code == 75
    pulled = here.run("exchange", "pull", "centre", "--json")
    assert pulled.code == 0, pulled.err
    assert (pulled.json["feed"]["added"], pulled.json["feed"]["bad"]) == (2, 1)
    assert "image 42-b" in here.run("exchange", "health", "centre").out
    assert [one["name"] for one in json.loads(here.run("exchange", "list", "--json").out)] == [
        "centre"
    ]
    peer.fault = Fault.REFUSED
    away = here.run("exchange", "check", "centre")
    assert away.code == 1
    assert "does not know these credentials" in away.out
    assert here.run("exchange", "pull", "centre").code == 1
    peer.fault = Fault.NONE
    (tmp_path / "wrong").write_text("buoy\n")
    wrong = here.run(
        "exchange", "set", "centre", "window_days=30", "--password-file", str(tmp_path / "wrong")
    )
    assert wrong.code == 0, wrong.err
    assert here.run("exchange", "check", "centre").code == 1
    right = here.run(
        "exchange", "set", "centre", "--password-file", str(tmp_path / "pass"), "--feedback", "--json"
    )  # fmt: skip
    assert right.json["feedback"] is True
    assert set(right.json["options"]) == {"from", "window_days"}
    assert here.run("exchange", "check", "centre").code == 0
    assert here.run("exchange", "set", "centre").code == 65
    assert here.run("exchange", "pause", "centre").code == 0
    assert here.run("exchange", "pull", "centre").code == 65
    assert here.run("exchange", "resume", "centre").code == 0
    assert here.run("exchange", "remove", "centre", "--withdraw").code == 0
    assert here.run("exchange", "list", "--json").json == []
    entries = here.run("bank", "show", "CENTRE", "--json")
    assert "0f0f" not in entries.out
