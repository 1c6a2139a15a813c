"""`breakwater acts`: what services were asked to do, what they did not confirm, and the table of it.

In: an act's id. Out: tables, or JSON. The work is done by the owner of the installation when one is
running (`cli.opening`); an act that is tried again is sent by whoever serves.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from breakwater.cli.terminal import GOOD, WARN, Json, Terminal

app = typer.Typer(
    help="Acts on services: list, retry, policy.", no_args_is_help=True, add_completion=False
)

COLUMNS: Final = {
    "id": "Act", "kind": "What", "service": "Service", "name": "Object or account",
    "state": "State", "attempts": "Tries", "fault": "In its way",
}  # fmt: skip


@app.callback()
def group() -> None:
    """What services are asked to do with content and accounts."""


@app.command("list")
def list_(
    *,
    failing: Annotated[
        bool, typer.Option(help="Only what was not confirmed, or cannot be done.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the newest 200 acts."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as desk:
        found = desk.acts(failing=failing)
    rows: list[dict[str, Any]] = found["acts"]
    if not rows and not as_json:
        calm = "Every act was confirmed." if failing else "No service was asked for anything yet."
        terminal.say(f"{GOOD} {calm}")
        return
    columns = {one: words for one, words in COLUMNS.items() if one != "name" or _named(rows)}
    terminal.table(rows, columns, whole=("id", "kind"))
    if found["failing"] and not as_json:
        terminal.say(f"{WARN} Not confirmed: {found['failing']}. Try again: breakwater acts retry")


def _named(rows: list[dict[str, Any]]) -> bool:
    """Whether any says whose it is: names are for those who may see accounts."""
    return any(row["name"] for row in rows)


@app.command()
def retry(
    act: Annotated[str, typer.Argument(help="Id of the act; without one, all not confirmed.")] = "",
    *,
    as_json: Json = False,
) -> None:
    """Try again what a service did not confirm, for another three days."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as desk:
        wanted = [act] if act else [one["id"] for one in desk.acts(failing=True)["acts"]]
        done = [desk.retry_act(one)["id"] for one in wanted]
    terminal.result({"acts": done}, f"{GOOD} Tried again: {len(done)}.")


@app.command()
def policy() -> None:
    """Print the table of which decision asks for which acts, as it is in force."""
    from importlib import resources

    from breakwater import settings
    from breakwater.enforcement import platform
    from breakwater.enforcement.platform.policy import ActPolicy

    own = settings.load().acts_file
    ActPolicy.load(own)
    if own is not None:
        typer.echo(own.read_text("utf-8"), nl=False)
        return
    shipped = resources.files(platform).joinpath("acts.toml")
    typer.echo(shipped.read_text("utf-8"), nl=False)
