"""`breakwater scan`: what the verdict on files and folders would be; nothing is kept.

In: files and folders. Out: one line a file with the verdict and its reason, or a JSON line;
exit code 1 when anything would be held or blocked, so that scripts can ask. Decoding is jailed
and happens here; matching is the owner's when one is running.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from breakwater.cli.terminal import MARK, Json, Terminal

app = typer.Typer(
    help="Say what the verdict on files would be; nothing is kept.", add_completion=False
)

MARKS = {"allow": MARK["ok"], "hold": MARK["warn"], "block": MARK["bad"]}
FOUND = 1
"""Exit code when something would be held or blocked."""


@app.command()
def scan(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders with all below them.")],
    *,
    every: Annotated[bool, typer.Option("--all", help="Print allowed files too.")] = False,
    as_json: Json = False,
) -> None:
    """Screen files on this disk."""
    from breakwater import settings
    from breakwater.app.mapping import limits_of
    from breakwater.cli import opening
    from breakwater.cli.files import fingerprinted, found
    from breakwater.media.sandbox import JailPool

    terminal = Terminal(as_json=as_json)
    configured = settings.load()
    files = found(paths)
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        pool = stack.enter_context(JailPool(size=configured.jail_children or None))
        open_desk = stack.enter_context(opening.at(configured, terminal, pool))
        bar = stack.enter_context(terminal.progress("scanning", len(files)))
        for path, outcome in fingerprinted(files, pool, limits_of(configured)):
            verdict = open_desk.judge(outcome, str(path))
            counts[verdict.action.value] += 1
            if as_json or every or verdict.action.value != "allow":
                _print(terminal, path, verdict)
            bar.step()
    words = ", ".join(f"{count:,} {action}" for action, count in sorted(counts.items()))
    terminal.say(
        f"{len(files):,} {'file' if len(files) == 1 else 'files'}: {words or 'nothing there'}."
    )
    if counts["hold"] or counts["block"]:
        raise typer.Exit(FOUND)


def _print(terminal: Terminal, path: Path, verdict: Any) -> None:
    from rich.markup import escape

    from breakwater.web.api.shapes import match_json

    row = {
        "file": str(path), "action": verdict.action.value, "rule": verdict.rule,
        "reason": verdict.reason, "matches": [match_json(match) for match in verdict.matches],
    }  # fmt: skip
    mark = MARKS[verdict.action.value]
    terminal.result(row, f"{mark} {row['action']:5}  {escape(str(path))}: {escape(verdict.reason)}")
