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
from breakwater.errors import BreakwaterError, Unfit

if TYPE_CHECKING:
    from breakwater.records.backup import Manifest
    from breakwater.records.inspect import Finding
    from breakwater.records.rootkey import RootKey
    from breakwater.settings import Settings

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
def check(
    *,
    deep: Annotated[
        bool, typer.Option("--deep", help="Decrypt every object of the vault too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say whether database, vault and audit log are whole; exits 78 when they are not."""
    from breakwater import settings
    from breakwater.errors import NotFound
    from breakwater.model.clock import SystemClock
    from breakwater.records import inspect, migrate

    terminal = Terminal(as_json=as_json)
    configured = settings.load()
    revision = migrate.current(configured.database)
    if not revision:
        raise NotFound("There is no database yet: breakwater db upgrade makes it.")
    root, missing = _root(configured)
    found = missing + inspect.check(
        configured.database, clock=SystemClock(), vault=configured.vault_dir,
        checkpoints=configured.checkpoints, root=root, deep=deep,
    )  # fmt: skip
    lines = "".join(f"\n  {finding.part}: {finding.words}" for finding in found)
    words = (
        f"{BAD} Not as it was left:{lines}"
        if found
        else f"{GOOD} Schema, guards, rows, keys, audit log and vault are whole "
        f"(revision {revision})."
    )
    said = {"ok": not found, "revision": revision, "findings": [asdict(each) for each in found]}
    terminal.result(said, words)
    if found:
        raise typer.Exit(Unfit.exit_code)


def _root(configured: Settings) -> tuple[RootKey | None, list[Finding]]:
    """The root key; where it cannot be had, that is a finding and the rest is looked at."""
    from breakwater.app import root_key
    from breakwater.records.inspect import Finding

    try:
        return root_key(configured), []
    except BreakwaterError as error:
        return None, [Finding("keys", error.detail or error.title())]


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
