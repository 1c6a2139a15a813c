"""`breakwater db`: the schema, its health, and copies of everything.

In: settings and folders. Out: words or JSON; exit codes of the errors. A backup holds database,
vault, ingest hashes and wrapped keys; it is taken while the server works and is unreadable
without the root key. Restoring goes to clean places only.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from breakwater.cli.terminal import BAD, GOOD, Json, Terminal
from breakwater.errors import Unfit

if TYPE_CHECKING:
    from breakwater.records.backup import Manifest

app = typer.Typer(
    help="Upgrade, check, back up and restore.", no_args_is_help=True, add_completion=False
)


@app.callback()
def group() -> None:
    """Upgrade, check, back up and restore."""


@app.command()
def upgrade(*, as_json: Json = False) -> None:
    """Bring the database to the newest schema, making what is missing."""
    from breakwater import settings
    from breakwater.cli.serve import prepare
    from breakwater.records import migrate

    terminal = Terminal(as_json=as_json)
    configured = settings.load()
    prepare(configured, terminal)
    revision = migrate.current(configured.database)
    terminal.result({"revision": revision}, f"{GOOD} The database is at revision {revision}.")


@app.command()
def check(*, as_json: Json = False) -> None:
    """Say how the database differs from what this program expects; exits 78 when it does."""
    from breakwater import settings
    from breakwater.errors import NotFound
    from breakwater.records import migrate

    terminal = Terminal(as_json=as_json)
    url = settings.load().database
    revision = migrate.current(url)
    if not revision:
        raise NotFound("There is no database yet: breakwater db upgrade makes it.")
    found = migrate.check(url)
    lines = "".join(f"\n  {difference}" for difference in found)
    words = (
        f"{BAD} The database is not as expected:{lines}"
        if found
        else f"{GOOD} Schema and append-only guards are as expected (revision {revision})."
    )
    terminal.result({"ok": not found, "revision": revision, "differences": found}, words)
    if found:
        raise typer.Exit(Unfit.exit_code)


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A folder that is not there yet, or empty.")],
    *,
    as_json: Json = False,
) -> None:
    """Back up database, vault, ingest hashes and wrapped keys, beside a running server too."""
    from breakwater import settings
    from breakwater.model.clock import SystemClock
    from breakwater.records import backup as copies
    from breakwater.records.database import open_database

    terminal = Terminal(as_json=as_json)
    configured = settings.load()
    db = open_database(configured.database, clock=SystemClock(), read_only=True)
    try:
        with terminal.progress("backing up") as bar:
            made = copies.backup(
                db, target, vault=configured.vault_dir, more=_more(configured),
                progress=lambda part: bar.step(words=part),
            )  # fmt: skip
    finally:
        db.close()
    terminal.result(_told(made), f"{GOOD} Backup in {target}: {_words(made)}")


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="A backup.")], *, as_json: Json = False
) -> None:
    """Restore a backup into a clean data directory and verify its audit log."""
    from breakwater import settings
    from breakwater.model.clock import SystemClock
    from breakwater.records import backup as copies

    terminal = Terminal(as_json=as_json)
    configured = settings.load()
    configured.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with terminal.progress("restoring") as bar:
        made = copies.restore(
            source, configured.database, vault=configured.vault_dir, more=_more(configured),
            clock=SystemClock(), progress=lambda part: bar.step(words=part),
        )  # fmt: skip
    terminal.result(_told(made), f"{GOOD} Restored and verified: {_words(made)}")


def _more(configured: Any) -> dict[str, Path]:
    return {"ingest": configured.ingest_dir}


def _told(made: Manifest) -> dict[str, Any]:
    return {**asdict(made), "files": len(made.files)}


def _words(made: Manifest) -> str:
    return f"{len(made.files):,} files, {made.audit_size:,} audit entries, of {made.created_at}."
