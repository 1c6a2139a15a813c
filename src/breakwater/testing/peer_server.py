"""A peer on loopback: a real HTTP server that answers as a fake says, and misbehaves on request.

Each protocol's fake subclasses `Peer` and says what it answers; faults of the line (down, busy,
cut off at a byte, refused, redirected, too large) are the same for all and stand here. Used by
`testing.exchange_clients` and by who tests a client of their own.
"""

from __future__ import annotations

import socket
import threading
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from breakwater.model.clock import Clock


class Fault(StrEnum):
    """How a peer misbehaves."""

    NONE = "none"
    DOWN = "down"
    BUSY = "busy"
    REFUSED = "refused"
    CUT = "cut"
    REDIRECT = "redirect"
    HUGE = "huge"
    GARBAGE = "garbage"
    CIRCLE = "circle"
    EMPTY = "empty"
    FORGETS = "forgets"
    ENTITY = "entity"


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Reply:
    """One answer."""

    status: int
    body: bytes
    type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Peer:
    """A server on a free port of loopback.

    Attributes:
        fault: what it does wrong now.
        cut_at: with `CUT`: bytes of a body after which the line goes dead.
        asked: every request, in order.
        clock: its own; may differ from ours.
    """

    base = ""
    """Path of the protocol's root."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.fault = Fault.NONE
        self.cut_at = 0
        self.asked: list[Asked] = []
        self.lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it is, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{self.base}"

    @abstractmethod
    def reply(self, asked: Asked) -> Reply:
        """What it answers when nothing is wrong with the line."""

    def now(self) -> datetime:
        """Its time."""
        return self.clock.now()

    def close(self) -> None:
        """Be gone."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def faulty(self, asked: Asked) -> Reply:
        """What it answers, with the faults of the line."""
        with self.lock:
            self.asked.append(asked)
            instead = {
                Fault.DOWN: Reply(503, b"later", "text/plain", {"Retry-After": "7"}),
                Fault.BUSY: Reply(429, b"later", "text/plain", {"Retry-After": "7"}),
                Fault.REFUSED: Reply(401, b"who?", "text/plain"),
                Fault.REDIRECT: Reply(302, b"", "text/plain", {"Location": "http://127.0.0.1:9/"}),
                Fault.HUGE: Reply(200, b" " * (6 << 20)),
                Fault.GARBAGE: Reply(200, b"<html>hello</html>", "text/html"),
            }
            return instead.get(self.fault) or self.reply(asked)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        peer = self

        class Handler(BaseHTTPRequestHandler):
            """One connection."""

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

            def answer(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                parts = urlsplit(self.path)
                query = {k: v[-1] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
                names = {k.lower(): v for k, v in self.headers.items()}
                asked = Asked(self.command, parts.path, query, names, self.rfile.read(size))
                self._send(peer.faulty(asked))

            def _send(self, reply: Reply) -> None:
                self.send_response_only(reply.status)
                self.send_header("Date", format_datetime(peer.now(), usegmt=True))
                self.send_header("Content-Type", reply.type)
                self.send_header("Content-Length", str(len(reply.body)))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command == "HEAD":
                    return
                cut = peer.fault is Fault.CUT and peer.cut_at < len(reply.body)
                try:
                    self.wfile.write(reply.body[: peer.cut_at] if cut else reply.body)
                    if cut:
                        self.close_connection = True
                        self.wfile.flush()
                        self.connection.shutdown(socket.SHUT_RDWR)
                except OSError:  # who asked is gone
                    self.close_connection = True

        for method in ("GET", "HEAD", "PUT", "POST"):
            setattr(Handler, f"do_{method}", Handler.answer)
        return Handler
