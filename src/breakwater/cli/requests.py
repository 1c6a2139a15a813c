"""`breakwater requests`: how many legal requests came and went out, and what became of them.

In: a period. Out: a table, or JSON; nobody is named. Requests are handled in the console and over the
API, by people: what they ask for is not for a command line.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from breakwater.cli.terminal import WARN, Json, Terminal

app = typer.Typer(help="Legal requests: figures.", no_args_is_help=True, add_completion=False)

COLUMNS: Final = {
    "direction": "Way", "country": "Country", "basis": "Kind", "state": "State",
    "count": "Requests", "overdue": "Not in time",
}  # fmt: skip


@app.callback()
def group() -> None:
    """Legal requests of police and courts, and ours to providers."""


@app.command()
def figures(
    start: Annotated[str, typer.Option("--from", help="First day, such as 2026-01-01.")],
    end: Annotated[str, typer.Option("--to", help="Last day, such as 2026-12-31.")],
    *,
    as_json: Json = False,
) -> None:
    """Count the requests of a period, by way, country, kind and state."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    period = {
        "since": _day(start).isoformat(),
        "until": (_day(end) + timedelta(days=1)).isoformat(),
    }
    with opening.at(settings.load(), terminal) as desk:
        rows = desk.request_counts(period)
    if not rows and not as_json:
        terminal.say(f"{WARN} No request came or went out in this period.")
        return
    terminal.table(rows, COLUMNS)


def _day(text: str) -> datetime:
    from breakwater.errors import BadInput

    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise BadInput("Write a day like 2026-01-31.") from None
