"""`breakwater comments labels`: what moderators decided, as rows to learn from.

In: an installation that nobody serves meanwhile (SQLite), or any on PostgreSQL. Out: a CSV file of
mode 0600. What was written leaves the installation here, so the audit log says who took it. Read
by `breakwater comments train`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, TextIO

import typer

from breakwater.cli.terminal import GOOD, WARN, Json, Terminal
from breakwater.errors import BadInput


def labels(
    *,
    out: Annotated[Path, typer.Option(help="A new CSV file.")],
    of: Annotated[str, typer.Option("--of", help="message, author or stream.")] = "message",
    as_json: Json = False,
) -> None:
    """Write what moderators decided about comments, in the form that `train` reads."""
    from breakwater import app as parts
    from breakwater import settings
    from breakwater.cli import opening
    from breakwater.cli.desk import OPERATOR
    from breakwater.cli.serve import prepare
    from breakwater.live.hearing.labels import LabelOf

    terminal = Terminal(as_json=as_json)
    try:
        wanted = LabelOf(of)
    except ValueError:
        raise BadInput(f"--of is one of {', '.join(LabelOf)}.") from None
    configured = settings.load()
    prepare(configured, terminal)
    running = parts.build(configured, pool=opening.NoJail(), decode=False)
    try:
        with _new(out) as sink:
            count = running.enforcement.labels.write(OPERATOR, sink, wanted)
    finally:
        running.close()
    words = f"{GOOD} {out}: {count:,} rows, one {wanted.value} each."
    if not count:
        words = f"{WARN} {out}: nothing was decided yet that labels a {wanted.value}."
    terminal.result({"file": str(out), "rows": count, "of": wanted.value}, words)


def _new(out: Path) -> TextIO:
    """A new file that nobody else can read."""
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BadInput(f"{out} cannot be made: {error.strerror}.") from None
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")
