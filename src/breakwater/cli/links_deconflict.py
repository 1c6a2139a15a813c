"""`breakwater links deconflict`: who else works on the same file, by hashes alone.

In: a series, a set of exhibits or a file of SHA-256s, with a reference and whom to call. Out: who
else entered the same. Part of `cli.links`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from breakwater.cli.terminal import GOOD, WARN, Json, Terminal

app = typer.Typer(
    help="Who else works on the same file.", no_args_is_help=True, add_completion=False
)
Reference = Annotated[str, typer.Argument(help="Your reference of the case; others are told it.")]
Signed = Annotated[str, typer.Option(help="The person who does it, by name.")]
COLUMNS = {
    "reference": "Yours", "other": "Who", "other_reference": "Theirs", "contact": "Whom to call",
    "files": "Files",
}  # fmt: skip


@app.callback()
def group() -> None:
    """Who else works on the same file."""


@app.command()
def enter(
    reference: Reference,
    *,
    contact: Annotated[str, typer.Option(help="Whom to call; others are told it.")],
    signed_by: Signed,
    series: Annotated[int, typer.Option(min=0, help="Number of a series.")] = 0,
    exhibits: Annotated[int, typer.Option(min=0, help="Number of a set of exhibits.")] = 0,
    file: Annotated[Path | None, typer.Option(help="SHA-256s, one a line.")] = None,
    as_json: Json = False,
) -> None:
    """Enter what you work on, and see who else does. It stands until `end`."""
    body = {
        "reference": reference, "contact": contact, "series": series, "exhibit_set": exhibits,
        "sha256s": file.read_text("utf-8").split() if file else [],
    }  # fmt: skip
    done = _do("deconflict", body, signer=signed_by, as_json=as_json)
    terminal = Terminal(as_json=as_json)
    if as_json:
        terminal.result(done, "")
        return
    terminal.say(f"{GOOD} {done['entered']:,} new files stand under {reference}.")
    if done["overlaps"]:
        terminal.table(done["overlaps"], COLUMNS)
    else:
        terminal.say("  Nobody else entered any of them.")


@app.command("list")
def list_(*, signed_by: Signed, as_json: Json = False) -> None:
    """List what is entered here, and who else works on it."""
    found = _do("deconflicted", signer=signed_by, as_json=as_json)
    terminal = Terminal(as_json=as_json)
    if as_json:
        terminal.result(found, "")
    elif not found["entered"]:
        terminal.say(f"{WARN} Nothing is entered: breakwater links deconflict enter REFERENCE")
    else:
        terminal.table(
            found["entered"],
            {"reference": "Reference", "files": "Files", "contact": "Contact", "at": "Since"},
        )
        if found["overlaps"]:
            terminal.table(found["overlaps"], COLUMNS)
        else:
            terminal.say("Nobody else works on any of it.")


@app.command()
def end(reference: Reference, *, signed_by: Signed, as_json: Json = False) -> None:
    """Take back what stands under a reference."""
    done = _do("deconflict_end", signer=signed_by, as_json=as_json, reference=reference)
    words = f"{GOOD} {done['files']:,} files of {reference} are told to nobody any more."
    Terminal(as_json=as_json).result(done, words)


def _do(
    call: str, body: dict[str, Any] | None = None, *, signer: str, as_json: bool, **asked: Any
) -> Any:
    from breakwater import settings
    from breakwater.cli import opening

    with opening.at(settings.load(), Terminal(as_json=as_json)) as desk:
        return desk.links(call, None, body, signer=signer, **asked)
