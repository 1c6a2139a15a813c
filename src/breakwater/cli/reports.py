"""`breakwater reports`: receive the reports of others.

`serve --dialect ispws` takes reports as NCMEC's interface does, and nothing else is served: what a hotline or national centre runs to receive, and the bench of those who send.
Beside the console the same dialect is mounted by the setting `reports_receive`.
"""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from breakwater.cli.serve import leave, prepare, reachable, working
from breakwater.cli.terminal import GOOD, WARN, Terminal

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from breakwater.app import App
    from breakwater.model.clock import Clock
    from breakwater.settings import Settings

app = typer.Typer(help="Receive the reports of others.", no_args_is_help=True)


class Dialect(StrEnum):
    """What senders speak."""

    ISPWS = "ispws"


@app.callback()
def group() -> None:
    """Receive the reports of others."""


@app.command()
def serve(
    *,
    dialect: Annotated[Dialect, typer.Option(help="What senders speak.")] = Dialect.ISPWS,
    host: Annotated[str | None, typer.Option(help="Address, instead of the setting.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 picks a free one.")] = None,
    key: Annotated[
        str, typer.Option(help="Make an API key of this name for a sender and print it once.")
    ] = "",
    screen: Annotated[
        bool, typer.Option(help="Screen what comes in the jail, and deliver events and jobs.")
    ] = True,
    faults: Annotated[
        bool, typer.Option(help="Misbehave on request at /ispws-faults: for tests only.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say where it listens as JSON.")] = False,
) -> None:
    """Receive reports until SIGTERM or Ctrl-C."""
    from breakwater import observe
    from breakwater import settings as configuration

    del dialect  # there is one
    chosen: dict[str, Any] = {"host": host, "port": port}
    settings = configuration.load(
        **{k: v for k, v in chosen.items() if v is not None}, reports_receive=True
    )
    observe.configure(level=settings.log_level, form=settings.log_format)
    terminal = Terminal(as_json=as_json)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    with opened(settings, terminal, screen=screen, faults=faults) as (running, around):
        listen(running, around, terminal, key=key)


@contextmanager
def opened(
    settings: Settings, terminal: Terminal, *, screen: bool, faults: bool
) -> Iterator[tuple[App, Callable[[ASGIApp], ASGIApp] | None]]:
    """Open the installation; with faults, also what wraps its application."""
    from breakwater import app as parts

    clock, around = None, None
    if faults:
        clock, around = _misbehaving(settings, terminal)
    prepare(settings, terminal)
    with ExitStack() as undo:
        running = parts.build(settings, clock=clock, decode=screen)
        undo.callback(running.close)
        if screen:
            undo.enter_context(working(running))
        yield running, None if around is None else around(running)


def _misbehaving(
    settings: Settings, terminal: Terminal
) -> tuple[Clock, Callable[[App], Callable[[ASGIApp], ASGIApp]]]:
    """A clock that can be moved, and what makes an application misbehave.

    Raises:
        BadSettings: others could reach it.
    """
    from breakwater.errors import BadSettings
    from breakwater.web.api.ispws_faults import Faults, ShiftedClock
    from breakwater.web.server import is_loopback

    if not is_loopback(settings.host):
        raise BadSettings(
            "A server with --faults shows and loses reports: it serves loopback only."
        )
    terminal.say(
        f"{WARN} --faults: anybody on this host can read and lose reports. For tests only."
    )
    clock = ShiftedClock()
    return clock, lambda running: lambda inner: Faults(inner, db=running.db, clock=clock)


def listen(
    running: App,
    around: Callable[[ASGIApp], ASGIApp] | None,
    terminal: Terminal,
    *,
    key: str,
) -> None:
    """Answer requests until a signal ends it."""
    from breakwater.web.api.ispws import alone
    from breakwater.web.server import server_of, serves_tls

    settings = running.settings
    made = {}
    if key:
        from breakwater.cli.desk import OPERATOR

        one, token = running.access.keys.create(
            OPERATOR, name=key, scopes=["report:submit"], service=key
        )
        made = {"user": one.id, "password": token.removeprefix(f"bw_{one.id.replace('-', '')}_")}
    with socket.create_server((settings.host, settings.port), backlog=1024) as listener:
        scheme = "https" if serves_tls(settings) else "http"
        port = listener.getsockname()[1]
        url = f"{scheme}://{reachable(settings.host)}:{port}/ispws"
        server = server_of(
            running, url=url.removesuffix("/ispws"),
            around=lambda api: around(alone(api)) if around else alone(api),
        )  # fmt: skip
        if terminal.as_json:
            print(json.dumps({"url": url, **made}), flush=True)
        terminal.say(f"{GOOD} breakwater receives reports at {url}")
        if made:
            terminal.say(
                f"  user [bold]{made['user']}[/], password [bold]{made['password']}[/] "
                "(shown only now)"
            )
        server.run(sockets=[listener])
