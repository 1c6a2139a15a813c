"""Protects what goes over the network: real TLS, secure cookies, objects fetched by reference."""

from __future__ import annotations

import hashlib
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from breakwater.intake.references import REFERENCE_PORTS
from breakwater.model.clock import SystemClock
from breakwater.web import tls
from breakwater.web.server import listening
from tests.integration.conftest import photo
from tests.integration.served import Served, serving

ABOUT = {"service": "photos", "surface": "public"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An object store over real TLS, whose authority this process trusts."""
    directory = tmp_path_factory.mktemp("store")
    pair = tls.builtin(directory, ["localhost"], now=SystemClock().now())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    for port in REFERENCE_PORTS[1:]:
        try:
            httpd = ThreadingHTTPServer(("127.0.0.1", port), Store)
        except OSError:
            continue
        break
    else:
        pytest.skip("the ports of object stores are taken on this machine")
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(pair.authority))
        yield f"https://localhost:{port}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


ASKED: list[str] = []


class Store(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        ASKED.append(self.path)
        content = photo(int(self.path.strip("/").split("?")[0] or 0))
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, store: str) -> Iterator[Served]:
    with serving(
        tmp_path_factory.mktemp("tls"), tls_builtin_ca=True, object_hosts="localhost",
        object_private_networks="127.0.0.0/8,::1/128", object_buckets=f"s3://photos={store}",
        object_access_key="reader", object_secret_key="not-a-secret",
    ) as running:  # fmt: skip
        yield running


def trusting(served: Served) -> ssl.SSLContext:
    how = listening(served.app.settings, now=served.app.clock.now())
    return ssl.create_default_context(cafile=str(how.authority))


def test_the_builtin_authority_serves_real_tls(served: Served) -> None:
    assert served.client(verify=trusting(served)).get("/health").json() == {"status": "ok"}
    unknown = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # a browser without our authority
    with pytest.raises(httpx.ConnectError):
        served.client(verify=unknown).get("/health")


def test_over_tls_the_cookie_is_host_bound_and_secure(served: Served) -> None:
    link = served.app.access.people.first_link()
    answer = served.client(verify=trusting(served)).post("/v1/session/link", json={"token": link})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-breakwater=")
    assert "Secure" in cookie
    assert "Domain" not in cookie
    assert answer.headers["strict-transport-security"].startswith("max-age=")


def test_an_object_is_brought_by_reference_and_screened(served: Served, store: str) -> None:
    client = served.client(served.key(), verify=trusting(served))
    digest = hashlib.sha256(photo(11)).hexdigest()
    body = ABOUT | {"object": {"url": f"{store}/11?signature=x", "sha256": digest}}
    answer = client.post("/v1/media", json=body)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["action"], answer.json()["sha256"]) == ("allow", digest)


def test_a_key_in_a_named_bucket_is_brought_by_a_signed_request(served: Served) -> None:
    client = served.client(served.key(), verify=trusting(served))
    digest = hashlib.sha256(photo(12)).hexdigest()
    body = ABOUT | {"object": {"url": "s3://photos/12", "sha256": digest}}
    answer = client.post("/v1/media", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["sha256"] == digest
    assert "X-Amz-Signature=" in ASKED[-1]
    assert "not-a-secret" not in ASKED[-1]
    for url in ("s3://other/12", "gs://photos/12", "s3://photos/../12"):
        refused = client.post("/v1/media", json=ABOUT | {"object": {"url": url, "sha256": digest}})
        assert refused.json()["code"] == "fetch_refused"


@pytest.mark.parametrize(
    ("path", "digest", "code"),
    [("/11", "", "bad_input"), ("/11", "0" * 64, "fetch_failed"), ("/11", "zz", "bad_input")],
)
def test_an_object_that_is_not_the_one_meant_is_refused(
    served: Served, store: str, path: str, digest: str, code: str
) -> None:
    client = served.client(served.key(), verify=trusting(served))
    answer = client.post(
        "/v1/media", json=ABOUT | {"object": {"url": store + path, "sha256": digest}}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize(
    "url", ["http://localhost:9000/1", "https://localhost:22/1", "https://127.0.0.1:9000/1",
            "https://elsewhere.example/1", "https://localhost@evil.example/1", "ftp://localhost/1"],
)  # fmt: skip
def test_what_is_not_on_the_list_is_not_fetched(served: Served, url: str) -> None:
    client = served.client(served.key(), verify=trusting(served))
    body = ABOUT | {"object": {"url": url, "sha256": "0" * 64}}
    answer = client.post("/v1/media", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "fetch_refused")
