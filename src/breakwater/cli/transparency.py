"""`breakwater transparency`: the figures of a period as CSV, JSON or a PDF with plots.

In: two days. Out: the report, to a file or to the terminal. The figures are counted by the owner of
the installation (`cli.opening`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from breakwater.cli.terminal import GOOD, Terminal

app = typer.Typer(help="Figures for the public.", no_args_is_help=True, add_completion=False)
Option = typer.Option


@app.callback()
def group() -> None:
    """Figures for the public."""


@app.command("report")
def report(
    *,
    first: Annotated[str, Option("--from", help="First day, such as 2026-11-01 (UTC).")],
    last: Annotated[str, Option("--to", help="Last day; it is in the report.")],
    form: Annotated[str, Option(help="json, csv or pdf.")] = "json",
    out: Annotated[Path | None, Option(help="File to write; without it, the terminal.")] = None,
) -> None:
    """Write the transparency report of a period.

    Counts name nobody; those by country are suppressed where they are small, together with as many
    others as it takes to hide them.
    """
    from breakwater import settings
    from breakwater.cli import opening
    from breakwater.model.transparency import Period

    terminal = Terminal(as_json=False)
    period = Period.parse(first, last)
    fields = {"from": period.first.isoformat(), "to": period.last.isoformat(), "form": form}
    with opening.at(settings.load(), terminal) as desk:
        give(terminal, desk.transparency(fields), out, form)


def give(terminal: Terminal, made: bytes, out: Path | None, form: str) -> None:
    """Write it to a file, or to the terminal where it is text."""
    from breakwater.cli.writing import written
    from breakwater.errors import BadInput

    if out is not None:
        kept = written([made], out)
        terminal.say(f"{GOOD} {out}: {kept['size']:,} bytes, SHA-256 {kept['sha256']}")
    elif form == "pdf":
        raise BadInput("A PDF goes into a file: give --out FILE.")
    else:
        typer.echo(made.decode(), nl=False)
