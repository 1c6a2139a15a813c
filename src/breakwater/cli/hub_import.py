"""`breakwater hub import`: a file into a shared list in a member's name.

In: a CSV or VICS file. Out: what went in and which rows did not. Part of `cli.hub`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from breakwater.cli.desk import Row
from breakwater.cli.hub_files import GivenFile
from breakwater.cli.terminal import BAD, GOOD, WARN, Json, Terminal

SHOWN: Final = 20
"""Bad rows on the terminal; all of them stand with the import."""


def import_(
    name: Annotated[str, typer.Argument(help="Name of the list.")],
    file: Annotated[Path, typer.Argument(help="A CSV file, or VICS with --vics.")],
    *,
    member: Annotated[str, typer.Option("--as", help="Name of the member who gives it.")],
    category: Annotated[str, typer.Option(help="Of rows that have none of their own.")] = "",
    kind: Annotated[str, typer.Option(help="Kind of a plain list without a header.")] = "",
    vics: Annotated[bool, typer.Option("--vics", help="The file is VICS (JSON).")] = False,
    signed_by: Annotated[
        str, typer.Option(help="Name of a person here who runs the hub and vouches for the list.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Give a file to a list in a member's name; a second run goes on where the first stopped.

    Bad rows are shown and passed over: the exit code is 0 whenever the file was read to its end.
    """
    from breakwater import settings
    from breakwater.cli import opening
    from breakwater.errors import NotFound

    terminal = Terminal(as_json=as_json)
    if not file.is_file():
        raise NotFound(f"{file} is not there.")
    with (
        opening.at(settings.load(), terminal) as desk,
        terminal.progress(f"importing {file.name}", _rows(file)) as bar,
    ):
        known = {one["name"]: one["number"] for one in desk.hub("members")["members"]}
        if member not in known:
            raise NotFound(f"member {member}")
        given = GivenFile(file.resolve(), known[member], category, kind, vics, signed_by)
        done = desk.hub_import(name, given, bar.at)
    terminal.result(done, _words(done))


def _rows(file: Path) -> int:
    """About how many rows it has, for the bar: its lines."""
    with file.open("rb") as lines:
        return sum(block.count(b"\n") for block in iter(lambda: lines.read(1 << 20), b""))


def _words(done: Row) -> str:
    words = (
        f"{GOOD} {done['rows']:,} rows read: {done['kept']:,} entries new, "
        f"{done['joined']:,} joined, {done['taken_back']:,} taken back."
    )
    if done["kept"] and done["status"] != "active":
        words += f"\n{WARN} New entries are {done['status']}: breakwater hub publish"
    if done["bad"]:
        words += f"\n{BAD} {done['bad']:,} bad row{'' if done['bad'] == 1 else 's'}:"
        words += "".join(f"\n  row {row}, {reason}" for row, reason in done["reasons"][:SHOWN])
    return words
