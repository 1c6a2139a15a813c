"""Write a draft of the next revision from what the tables say and the chain does not.

    python -m breakwater.records.draft "what it adds"

A draft is read, completed with data moves and guards, and frozen; it is never run as it is.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext

from breakwater.records import migrate
from breakwater.records.guards import FORBIDDEN, guarded
from breakwater.records.migrations.rendering import render_item
from breakwater.records.tables import metadata


def draft(url: str) -> str:
    """The operations that lead from the database at `url` to the tables."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "target_metadata": metadata,
                "render_item": render_item,
                "render_as_batch": True,
                "alembic_module_prefix": "op.",
                "sqlalchemy_module_prefix": "sa.",
                "user_module_prefix": None,
            },
        )
        script = produce_migrations(context, metadata)
        known = set(sa.inspect(connection).get_table_names())
    engine.dispose()
    if script.upgrade_ops is None:
        return ""
    code = render_python_code(script.upgrade_ops, render_as_batch=True, render_item=render_item)
    guards = [
        f'guard(op.get_bind(), "{table}", {FORBIDDEN[kind]!r})'
        for table, kind in guarded().items()
        if table not in known
    ]
    return "\n".join([code, *("    " + line for line in guards)])


def main(argv: list[str]) -> None:
    """Print the draft of the next revision: the difference to the end of the chain."""
    with tempfile.TemporaryDirectory() as directory:
        url = f"sqlite:///{Path(directory) / 'chain.db'}"
        if "--whole" not in argv:
            migrate.upgrade(url)
        sys.stdout.write(draft(url))


if __name__ == "__main__":
    main(sys.argv[1:])
