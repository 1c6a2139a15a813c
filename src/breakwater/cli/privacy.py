"""`breakwater privacy`: what is kept, everything of one person, and erasing what may be erased.

In: what the owner of the installation answers (`cli.opening`). Out: a table, or JSON; `inventory`
reads the tables' own tags and needs no installation. What is exempt is listed for whoever answers
the person, and is never part of what they are sent.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from breakwater.cli.terminal import GOOD, WARN, Json, Terminal, counted
from breakwater.cli.writing import must_be_new, written

app = typer.Typer(
    help="What is kept, of whom, and what is erased.", no_args_is_help=True, add_completion=False
)
Option = typer.Option
Account = Annotated[str, typer.Argument(help="The account, as its service names it.")]
Service = Annotated[str, Option(help="The service, as it is named here; empty: none.")]
Reason = Annotated[str, Option(help="Why: the person's request and its day.")]
Signed = Annotated[str, Option(help="The person who does it, by name.")]
WORDS = {
    "held": "a hold stands: preserved by law",
    "case": "part of a case that waits or was decided as illegal",
    "accountable": "records what people decided; only ever added",
    "others": "somebody else's words",
    "runs": "ends by itself 90 days after the broadcast",
}


@app.callback()
def group() -> None:
    """What is kept, of whom, and what is erased."""


@app.command()
def inventory(
    *,
    holds: Annotated[str, Option(help="Only columns that hold this, such as identity.")] = "",
    as_json: Json = False,
) -> None:
    """Every column that is kept: what it holds, what for, how long, and whether it is sealed."""
    from dataclasses import asdict

    from breakwater.records.subjects import inventory as columns

    terminal = Terminal(as_json=as_json)
    rows = [asdict(one) for one in columns() if holds in {"", one.klass}]
    if as_json:
        terminal.result({"columns": rows}, "")
        return
    names = {
        "table": "table", "column": "column", "klass": "holds", "purpose": "for",
        "retention": "how long", "sealed": "sealed",
    }  # fmt: skip
    terminal.table(rows, names)


@app.command("export-subject")
def export_subject(
    account: Account,
    *,
    service: Service = "",
    to: Annotated[Path, Option(help="File to write what may be given out to, as JSON.")],
    reason: Reason,
    signed_by: Signed,
    as_json: Json = False,
) -> None:
    """Write everything that is kept of a person; what is exempt is listed here alone."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    fields = {"service": service, "account": account, "reason": reason}
    must_be_new(to)
    with opening.at(settings.load(), terminal) as desk:
        found = desk.privacy("exports", fields, signed_by)
    text = json.dumps(found["given"], ensure_ascii=False, indent=1, sort_keys=True)
    written([text.encode()], to)
    given = {"given": len(found["given"]), "exempt": found["exempt"], "file": str(to)}
    words = f"{GOOD} {counted(len(found['given']), 'row is', 'rows are')} in {to}."
    terminal.result(given, words + _stays(found["exempt"], "exempt", "never send this list on"))


@app.command()
def erase(
    account: Account,
    *,
    service: Service = "",
    really: Annotated[
        bool, Option("--really", help="Do it; without this it is only said.")
    ] = False,
    reason: Reason,
    signed_by: Signed,
    as_json: Json = False,
) -> None:
    """Erase what may be erased of a person, and say what stays and why."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    fields = {"service": service, "account": account, "reason": reason, "really": really}
    with opening.at(settings.load(), terminal) as desk:
        done = desk.privacy("erasures", fields, signed_by)
    rows = ", ".join(f"{name} {count}" for name, count in sorted(done["gone"].items())) or "nothing"
    words = f"{GOOD} Erased: {rows}." if really else f"{WARN} Would be erased: {rows}."
    terminal.result(
        done, words + _stays(done["stays"], "stays", "tell the person as the law allows")
    )


def _stays(rows: list[dict[str, str]], name: str, note: str) -> str:
    """What is exempt or stays, by table and reason."""
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        why = row["exempt"] if name == "exempt" else row["stays"]
        counts[row["table"], why] = counts.get((row["table"], why), 0) + 1
    if not counts:
        return ""
    lines = "".join(f"\n  {table} {n}: {WORDS[why]}" for (table, why), n in sorted(counts.items()))
    return f"\n{WARN} {name} ({note}):{lines}"
