"""PostgreSQL for several processes or machines: a pool, and transactions that end.

No connection outlives the function that opened it: `write` and `read` take one and give it
back. A held snapshot slows the job table by a third, so an idle transaction is ended by the
server. Fed by `records.database`; contract test: `tests/contract/test_records_core_database.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, LiteralString, cast

import psycopg
import sqlalchemy as sa
from psycopg import sql

from breakwater.errors import BreakwaterError, DatabaseUnavailable
from breakwater.records import faults
from breakwater.records.backend import Rows
from breakwater.records.merkle import Frontier
from breakwater.records.tables import core, metadata

COPY_SUFFIX: Final = ".copy"
KEY_TABLES: Final = (core.key_wraps, core.blob_keys)
_REWRITE: Final = {
    "key_wraps": "VACUUM (FULL) key_wraps",
    "blob_keys": "VACUUM (FULL) blob_keys",
}
_SEEDED: Final = (core.changes, core.audit_head)
POOL: Final = 20
WAIT_S: Final = 10
OPTIONS: Final = (
    "-c timezone=UTC -c synchronous_commit=on -c lock_timeout=10s "
    "-c idle_in_transaction_session_timeout=60s -c client_encoding=UTF8"
)


class PostgresBackend:
    """One database, a pool of connections."""

    dialect: Final = "postgresql"

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        """Connect.

        Raises:
            DatabaseUnavailable: nobody answers at the address.
        """
        self.read_only = read_only
        self._closed = False
        self._here = threading.local()
        self._engine = sa.create_engine(
            url,
            pool_size=POOL,
            max_overflow=0,
            pool_timeout=WAIT_S,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"options": OPTIONS, "connect_timeout": WAIT_S},
        )
        self._snapshots = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        with self.read() as connection:
            connection.execute(sa.select(1))

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Run one transaction; durable when the block has ended without an error."""
        if self.read_only:
            raise DatabaseUnavailable("This database was opened for reading only.")
        if getattr(self._here, "inside", False):
            raise BreakwaterError("A transaction was opened inside another one.")
        if self._closed:
            raise DatabaseUnavailable("The database is closed.")
        self._here.inside = True
        try:
            with self._engine.begin() as connection:
                yield connection
        finally:
            self._here.inside = False

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A snapshot as of the first read in the block."""
        if self._closed:
            raise DatabaseUnavailable("The database is closed.")
        with self._snapshots.begin() as connection:
            yield connection

    def insert(
        self, connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: Rows
    ) -> None:
        """Insert plain tuples by COPY."""
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table.name), sql.SQL(",").join(map(sql.Identifier, columns))
        )
        with raw_of(connection).cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def many(self, connection: sa.Connection, statement: str, rows: Rows) -> None:
        """Run one statement with `?` marks for many tuples, pipelined."""
        with raw_of(connection).cursor() as cursor:
            cursor.executemany(_marked(statement), rows)

    def run(
        self, connection: sa.Connection, statement: str, params: Sequence[Any]
    ) -> list[tuple[Any, ...]]:
        """Run one statement with `?` marks; answers its rows."""
        with raw_of(connection).cursor() as cursor:
            cursor.execute(_marked(statement), params)
            return cursor.fetchall() if cursor.description else []

    def lock_changes(self, connection: sa.Connection) -> None:
        """Take the counter row first, so that no two transactions wait for one another."""
        connection.execute(sa.select(core.changes.c.last).with_for_update())

    def copy_to(self, directory: Path) -> Frontier:
        """Write a consistent copy of all but the keys, one COPY file a table, from one snapshot."""
        with faults.mapped(), self.read() as connection:
            head = connection.execute(sa.select(core.audit_head)).one()
            for table in copied_tables():
                with (
                    (directory / (table.name + COPY_SUFFIX)).open("wb") as file,
                    raw_of(connection).cursor() as cursor,
                    cursor.copy(_copy("COPY {} ({}) TO STDOUT", table)) as copy,
                ):
                    for block in copy:
                        file.write(block)
            return Frontier(head.size, head.frontier)

    def load_from(self, directory: Path) -> None:
        """Fill an empty schema from what `copy_to` wrote, in one transaction."""
        with faults.mapped(), self.write() as connection:
            for table in copied_tables():
                if table in _SEEDED:
                    connection.execute(sa.delete(table))
                with (
                    (directory / (table.name + COPY_SUFFIX)).open("rb") as file,
                    raw_of(connection).cursor() as cursor,
                    cursor.copy(_copy("COPY {} ({}) FROM STDIN", table)) as copy,
                ):
                    while block := file.read(1 << 20):
                        copy.write(block)

    def checkpoint(self) -> None:
        """Rewrite the tables of keys: deleted rows would stay in their files for long.

        PostgreSQL's own log holds them for a while longer, but only wrapped.
        """
        if self.read_only:
            raise DatabaseUnavailable("This database was opened for reading only.")
        with faults.mapped(), self._engine.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            for table in KEY_TABLES:
                alone.execute(sa.text(_REWRITE[table.name]))

    def close(self) -> None:
        """Close every connection; closing twice is harmless."""
        self._closed = True
        self._engine.dispose()


def copied_tables() -> list[sa.Table]:
    """Tables of a backup in the order of their foreign keys; keys are kept apart from them."""
    return [table for table in metadata.sorted_tables if table not in KEY_TABLES]


def _marked(statement: str) -> bytes:
    """The driver's own marks for `?`."""
    return statement.replace("%", "%%").replace("?", "%s").encode()


def _copy(template: LiteralString, table: sa.Table) -> sql.Composed:
    return sql.SQL(template).format(
        sql.Identifier(table.name), sql.SQL(",").join(sql.Identifier(c.name) for c in table.c)
    )


def raw_of(connection: sa.Connection) -> psycopg.Connection[Any]:
    """The driver's own connection, for what SQLAlchemy has no word for."""
    return cast(psycopg.Connection[Any], connection.connection.driver_connection)
