"""Services that are acted on, served on loopback: the stand-in, and the documentation's receiver."""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from breakwater.testing.platforms import Platform


@contextmanager
def served(server: ThreadingHTTPServer) -> Iterator[str]:
    """Serve until the block ends; answers the address."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/acts"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def standing_in(platform: Platform) -> Iterator[str]:
    """The stand-in behind a real server; it believes every signature."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            message = json.loads(body)
            assert self.headers["webhook-id"] == message["data"]["act"]
            status, answer = platform.take(message["data"])
            sent = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            pass

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
        yield url


def documented() -> Any:
    """The module that the documentation shows."""
    place = Path(__file__).parents[2] / "docs" / "howto" / "act_receiver.py"
    spec = importlib.util.spec_from_file_location("act_receiver", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
