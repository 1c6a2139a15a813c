"""The check over real HTTP: the same answers from memory and from the database, and faults by name."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from breakwater.model.sanction import Identifier, IdentifierKind
from breakwater.records import identifiers
from breakwater.web.api.registrations import BODY
from tests.integration.served import Served, serving
from tests.integration.test_sanctions_page import CHECK, sanction

NOBODY = {
    "answer": "allow", "confidence": 0.0, "reasons": [], "registration": None, "unread": ["phone"],
}  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("checks"), registrations_region="DE") as running:
        yield running


@pytest.fixture(scope="module")
def client(served: Served) -> httpx.Client:
    return served.client(served.key("registration:check", service="clips"))


def test_memory_and_database_answer_alike_and_who_is_known_is_found_by_both(
    served: Served, client: httpx.Client
) -> None:
    sanction(served, "heron")
    checks = served.app.sanctions.registrations
    told = {"email": "coot@gmail.com", "phone": "12"}
    assert not checks.quick
    before = client.post(CHECK, json=told).raise_for_status().json()
    identifiers.read_known(served.app.db)
    assert checks.quick
    after = client.post(CHECK, json=told).raise_for_status().json()
    assert before == after == NOBODY
    known = client.post(CHECK, json={"email": "HE.RON+x@gmail.com"}).raise_for_status().json()
    assert (known["answer"], known["reasons"]) == ("refuse", ["email"])
    sanction(served, "teal", emails=["teal@reedbed.example"])
    later = client.post(CHECK, json={"email": "teal@reedbed.example"}).raise_for_status().json()
    assert later["answer"] == "refuse"


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"{", 422, "not JSON"),
        (b"[]", 422, "body"),
        (b'{"mail": "x@y.example"}', 422, "mail"),
        (b'{"email": "' + b"x" * 513 + b'"}', 422, "email"),
        (b'{"email": "a\\u0000b@y.example"}', 422, "email"),
        (b'{"service": "no such/name", "email": "x@y.example"}', 422, "service"),
        (b"{}", 422, "at least one"),
        (b'{"payment": "4242 4242 4242 4242"}', 422, "never the number of a card"),
        (b" " * (BODY + 1), 413, ""),
    ],
)
def test_a_fault_names_its_field_and_repeats_nothing(
    client: httpx.Client, body: bytes, status: int, says: str
) -> None:
    reply = client.post(CHECK, content=body, headers={"Content-Type": "application/json"})
    problem = reply.json()
    assert (reply.status_code, problem["status"]) == (status, status)
    assert reply.headers["content-type"] == "application/problem+json"
    assert says in problem.get("detail", "") + str(problem.get("errors", ""))
    assert "xxxx" not in reply.text
    assert "4242" not in reply.text


def test_only_a_key_of_the_scope_asks(served: Served) -> None:
    told = {"email": "coot@gmail.com"}
    assert served.client().post(CHECK, json=told).status_code == 401
    other = served.client(served.key("verdict:read"))
    assert other.post(CHECK, json=told).status_code == 403
    assert other.get(CHECK).status_code in {404, 405}


def test_a_hash_that_shares_its_beginning_with_a_known_one_is_nobodys(served: Served) -> None:
    """Memory holds 8 bytes: what is alike in them goes to the database, which tells them apart."""
    db = served.app.db
    with db.read() as tx:
        ((key,),) = tx.run("SELECT key FROM sanction_keys ORDER BY key LIMIT 1")
    alike = Identifier(
        IdentifierKind.DEVICE, "", db.clock.now(), hidden=bytes(key[:8]) + b"\0" * 24
    )
    assert not identifiers.none_known(db, [alike])
    with db.read() as tx:
        assert identifiers.find(tx, [alike]) == []
