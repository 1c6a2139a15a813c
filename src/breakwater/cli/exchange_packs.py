"""`breakwater exchange take-pack` and `give-pack`: files between us and a hub without a network.

In: the hub's sealed pack and the file of our age identity, which goes no further than this process.
Out: what was taken, or a sealed file for the hub. Part of `cli.exchange`.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from breakwater.cli.terminal import BAD, GOOD, Json, Terminal

if TYPE_CHECKING:
    from breakwater.cli.desk import Row

Name = Annotated[str, typer.Argument(help="What the feed is called here; its kind is pack.")]


def take_pack(
    name: Name,
    file: Annotated[Path, typer.Argument(help="The hub's pack.")],
    *,
    identity: Annotated[
        Path | None, typer.Option(help="File of the age identity that it is sealed to.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Take a hub's pack as a pull takes a list; one taken before, or out of turn, is refused."""
    from rich.markup import escape

    from breakwater import observe, settings
    from breakwater.cli import opening
    from breakwater.cli.hub_packs import identity_in
    from breakwater.errors import NotFound
    from breakwater.model.hub_pack import unsealed

    if not file.is_file():
        raise NotFound(f"{file} is not there.")
    data = file.read_bytes()
    if identity is not None:
        data = unsealed(data, identity_in(identity))
    terminal, configured = Terminal(as_json=as_json), settings.load()
    observe.configure(level="error", form=configured.log_format)
    with opening.at(configured, terminal) as desk:
        found = desk.take_pack(name, data)
    feed, pull = found["feed"], found["pull"]
    if pull is None:
        words = f"{BAD} {escape(name)}: {escape(feed['fault'])} ({feed['errors']} in a row)"
        terminal.result(found, words)
        raise typer.Exit(1)
    terminal.result(
        found,
        f"{GOOD} {escape(name)}: {pull['offered']:,} entries read, {pull['added']:,} new, "
        f"{pull['gone']:,} withdrawn; {feed['entries']:,} act here.\n"
        f"  The next pack begins after {found['upto']}.",
    )


def give_pack(
    name: Name,
    *,
    to: Annotated[Path, typer.Option(help="File to write; it must not be there yet.")],
    given: Annotated[
        Path | None,
        typer.Option(
            help="CSV of entries for the hub: columns list, md5, pdq, category and so on."
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="The last pack once more: its file was lost.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write what the hub is to hear as one file: feedback, match counts and entries, signed.

    It is sealed to the hub's age key, the feed's option seal. Each word stands in one pack.
    """
    from breakwater import settings
    from breakwater.cli import opening
    from breakwater.cli.writing import must_have_folder, written
    from breakwater.errors import BadInput, Conflict

    if to.exists():
        raise Conflict(f"{to} is there already.")
    must_have_folder(to)
    if again and given is not None:
        raise BadInput("The last pack is written as it was: name no entries.")
    rows = [] if given is None else _rows(given)
    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as desk:
        data, facts = desk.give_pack(name, None if again else rows)
    try:
        written([data], to)
    except BadInput as error:
        raise BadInput(f"{error.detail} Then the same pack comes with --again.") from None
    held = (
        "as it was"
        if again
        else f"{facts['feedback']:,} words on entries, {facts['counts']:,} counts, "
        f"{facts['given']:,} entries"
    )
    terminal.result(
        {"file": str(to), **facts},
        f"{GOOD} Pack {facts['number']} is in {to}: {held}.\n"
        f"  At the hub: breakwater hub unpack MEMBER {to.name} --key {facts['key']} "
        "--identity FILE",
    )


def _rows(file: Path) -> list[Row]:
    """Rows of a CSV file, cells that are empty left out.

    Raises:
        BadInput: no UTF-8, or no header.
    """
    from breakwater.errors import BadInput

    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            if not rows.fieldnames:
                raise BadInput(f"{file} has no header.")
            return [{k: v for k, v in row.items() if k and v} for row in rows]
    except (UnicodeDecodeError, csv.Error, OSError):
        raise BadInput(f"{file} is no CSV file in UTF-8.") from None
