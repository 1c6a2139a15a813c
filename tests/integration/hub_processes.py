"""The processes that are killed: a hub that serves over HTTP, and a member that follows it.

`python -m tests.integration.hub_processes` reads JSON lines: `{"who": "hub" | "member",
"environment": {…}}`, forks a whole installation for each and answers `{"pid"}`. It is forked warm and
opened cold, so that a start takes a part of a second. Who asks kills it.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final

from breakwater.app import App, build
from breakwater.cli.serve import working
from breakwater.exchange import running
from breakwater.settings import Settings, load
from breakwater.web.server import server_of

LEASE_S = 0.5
LONGEST_WAIT = timedelta(seconds=0.2)
"""What a dead member or hub holds up: half a minute and more in life, too long for a test."""


NO_MEDIA: Final[Any] = SimpleNamespace(size=1, close=lambda: None)
"""Stands for the jail, that takes two seconds to warm up: nobody uploads anything here."""


def opened(settings: Settings) -> App:
    """An installation that decodes nothing."""
    return build(settings, pool=NO_MEDIA, decode=False)


def hub() -> None:
    """Serve until killed, as `breakwater serve` does."""
    settings = load()
    app = opened(settings)
    with working(app), socket.create_server((settings.host, settings.port)) as listener:
        server_of(app).run(sockets=[listener])


def member() -> None:
    """Follow until killed."""
    vars(running).update(LEASE_S=LEASE_S, MOST_WAIT=LONGEST_WAIT)
    with working(opened(load())):
        threading.Event().wait()


def serve() -> None:
    """Fork an installation for each line; who dies is forgotten."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        told = json.loads(line)
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.environ.update(told["environment"])
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # their logs
            try:
                {"hub": hub, "member": member}[told["who"]]()
            except BaseException as error:  # noqa: BLE001 - said, not lost
                sys.stderr.write(f"{told['who']}: {type(error).__name__}: {error}\n")
                sys.stderr.flush()
            os._exit(3)
        sys.stdout.write(json.dumps({"pid": child}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
