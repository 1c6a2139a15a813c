"""`breakwater likeness`: models of yours that see likenesses, tried and listed with their gates.

In: the folder `likeness_dir`. Out: tables and findings. Gates are opened by two people who are signed
in, never by a command; see docs/howto/likeness.md. Reads beside a running server.
"""

from __future__ import annotations

from typing import Any

import typer

from breakwater.cli.terminal import BAD, GOOD, WARN, Json, Terminal

app = typer.Typer(
    help="Likeness models of yours: try, list.", no_args_is_help=True, add_completion=False
)


@app.callback()
def group() -> None:
    """Likeness models of yours: try, list."""


@app.command("list")
def list_(*, as_json: Json = False) -> None:
    """List models and gates: what may be used by whom, and what is off."""
    from breakwater import settings
    from breakwater.app.checks_likeness import gates
    from breakwater.linking.likeness_folder import providers

    terminal = Terminal(as_json=as_json)
    read = settings.load()
    good, bad = providers(read.likeness_dir)
    rows: list[dict[str, Any]] = [
        {
            "name": one.card.name,
            "version": one.card.version,
            "state": "whole",
            "words": one.card.licence,
        }
        for one in good
    ]
    rows += [{"name": one.name, "version": "", "state": "off", "words": one.why} for one in bad]
    rows += [
        {
            "name": one.name, "version": "", "state": state.value,
            "words": f"{one.role.value}, {one.jurisdiction}: {one.legal_basis}",
        }
        for one, state in gates(read)
    ]  # fmt: skip
    if read.likeness_dir is None and not as_json:
        terminal.say(f"{WARN} Likenesses are off: BREAKWATER_LIKENESS_DIR is not set.")
    columns = {"name": "Model", "version": "Version", "state": "State", "words": "Of it"}
    terminal.table(rows, columns)


@app.command()
def check(*, as_json: Json = False) -> None:
    """Try each model in the jail, on grey alone; exit 1 when one cannot be used."""
    from rich.markup import escape

    from breakwater import settings
    from breakwater.errors import BreakwaterError
    from breakwater.linking.likeness_folder import providers
    from breakwater.recognition.likeness import LikenessRun

    terminal = Terminal(as_json=as_json)
    good, bad = providers(settings.load().likeness_dir)
    found = {one.name: one.why for one in bad}
    for one in good:
        try:
            LikenessRun(one.card, *one.read()).close()
        except BreakwaterError as error:
            found[one.card.name] = error.detail or error.title()
        else:
            found[one.card.name] = ""
    lines = [
        f"{BAD} {escape(name)}: {escape(why)}" if why else f"{GOOD} {escape(name)} can be used."
        for name, why in found.items()
    ]
    models = [{"name": name, "fit": not why, "words": why} for name, why in found.items()]
    terminal.result({"models": models}, "\n".join(lines) or "There is no model.")
    if any(found.values()):
        raise typer.Exit(1)
