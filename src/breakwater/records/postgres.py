"""PostgreSQL for several processes or machines: a pool, and transactions that end.

No connection outlives the function that opened it: `write` and `read` take one and give it
back. A held snapshot slows the job table by a third, so an idle transaction is ended by the
server. Fed by `records.database`; contract test: `tests/contract/test_records_core_database.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

import psycopg
import sqlalchemy as sa
from psycopg import sql

from breakwater.errors import BreakwaterError, DatabaseUnavailable
from breakwater.records.backend import Rows
from breakwater.records.tables import core

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
        text = statement.replace("%", "%%").replace("?", "%s")
        with raw_of(connection).cursor() as cursor:
            cursor.executemany(text.encode(), rows)

    def lock_changes(self, connection: sa.Connection) -> None:
        """Take the counter row first, so that no two transactions wait for one another."""
        connection.execute(sa.select(core.changes.c.last).with_for_update())

    def checkpoint(self) -> None:
        """PostgreSQL reuses deleted space by itself; its log holds only wrapped keys."""

    def close(self) -> None:
        """Close every connection; closing twice is harmless."""
        self._closed = True
        self._engine.dispose()


def raw_of(connection: sa.Connection) -> psycopg.Connection[Any]:
    """The driver's own connection, for what SQLAlchemy has no word for."""
    return cast(psycopg.Connection[Any], connection.connection.driver_connection)
