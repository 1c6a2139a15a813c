"""What the database's own errors mean here: the boundary that lets none of them through.

Drivers put values into their messages ("Key (name)=(…) already exists"), so a detail names
only the constraint or the code, never the message of an error that could quote a row.
Contract test: `tests/contract/test_records_core_faults.py`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy import exc

from breakwater.errors import (
    AppendOnly,
    BadInput,
    BreakwaterError,
    Conflict,
    DatabaseUnavailable,
    DiskFull,
    Held,
)

APPEND_ONLY_STATE: Final = "BW001"
APPEND_ONLY_WORDS: Final = "append-only"
HELD_STATE: Final = "BW002"
HELD_WORDS: Final = "held: "
_QUOTES_NO_ROW: Final = ("42", "53", "55", "57", "58", "40", "08", "25")
"""SQLSTATE classes whose primary message names objects of the schema or the server only."""


class Deadlock(DatabaseUnavailable):
    """Two transactions waited for one another, and this one was undone. Try it again."""

    code = "deadlock"


OF_DATABASES: Final = (exc.SQLAlchemyError, sqlite3.Error, psycopg.Error)
"""Everything a database library raises on purpose."""

OF_STATEMENTS: Final = (*OF_DATABASES, OverflowError)
"""What one statement may raise besides: SQLite's driver counts to 64 bits only."""


@contextmanager
def mapped() -> Iterator[None]:
    """Turn whatever the database throws into the error tree; the original stays as context."""
    try:
        yield
    except OF_DATABASES as error:
        raise translated(error) from None


def translated(error: Exception) -> BreakwaterError:
    """The member of the error tree for anything in `OF_DATABASES`."""
    if isinstance(error, OverflowError):
        return _out_of_range()
    if isinstance(error, exc.DBAPIError):
        return meaning(error.orig)
    if isinstance(error, exc.TimeoutError):
        return DatabaseUnavailable("Every connection is in use.")
    if isinstance(error, exc.StatementError):
        return BreakwaterError(f"A value cannot be stored: {type(error.orig).__name__}.")
    if isinstance(error, exc.SQLAlchemyError):
        return BreakwaterError(f"The query is wrong: {type(error).__name__}.")
    return meaning(error)


def meaning(error: BaseException | None) -> BreakwaterError:
    """The member of the error tree that says what a driver's error means."""
    if isinstance(error, psycopg.Error):
        return _postgres(error)
    if isinstance(error, sqlite3.Error):
        return _sqlite(error)
    return BreakwaterError(f"The database driver failed: {type(error).__name__}.")


def _sqlite(error: sqlite3.Error) -> BreakwaterError:
    name = str(getattr(error, "sqlite_errorname", "") or type(error).__name__)
    words = str(error)
    if name.startswith("SQLITE_CONSTRAINT"):
        return _sqlite_refused(name, words)
    if name.startswith("SQLITE_FULL"):
        return DiskFull()
    if isinstance(error, sqlite3.IntegrityError):
        return Conflict(constraint=name)
    if isinstance(error, (sqlite3.ProgrammingError, sqlite3.DataError)) or name == "SQLITE_ERROR":
        return BreakwaterError(f"The query is wrong ({name}): {words}")
    return DatabaseUnavailable(f"SQLite says {name}: {words}.")


def _sqlite_refused(name: str, words: str) -> BreakwaterError:
    if APPEND_ONLY_WORDS in words:
        return AppendOnly(words)
    if words.startswith(HELD_WORDS):
        return Held(words)
    return Conflict(words, constraint=name)  # SQLite names columns here, never values


def _postgres(error: psycopg.Error) -> BreakwaterError:
    state = error.sqlstate or ""
    if state == APPEND_ONLY_STATE:
        return AppendOnly(error.diag.message_primary or "")
    if state == HELD_STATE:
        return Held(error.diag.message_primary or "")
    if state.startswith("23"):
        return Conflict(
            f"{error.diag.table_name or ''} {error.diag.constraint_name or state}".strip(),
            constraint=error.diag.constraint_name or state,
        )
    if state in _PLAIN:
        return _PLAIN[state]()
    words = (error.diag.message_primary or "") if state[:2] in _QUOTES_NO_ROW else ""
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
        return DatabaseUnavailable(f"PostgreSQL says {state or type(error).__name__}: {words}")
    return BreakwaterError(f"The query is wrong ({state}): {words}")


def _out_of_range() -> BadInput:
    return BadInput("A number is larger than any that is kept here.")


_PLAIN: Final[dict[str, Callable[[], BreakwaterError]]] = {
    "22003": _out_of_range,
    "40001": Deadlock,
    "40P01": Deadlock,
    "53100": DiskFull,
}
"""SQLSTATEs that mean one thing, whatever else was said."""
