"""`breakwater validate`: known answers, computed anew by the installed version on this machine.

In: the files and answers that ship with the program; no database, no settings, no network. Out:
every answer, right or wrong, with versions, kernel and machine, as words, JSON or a PDF for a
court's expert; exit code 1 when any is wrong.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from breakwater.cli.terminal import BAD, GOOD, Json, Terminal
from breakwater.errors import BadInput

if TYPE_CHECKING:
    from breakwater.app.validation import Validation

app = typer.Typer(
    help="Compute known answers on this machine and say whether each is right.",
    add_completion=False,
)
WRONG = 1


@app.command()
def validate(
    *,
    pdf: Annotated[Path | None, typer.Option(help="Write the report as a PDF besides.")] = None,
    every: Annotated[
        bool, typer.Option("--every", help="Print the answers that are right as well.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Compute known answers on this machine; exits 1 when any is wrong."""
    from breakwater.app.validation import validate as computed
    from breakwater.app.validation.paper import report_of
    from breakwater.media.sandbox import JailPool
    from breakwater.model.clock import SystemClock

    terminal = Terminal(as_json=as_json)
    with terminal.progress("computing known answers") as bar, JailPool(size=1) as pool:
        made = computed(pool, SystemClock(), told=lambda _: bar.step())
    if pdf is not None:
        try:
            pdf.write_bytes(report_of(made))
        except OSError as error:
            raise BadInput(f"The PDF cannot be written: {error.strerror}.") from None
    if as_json:
        terminal.result(made.plain())
    else:
        _print(terminal, made, every=every)
    if not made.ok:
        raise typer.Exit(WRONG)


def _print(terminal: Terminal, made: Validation, *, every: bool) -> None:
    from rich.markup import escape

    for group in made.made_with.values():
        for label, told in group.items():
            terminal.out.print(f"[dim]{escape(label)}[/] {escape(told)}")
    for part in dict.fromkeys(one.part for one in made.findings):
        of_part = [one for one in made.findings if one.part == part]
        wrong = [one for one in of_part if not one.right]
        right = len(of_part) - len(wrong)
        terminal.out.print(f"{BAD if wrong else GOOD} {part}: {right} of {len(of_part)} right")
        for one in of_part if every else wrong:
            mark = GOOD if one.right else BAD
            terminal.out.print(f"  {mark} {escape(one.name)}", soft_wrap=True)
            terminal.out.print(f"      known {one.known}\n      found {one.found}", markup=False)
    words = (
        f"{GOOD} All {len(made.findings)} answers are right."
        if made.ok
        else f"{BAD} {len(made.wrong)} of {len(made.findings)} answers are wrong."
    )
    terminal.out.print(words)
