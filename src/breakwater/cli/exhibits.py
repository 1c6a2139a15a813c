"""`breakwater links exhibits`: what was seized, taken in from files of this host.

In: a folder, or a VICS file and the folder of its media, a reference, and the investigator who takes
them in. Out: counts, and every file that could not be taken with its reason. The owner's worker
reads the same files where one runs (`cli.opening`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from breakwater.cli.terminal import BAD, GOOD, WARN, Json, Terminal

app = typer.Typer(help="What was seized.", no_args_is_help=True, add_completion=False)
Option = typer.Option
SHOWN: Final = 20
Number = Annotated[int, typer.Argument(min=1, help="Number of the set.")]


@app.callback()
def group() -> None:
    """What was seized."""


@app.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(help="The folder in which the media lie.")],
    *,
    reference: Annotated[str, Option(help="The examiner's own; the same again goes on.")],
    signed_by: Annotated[str, Option(help="The investigator who takes them in, by name.")],
    vics: Annotated[
        Path | None, Option(help="A VICS file that lists them; else every file of the folder.")
    ] = None,
    source: Annotated[str, Option(help="Who gave it, and from what.")] = "",
    hashes_only: Annotated[
        bool, Option("--hashes-only", help="Bytes stay where they are.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take exhibits in; only what nobody has judged waits for a person. Again, it goes on."""
    from breakwater import settings
    from breakwater.cli import opening
    from breakwater.errors import NotFound
    from breakwater.media.sandbox import JailPool

    terminal = Terminal(as_json=as_json)
    for path in (folder, *([vics] if vics else [])):
        if not path.exists():
            raise NotFound(f"{path} is not there.")
    configured = settings.load()
    fields = {
        "reference": reference, "folder": str(folder.resolve()), "source": source,
        "vics": str(vics.resolve()) if vics else "", "keep": not hashes_only,
    }  # fmt: skip
    with (
        JailPool(size=configured.jail_children or None) as pool,
        opening.at(configured, terminal, pool) as desk,
    ):
        done = desk.take_exhibits(fields, signed_by)
        bad = desk.exhibits(done["number"], "bad")["exhibits"] if done["bad"] else []
    words = (
        f"{GOOD} Set {done['number']}: {done['offered']:,} files, {done['known']:,} known, "
        f"{done['taken']:,} wait for a person."
    )
    if rest := done["offered"] - done["known"] - done["taken"] - done["bad"]:
        words += f" {rest:,} are the same as others here, or hashes alone."
    if bad:
        words += f"\n{WARN} {done['bad']:,} could not be taken in:"
        words += "".join(f"\n  {one['reference']}: {one['fault']}" for one in bad[:SHOWN])
    terminal.result(done, words)


@app.command("list")
def list_(*, as_json: Json = False) -> None:
    """List sets, the newest first."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as desk:
        rows = desk.exhibit_sets()
    columns = {"number": "set", "reference": "reference", "state": "state", "offered": "files",
               "known": "known", "taken": "taken", "bad": "bad"}  # fmt: skip
    if rows or as_json:
        terminal.table(rows, columns)
    else:
        terminal.say(f"{GOOD} No exhibits yet.")


@app.command()
def show(
    number: Number, *,
    state: Annotated[str, Option(help="unknown, known, bad or no_bytes; else all.")] = "",
    names_for: Annotated[
        str, Option(help="The investigator who may see paths, by name; it is written down.")
    ] = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Show files of a set, the first 500, and what became of each."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as desk:
        found = desk.exhibits(number, state, names_for=names_for)
    columns = {"number": "exhibit", "reference": "reference", "path": "path", "state": "state",
               "medium": "medium", "known_entry": "entry", "same_as": "same as",
               "fault": "fault"}  # fmt: skip
    if not names_for:
        del columns["path"]
    if found["exhibits"] or as_json:
        terminal.table(found["exhibits"], columns)
    else:
        terminal.say(f"{BAD} No such file.")
