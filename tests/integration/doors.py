"""A doorkeeper for tests of media servers without an installation, and a server for its hooks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from breakwater.errors import BadInput
from breakwater.live.hookforms import read_form, read_playlist
from breakwater.live.hooks import answer
from breakwater.live.ports import Admission, Call


@dataclass
class Door:
    """Lets in whom no set names; remembers who asked."""

    denied: set[str] = field(default_factory=set)
    frozen: set[str] = field(default_factory=set)
    asked: list[tuple[str, Call]] = field(default_factory=list)
    watch: str = ""
    url: str = ""

    def admit(self, call: Call) -> Admission:
        self.asked.append(("admit", call))
        return Admission(call.name not in self.denied)

    def started(self, call: Call) -> None:
        self.asked.append(("started", call))

    def ended(self, call: Call) -> None:
        self.asked.append(("ended", call))

    def may_play(self, call: Call) -> bool:
        self.asked.append(("play", call))
        return call.name not in self.frozen | self.denied

    def goes_on(self, call: Call) -> bool:
        return call.name not in self.denied

    def heard(self, what: str) -> list[Call]:
        return [call for said, call in self.asked if said == what]


@contextmanager
def door() -> Iterator[Door]:
    """Serve a door's hooks at `door.url` until the block ends."""
    made = Door()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self._say(lambda: answer(made, read_form("test", body), made.watch).allowed)

        def do_GET(self) -> None:
            uri = self.headers.get("X-Original-URI", "")
            about = {
                "address": self.headers.get("X-Viewer-Address", ""),
                "port": self.headers.get("X-Viewer-Port", ""),
            }
            self._say(
                lambda: (
                    answer(
                        made, read_playlist("test", uri, prefix="/hls", **about), made.watch
                    ).allowed
                )
            )

        def _say(self, ask) -> None:
            try:
                status = 204 if ask() else 403
            except BadInput:
                status = 403
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/v1/hooks/token"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=30)
