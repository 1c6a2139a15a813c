"""Protects lists and the keys to them: changed by who may, one at a time, nothing lost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from breakwater.model.access import Role
from breakwater.model.ids import new_id
from tests.integration.served import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("banks")) as running:
        yield running


@pytest.fixture(scope="module")
def client(served: Served) -> httpx.Client:
    return served.client(served.key())


@pytest.fixture(scope="module")
def admin(served: Served) -> httpx.Client:
    return served.browser(Role.ADMIN)


@pytest.fixture
def bank(client: httpx.Client) -> str:
    name = "B" + new_id().replace("-", "").upper()
    client.post("/v1/banks", json={"name": name}).raise_for_status()
    return name


def signal(seed: object) -> dict[str, Any]:
    return {"signal": f"sha256:{hashlib.sha256(str(seed).encode()).hexdigest()}"}


def test_a_bank_is_made_read_and_changed(client: httpx.Client, bank: str) -> None:
    assert client.get(f"/v1/banks/{bank}").json()["action"] == "hold"
    body = {"action": "block", "limits": {"pdq": 20}, "enabled_share": 0.5, "verified": True}
    changed = client.patch(f"/v1/banks/{bank}", json=body).json()
    assert {key: changed[key] for key in body} == body
    assert bank in {b["name"] for b in client.get("/v1/banks").json()["banks"]}


def test_two_people_at_once_do_not_overwrite_one_another(client: httpx.Client, bank: str) -> None:
    seen = client.get(f"/v1/banks/{bank}").json()["change"]
    first = client.patch(f"/v1/banks/{bank}", json={"purpose": "one", "expected_change": seen})
    second = client.patch(f"/v1/banks/{bank}", json={"purpose": "two", "expected_change": seen})
    assert (first.status_code, second.status_code) == (200, 409)
    assert client.get(f"/v1/banks/{bank}").json()["purpose"] == "one"


@pytest.mark.parametrize(
    "body",
    [{"name": "lower"}, {"name": ""}, {"name": "X" * 65}, {}, {"name": "OK", "action": "delete"},
     {"name": "OK", "enabled_share": 2}, {"name": "OK", "limits": {"pdq": 400}},
     {"name": "OK", "limits": {"nope": 1}}, {"name": "OK", "typo": 1}, {"name": "OK", "expires_at": "x"},
     {"name": "OK", "purpose": "a\0b"}, {"name": "OK", "purpose": "\ud800"}],
)  # fmt: skip
def test_a_bank_that_cannot_be_is_not_made(client: httpx.Client, body: dict[str, Any]) -> None:

    answer = client.post(
        "/v1/banks", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_a_name_is_taken_once(client: httpx.Client, bank: str) -> None:
    assert client.post("/v1/banks", json={"name": bank}).status_code == 409


def test_entries_are_paged_by_number(client: httpx.Client, bank: str) -> None:
    body = {"signals": [signal((bank, n)) for n in range(25)]}
    client.post(f"/v1/banks/{bank}/entries", json=body).raise_for_status()
    seen, after = [], 0
    while True:
        page = client.get(f"/v1/banks/{bank}/entries", params={"after": after, "limit": 10}).json()
        seen += [entry["number"] for entry in page["entries"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert len(seen) == len(set(seen)) == 25
    assert seen == sorted(seen)


def test_an_entry_is_withdrawn_once_and_for_ever(client: httpx.Client, bank: str) -> None:
    added = client.post(f"/v1/banks/{bank}/entries", json={"signals": [signal(bank)]}).json()
    place = f"/v1/entries/{added['entries'][0]['number']}"
    assert client.delete(place, params={"reason": "mistake"}).json()["status"] == "withdrawn"
    assert client.delete(place).status_code == 409
    assert client.post(f"{place}/release", json={}).status_code == 409
    assert client.get(place).json()["status"] == "withdrawn"


def test_an_entry_is_held_and_let_go(client: httpx.Client, bank: str) -> None:
    added = client.post(f"/v1/banks/{bank}/entries", json={"signals": [signal((bank, 1))]}).json()
    place = f"/v1/entries/{added['entries'][0]['number']}"
    held = client.post(f"{place}/quarantine", json={"reason": "too many"})
    assert held.json()["status"] == "quarantined"
    assert client.post(f"{place}/release", json={}).json()["status"] == "active"
    assert client.post(f"{place}/opinions", json={"opinion": "disputed"}).status_code == 201
    assert client.post(f"{place}/opinions", json={"opinion": "nice"}).status_code == 422


def test_a_harmless_entry_needs_two_people_and_no_key(
    served: Served, client: httpx.Client, bank: str
) -> None:
    body = {"signals": [signal((bank, "harmless"))], "negative": True}
    assert client.post(f"/v1/banks/{bank}/entries", json=body).status_code == 403
    one, two = served.browser(Role.QA_LEAD), served.browser(Role.QA_LEAD)
    made = one.post(f"/v1/banks/{bank}/entries", json=body).json()["entries"][0]
    assert made["status"] == "proposed"
    place = f"/v1/entries/{made['number']}/confirm"
    same = one.post(place)
    assert (same.status_code, same.json()["code"]) == (409, "needs_second_person")
    assert two.post(place).json()["status"] == "active"


@pytest.mark.parametrize(
    "signals", [[], [{"signal": "pdq:00"}], [{"signal": "x"}], [{"signal": "sha256:" + "0" * 64, "quality": 101}],
                [signal(1)] * 1001, "sha256:00", [{"value": "00"}]],
)  # fmt: skip
def test_signals_that_cannot_be_are_not_added(
    client: httpx.Client, bank: str, signals: Any
) -> None:
    answer = client.post(f"/v1/banks/{bank}/entries", json={"signals": signals})
    assert answer.status_code == 422
    assert client.get(f"/v1/banks/{bank}/entries").json()["entries"] == []


def test_an_ended_bank_is_not_there_and_matches_no_more(client: httpx.Client, bank: str) -> None:
    wanted = signal((bank, "ended"))
    client.post(f"/v1/banks/{bank}/entries", json={"signals": [wanted]}).raise_for_status()
    assert client.delete(f"/v1/banks/{bank}").json()["archived"] is True
    body = client.post("/v1/lookups", json={"signals": [wanted["signal"]]}).json()
    assert [m for m in body["results"][0]["matches"] if m["acting"]] == []


@pytest.mark.parametrize(
    "path", ["/v1/banks/NOT_THERE", "/v1/banks/NOT_THERE/entries", "/v1/entries/4000000000"]
)
def test_what_is_not_there_says_so(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_accounts_are_told_of_and_not_read_back(client: httpx.Client) -> None:
    body = {"service": "photos", "snapshot": {"name": "canary"}, "taken_at": "2026-03-01T12:00:00Z"}
    assert client.put("/v1/accounts/acct-9", json=body).status_code == 200
    known = client.get("/v1/accounts/acct-9", params={"service": "photos"})
    assert known.json()["taken_at"] == "2026-03-01T12:00:00Z"
    assert "canary" not in known.text
    assert client.get("/v1/accounts/nobody", params={"service": "photos"}).status_code == 404


def test_an_administrator_makes_and_revokes_keys(served: Served, admin: httpx.Client) -> None:
    body = {"name": "up", "scopes": ["bank:read"], "networks": ["127.0.0.0/8"], "per_second": 50}
    made = admin.post("/v1/keys", json=body).json()
    token, key = made["token"], made["key"]["id"]
    assert served.client(token).get("/v1/banks").status_code == 200
    listed = admin.get("/v1/keys")
    assert key in {k["id"] for k in listed.json()["keys"]}
    assert token.split("_", 2)[2] not in listed.text
    assert admin.delete(f"/v1/keys/{key}").json()["revoked_at"]
    assert served.client(token).get("/v1/banks").status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [({"name": "x", "scopes": ["people:write"]}, 403), ({"name": "x", "scopes": []}, 422),
     ({"name": "x", "scopes": ["nope"]}, 422), ({"name": "", "scopes": ["bank:read"]}, 422),
     ({"name": "x", "scopes": ["bank:read"], "networks": ["here"]}, 422),
     ({"name": "x", "scopes": ["bank:read"], "expires_at": "2001-01-01T00:00:00Z"}, 422)],
)  # fmt: skip
def test_a_key_that_cannot_be_is_not_made(
    admin: httpx.Client, body: dict[str, Any], status: int
) -> None:
    assert admin.post("/v1/keys", json=body).status_code == status


def test_a_webhook_is_added_and_removed_and_its_secret_shown_once(admin: httpx.Client) -> None:
    answer = admin.post("/v1/webhooks", json={"url": "https://service.example/hooks"})
    assert answer.status_code == 201
    made = answer.json()
    assert made["secret"].startswith("whsec_")
    listed = admin.get("/v1/webhooks")
    assert made["webhook"]["id"] in {w["id"] for w in listed.json()["webhooks"]}
    assert made["secret"] not in listed.text
    assert admin.delete(f"/v1/webhooks/{made['webhook']['id']}").status_code == 200
    for url in ("http://u:p@service.example/", "ftp://x/", "nonsense"):
        assert admin.post("/v1/webhooks", json={"url": url}).status_code == 422


def test_health_and_readiness_say_one_word(served: Served) -> None:
    nobody = served.client()
    assert nobody.get("/health").json() == {"status": "ok"}
    assert nobody.get("/ready").json() == {"status": "ready"}


def test_metrics_count_and_name_nobody(served: Served, client: httpx.Client) -> None:
    text = client.get("/metrics").text
    assert 'breakwater_http_requests_total{route="/v1/banks"' in text
    assert "127.0.0.1" not in text
    assert "breakwater_uploads_total" in text


def test_the_document_describes_every_route_of_the_api(
    served: Served, client: httpx.Client
) -> None:
    document = client.get("/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert document["security"] == [{"key": []}]
    for path in ("/v1/media", "/v1/lookups", "/v1/banks/{name}", "/h/hash", "/c/bank/{name}"):
        assert path in document["paths"]
    assert "multipart/form-data" in document["paths"]["/v1/media"]["post"]["requestBody"]["content"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation.get("summary"), (method, path)
