"""`breakwater lookup`: is this hash known here?

In: signals as arguments or lines of standard input. Out: their matches in words or JSON;
exit code 0 when all were looked up, whether they matched or not. Nothing is kept.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from breakwater.cli.terminal import GOOD, MARK, Json, Terminal

app = typer.Typer(help="Look hashes up; nothing is kept.", add_completion=False)


@app.command()
def lookup(
    signals: Annotated[
        list[str] | None, typer.Argument(help="kind:value each; without any: one a line of stdin.")
    ] = None,
    *,
    bank: Annotated[list[str] | None, typer.Option(help="Only in this bank; repeat.")] = None,
    as_json: Json = False,
) -> None:
    """Look hashes up."""
    from rich.markup import escape

    from breakwater import settings
    from breakwater.cli import opening
    from breakwater.model.signal import Signal

    terminal = Terminal(as_json=as_json)
    texts = signals or [line.strip() for line in sys.stdin if line.strip()]
    wanted = [Signal.parse(text) for text in texts]
    with opening.at(settings.load(), terminal) as open_desk:
        found = open_desk.lookup(wanted, bank or ())
    if as_json:
        rows = [{"signal": t, "matches": m} for t, m in zip(texts, found, strict=True)]
        terminal.result({"results": rows})
        return
    for text, matches in zip(texts, found, strict=True):
        if not matches:
            terminal.result(text, f"{GOOD} {escape(text)}: not known here")
        for match in matches:
            mark = MARK["bad" if match["acting"] else "warn"]
            words = f"{match['words']}, in bank {match['bank']} (entry {match['entry']})"
            why = f" [{match['why_not']}]" if match["why_not"] else ""
            terminal.result(match, f"{mark} {escape(text)}: {escape(words + why)}")
