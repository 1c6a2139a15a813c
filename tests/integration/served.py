"""A whole installation behind a real server on a free loopback port, for tests over real HTTP."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from breakwater.app import App, build
from breakwater.model.access import MACHINE_SCOPES, Permission, Person, Principal, Role
from breakwater.model.ids import Id, new_id
from breakwater.model.signin import Signed, about_cut
from breakwater.settings import load
from breakwater.web.server import server_of
from tests.integration.installed import installed, shared_jail

OPERATOR = Principal(new_id(), "operator", frozenset(Permission))


@dataclass
class Served:
    """A running server and the people and keys that use it."""

    app: App
    url: str
    api: Any
    opened: list[httpx.Client] = field(default_factory=list)

    def key(self, *scopes: str, **about: Any) -> str:
        """A new key's token; without scopes it holds all that a key may hold."""
        wanted = scopes or sorted(scope.value for scope in MACHINE_SCOPES)
        about = {"name": "test", "service": ""} | about
        return self.app.access.keys.create(OPERATOR, scopes=wanted, **about)[1]

    def client(self, token: str = "", **options: Any) -> httpx.Client:
        """A client over real HTTP, with a key or with nothing."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= options.pop("headers", {})
        made = httpx.Client(base_url=self.url, headers=headers, timeout=60, **options)
        self.opened.append(made)
        return made

    def person(self, *roles: Role, name: str = "") -> Person:
        """Somebody new."""
        return self.app.access.people.create(name or f"Person {new_id()}", roles, OPERATOR)

    def browser(
        self, *roles: Role, csrf: bool = True, person: Person | None = None, password: str = ""
    ) -> httpx.Client:
        """The browser of somebody new with those roles, or of a known person, signed in.

        With a password they can sign.
        """
        link = self.app.access.people.link((person or self.person(*roles)).id, "test")
        _, session = self.app.access.people.consume_link(link)
        who = self.app.access.sessions.resume(session)
        assert who is not None
        if password:
            self.app.access.people.set_password(who, password)
        headers = {"X-CSRF-Token": self.api.state.gate.csrf(who)} if csrf else {}
        return self.client(headers=headers, cookies={self.api.state.gate.cookie: session})


def cut_signed(app: App, who: Principal, stream: Id | None, about: str = "") -> Signed:
    """A fresh signature under a cut; how it is checked: `tests/unit/test_access_signing.py`."""
    said = about or about_cut(Id(str(stream)))
    return Signed(Id(str(who.person)), said, "password", app.clock.now())


@contextmanager
def serving(directory: Path, **settings: Any) -> Iterator[Served]:
    """Serve until the block ends, with the run's jail, or with one of its own (`jail_children`)."""
    (directory / "keys").mkdir(parents=True)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    known: dict[str, Any] = {
        "data_dir": directory / "data",
        "root_key_file": directory / "keys" / "root.key",
        "audit_dir": directory / "checkpoints",
        "port": port,
        "seat": "GB",
    }
    chosen = load(**(known | settings))
    installed(chosen)
    app = build(chosen, pool=None if chosen.jail_children else shared_jail(), decode=False)
    server = server_of(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    scheme = "https" if server.config.is_ssl else "http"
    served = Served(app, f"{scheme}://127.0.0.1:{port}", server.config.app)
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield served
    finally:
        for client in served.opened:
            client.close()
        server.should_exit = True
        thread.join(timeout=20)
        app.close()
        listener.close()
