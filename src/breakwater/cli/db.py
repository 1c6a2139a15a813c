"""`breakwater db`: the schema, its health, and copies of everything.

In: settings and folders. Out: words or JSON; exit codes of the errors. A backup holds database,
vault and wrapped keys at one moment; it is unreadable without the root key.
"""

from __future__ import annotations

import typer

from breakwater.cli.terminal import GOOD, Json, Terminal

app = typer.Typer(
    help="Upgrade, check, back up and restore.", no_args_is_help=True, add_completion=False
)


@app.command()
def upgrade(*, as_json: Json = False) -> None:
    """Bring the database to the newest schema, making what is missing."""
    from breakwater import settings
    from breakwater.cli.serve import prepare

    terminal = Terminal(as_json=as_json)
    configured = settings.load()
    prepare(configured, terminal)
    terminal.result({"upgraded": True}, f"{GOOD} The database has the newest schema.")
