"""`breakwater compliance`: which measures of a regulator's code are on, since when, and the proof.

In: the name of a code. Out: its measures, to a file or to the terminal. They are looked up by the
owner of the installation (`cli.opening`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from breakwater.cli.terminal import Terminal
from breakwater.cli.transparency import give

app = typer.Typer(
    help="Measures of a regulator's code.", no_args_is_help=True, add_completion=False
)
Option = typer.Option


@app.callback()
def group() -> None:
    """Measures of a regulator's code."""


@app.command("report")
def report(
    code: Annotated[str, typer.Argument(help="The code: ofcom.")],
    *,
    form: Annotated[str, Option(help="json or pdf.")] = "json",
    out: Annotated[Path | None, Option(help="File to write; without it, the terminal.")] = None,
) -> None:
    """Write which measures are on, since when, and which rows prove it."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=False)
    with opening.at(settings.load(), terminal) as desk:
        give(terminal, desk.compliance(code, {"form": form}), out, form)
