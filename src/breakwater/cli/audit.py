"""`breakwater audit`: is the audit log whole?

In: the database, opened beside its owner, and the checkpoints in their second place. Out: what
was read, how far signed checkpoints cover it, and every fault; exit code 76 when there is one.
An auditor without keys runs it on a copy of both.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from breakwater.cli.terminal import BAD, GOOD, WARN, Json, Terminal
from breakwater.errors import BreakwaterError, Tampered

if TYPE_CHECKING:
    from breakwater.records.audit import AuditReport
    from breakwater.records.database import Database
    from breakwater.records.keys import Keyring
    from breakwater.settings import Settings

app = typer.Typer(help="Verify the audit log.", no_args_is_help=True, add_completion=False)


@app.callback()
def group() -> None:
    """Verify the audit log."""


@app.command()
def verify(
    *,
    checkpoints: Annotated[
        Path | None, typer.Option(help="The second place, instead of the configured one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read every entry anew and hold it against tree, seal and signed checkpoints."""
    from breakwater import settings
    from breakwater.model.clock import SystemClock
    from breakwater.records import audit
    from breakwater.records.database import open_database

    terminal = Terminal(as_json=as_json)
    configured = settings.load()
    directory = checkpoints or configured.checkpoints
    db = open_database(configured.database, clock=SystemClock(), read_only=True)
    try:
        keys = _keys(db, configured, terminal)
        with terminal.progress("reading entries") as bar:
            report = audit.verify(
                db, directory if directory.exists() else None, keys=keys, progress=bar.at
            )
    finally:
        db.close()
    terminal.result({"ok": report.ok, **asdict(report), "root": report.root.hex()}, _words(report))
    if not report.ok:
        raise typer.Exit(Tampered.exit_code)


def _keys(db: Database, settings: Settings, terminal: Terminal) -> Keyring | None:
    """The keyring, to check the head's seal; an auditor has none and checks the rest."""
    from breakwater.app import root_key
    from breakwater.records.keys import Keyring

    try:
        return Keyring.open(db, root_key(settings))
    except BreakwaterError:
        terminal.say(f"{WARN} Without the root key the head's seal is not checked.")
        return None


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _words(report: AuditReport) -> str:
    covered = (
        f"{_count(report.checkpoints, 'checkpoint agrees', 'checkpoints agree')}, the newest "
        f"covers {_count(report.covered, 'entry', 'entries')}"
        if report.checkpoints
        else "there is no checkpoint yet, so only the log itself was checked"
    )
    words = f"{_count(report.size, 'entry', 'entries')} read; {covered}."
    if report.ok:
        return f"{GOOD} The audit log is whole: {words}"
    lines = "".join(f"\n  {problem.kind}: {problem.words}" for problem in report.problems)
    return f"{BAD} The audit log was touched: {words}{lines}"
