"""`breakwater bank`: make banks, import lists into them, export them, list them.

In: names and files. Out: tables, or JSON. The work is done by the owner of the installation
when one is running (`cli.opening`).
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from breakwater.cli.terminal import BAD, GOOD, WARN, Json, Terminal, counted

app = typer.Typer(
    help="Make, fill, export and list banks.", no_args_is_help=True, add_completion=False
)

Name = Annotated[str, typer.Argument(help="Name of the bank, such as DEMO.")]


@app.command()
def create(
    name: Name,
    *,
    action: Annotated[str, typer.Option(help="What a match does: block, hold or log.")] = "hold",
    purpose: Annotated[str, typer.Option(help="What it is for, in a sentence.")] = "",
    source: Annotated[str, typer.Option(help="Who gives its entries.")] = "",
    permitted_use: Annotated[str, typer.Option(help="What its licence allows.")] = "detection",
    verified: Annotated[
        bool, typer.Option("--verified", help="Its entries are quality-assured.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a bank."""
    from breakwater import settings
    from breakwater.cli import opening
    from breakwater.errors import BadInput
    from breakwater.model.bank import BankAction, bank_name

    if action not in {each.value for each in BankAction}:
        raise BadInput("The action is block, hold or log.")
    terminal = Terminal(as_json=as_json)
    fields = {
        "name": bank_name(name), "action": action, "purpose": purpose, "source": source,
        "permitted_use": permitted_use, "verified": verified,
    }  # fmt: skip
    with opening.at(settings.load(), terminal) as open_desk:
        made = open_desk.create_bank(fields)
    terminal.result(made, f"{GOOD} Bank {made['name']}: a match asks for {made['action']}.")


@app.command("import")
def import_(
    name: Name,
    file: Annotated[Path, typer.Argument(help="A CSV file, or a plain list with --kind.")],
    *,
    kind: Annotated[str, typer.Option(help="Kind of a plain list without a header.")] = "",
    label: Annotated[list[str] | None, typer.Option(help="Label of every entry; repeat.")] = None,
    source: Annotated[
        str, typer.Option(help="Shown with every match; else the bank's, else the file's name.")
    ] = "",
    permitted_use: Annotated[str, typer.Option(help="Overrides the bank's.")] = "",
    signed_by: Annotated[
        str,
        typer.Option(help="Name of a person here who may change banks and vouches for the list."),
    ] = "",
    as_json: Json = False,
) -> None:
    """Import a list; a second run of the same file goes on where the first stopped.

    Bad rows are shown and passed over: the exit code is 0 whenever the file was read to its end.
    """
    from breakwater import settings
    from breakwater.cli import opening
    from breakwater.cli.desk import ListFile
    from breakwater.errors import NotFound

    terminal = Terminal(as_json=as_json)
    if not file.is_file():
        raise NotFound(f"{file} is not there.")
    listed = ListFile(file.resolve(), kind, tuple(label or ()), source, permitted_use, signed_by)
    with (
        opening.at(settings.load(), terminal) as open_desk,
        terminal.progress(f"importing {file.name}", _rows(file)) as bar,
    ):
        done = open_desk.import_list(name, listed, bar.at)
    terminal.result(done, _imported(done))


def _rows(file: Path) -> int:
    """About how many rows it has, for the bar: its lines."""
    with file.open("rb") as lines:
        return sum(block.count(b"\n") for block in iter(lambda: lines.read(1 << 20), b""))


def _imported(done: dict[str, Any]) -> str:
    words = (
        f"{GOOD} {done['rows']:,} rows read, {done['kept']:,} entries added, "
        f"{done['known']:,} known already."
    )
    if done["resumed_at"]:
        words += f" Went on at row {done['resumed_at']:,}."
    if done["bad"]:
        words += f"\n{BAD} {done['bad']:,} bad row{'' if done['bad'] == 1 else 's'}:"
        words += "".join(f"\n  row {row}, {reason}" for row, reason in done["reasons"][:20])
    return words


@app.command("list")
def list_(*, as_json: Json = False) -> None:
    """List the banks, with what of them can be matched here."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as open_desk:
        rows = open_desk.banks()
    for row in rows:
        row["entries"] = sum(kind["entries"] for kind in row["kinds"])
        row["matchable"] = matchable(row["kinds"])
    if not rows and not as_json:
        terminal.say(f"{WARN} There is no bank yet. Make one: breakwater bank create DEMO")
        return
    terminal.table(
        rows,
        {
            "name": "bank", "action": "action", "entries": "entries",
            "matchable": "matchable", "source": "source", "permitted_use": "permitted use",
        },
    )  # fmt: skip


def matchable(kinds: list[dict[str, Any]]) -> str:
    """`1,400,000 of 3,500,000; 2,100,000 need photodna`, from the shares of each kind."""
    have = sum(kind["entries"] for kind in kinds if kind["matchable"])
    every = sum(kind["entries"] for kind in kinds)
    missing = [f"{k['entries']:,} need {k['kind']}" for k in kinds if not k["matchable"]]
    return "; ".join([f"{have:,} of {every:,}", *missing])


@app.command()
def export(
    name: Name,
    file: Annotated[Path | None, typer.Argument(help="Where to; standard output without.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Write the entries of a bank as CSV (or JSON lines), in the form that import reads."""
    from breakwater import settings
    from breakwater.cli import opening
    from breakwater.errors import BadInput

    terminal = Terminal(as_json=as_json)
    columns = ("kind", "value", "status", "quality", "negative", "number", "labels", "source")
    count = 0
    with opening.at(settings.load(), terminal) as open_desk:
        try:
            target = file.open("w", encoding="utf-8", newline="") if file else sys.stdout
        except OSError as error:
            raise BadInput(f"{file} cannot be written: {error.strerror}.") from None
        try:
            writer = csv.writer(target, lineterminator="\n")
            if not as_json:
                writer.writerow(columns)
            for row in open_desk.entries(name):
                count += 1
                if as_json:
                    terminal.result(row)
                    continue
                row["labels"] = " ".join(row["labels"])
                writer.writerow([row[column] for column in columns])
        finally:
            if file:
                target.close()
    if file:
        terminal.say(f"{GOOD} {counted(count, 'entry', 'entries')} of {name} in {file}.")
