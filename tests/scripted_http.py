"""An HTTP server on loopback that answers what a test wrote down, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Said = tuple[int, Any]


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Scripted:
    """A running server.

    Attributes:
        answers: by `METHOD /path?query`, or by `METHOD /path`; bytes as they are, the rest as JSON.
        anything: answers what stands in neither.
    """

    url: str
    answers: dict[str, Said | Callable[[Asked], Said]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    anything: Callable[[Asked], Said] = lambda _: (404, {"status": "error"})

    @property
    def lines(self) -> list[str]:
        return [one.line for one in self.asked]


@contextmanager
def scripted() -> Iterator[Scripted]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            request = Asked(self.command, self.path, dict(self.headers.items()), body)
            made.asked.append(request)
            found = made.answers.get(request.line) or made.answers.get(request.line.split("?")[0])
            status, said = (
                (found or made.anything)(request) if callable(found or made.anything) else found
            )
            content = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = do_PATCH = _serve  # noqa: N815 - as the library calls them

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made = Scripted(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
