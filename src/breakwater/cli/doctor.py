"""`breakwater doctor`: is this host fit to serve, and what is to be done if it is not.

In: settings and the host itself. Out: one row a check with what was found and what to do,
and exit code 78 when anything is unfit. Checks are in `app.checks`; the jail is proven by
trying forbidden acts in a real child and the decoders by decoding golden files
(reliability reference, "Decoding untrusted media").
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from breakwater.cli.terminal import BAD, GOOD, MARK, Json, Terminal
from breakwater.errors import Unfit

app = typer.Typer(
    help="Say whether this host is fit: jail, decoders, disk, clock, keys.", add_completion=False
)


@app.command()
def doctor(
    *,
    as_json: Json = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out the jail and the golden files.")
    ] = False,
) -> None:
    """Check this host; exits 78 when it is not fit to serve."""
    from breakwater import settings
    from breakwater.app import checks

    terminal = Terminal(as_json=as_json)
    found = []
    with terminal.progress("checking", None) as bar:
        for check in checks.every(settings.load(), quick=quick):
            found.append(check)
            bar.step()
    unfit = [check for check in found if check.state == "bad"]
    if as_json:
        terminal.result({"fit": not unfit, "checks": [asdict(check) for check in found]})
    else:
        rows = [{"mark": MARK[check.state], **asdict(check)} for check in found]
        _print(terminal, rows)
        words = f"{len(unfit)} of {len(found)} checks failed." if unfit else "This host is fit."
        terminal.say(f"\n{BAD if unfit else GOOD} {words}")
    if unfit:
        raise typer.Exit(Unfit.exit_code)


def _print(terminal: Terminal, rows: list[dict[str, str]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    for row in rows:
        todo = f"\n[yellow]→ {escape(row['todo'])}[/]" if row["todo"] else ""
        table.add_row(row["mark"], escape(row["name"]), escape(row["found"]) + todo)
    terminal.out.print(table)
