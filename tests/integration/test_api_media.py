"""Protects the main job over real HTTP: bytes in, a verdict out, nothing acknowledged lost."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from breakwater.intake import testfiles
from breakwater.worker.loop import Worker
from tests.integration.conftest import photo, work
from tests.integration.served import OPERATOR, Served, serving

ABOUT = {"service": "photos", "surface": "public"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(
        tmp_path_factory.mktemp("media"), inline_bytes=2 << 20, max_upload_bytes=8 << 20
    ) as running:
        yield running


@pytest.fixture(scope="module")
def client(served: Served) -> httpx.Client:
    return served.client(served.key())


@pytest.fixture(scope="module")
def known(served: Served, client: httpx.Client) -> bytes:
    """A picture whose hash is in a bank that blocks."""
    content = photo(7)
    client.post("/v1/banks", json={"name": "KNOWN", "action": "block"}).raise_for_status()
    digest = hashlib.sha256(content).hexdigest()
    client.post(
        "/v1/banks/KNOWN/entries", json={"signals": [{"signal": f"sha256:{digest}"}]}
    ).raise_for_status()
    return content


def send(client: httpx.Client, content: bytes, name: str = "a.png", type_: str = "image/png",
         headers: dict[str, str] | None = None, **about: Any) -> httpx.Response:  # fmt: skip
    return client.post(
        "/v1/media", files={"file": (name, content, type_)}, data=ABOUT | about, headers=headers
    )


def test_an_unknown_picture_passes(client: httpx.Client) -> None:
    answer = send(client, photo(1), reference="obj-1")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["state"], body["action"], body["rule"]) == ("done", "allow", "no_match")
    assert body["sha256"] == hashlib.sha256(photo(1)).hexdigest()
    assert body["reference"] == "obj-1"


def test_a_known_picture_is_blocked_and_says_why(client: httpx.Client, known: bytes) -> None:
    body = send(client, known, account="acct-1", address="203.0.113.9", port="4711").json()
    assert body["action"] == "block"
    assert body["case"]
    match = body["matches"][0]
    assert (match["bank"], match["kind"], match["distance"]) == ("KNOWN", "sha256", 0)
    assert "KNOWN" in body["reason"]


def test_a_verdict_is_read_back(client: httpx.Client, known: bytes) -> None:
    sent = send(client, known).json()
    read = client.get(f"/v1/verdicts/{sent['id']}").json()
    assert read["action"] == "block"
    assert [m["entry"] for m in read["matches"]] == [m["entry"] for m in sent["matches"]]


def test_another_service_s_verdict_is_not_there(served: Served, client: httpx.Client) -> None:
    sent = send(client, photo(2)).json()
    other = served.client(served.key(service="elsewhere"))
    assert other.get(f"/v1/verdicts/{sent['id']}").status_code == 404
    assert client.get("/v1/verdicts/not-an-id").status_code == 404


def test_a_key_of_a_service_speaks_for_that_service(served: Served) -> None:
    bound = served.client(served.key(service="bound"))
    assert send(bound, photo(3), service="other").json()["service"] == "bound"


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"not a picture", photo(4)[:900]])
def test_what_cannot_be_read_is_held_for_a_person(client: httpx.Client, content: bytes) -> None:
    body = send(client, content).json()
    assert body["action"] == "hold"
    assert body["rule"].startswith("undecodable")
    assert body["case"]


def test_the_same_request_again_is_the_same_answer(client: httpx.Client, known: bytes) -> None:
    key = {"Idempotency-Key": "once-1"}
    one, two = send(client, known, headers=key).json(), send(client, known, headers=key).json()
    assert one["id"] == two["id"]
    assert one["case"] == two["case"]


def test_the_same_key_with_another_body_is_refused(client: httpx.Client, known: bytes) -> None:
    key = {"Idempotency-Key": "once-2"}
    send(client, known, headers=key)
    answer = send(client, photo(5), headers=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_reuse")


def test_private_content_without_a_basis_is_refused_and_nothing_is_kept(
    served: Served, client: httpx.Client
) -> None:
    answer = send(client, photo(6), surface="private", jurisdiction="de")
    assert (answer.status_code, answer.json()["code"]) == (403, "scanning_not_permitted")
    assert (
        b'breakwater_refused_private_total{jurisdiction="DE"} 1.0'
        in served.app.metrics.exposition()
    )


@pytest.mark.parametrize(
    ("about", "field"),
    [
        ({"surface": "secret"}, "surface"), ({"surface": ""}, "surface"), ({"service": ""}, "service"),
        ({"address": "example"}, "address"), ({"port": "99999"}, "port"), ({"time": "noon"}, "time"),
        ({"max_wait_ms": "-1"}, "max_wait_ms"), ({"jurisdiction": "Britain"}, "jurisdiction"),
        ({"acount": "typo"}, "acount"), ({"reference": "x" * 600}, "reference"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(client: httpx.Client, about: dict[str, str], field: str) -> None:
    answer = send(client, photo(1), **about)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in {fault["where"] for fault in answer.json()["errors"]}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", {"Content-Type": "multipart/form-data; boundary=x"}),
        (b"--x\r\n", {"Content-Type": "multipart/form-data; boundary=x"}),
        (b"nonsense", {"Content-Type": "multipart/form-data; boundary=x"}),
        (b"nonsense", {"Content-Type": "multipart/form-data"}),
        (b"nonsense", {"Content-Type": "multipart/form-data; boundary="}),
        (b"nonsense", {"Content-Type": "text/plain"}),
        (b"nonsense", {}),
        (b"{", {"Content-Type": "application/json"}),
        (b"[]", {"Content-Type": "application/json"}),
        (b"[" * 20000, {"Content-Type": "application/json"}),
        (b"{}" + b" " * 70000, {"Content-Type": "application/json"}),
        (b'--x\r\nContent-Disposition: form-data; name="service"\r\n\r\n' + b"s" * 70000
         + b"\r\n--x--\r\n", {"Content-Type": "multipart/form-data; boundary=x"}),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\nv\r\n--x--\r\n",
         {"Content-Type": "multipart/form-data; boundary=x"}),
        (b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nAA',
         {"Content-Type": "multipart/form-data; boundary=x"}),
        (2 * b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nAA\r\n'
         + b"--x--\r\n", {"Content-Type": "multipart/form-data; boundary=x"}),
    ],
)  # fmt: skip
def test_a_malformed_body_is_told_how_to_be_right(
    client: httpx.Client, body: bytes, headers: dict[str, str]
) -> None:
    answer = client.post("/v1/media", content=body, headers=headers)
    assert answer.status_code in {413, 422}
    assert answer.json()["detail"]


def test_a_form_without_a_file_says_so(client: httpx.Client) -> None:
    answer = client.post(
        "/v1/media", files={"service": (None, "photos"), "surface": (None, "live")}
    )
    assert answer.status_code == 422
    assert "file" in answer.json()["detail"]


def test_too_large_is_refused_before_it_is_read(client: httpx.Client) -> None:
    answer = send(client, b"x" * ((8 << 20) + (1 << 19)))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_large_file_is_answered_later_and_then_done(served: Served, client: httpx.Client) -> None:
    content = photo(8, (900, 900), "BMP")
    assert len(content) > 2 << 20
    answer = send(client, content, "a.bmp", "image/bmp")
    assert answer.status_code == 202
    place = answer.headers["Location"]
    assert answer.json()["action"] is None
    app = served.app
    work(Worker(db=app.db, subscriptions=app.subscriptions, kinds=app.jobs, turns=(), metrics=app.metrics))  # fmt: skip
    assert client.get(place).json()["action"] == "allow"


def test_a_file_in_parts_is_screened_with_the_last_byte(client: httpx.Client, known: bytes) -> None:
    begun = client.post("/v1/uploads", json=ABOUT | {"size": len(known), "type": "image/png"})
    assert begun.status_code == 201
    place, cut = begun.headers["Location"], len(known) // 2
    part = {"Content-Type": "application/offset+octet-stream"}
    first = client.patch(place, content=known[:cut], headers=part | {"Upload-Offset": "0"})
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, str(cut))
    assert client.get(place).json()["offset"] == cut
    again = client.patch(place, content=known[:cut], headers=part | {"Upload-Offset": "0"})
    assert again.status_code == 409
    last = client.patch(place, content=known[cut:], headers=part | {"Upload-Offset": str(cut)})
    assert (last.status_code, last.json()["action"]) == (200, "block")


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [(b"", {"Upload-Offset": "0"}, 422), (b"x" * 200, {"Upload-Offset": "0"}, 422),
     (b"x", {}, 422), (b"x", {"Upload-Offset": "-1"}, 422), (b"x", {"Upload-Offset": "a"}, 422),
     (b"x", {"Upload-Offset": "50"}, 409)],
)  # fmt: skip
def test_a_wrong_part_is_refused(
    client: httpx.Client, content: bytes, headers: dict[str, str], status: int
) -> None:
    place = client.post("/v1/uploads", json=ABOUT | {"size": 100}).headers["Location"]
    assert client.patch(place, content=content, headers=headers).status_code == status
    assert client.get(place).json()["offset"] == 0


def test_nobody_goes_on_with_another_s_upload(served: Served, client: httpx.Client) -> None:
    place = client.post("/v1/uploads", json=ABOUT | {"size": 100}).headers["Location"]
    other = served.client(served.key())
    assert other.get(place).status_code == 404
    assert other.patch(place, content=b"x", headers={"Upload-Offset": "0"}).status_code == 404


def test_the_test_files_match_for_a_test_key_and_keep_nothing(served: Served) -> None:
    test, real = served.client(served.key(test=True)), served.client(served.key())
    for name in testfiles.NAMES:
        content = test.get(f"/v1/test-files/{name}").content
        body = send(test, content).json()
        assert body["action"] == name.removesuffix(".png")
        assert body["rule"].startswith("test.")
        assert test.get(f"/v1/verdicts/{body['id']}").status_code == 404
        assert send(real, content).json()["action"] == "allow"
    assert test.get("/v1/test-files/other.png").status_code == 404


def test_a_url_is_not_fetched_while_that_is_off(client: httpx.Client) -> None:
    for url in ("http://127.0.0.1/", "https://example.com/a.png", "file:///etc/passwd"):
        answer = client.post("/v1/media", json=ABOUT | {"object": {"url": url}})
        assert (answer.status_code, answer.json()["code"]) == (422, "fetch_refused")


def test_errors_and_answers_carry_the_headers(client: httpx.Client) -> None:
    for answer in (client.get("/v1/banks"), client.get("/nowhere"), send(client, b"")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["x-reference"]


def test_an_unexpected_failure_says_its_reference_and_nothing_else(
    served: Served, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret canary 203.0.113.9")

    monkeypatch.setattr(type(served.app.banks), "every", fail)
    answer = client.get("/v1/banks")
    assert answer.status_code == 500
    assert answer.json()["reference"] == answer.headers["x-reference"]
    assert "canary" not in answer.text


def test_a_key_s_rate_is_kept(served: Served) -> None:
    slow = served.client(served.key("bank:read", per_second=2))
    answers = [slow.get("/v1/banks") for _ in range(6)]
    late = [answer for answer in answers if answer.status_code == 429]
    assert late
    assert int(late[0].headers["retry-after"]) >= 1
    assert late[0].json()["code"] == "too_many_requests"


def test_a_revoked_key_stops_at_once(served: Served) -> None:
    key, token = served.app.access.keys.create(OPERATOR, name="gone", scopes=["bank:read"])
    client = served.client(token)
    assert client.get("/v1/banks").status_code == 200
    served.app.access.keys.revoke(key.id, OPERATOR)
    assert client.get("/v1/banks").status_code == 401


def test_many_uploads_at_once_are_all_counted(served: Served, known: bytes) -> None:
    """in = blocked + passed: nothing is lost or counted twice under load."""
    clients = [served.client(served.key()) for _ in range(4)]
    files = [known if n % 3 == 0 else photo(100 + n) for n in range(24)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: send(clients[n % 4], files[n]), range(24)))
    actions = [answer.json()["action"] for answer in answers]
    assert (actions.count("block"), actions.count("allow")) == (8, 16)
    assert len({answer.json()["id"] for answer in answers}) == 24


def test_a_connection_that_dies_leaves_the_server_standing(
    served: Served, client: httpx.Client
) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    token = served.key()
    for cut in (0, 10, 1000):
        with socket.create_connection((host, int(port))) as raw:
            raw.sendall(
                f"POST /v1/media HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
                "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n".encode()
            )
            raw.sendall(b"--x\r\n" + b"A" * cut)
    assert client.get("/health").json() == {"status": "ok"}
