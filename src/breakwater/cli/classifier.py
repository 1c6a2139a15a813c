"""`breakwater classifier`: operators' own models, added as data, tried, switched and removed.

In: a folder with `model.onnx` and `card.toml`. Out: tables and findings. Scores raise priority
and sampling and never act alone. The work is done by the owner of the installation when one is
running (`cli.opening`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from breakwater.cli.terminal import BAD, GOOD, WARN, Json, Terminal

app = typer.Typer(
    help="Classifiers of yours: add, try, switch.", no_args_is_help=True, add_completion=False
)

Name = Annotated[str, typer.Argument(help="The id on its card.")]


@app.callback()
def group() -> None:
    """Classifiers of yours: add, try, switch."""


@app.command()
def add(
    folder: Annotated[Path, typer.Argument(help="Folder with model.onnx and card.toml.")],
    *,
    as_json: Json = False,
) -> None:
    """Try a model in the jail and keep it with its card."""
    from rich.markup import escape

    from breakwater import settings
    from breakwater.classifiers.folder import read_folder
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    card, model = read_folder(folder)
    with opening.at(settings.load(), terminal) as open_desk:
        made = open_desk.add_classifier(card, model.path)
    line = f"{GOOD} {escape(made['name'])} {escape(made['version'])} is added."
    if made["state"] == "waiting":
        line += f"\n{WARN} A second person has to agree on the page Settings, Classifiers."
    terminal.result(made, line)


@app.command("list")
def list_(*, as_json: Json = False) -> None:
    """List classifiers, and whether they give scores."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as open_desk:
        found = open_desk.classifiers()
    if not found["on"] and not as_json:
        terminal.say(f"{WARN} Classifiers are off: set BREAKWATER_CLASSIFIERS=true.")
    columns = {"name": "Classifier", "version": "Version", "state": "State", "threshold": "Threshold",
               "cost": "A picture", "expires": "Expires", "trouble": "Trouble"}  # fmt: skip
    rows = found["classifiers"]
    shown = [{**row, "cost": f"{row['ms']:.1f} ms" if row["ms"] else ""} for row in rows]
    terminal.table(rows if as_json else shown, columns)


@app.command()
def check(name: Name, *, as_json: Json = False) -> None:
    """Try a classifier in the jail; exit 1 when it cannot be used."""
    from rich.markup import escape

    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as open_desk:
        found = open_desk.check_classifier(name)
    terminal.result(found, f"{GOOD if found['fit'] else BAD} {escape(found['words'])}")
    if not found["fit"]:
        raise typer.Exit(1)


@app.command()
def on(name: Name, *, as_json: Json = False) -> None:
    """Let it give scores."""
    _act("on", name, "gives scores", as_json=as_json)


@app.command()
def off(name: Name, *, as_json: Json = False) -> None:
    """Let it give none; nothing that it raised is lowered."""
    _act("off", name, "gives no scores now", as_json=as_json)


@app.command()
def remove(name: Name, *, as_json: Json = False) -> None:
    """Destroy its model; what it said stays with its cases."""
    _act("remove", name, "is removed", as_json=as_json)


def _act(what: str, name: str, words: str, *, as_json: bool) -> None:
    from rich.markup import escape

    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as open_desk:
        done: dict[str, Any] = open_desk.change_classifier(name, what)
    terminal.result(done, f"{GOOD} {escape(done['name'])} {escape(done['version'])} {words}.")
