"""Protects the inside of a network from URLs that strangers choose."""

from __future__ import annotations

import io
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from breakwater.errors import FetchFailed, FetchRefused, TooLarge
from breakwater.model.clock import SystemClock
from breakwater.network.addresses import Address, is_public, networks
from breakwater.network.fetch import Fetcher, FetchRules, system_resolve

HOSTILE = [
    # not http at all
    "file:///etc/passwd", "ftp://example.com/a", "gopher://127.0.0.1:70/_", "dict://127.0.0.1:11211/",
    "data:image/png;base64,AAAA", "javascript:alert(1)", "jar:http://127.0.0.1!/", "ldap://127.0.0.1/",
    "//127.0.0.1/", "127.0.0.1", "", "http://", "https:///path", "http:127.0.0.1/", "HTTP:/127.0.0.1/",
    # loopback in every spelling
    "http://127.0.0.1/", "http://127.1/", "http://127.0.1/", "http://0/", "http://0.0.0.0/",
    "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://017700000001/",
    "http://0177.0.0.1/", "http://127.000.000.001/", "http://localhost/", "http://LOCALHOST./",
    "http://127.255.255.254/", "http://[::1]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::]/",
    # an IPv4 address inside an IPv6 one
    "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/",
    "http://[64:ff9b::127.0.0.1]/", "http://[64:ff9b::a9fe:a9fe]/", "http://[64:ff9b:1::10.0.0.1]/",
    "http://[2002:7f00:1::]/", "http://[2002:a9fe:a9fe::1]/", "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "http://[2600:1f00::5efe:10.0.0.1]/", "http://[2600:1f00::200:5efe:127.0.0.1]/",
    # private, link-local, metadata
    "http://10.0.0.1/", "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/", "http://169.254.170.2/v2/", "http://100.100.100.200/",
    "http://192.0.0.192/", "http://168.63.129.16/", "http://[fd00:ec2::254]/", "http://[fe80::1]/",
    "http://[fe80::1%25lo]/", "http://[fc00::1]/", "http://[fec0::1]/",
    # multicast, broadcast, reserved, documentation, benchmarking
    "http://224.0.0.1/", "http://239.255.255.250/", "http://255.255.255.255/", "http://240.0.0.1/",
    "http://192.0.2.1/", "http://198.18.0.1/", "http://198.51.100.1/", "http://203.0.113.1/",
    "http://[ff02::1]/", "http://[ff0e::1]/", "http://[2001:db8::1]/", "http://[3fff::1]/", "http://[100::1]/",
    "http://[5f00::1]/", "http://192.88.99.1/",
    # what two parsers read differently
    "http://example.com@127.0.0.1/", "http://user:word@example.com/", "http://example.com\\@127.0.0.1/",
    "http://127.0.0.1#@example.com/", "http://127.0.0.1?@example.com/", "http://exa mple.com/",
    "http://example.com\r\nHost: 127.0.0.1/", "http://example.com\t/", "http://ex\x00ample.com/",
    "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://loc%61lhost/", "http://example.com:99999/",
    "http://example.com:-1/", "http://[::1", "http://::1/", "http://.../", "http://-/", "http://a..b/",
    # ports of other services
    "http://example.com:22/", "http://example.com:6379/", "http://example.com:25/", "https://example.com:8443/",
]  # fmt: skip

RULES = FetchRules(max_bytes=1000, connect_s=1.0, read_s=1.0, total_s=3.0)


class Counting:
    """A resolver that counts, and answers names from a list of turns."""

    def __init__(self, **names: Sequence[Sequence[str]]) -> None:
        self._names = {name.replace("_", "."): list(turns) for name, turns in names.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[Address]:
        self.asked.append(host)
        turns = self._names.get(host)
        if turns is None:
            return system_resolve(host, port)
        turn = turns.pop(0) if len(turns) > 1 else turns[0]
        return [ipaddress.ip_address(address) for address in turn]


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every address a connection is tried to; the connections themselves go ahead."""
    seen: list[str] = []
    real = socket.create_connection

    def spy(address: tuple[str, int], *args: object, **kw: object) -> socket.socket:
        seen.append(address[0])
        return real(address, *args, **kw)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "create_connection", spy)
    return seen


def test_the_table_is_as_long_as_promised() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 60


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_url_connects_nowhere(url: str, connects: list[str]) -> None:
    fetcher = Fetcher(RULES, SystemClock(), Counting(example_com=[["93.184.215.14"]]))
    with pytest.raises((FetchRefused, FetchFailed)):
        fetcher.fetch(url, io.BytesIO())
    assert connects == []


@pytest.mark.parametrize(
    "answers",
    [
        ["93.184.215.14", "127.0.0.1"],
        ["10.0.0.7"],
        ["2606:2800::1", "fe80::1"],
        ["::ffff:10.0.0.1"],
        [],
    ],
)
def test_a_name_with_one_inner_address_is_refused(answers: list[str], connects: list[str]) -> None:
    fetcher = Fetcher(RULES, SystemClock(), Counting(evil_example=[answers]))
    with pytest.raises((FetchRefused, FetchFailed)):
        fetcher.fetch("http://evil.example/a.png", io.BytesIO())
    assert connects == []


def test_public_addresses_are_public() -> None:
    for address in ("8.8.8.8", "1.1.1.1", "93.184.215.14", "2606:2800:21f:cb07::1", "2a00:1450::1"):
        assert is_public(ipaddress.ip_address(address))


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def server(answer: Answer) -> Iterator[int]:
    """A real HTTP server on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        httpd.daemon_threads = True
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield httpd.server_port
        finally:
            httpd.shutdown()
            thread.join()


def opened(port: int, resolve: Counting, **changes: object) -> Fetcher:
    """A fetcher for which an operator opened loopback, as for an object store inside."""
    rules = FetchRules(
        **({"max_bytes": 1000, "ports": (port, 80), "private": networks(["127.0.0.1/32"]),
            "read_s": 1.0, "total_s": 3.0} | changes)  # type: ignore[arg-type]
    )  # fmt: skip
    return Fetcher(rules, SystemClock(), resolve)


def picture(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "image/png")
    handler.send_header("Content-Length", "5")
    handler.end_headers()
    handler.wfile.write(b"bytes")


def to(place: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", place)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def test_an_allowed_url_is_fetched_from_the_checked_address() -> None:
    with server(picture) as port:
        resolve = Counting(store_example=[["127.0.0.1"]])
        sink = io.BytesIO()
        fetched = opened(port, resolve).fetch(f"http://store.example:{port}/a.png", sink)
    assert sink.getvalue() == b"bytes"
    assert (fetched.type, fetched.size, fetched.redirects) == ("image/png", 5, 0)
    assert resolve.asked == ["store.example"]


def test_a_name_that_changes_its_address_is_asked_once() -> None:
    """Rebinding: the second answer would lead elsewhere, but there is no second question."""
    with server(picture) as port:
        resolve = Counting(store_example=[["127.0.0.1"], ["127.0.0.2"]])
        opened(port, resolve).fetch(f"http://store.example:{port}/a.png", io.BytesIO())
    assert resolve.asked == ["store.example"]


@pytest.mark.parametrize(
    "place",
    ["http://127.0.0.2/", "http://169.254.169.254/", "file:///etc/passwd", "http://10.0.0.1/",
     "http://[::1]/", "gopher://x/", "http://inside.example/", "//192.168.0.1/", "", "http://a@b/"],
)  # fmt: skip
def test_a_redirect_is_checked_like_the_first(place: str, connects: list[str]) -> None:
    with server(to(place)) as port:
        resolve = Counting(store_example=[["127.0.0.1"]], inside_example=[["10.1.1.1"]])
        with pytest.raises((FetchRefused, FetchFailed)):
            opened(port, resolve).fetch(f"http://store.example:{port}/a.png", io.BytesIO())
    assert set(connects) == {"127.0.0.1"}


def test_redirects_end_after_three() -> None:
    with server(to("/again")) as port:
        resolve = Counting(store_example=[["127.0.0.1"]])
        with pytest.raises(FetchRefused, match="more than 3"):
            opened(port, resolve).fetch(f"http://store.example:{port}/a.png", io.BytesIO())
    assert len(resolve.asked) == 4


def test_a_redirect_off_the_list_of_hosts_is_refused() -> None:
    with server(to("http://other.example/")) as port:
        resolve = Counting(store_example=[["127.0.0.1"]], other_example=[["93.184.215.14"]])
        fetcher = opened(port, resolve, hosts=("store.example",))
        with pytest.raises(FetchRefused, match="allowed hosts"):
            fetcher.fetch(f"http://store.example:{port}/a.png", io.BytesIO())


def test_bytes_are_counted_while_they_come() -> None:
    """No Content-Length, and more than was allowed."""

    def flood(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(10_000):
                handler.wfile.write(b"x" * 1000)
        except OSError:
            pass

    with server(flood) as port:
        sink = io.BytesIO()
        with pytest.raises(TooLarge):
            opened(port, Counting(s_example=[["127.0.0.1"]])).fetch(
                f"http://s.example:{port}/", sink
            )
    assert len(sink.getvalue()) <= 1000


def test_an_announced_size_is_refused_before_a_byte() -> None:
    def large(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "5000000000")
        handler.end_headers()

    with server(large) as port, pytest.raises(TooLarge):
        opened(port, Counting(s_example=[["127.0.0.1"]])).fetch(
            f"http://s.example:{port}/", io.BytesIO()
        )


def test_a_server_that_drips_is_given_up() -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        stop = threading.Event()
        try:
            for _ in range(100):
                handler.wfile.write(b"x")
                stop.wait(0.05)
        except OSError:
            pass

    with server(drip) as port:
        fetcher = opened(port, Counting(s_example=[["127.0.0.1"]]), total_s=0.3)
        with pytest.raises(FetchFailed, match="longer"):
            fetcher.fetch(f"http://s.example:{port}/", io.BytesIO())


def test_a_compressed_answer_is_refused() -> None:
    def squeezed(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with server(squeezed) as port, pytest.raises(FetchRefused, match="compressed"):
        opened(port, Counting(s_example=[["127.0.0.1"]])).fetch(
            f"http://s.example:{port}/", io.BytesIO()
        )


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    with server(picture) as port:
        sink = io.BytesIO()
        opened(port, Counting(s_example=[["127.0.0.1"]])).fetch(f"http://s.example:{port}/", sink)
    assert sink.getvalue() == b"bytes"
