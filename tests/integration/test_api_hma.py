"""Protects services that call hasher-matcher-actioner: same shapes, and what their users miss."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.integration.conftest import photo
from tests.integration.served import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("hma")) as running:
        yield running


@pytest.fixture(scope="module")
def client(served: Served) -> httpx.Client:
    return served.client(served.key())


@pytest.fixture(scope="module")
def bank(client: httpx.Client) -> str:
    made = client.post("/c/banks", json={"name": "DEMO", "enabled": True})
    assert made.status_code == 201
    assert made.json() == {"name": "DEMO", "matching_enabled_ratio": 1.0}
    return "DEMO"


@pytest.fixture(scope="module")
def known(client: httpx.Client, bank: str) -> dict[str, Any]:
    answer = client.post(
        f"/c/bank/{bank}/content", files={"photo": ("a.png", photo(1), "image/png")}
    )
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    assert set(body) == {"id", "signals"}
    return body


def test_alive(client: httpx.Client) -> None:
    answer = client.get("/status")
    assert (answer.status_code, answer.text) == (200, "I-AM-ALIVE")


def test_a_photo_is_hashed(client: httpx.Client, known: dict[str, Any]) -> None:
    answer = client.post("/h/hash", files={"photo": ("a.png", photo(1), "image/png")})
    assert answer.json() == {"pdq": known["signals"]["pdq"]}
    assert answer.headers["x-signal-quality"].startswith("pdq=")


def test_types_can_be_chosen(client: httpx.Client) -> None:
    files = {"photo": ("a.png", photo(1), "image/png")}
    body = client.post("/h/hash", params={"types": "md5,pdq"}, files=files).json()
    assert body["md5"] == hashlib.md5(photo(1)).hexdigest()
    assert client.post("/h/hash", params={"types": "vpdq9"}, files=files).status_code == 400


def test_a_featureless_image_is_an_answer(client: httpx.Client) -> None:
    """Theirs answers 400 (reference hash-sharing, known weaknesses)."""
    plain = io.BytesIO()
    Image.new("RGB", (200, 200), (90, 90, 90)).save(plain, "PNG")
    answer = client.post("/h/hash", files={"photo": ("a.png", plain.getvalue(), "image/png")})
    assert answer.status_code == 200
    assert len(answer.json()["pdq"]) == 64
    assert answer.headers["x-signal-quality"] == "pdq=0"


def test_a_hash_is_looked_up_by_bank(
    client: httpx.Client, bank: str, known: dict[str, Any]
) -> None:
    params = {"signal": known["signals"]["pdq"], "signal_type": "pdq"}
    body = client.get("/m/lookup", params=params).json()
    first = body[bank][0]
    assert (first["bank_content_id"], first["distance"]) == (known["id"], "0")
    assert first["breakwater"]["words"]
    assert client.get("/m/lookup", params=params | {"banks": "OTHER"}).json() == {}
    assert client.get("/m/lookup", params=params | {"signal": "0" * 64}).json() == {}


def test_the_raw_lookup_answers_ids_or_distances(
    client: httpx.Client, known: dict[str, Any]
) -> None:
    params = {"signal": known["signals"]["pdq"], "signal_type": "pdq"}
    assert client.get("/m/raw_lookup", params=params).json() == {"matches": [known["id"]]}
    full = client.get("/m/raw_lookup", params=params | {"include_distance": "true"}).json()
    assert full["matches"][0]["bank_content_id"] == known["id"]
    assert full["matches"][0]["distance"] == "0"


def test_a_file_is_looked_up_by_type_and_bank_turned_or_not(
    client: httpx.Client, bank: str, known: dict[str, Any]
) -> None:
    turned = io.BytesIO()
    Image.open(io.BytesIO(photo(1))).rotate(90, expand=True).save(turned, "PNG")
    for content in (photo(1), turned.getvalue()):
        body = client.post("/m/lookup", files={"photo": ("a.png", content, "image/png")}).json()
        assert [m["bank_content_id"] for m in body["pdq"][bank]] == [known["id"]]
    other = client.post("/m/lookup", files={"photo": ("a.png", photo(9), "image/png")}).json()
    assert other == {"pdq": {}}


def test_hashes_are_compared(client: httpx.Client) -> None:
    one, two = "0" * 64, "0" * 61 + "1ff"
    body = client.post("/m/compare", json={"pdq": [one, two]}).json()
    assert body == {"pdq": [True, {"distance": 9}]}
    far = client.post("/m/compare", json={"pdq": [one, "f" * 64]}).json()
    assert far == {"pdq": [False, {"distance": 256}]}


def test_the_index_says_what_it_holds(client: httpx.Client, known: dict[str, Any]) -> None:
    body = client.get("/m/index/status").json()
    assert body["pdq"]["present"] is True
    assert body["pdq"]["size"] >= 1
    assert isinstance(body["pdq"]["built_to"], int)
    assert set(client.get("/m/index/status", params={"signal_type": "pdq"}).json()) == {"pdq"}


def test_a_bank_is_made_changed_renamed_and_ended(client: httpx.Client) -> None:
    client.post("/c/banks", json={"name": "PASSING", "enabled_ratio": 0.5}).raise_for_status()
    assert client.get("/c/bank/PASSING").json() == {
        "name": "PASSING",
        "matching_enabled_ratio": 0.5,
    }
    changed = client.put("/c/bank/PASSING", json={"enabled": False}).json()
    assert changed["matching_enabled_ratio"] == 0.0
    assert client.put("/c/bank/PASSING", json={"name": "RENAMED"}).json()["name"] == "RENAMED"
    assert "RENAMED" in {bank["name"] for bank in client.get("/c/banks").json()}
    assert client.delete("/c/bank/RENAMED").json() == {"message": "Done"}
    assert "RENAMED" not in {bank["name"] for bank in client.get("/c/banks").json()}


def test_an_added_hash_is_found_at_once_and_gone_at_once(client: httpx.Client, bank: str) -> None:
    """Theirs is found after the next rebuild and reload."""
    value = hashlib.sha256(b"fresh").hexdigest()
    params = {"signal": value, "signal_type": "pdq"}
    made = client.post(f"/c/bank/{bank}/signal", json={"pdq": value}).json()
    assert made["signals"] == {"pdq": value}
    place = f"/c/bank/{bank}/content/{made['id']}"
    assert client.get("/m/lookup", params=params).json()[bank][0]["bank_content_id"] == made["id"]
    shown = client.get(place, params={"include_signals": "true"}).json()
    assert (shown["id"], shown["disable_until_ts"], shown["signals"]) == (
        made["id"],
        1,
        {"pdq": value},
    )
    assert shown["bank"]["name"] == bank
    client.put(place, json={"disable_until_ts": 0}).raise_for_status()
    assert client.get("/m/lookup", params=params).json() == {}
    assert client.get("/m/raw_lookup", params=params).json() == {"matches": [made["id"]]}
    client.put(place, json={"disable_until_ts": 1}).raise_for_status()
    assert client.get("/m/lookup", params=params).json() != {}
    assert client.delete(place).json() == {"deleted": 1}
    assert client.get("/m/raw_lookup", params=params).json() == {"matches": []}
    assert client.delete(place).json() == {"deleted": 0}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/m/lookup", {}), ("GET", "/m/lookup?signal=00&signal_type=pdq", {}),
        ("GET", "/m/lookup?signal=00&signal_type=nope", {}), ("GET", "/m/raw_lookup", {}),
        ("GET", "/h/hash", {}), ("GET", "/h/hash?url=http://127.0.0.1/", {}),
        ("GET", "/m/lookup?url=http://169.254.169.254/", {}), ("GET", "/m/index/status?signal_type=x", {}),
        ("POST", "/h/hash", {"files": {"document": ("a", b"x", "image/png")}}),
        ("POST", "/h/hash", {"files": {"photo": ("a", b"not a picture", "image/png")}}),
        ("POST", "/m/compare", {"json": {"pdq": ["00"]}}), ("POST", "/m/compare", {"json": {"pdq": ["0", "1"]}}),
        ("POST", "/c/banks", {"json": {"name": "lower"}}), ("POST", "/c/banks", {"json": {}}),
        ("POST", "/c/bank/DEMO/signal", {"json": {}}), ("POST", "/c/bank/DEMO/signal", {"json": {"pdq": "zz"}}),
        ("POST", "/c/bank/DEMO/content", {}), ("GET", "/c/bank/lower", {}),
    ],
)  # fmt: skip
def test_what_is_wrong_answers_400_as_their_callers_expect(
    client: httpx.Client, bank: str, method: str, path: str, body: dict[str, Any]
) -> None:
    answer = client.request(method, path, **body)
    assert answer.status_code == 400
    assert answer.json()["detail"] or answer.json()["title"]


def test_what_is_not_there_is_not_there(client: httpx.Client, bank: str) -> None:
    for path in ("/c/bank/NOT_THERE", "/c/bank/DEMO/content/4000000000"):
        assert client.get(path).status_code == 404


def test_a_bank_s_content_is_not_reached_through_another_bank(
    client: httpx.Client, known: dict[str, Any]
) -> None:
    """Authorising one object and changing another is the peers' worst class of bug."""
    client.post("/c/banks", json={"name": "ELSEWHERE"}).raise_for_status()
    place = f"/c/bank/ELSEWHERE/content/{known['id']}"
    assert client.get(place).status_code == 404
    assert client.put(place, json={"disable_until_ts": 0}).status_code == 404
    assert client.delete(place).json() == {"deleted": 0}
    params = {"signal": known["signals"]["pdq"], "signal_type": "pdq"}
    assert client.get("/m/lookup", params=params).json() != {}


def test_nobody_deletes_a_bank_without_a_key(served: Served, bank: str) -> None:
    """Theirs lets anybody (reference hash-sharing, known weaknesses)."""
    assert served.client().delete(f"/c/bank/{bank}").status_code == 401
    reader = served.client(served.key("hash:lookup", "bank:read"))
    assert reader.delete(f"/c/bank/{bank}").status_code == 403
