"""`breakwater vics`: a case as investigators' programs read it.

In: a case, whose categories, a legal reference, the country it goes to, and the investigator who
takes it. Out: one JSON file (VICS 2.0). More than ten files need a second investigator, who agrees
in the console; a command cannot tell two people apart, so it never agrees for one. The work is
done by the owner of the installation (`cli.opening`), or here where none runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from breakwater.cli.terminal import GOOD, WARN, Json, Terminal

app = typer.Typer(
    help="Take a case as investigators' programs read it.",
    no_args_is_help=True, add_completion=False,
)  # fmt: skip
Option = typer.Option


@app.callback()
def group() -> None:
    """Take a case as investigators' programs read it."""


@app.command()
def export(
    case: Annotated[str, typer.Argument(help="Number or id of the case.")],
    *,
    out: Annotated[Path, Option(help="Where the file is written.")],
    reference: Annotated[str, Option(help="The legal reference, such as of an investigation.")],
    country: Annotated[str, Option(help="Where it goes, by two letters.")],
    signed_by: Annotated[str, Option(help="The investigator who takes it, by name.")],
    context: Annotated[str, Option(help="Whose categories: US or UK.")] = "US",
    as_json: Json = False,
) -> None:
    """Write a case as VICS 2.0: hashes, facts and categories, never media.

    Where it names more than ten files it is proposed: another investigator agrees on the page of
    the case, under VICS, within 24 hours. Then run it again.
    """
    from breakwater import settings
    from breakwater.cli import opening
    from breakwater.errors import NeedsSecondPerson

    terminal = Terminal(as_json=as_json)
    fields = {"context": context, "reference": reference, "country": country}
    with opening.at(settings.load(), terminal) as desk:
        try:
            taken = desk.take_vics(case, fields, signed_by, out)
        except NeedsSecondPerson:
            waiting = desk.propose_vics(case, fields, signed_by)
            terminal.result(waiting, _waits(case, str(waiting["lapses_at"])))
            raise
    words = f"{GOOD} {out}: {taken['size']:,} bytes, SHA-256 {taken['sha256']}"
    terminal.result(taken | {"file": str(out)}, words)


def _waits(case: str, until: str) -> str:
    return (
        f"{WARN} Case {case}: an export waits for a second investigator until {until}. They agree "
        f"on the page /cases/{case}/vics; then run this again."
    )
