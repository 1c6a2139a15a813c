"""`breakwater grade`: sets for graders, from VICS or CSV files and the folder of their media.

In: files of this host. Out: what became of each item, or JSON. The work is done by the owner of
the installation when one is running (`cli.opening`), which reads the same files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from breakwater.cli.terminal import BAD, GOOD, WARN, Json, Terminal

app = typer.Typer(help="Import sets for graders.", no_args_is_help=True, add_completion=False)

WORDS: Final = {
    "open": "waiting for graders",
    "near": "waiting in a stack, to be confirmed at one look",
    "copy": "copies, which take the facts of the first",
    "known": "known to a bank, so nobody views them",
    "missing": "named without their file",
    "unreadable": "not decodable",
    "settled": "settled",
    "disputed": "waiting for an adjudicator",
}
SHARES: Final = 1_000
"""Steps of the bar: shares of the file's bytes, because nobody knows its rows before."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A VICS file (1.2 to 2.0) or a CSV file.")],
    *,
    media: Annotated[Path, typer.Option(help="The folder in which the file's paths begin.")],
    name: Annotated[str, typer.Option(help="Name of the set; else the file's.")] = "",
    source: Annotated[str, typer.Option(help="Who gave it; never shown to graders.")] = "",
    graders: Annotated[int, typer.Option(help="Independent people for each item, 1 to 3.")] = 1,
    context: Annotated[
        str, typer.Option(help="Whose categories it uses, such as US, where it does not say.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Import a set; a second run of the same file goes on where the first stopped."""
    from breakwater import settings
    from breakwater.cli import opening
    from breakwater.errors import NotFound
    from breakwater.media.sandbox import JailPool
    from breakwater.review.grading.sets import NewSet

    terminal = Terminal(as_json=as_json)
    for path in (file, media):
        if not path.exists():
            raise NotFound(f"{path} is not there.")
    configured = settings.load()
    wanted = NewSet(file.resolve(), media.resolve(), name, source or file.name, graders, context)
    with (
        JailPool(size=configured.jail_children or None) as pool,
        opening.at(configured, terminal, pool) as open_desk,
        terminal.progress(f"importing {file.name}", SHARES) as bar,
    ):
        done = open_desk.import_set(wanted, lambda share: bar.at(share * SHARES))
    terminal.result(done, _imported(done))


def _imported(done: dict[str, Any]) -> str:
    total = sum(done["counts"].values())
    lines = [f"{GOOD} Set {done['number']}, {done['name']}: {total:,} items."]
    counts = ((WORDS[state], count) for state, count in done["counts"].items())
    lines += [f"  {words}: {count:,}" for words, count in counts]
    if done["rows_bad"]:
        lines.append(f"{BAD} {done['rows_bad']:,} rows could not be read:")
        lines += [f"  row {row}: {reason}" for row, reason in done["reasons"]]
    return "\n".join(lines)


@app.command("list")
def list_(*, as_json: Json = False) -> None:
    """List the sets and how far they are."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as open_desk:
        rows = open_desk.grade_sets()
    if not rows and not as_json:
        terminal.say(f"{WARN} There is no set yet: breakwater grade import FILE --media DIR")
        return
    for row in rows:
        row["items"] = sum(row["counts"].values())
        row["waiting"] = row["counts"].get("open", 0) + row["counts"].get("disputed", 0)
    terminal.table(
        rows,
        {
            "number": "set", "name": "name", "state": "state", "form": "form",
            "items": "items", "waiting": "waiting", "graders": "graders",
        },
    )  # fmt: skip
