"""SQLite with one owner, one writer and group commit.

A transaction takes the writer lock, runs inside a SAVEPOINT on the one writer connection,
gives the lock back and waits until the committer thread has made the whole group durable
(WAL, `synchronous=FULL`: one fsync for all). Readers have connections of their own and never
wait for the writer. One process owns the file by flock on `<file>.owner`: four writer
processes on one file were measured to starve for 5–10 s and fail.
Fed by `records.database`; contract test: `tests/contract/test_records_core_database.py`.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from breakwater.errors import (
    BadSettings,
    BreakwaterError,
    DatabaseInUse,
    DatabaseUnavailable,
    DiskFull,
)
from breakwater.records import faults
from breakwater.records.backend import Rows
from breakwater.records.merkle import Frontier

COPY_NAME: Final = "breakwater.db"
BUSY_MS: Final = 5_000
PATIENCE_S: Final = 60.0
"""Longest wait for the writer: bulk loads end their transactions every few seconds."""
IDLE_READERS: Final = 8
PRAGMAS: Final = (
    "PRAGMA trusted_schema=OFF",
    "PRAGMA secure_delete=ON",
    "PRAGMA busy_timeout=5000",
    "PRAGMA synchronous=FULL",
    "PRAGMA temp_store=MEMORY",
)


class Owner:
    """The right to write one database file: a lock that ends with the process, however it dies."""

    def __init__(self, path: Path) -> None:
        """Take it.

        Raises:
            DatabaseInUse: another process has it.
        """
        self._file = path.with_name(path.name + ".owner")
        try:
            self._fd = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DatabaseUnavailable(f"{self._file}: {error.strerror}.") from None
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid = os.read(self._fd, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(self._fd)
            raise DatabaseInUse(f"{path.name} belongs to process {pid}.", pid=pid) from None
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give it back."""
        os.close(self._fd)


class Group:
    """The transactions that one COMMIT makes durable, and what came of it."""

    __slots__ = ("error", "waiting")

    def __init__(self) -> None:
        self.error: BreakwaterError | None = None
        self.waiting: list[threading.Lock] = []

    def join(self) -> threading.Lock:
        """Become a member; the lock opens when the group has ended. A fifth of an Event's cost."""
        gate = threading.Lock()
        gate.acquire()
        self.waiting.append(gate)
        return gate

    def end(self, error: BreakwaterError | None) -> None:
        """Tell everyone who waits."""
        self.error = error
        for gate in self.waiting:
            gate.release()


class SqliteBackend:
    """One file, one writer connection, many readers."""

    dialect: Final = "sqlite"

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open or create the file.

        Raises:
            DatabaseInUse: another process owns it.
            DatabaseUnavailable: it cannot be opened, or is not a database.
            BadSettings: its directory does not exist.
        """
        if not path.parent.is_dir():
            raise BadSettings(f"The directory of the database does not exist: {path.parent}.")
        self.path = path
        self.read_only = read_only
        self.patience_s = PATIENCE_S
        self._closed = False
        self._mutex = threading.Lock()
        self._wake = threading.Condition(self._mutex)
        self._group = Group()
        self._begun = False
        self._holder = 0
        self._idle: list[sa.Connection] = []
        self._owner = None if read_only else Owner(path)
        try:
            with faults.mapped():
                self._prepare()
        except BaseException:  # whatever failed, the file is given back
            if self._owner:
                self._owner.release()
            raise

    def _prepare(self) -> None:
        """Open the writer, and readers' engine; start the committer."""
        self._readers = sa.create_engine(
            "sqlite://",
            creator=lambda: connect(self.path, mode="ro"),
            poolclass=NullPool,
            hide_parameters=True,
        )
        if self.read_only:
            return
        self._engine = sa.create_engine(
            "sqlite://",
            creator=lambda: connect(self.path, mode="rw"),
            poolclass=NullPool,
            hide_parameters=True,
        )
        self._writer = self._engine.connect()
        self._raw = raw_of(self._writer)
        if self._raw.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            raise DatabaseUnavailable("This file system cannot hold a write-ahead log.")
        self._committer = threading.Thread(
            target=self._commit_forever, name="breakwater-committer", daemon=True
        )
        self._committer.start()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Run one transaction; durable when the block has ended without an error."""
        if self.read_only:
            raise DatabaseUnavailable("This database was opened for reading only.")
        me = threading.get_ident()
        if self._holder == me:
            raise BreakwaterError("A transaction was opened inside another one.")
        if not self._mutex.acquire(timeout=self.patience_s):
            raise DatabaseUnavailable("Another transaction has not ended for a minute.")
        self._holder = me
        try:
            if self._closed:
                raise DatabaseUnavailable("The database is closed.")
            group = self._enter()
            try:
                yield self._writer
                gate = self._leave(group)
            except BaseException as error:  # even an interrupt undoes the block
                self._undo(group, error)
                raise
        finally:
            self._holder = 0
            self._mutex.release()
        gate.acquire()  # opened once, by the committer
        if group.error is not None:
            raise again(group.error)

    def _enter(self) -> Group:
        if not self._begun:
            self._raw.execute("BEGIN IMMEDIATE")
            self._begun = True
        self._raw.execute("SAVEPOINT one")
        return self._group

    def _leave(self, group: Group) -> threading.Lock:
        self._raw.execute("RELEASE one")
        if not group.waiting:
            self._wake.notify()
        return group.join()

    def _undo(self, group: Group, cause: BaseException) -> None:
        """Undo this one; the others of its group stand, unless SQLite has undone them all."""
        if self._raw.in_transaction:
            with suppress(sqlite3.Error):
                self._raw.execute("ROLLBACK TO one")
                self._raw.execute("RELEASE one")
                if group.waiting:
                    return
                self._raw.execute("ROLLBACK")
                self._begun = False
                return
        full = isinstance(cause, DiskFull) or isinstance(cause.__cause__, DiskFull)
        self._abandon(group, DiskFull() if full else DatabaseUnavailable())

    def _abandon(self, group: Group, error: BreakwaterError) -> None:
        """Nothing of this group happened: say so to everyone in it, and start anew."""
        with suppress(sqlite3.Error):
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
        self._begun = False
        self._group = Group()
        group.end(error)

    def _commit_forever(self) -> None:
        """The committer: one COMMIT for all that have gathered."""
        while True:
            with self._mutex:
                while not self._group.waiting and not self._closed:
                    self._wake.wait()
                if not self._group.waiting:
                    return
                group = self._group
                try:
                    self._raw.execute("COMMIT")
                except sqlite3.Error as error:
                    self._abandon(group, faults.meaning(error))
                    continue
                self._begun = False
                self._group = Group()
            group.end(None)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A snapshot as of the first read in the block."""
        if self._closed:
            raise DatabaseUnavailable("The database is closed.")
        try:
            reader = self._idle.pop()
        except IndexError:
            reader = self._readers.connect()
        raw = raw_of(reader)
        try:
            raw.execute("BEGIN")
            yield reader
            raw.execute("COMMIT")
        except BaseException:  # a reader that failed is not used again
            if raw.in_transaction:
                raw.execute("ROLLBACK")
            reader.close()
            raise
        if self._closed or len(self._idle) >= IDLE_READERS:
            reader.close()
        else:
            self._idle.append(reader)

    def insert(
        self, connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: Rows
    ) -> None:
        """Insert plain tuples by the driver's own `executemany`."""
        order = [col.name for col in table.columns if col.name in set(columns)]
        if order != list(columns):  # SQLAlchemy names columns in the table's order
            place = {name: at for at, name in enumerate(columns)}
            rows = (tuple(row[place[name]] for name in order) for row in rows)
        statement = str(sa.insert(table).compile(self._engine, column_keys=order))
        raw_of(connection).executemany(statement, rows)

    def many(self, connection: sa.Connection, statement: str, rows: Rows) -> None:
        """Run one statement with `?` marks for many tuples."""
        raw_of(connection).executemany(statement, rows)

    def run(
        self, connection: sa.Connection, statement: str, params: Sequence[Any]
    ) -> list[tuple[Any, ...]]:
        """Run one statement with `?` marks; answers its rows."""
        values = [_spelled(p) if isinstance(p, datetime) else p for p in params]
        return raw_of(connection).execute(statement, values).fetchall()

    def lock_changes(self, connection: sa.Connection) -> None:
        """The writer lock is held already."""

    def copy_to(self, directory: Path) -> Frontier:
        """Write a consistent copy of all but the keys into `directory`, while others work."""
        target = directory / COPY_NAME
        source = connect(self.path, mode="ro")
        copy = sqlite3.connect(target, isolation_level=None)
        try:
            source.backup(copy)
            for pragma in ("PRAGMA secure_delete=ON", "PRAGMA journal_mode=DELETE"):
                copy.execute(pragma)
            copy.execute("DELETE FROM blob_keys")
            copy.execute("DELETE FROM key_wraps")
            copy.execute("VACUUM")
            size, packed = copy.execute("SELECT size, frontier FROM audit_head").fetchone()
        finally:
            source.close()
            copy.close()
        return Frontier(size, packed)

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file and cut it, so that deleted bytes are gone."""
        with faults.mapped(), self._mutex:
            if self._begun:
                group = self._group
                self._raw.execute("COMMIT")
                self._begun = False
                self._group = Group()
                group.end(None)
            self._raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Make durable what waits, then give the file back; closing twice is harmless."""
        with self._mutex:
            if self._closed:
                return
            self._closed = True
            self._wake.notify_all()
        if not self.read_only:
            self._committer.join()
        while self._idle:
            self._idle.pop().close()
        if not self.read_only:
            self._writer.close()
        if self._owner:
            self._owner.release()


def _spelled(moment: datetime) -> str:
    """As SQLAlchemy spells it: fixed width, in UTC, so that text sorts as time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def again(error: BreakwaterError) -> BreakwaterError:
    """The same error for another thread: one exception object cannot be raised in two."""
    return type(error)(error.detail, **error.facts)


def raw_of(connection: sa.Connection) -> sqlite3.Connection:
    """The driver's own connection, for what SQLAlchemy has no word for."""
    return cast(sqlite3.Connection, connection.connection.driver_connection)


def connect(path: Path, *, mode: str, foreign_keys: bool = True) -> sqlite3.Connection:
    """A connection with every pragma of ours; `mode` is `ro`, `rw` or `rwc` (create)."""
    if mode == "rwc" and not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    raw = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_MS / 1000,
        cached_statements=512,
    )
    try:
        for pragma in PRAGMAS:
            raw.execute(pragma)
        raw.execute("PRAGMA foreign_keys=ON" if foreign_keys else "PRAGMA foreign_keys=OFF")
        if mode == "ro":
            raw.execute("PRAGMA cache_size=-4096")  # KiB; there are as many as readers
        else:
            raw.execute("PRAGMA cache_size=-32768")
            raw.execute("PRAGMA journal_mode=WAL")
    except BaseException:  # whatever failed, nothing stays open
        raw.close()
        raise
    return raw
