"""The schema's chain of changes, run from the package: upgrade, current, check.

Comes in: a database URL. Goes out: a database whose schema is the newest, or unchanged when
anything fails: the whole way is one transaction on both databases. The machinery of changes
is loaded only when there is something to change. SQLite's file is owned
while it is changed; on PostgreSQL an advisory lock keeps two upgrades apart.
Contract test: `tests/migration/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from breakwater.errors import DatabaseUnavailable
from breakwater.records import faults, guards, held
from breakwater.records.database import parse_url
from breakwater.records.migrations import HEAD
from breakwater.records.sqlite import Owner, connect
from breakwater.records.tables import metadata

_LOCK: Final = 0x6272_6561_6B77  # "breakw": one number that all upgraders agree on


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` to the newest schema, creating it when it is empty.

    Args:
        url: of the database.
        revision: an older end of the way, for tests.

    Raises:
        DatabaseInUse: another process owns the file.
        DatabaseUnavailable: it cannot be reached, or broke rules on the way.
    """
    if revision == "head" and current(url) == HEAD:
        return
    from alembic import command  # noqa: PLC0415 - half a second that most starts need not spend
    from alembic.config import Config  # noqa: PLC0415 - as above

    with _alone(url) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        config = Config()
        config.set_main_option("script_location", "breakwater.records:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        if connection.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if broken is not None:
                raise DatabaseUnavailable(f"Rows of {broken[0]} name rows that are not there.")


def current(url: str) -> str:
    """The revision the database is at; empty when it has none."""
    address = parse_url(url)
    if address.get_backend_name() == "sqlite" and not Path(str(address.database)).exists():
        return ""
    with _looking(url) as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return ""
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
        return str(found or "")


def check(url: str) -> list[str]:
    """How the database differs from what this program expects; nothing when it does not."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - as above
    from alembic.migration import MigrationContext  # noqa: PLC0415 - as above

    found: list[str] = []
    with _looking(url) as connection:
        context = MigrationContext.configure(connection)
        revision = context.get_current_revision() or "none"
        if revision != HEAD:
            found.append(f"The schema is at revision {revision}, this program needs {HEAD}.")
        found += [_words(change) for change in compare_metadata(context, metadata)]
        wanted = guards.expected(connection.dialect.name) | held.expected(connection.dialect.name)
        missing = wanted - guards.present(connection)
        found += [f"The guard {name} is missing." for name in sorted(missing)]
    return found


@contextmanager
def _alone(url: str) -> Iterator[sa.Connection]:
    """One transaction with nobody else in the file."""
    address = parse_url(url)
    owner: Owner | None = None
    if address.get_backend_name() == "sqlite":
        owner = Owner(Path(str(address.database)))
    try:
        with _looking(url, write=True) as connection:
            yield connection
    finally:
        if owner is not None:
            owner.release()


@contextmanager
def _looking(url: str, *, write: bool = False) -> Iterator[sa.Connection]:
    """One transaction on an engine of its own."""
    address = parse_url(url)
    options: dict[str, Any] = {"poolclass": NullPool, "hide_parameters": True}
    if address.get_backend_name() == "sqlite":
        path = Path(str(address.database))
        options["creator"] = lambda: connect(
            path, mode="rwc" if write else "ro", foreign_keys=False
        )
        address = sa.make_url("sqlite://")
    engine = sa.create_engine(address, **options)
    if engine.dialect.name == "sqlite":
        # The driver would commit before each DDL statement: say BEGIN ourselves.
        begin = "BEGIN IMMEDIATE" if write else "BEGIN"
        sa.event.listen(engine, "begin", lambda c: c.exec_driver_sql(begin))
    with faults.mapped():
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()


def _words(change: Any) -> str:
    """One difference as a line."""
    first = change[0] if isinstance(change, list) else change
    names = [getattr(part, "name", None) or part for part in first[1:]]
    return " ".join(str(part) for part in (first[0], *names) if part not in {None, ""})
