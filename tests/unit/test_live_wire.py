"""The wire to a media server: bounded, checked, and never followed elsewhere."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.scripted_http import scripted

from breakwater.errors import BadInput, Unavailable
from breakwater.live import wire
from breakwater.live.wire import Control, place
from breakwater.network.addresses import networks

LOOPBACK = networks(("127.0.0.0/8",))


@contextmanager
def raw(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does what it likes with each connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def run() -> None:
        while not done.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.recv(65536)
                    serve(connection)
                except OSError:
                    pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        done.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=30)


def refused(url: str, **about: object) -> str:
    control = Control(url, private=LOOPBACK, **about)  # type: ignore[arg-type]
    with pytest.raises(Unavailable) as said:
        control.get("/stat")
    control.close()
    return said.value.detail


@pytest.mark.parametrize(
    "answer",
    [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
)  # fmt: skip
def test_what_is_no_answer_is_unavailable(answer: bytes) -> None:
    with raw(lambda connection: connection.sendall(answer)) as url:
        assert "does not answer" in refused(url)


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_ANSWER", 1 << 20)

    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with raw(endless) as url:
        assert "does not end" in refused(url)


def test_a_server_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "READ_S", 0.2)
    let_go = threading.Event()
    with raw(lambda _: let_go.wait(60) and None) as url:
        began = time.monotonic()
        refused(url)
        assert time.monotonic() - began < 30
        let_go.set()


def test_a_redirect_is_an_answer_not_a_way() -> None:
    with scripted() as server:
        server.anything = lambda _: (302, b"")
        control = Control(server.url, private=LOOPBACK)
        assert control.get("/stat").status == 302
        assert len(server.asked) == 1
        control.close()


def test_each_connection_is_checked_so_that_a_name_cannot_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with scripted() as server:
        server.anything = lambda _: (200, b"")
        port = int(server.url.rpartition(":")[2])
        said = [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("169.254.169.254")]
        control = Control(
            f"http://media.example:{port}", private=LOOPBACK, resolve=lambda *_: [said.pop(0)]
        )
        assert control.get("/").ok
        control.close()
        with pytest.raises(Unavailable, match="not called"):
            control.get("/")


@pytest.mark.parametrize(
    "url",
    ["", "ftp://x", "http://", "http://user:pw@127.0.0.1", "//x", "file:///etc/passwd", "http://["],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        Control(url)


def test_names_are_quoted() -> None:
    assert place("files", "a/../b", "ü?x=1") == "/files/a%2F..%2Fb/%C3%BC%3Fx%3D1"
