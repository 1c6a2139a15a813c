"""`breakwater serve`: the whole installation in one process.

In: settings. Out: the API and the console on one address, events and jobs delivered. At the
first start it makes keys, a recovery copy and the database, and says once what must be kept;
while nobody can sign in it prints a one-time link for the first administrator. SIGTERM ends it
after the requests that are running.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from breakwater.cli.heap import give_back
from breakwater.cli.terminal import GOOD, WARN, Terminal
from breakwater.model.access import LOCAL_COMMANDS

if TYPE_CHECKING:
    from breakwater.app import App
    from breakwater.media.sandbox import JailPool
    from breakwater.settings import Settings

app = typer.Typer(help="Serve the API and the console.", add_completion=False)

OWNER_KEY: Final = LOCAL_COMMANDS
OWNER_SCOPES: Final = (
    "media:screen", "hash:lookup", "bank:read", "bank:write", "account:write", "verdict:read",
    "duty:write", "stream:write", "stream:read", "transparency:read",
)  # fmt: skip
"""What commands of the same user may do through the owner: what keys may do at all."""


@app.command()
def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Address, instead of the setting.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 picks a free one.")] = None,
    link: Annotated[
        bool, typer.Option(help="Print a one-time link while no administrator can sign in.")
    ] = True,
) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    from breakwater import observe
    from breakwater import settings as configuration

    chosen: dict[str, Any] = {"host": host, "port": port}
    settings = configuration.load(**{k: v for k, v in chosen.items() if v is not None})
    observe.configure(level=settings.log_level, form=settings.log_format)
    terminal = Terminal(as_json=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal again when it has shut down; what is open must still be closed.
        signal.signal(number, leave)
    with started(settings, terminal) as running, working(running):
        listen(running, terminal, link=link)


@contextmanager
def started(settings: Settings, terminal: Terminal) -> Iterator[App]:
    """Open the installation: the jail warms up and is proven while the rest is loaded."""
    give_back()
    with ThreadPoolExecutor(2, thread_name_prefix="start") as aside, ExitStack() as undo:
        warming = aside.submit(_jail, settings)
        undo.callback(lambda: warming.result().close())
        from breakwater import app as parts

        proof = aside.submit(lambda: parts.check_jail(warming.result()))
        loading = aside.submit(import_module, "breakwater.web.server")
        prepare(settings, terminal)
        running = parts.build(settings, pool=warming.result(), decode=False)
        undo.callback(running.close)
        proof.result()
        loading.result()
        yield running


def _jail(settings: Settings) -> JailPool:
    from breakwater.media.sandbox import JailPool

    return JailPool(size=settings.jail_children or None, directory=settings.spool_dir)


def leave(_number: int, _frame: object) -> NoReturn:
    """End as a signal asks: what is open is closed on the way out."""
    raise SystemExit(0)


def prepare(settings: Settings, terminal: Terminal) -> None:
    """Make what is missing, and say once what must be kept elsewhere."""
    from breakwater import app as parts

    passphrase = parts.set_up(settings)
    if passphrase:
        terminal.say(
            f"{GOOD} Made the root key [bold]{settings.root_key}[/] and its recovery copy "
            f"[bold]{settings.recovery_copy}[/].\n"
            f"  Without one of them nothing preserved can ever be read. Carry the copy to another "
            f"place and keep its passphrase apart from it; it is shown only now:\n"
            f"  [bold]{passphrase}[/]"
        )


@contextmanager
def working(running: App) -> Iterator[None]:
    """Events, jobs and regular turns, until the block ends."""
    from breakwater.worker.loop import Worker

    worker = Worker(
        db=running.db, subscriptions=running.subscriptions, kinds=running.jobs,
        turns=running.turns, metrics=running.metrics,
    )  # fmt: skip
    worker.start()
    if running.live.servers.every():
        running.live.watching.start()  # warm before the first broadcast
    try:
        yield
    finally:
        worker.stop()
        running.checkpointer.close()


def listen(running: App, terminal: Terminal, *, link: bool = True) -> None:
    """Answer requests until a signal ends it."""
    from breakwater.cli.owner import Owner, announced
    from breakwater.web.server import server_of, serves_tls, site_of

    settings = running.settings
    with socket.create_server((settings.host, settings.port), backlog=1024) as listener:
        scheme = "https" if serves_tls(settings) else "http"
        url = f"{scheme}://{reachable(settings.host)}:{listener.getsockname()[1]}"
        server = server_of(running, url=url)
        pinned = str(server.config.ssl_certfile or "")
        site = settings.public_url or site_of(settings, url).origin
        greet(running, terminal, site, link=link)
        with owner_key(running) as key:
            owner = Owner(url, key, site, ca=pinned, pid=os.getpid())
            with announced(settings.owner_token, owner):
                # What was built stays: a full collection went through all of it, for 0.1 s and
                # more in which nobody was answered.
                gc.freeze()
                server.run(sockets=[listener])


def reachable(host: str) -> str:
    """The address by which this machine itself reaches the listener, as URLs spell it."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def greet(running: App, terminal: Terminal, url: str, *, link: bool = True) -> None:
    """Say where it listens, and let the first administrator in."""
    terminal.say(
        f"{GOOD} breakwater serves {url}  (API reference: {url}/v1/openapi.json, "
        "for any API key and anybody signed in)"
    )
    token = running.access.people.first_link() if link else None
    if token is not None:
        terminal.say(
            f"{WARN} Nobody can sign in yet. This link lets the first administrator in once, "
            f"within 30 minutes:\n  [bold]{url}/login/{token}[/]"
        )


@contextmanager
def owner_key(running: App) -> Iterator[str]:
    """A key for commands of the same user, good while this process runs."""
    from breakwater.cli.desk import OPERATOR
    from breakwater.model.access import Permission

    if running.db.dialect == "sqlite":
        # We are the only process of this installation, so one that is left was left by a crash.
        for left in running.access.keys.every():
            if left.name == OWNER_KEY and left.revoked_at is None:
                running.access.keys.revoke(left.id, OPERATOR)
    key, token = running.access.keys.create(
        OPERATOR, name=OWNER_KEY, scopes=OWNER_SCOPES, networks=("127.0.0.0/8", "::1/128"),
        also=frozenset({Permission.ACT_READ, Permission.ACT_RETRY, Permission.DESK_SIGN, Permission.EXCHANGE_WRITE, Permission.HOLD_READ, Permission.HOLD_WRITE, Permission.HUB_READ, Permission.HUB_WRITE, Permission.LINK_READ, Permission.LINK_WRITE, Permission.PACKAGE_EXPORT, Permission.SERVER_WRITE, Permission.STREAM_CONTROL, Permission.SUBJECT_READ, Permission.SUBJECT_ERASE, Permission.VICS_EXPORT}),
    )  # fmt: skip
    try:
        yield token
    finally:
        running.access.keys.revoke(key.id, OPERATOR)
