"""`breakwater people`: let somebody in again, from the server's own host.

In: a name. Out: a one-time login link, which the audit log names. For whoever may run commands
as the installation's user; the work is done by the owner when one is running (`cli.opening`).
"""

from __future__ import annotations

from typing import Annotated

import typer

from breakwater.cli.terminal import GOOD, WARN, Json, Terminal

app = typer.Typer(
    help="Let somebody in by a one-time link.", no_args_is_help=True, add_completion=False
)


@app.callback()
def group() -> None:
    """Let somebody in by a one-time link."""


@app.command()
def link(
    name: Annotated[str, typer.Argument(help="Name of the person, as People shows it.")],
    *,
    as_json: Json = False,
) -> None:
    """Make a one-time login link, good for 30 minutes; ends the person's earlier links."""
    from rich.markup import escape

    from breakwater import settings
    from breakwater.cli import opening, owner

    terminal = Terminal(as_json=as_json)
    configured = settings.load()
    with opening.at(configured, terminal) as open_desk:
        path = open_desk.login_link(name)
    serving = owner.find(configured.owner_token)
    site = (serving.site or serving.url) if serving else configured.public_url
    words = f"{GOOD} Lets {escape(name)} in once, within 30 minutes:\n  {escape(site + path)}"
    if not serving:
        words += f"\n{WARN} No server runs: start it first (breakwater serve), then open the link."
    terminal.result({"name": name, "link": site + path}, words)
