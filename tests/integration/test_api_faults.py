"""What a service is told while a part of the server cannot: nothing acknowledged is lost."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from breakwater.records import audit
from tests.integration.conftest import photo
from tests.integration.served import Served, serving
from tests.integration.test_api_media import send


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("faults"), inline_bytes=256 << 10) as running:
        yield running


@pytest.fixture(scope="module")
def client(served: Served) -> httpx.Client:
    made = served.client(served.key())
    made.post("/v1/banks", json={"name": "KNOWN", "action": "block"}).raise_for_status()
    return made


def listed(client: httpx.Client, content: bytes) -> bytes:
    """A picture that is blocked from now on."""
    signal = f"sha256:{hashlib.sha256(content).hexdigest()}"
    entry = {"signals": [{"signal": signal}]}
    client.post("/v1/banks/KNOWN/entries", json=entry).raise_for_status()
    return content


@contextmanager
def locked(served: Served) -> Iterator[None]:
    """Some tool holds SQLite's own lock."""
    raw = served.app.db.backend._raw
    raw.execute("PRAGMA busy_timeout=50")
    other = sqlite3.connect(served.app.db.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()
        raw.execute("PRAGMA busy_timeout=5000")


@contextmanager
def full(served: Served) -> Iterator[None]:
    """The database can grow no more."""
    raw = served.app.db.backend._raw
    raw.execute(f"PRAGMA max_page_count={raw.execute('PRAGMA page_count').fetchone()[0]}")
    try:
        yield
    finally:
        raw.execute("PRAGMA max_page_count=1000000")


@contextmanager
def no_vault(served: Served) -> Iterator[None]:
    """The disk of the preserved media is gone."""
    directory = served.app.vault.directory
    away = directory.with_name("away")
    directory.rename(away)
    try:
        yield
    finally:
        away.rename(directory)


FAULTS = {
    "locked": (locked, 503, "database_unavailable"),
    "full": (full, 507, "disk_full"),
    "no vault": (no_vault, 503, "unavailable"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_said_and_what_was_acknowledged_is_there(
    served: Served, client: httpx.Client, fault: str
) -> None:
    broken, status, code = FAULTS[fault]
    content = listed(client, photo(40 + len(fault)))
    keys = [f"{fault}-{number}" for number in range(60)]
    answers = []
    with broken(served):
        for key in keys:
            answers.append(send(client, content, headers={"Idempotency-Key": key}))
            if answers[-1].status_code != 200:
                break
        assert client.get("/health").status_code == 200
    refused = answers[-1]
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.headers["content-type"] == "application/problem+json"
    for answer in answers[:-1]:
        sent = answer.json()
        kept = client.get(f"/v1/verdicts/{sent['id']}").json()
        assert (kept["action"], kept["case"]) == ("block", sent["case"])
    again = send(client, content, headers={"Idempotency-Key": keys[len(answers) - 1]})
    assert (again.status_code, again.json()["action"]) == (200, "block"), "the same key again"
    assert audit.verify(served.app.db, None, keys=served.app.db.keys).ok


def test_a_large_upload_is_not_acknowledged_while_it_cannot_be_kept(
    served: Served, client: httpx.Client
) -> None:
    large = photo(60, (900, 700))
    assert len(large) > 256 << 10
    with no_vault(served):
        refused = send(client, large)
        assert refused.status_code == 503
    accepted = send(client, large)
    assert accepted.status_code == 202
    assert client.get(f"/v1/verdicts/{accepted.json()['id']}").status_code == 200


def test_one_key_sent_many_times_at_once_is_one_upload(database_url: str, tmp_path: Path) -> None:
    """A caller whose connections time out repeats before the first answer is there."""
    with serving(tmp_path, database_url=database_url) as running:
        client = running.client(running.key())
        client.post("/v1/banks", json={"name": "KNOWN", "action": "block"}).raise_for_status()
        for number, content in enumerate((photo(60), listed(client, photo(61)))):
            key = {"Idempotency-Key": f"impatient-{number}"}

            def once(_: int, content: bytes = content, key: dict[str, str] = key) -> httpx.Response:
                return send(client, content, headers=key)

            with ThreadPoolExecutor(8) as threads:
                answers = list(threads.map(once, range(8)))
            assert {answer.status_code for answer in answers} == {200}, answers[-1].text
            assert len({(a.json()["id"], a.json()["case"]) for a in answers}) == 1
