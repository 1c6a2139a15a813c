"""`breakwater duty`: who is on call, shifts on the rota, and a test page.

In: names and moments, or a CSV file of shifts. Out: tables, or JSON. The work is done by the
owner of the installation when one is running (`cli.opening`); a test page of a server that does
not run reaches the pager service too, and nobody's screen.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from breakwater.cli.terminal import GOOD, WARN, Json, Terminal

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer(
    help="Who is on call: show, plan, test.", no_args_is_help=True, add_completion=False
)

COLUMNS: Final = ("person", "starts_at", "ends_at", "rank")
"""What a CSV file of shifts has; `rank` may be missing and is 1 then."""

NAME_MAX: Final = 100
RANKS: Final = frozenset("123456789")
MOST: Final = 1_000
"""Shifts of one file: they go to the rota together, or not at all."""


@app.callback()
def group() -> None:
    """Who is on call: show, plan, test."""


@app.command()
def show(*, as_json: Json = False) -> None:
    """Show who is on duty now, the rota of the next 14 days, and calls that wait."""
    from rich.markup import escape

    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as open_desk:
        stands = open_desk.duty()
    if as_json:
        terminal.result(stands)
        return
    names = [escape(one["name"]) for one in stands["now"]]
    first = f"{GOOD} On duty: {', then '.join(names)}." if names else f"{WARN} Nobody is on duty."
    waiting = len(stands["calls"])
    terminal.result(stands, f"{first} Calls that wait: {waiting}.")
    if not stands["pager"]:
        terminal.say(f"{WARN} No pager service is set; people are called on screen only.")
    shown = [{**one, "from": _short(one["starts_at"]), "until": _short(one["ends_at"])}
             for one in stands["shifts"]]  # fmt: skip
    if shown:
        columns = {"name": "Who", "from": "From (UTC)", "until": "Until", "rank": "Order"}
        terminal.table(shown, columns)


@app.command("set")
def set_(
    person: Annotated[str, typer.Argument(help="Name or id; leave out with --file.")] = "",
    *,
    start: Annotated[str, typer.Option("--from", help="From when, such as 2026-12-01T08:00.")] = "",
    until: Annotated[str, typer.Option(help="Until when; moments without a zone are UTC.")] = "",
    order: Annotated[int, typer.Option(min=1, max=9, help="1 is called first.")] = 1,
    file: Annotated[
        Path | None, typer.Option(help="A CSV file: person, starts_at, ends_at, rank.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put a shift, or a file of shifts, on the rota: all of them, or none."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    one = {"person": person, "starts_at": start, "ends_at": until, "rank": str(order)}
    wanted = _read(file) if file else [_shift(one, "The shift")]
    with opening.at(settings.load(), terminal) as open_desk:
        made = open_desk.plan_shifts(wanted)
    count = f"{len(made)} shifts are" if len(made) != 1 else "The shift is"
    terminal.result({"shifts": made}, f"{GOOD} {count} on the rota.")


@app.command("test")
def page(
    person: Annotated[str, typer.Argument(help="Name or id.")], *, as_json: Json = False
) -> None:
    """Send somebody a test page; they acknowledge it in the console."""
    from rich.markup import escape

    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as open_desk:
        call = open_desk.test_page(person)
    terminal.result(
        call,
        f"{GOOD} A test page for {escape(person)} is on its way. It rings three times, 60 seconds "
        "each; then it counts as not answered.",
    )


def _read(file: Path) -> list[dict[str, Any]]:
    """The shifts of a file."""
    import csv

    from breakwater.errors import BadInput, NotFound

    if not file.is_file():
        raise NotFound(f"{file} is not there.")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines)
        missing = set(COLUMNS[:3]) - set(rows.fieldnames or ())
        if missing:
            raise BadInput(f"The file has no column {', '.join(sorted(missing))}.")
        try:
            shifts = [_shift(row, f"Line {number}") for number, row in enumerate(rows, 2)]
        except (csv.Error, UnicodeDecodeError):
            raise BadInput("The file is not CSV in UTF-8.") from None
    if not 0 < len(shifts) <= MOST:
        raise BadInput(f"A file has 1 to {MOST} shifts.")
    return shifts


def _shift(row: Mapping[str, str], where: str) -> dict[str, Any]:
    """One shift as the API takes it."""
    from breakwater.errors import BadInput

    rank = (row.get("rank") or "1").strip()
    person = (row.get("person") or "").strip()
    if not 0 < len(person) <= NAME_MAX or rank not in RANKS:
        raise BadInput(f"{where}: a person and an order from 1 to 9 are needed.")
    moments = {name: _moment(row.get(name) or "", where) for name in ("starts_at", "ends_at")}
    return {"person": person, "rank": int(rank)} | moments


def _moment(text: str, where: str) -> str:
    from breakwater.errors import BadInput
    from breakwater.model.clock import iso

    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadInput(f"{where}: a moment is written 2026-12-01T08:00.") from None
    return iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _short(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%a %d %b, %H:%M")
