"""`breakwater hash`: the signals of files, without any database.

In: files and folders. Out: one line a signal, `kind:value` as `lookup` and lists take it, or
with `--json` one document a file. Decoding is jailed here too. What cannot be read is said and
makes the exit code 65.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from breakwater.cli.terminal import Json, Terminal
from breakwater.errors import BadInput

if TYPE_CHECKING:
    from breakwater.model.media import Undecodable
    from breakwater.model.signal import Fingerprints

app = typer.Typer(help="Print the signals of files; needs no database.", add_completion=False)


@app.command("hash")
def hash_(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders with all below them.")],
    *,
    kind: Annotated[str, typer.Option(help="Only this kind, e.g. pdq.")] = "",
    every_look: Annotated[
        bool, typer.Option("--every-look", help="The turned and mirrored looks of stills too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print the signals of files."""
    from breakwater import settings
    from breakwater.app.mapping import limits_of
    from breakwater.cli.files import fingerprinted, found
    from breakwater.media.sandbox import JailPool

    terminal = Terminal(as_json=as_json)
    files = found(paths)
    unread = 0
    with JailPool() as pool, terminal.progress("hashing", len(files)) as bar:
        for path, outcome in fingerprinted(files, pool, limits_of(settings.load())):
            rows = signals(outcome, kind=kind, every_look=every_look)
            unread += rows is None
            _print(terminal, path, outcome, rows)
            bar.step()
    if unread:
        raise typer.Exit(BadInput.exit_code)


def signals(
    outcome: Fingerprints | Undecodable, *, kind: str = "", every_look: bool = False
) -> list[dict[str, Any]] | None:
    """The signals as rows; None when the file could not be read."""
    from breakwater.model.media import Undecodable
    from breakwater.model.signal import View

    if isinstance(outcome, Undecodable):
        return None
    return [
        {
            "signal": str(item.signal), "quality": item.quality, "frame": item.frame,
            "time_s": item.time_s, "view": item.view.value, "compatible": item.compatible,
        }
        for item in outcome.items
        if (not kind or item.signal.kind == kind) and (every_look or item.view is View.ORIGINAL)
    ]  # fmt: skip


def _print(
    terminal: Terminal,
    path: Path,
    outcome: Fingerprints | Undecodable,
    rows: list[dict[str, Any]] | None,
) -> None:
    from breakwater.model.media import Undecodable

    if isinstance(outcome, Undecodable):
        reason = {"file": str(path), "undecodable": outcome.reason.value}
        if terminal.as_json:
            terminal.result(reason)
        else:
            terminal.err.print(f"{path}: {outcome.reason.words}", markup=False)
        return
    if terminal.as_json:
        terminal.result({"file": str(path), "type": outcome.type, "signals": rows})
        return
    for row in rows or ():
        extra = "" if row["frame"] is None else f"  frame {row['frame']}, quality {row['quality']}"
        where = "" if row["time_s"] is None else f", {row['time_s']:.2f} s"
        look = "" if row["view"] == "original" else f", {row['view']}"
        terminal.out.print(f"{row['signal']}{extra}{where}{look}  {path}", markup=False)
