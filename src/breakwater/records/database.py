"""The database: transactions that are durable when they end, and snapshots to read from.

Verbs write `with db.transaction() as tx:` once per use and hand `tx` to the noun modules.
When the block has ended without an error, everything in it has survived a power cut; only
then do effects registered by `tx.after_commit` run. Nothing slow belongs inside the block.
The same on SQLite and PostgreSQL: `tests/contract/test_records_core_database.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import sqlalchemy as sa

from breakwater.errors import (
    BadSettings,
    BreakwaterError,
    MissingKey,
    Unavailable,
    WrongSchema,
)
from breakwater.model.clock import Clock
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id, new_id
from breakwater.records import faults, leaves
from breakwater.records.backend import Backend, Rows
from breakwater.records.bus import LocalBus
from breakwater.records.known_keys import KnownKeys
from breakwater.records.migrations import HEAD
from breakwater.records.postgres import PostgresBackend
from breakwater.records.sqlite import SqliteBackend
from breakwater.records.tables.columns import canonical

if TYPE_CHECKING:
    from breakwater.records.keys import Keyring

T = TypeVar("T")
OUTBOX: Final = "outbox"
RETRIES: Final = 5


class Tx:
    """One transaction, or one snapshot to read from. Never kept beyond its block.

    Attributes:
        now: when it began; constant in it.
        db: whose it is.
    """

    __slots__ = ("_after", "_backend", "_connection", "_locked", "db", "now")

    def __init__(self, db: Database, backend: Backend, connection: sa.Connection) -> None:
        self.db = db
        self.now: datetime = db.clock.now()
        self._backend = backend
        self._connection = connection
        self._locked = False
        self._after: list[Callable[[], None]] = []

    @property
    def keys(self) -> Keyring:
        """The keyring, for what is stored sealed.

        Raises:
            MissingKey: the database was opened without one.
        """
        return self.db.keys

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`; for the few statements that differ."""
        return self._backend.dialect

    def execute(
        self,
        statement: sa.Executable,
        params: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> sa.CursorResult[Any]:
        """Run one SQLAlchemy Core statement.

        Raises:
            Conflict: a constraint forbids it. On PostgreSQL nothing more can be done in this
                transaction then, unless the statement ran inside `savepoint`.
        """
        try:
            return self._connection.execute(statement, params)
        except faults.OF_STATEMENTS as error:
            raise faults.translated(error) from None

    def run(self, statement: str, *params: Any) -> list[tuple[Any, ...]]:
        """Run one constant statement with `?` marks, past SQLAlchemy, and read all its rows.

        A fifth of the cost of `execute`, for what stands in nearly every transaction. Times
        may be parameters; what comes back is as the driver gives it.
        """
        try:
            return self._backend.run(self._connection, statement, params)
        except faults.OF_STATEMENTS as error:
            raise faults.translated(error) from None

    def insert_many(self, table: sa.Table, columns: Sequence[str], rows: Rows) -> None:
        """Insert plain tuples the fast way: executemany on SQLite, COPY on PostgreSQL.

        Args:
            table: where to.
            columns: names, in the order of the tuples.
            rows: tuples of what Python would hand to SQLAlchemy; times and JSON too.
        """
        dialect = self._connection.dialect
        types = [table.c[name].type.dialect_impl(dialect) for name in columns]
        binds = [
            type_.bind_processor(dialect) if isinstance(type_, sa.TypeDecorator) else None
            for type_ in types
        ]
        if any(binds):
            rows = (
                tuple(v if b is None else b(v) for v, b in zip(row, binds, strict=True))
                for row in rows
            )
        with faults.mapped():
            self._backend.insert(self._connection, table, columns, rows)

    def bulk(self, statement: str, rows: Rows) -> None:
        """Run one constant statement with `?` marks for many tuples, past SQLAlchemy.

        Values must be what both databases store (text, numbers, bytes): no times, no JSON.
        """
        with faults.mapped():
            self._backend.many(self._connection, statement, rows)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part that may fail alone: an error undoes it and leaves the rest standing."""
        with faults.mapped():
            self._connection.exec_driver_sql("SAVEPOINT part")
            try:
                yield
            except BaseException:  # even an interrupt undoes the part
                self._connection.exec_driver_sql("ROLLBACK TO SAVEPOINT part")
                self._connection.exec_driver_sql("RELEASE SAVEPOINT part")
                raise
            self._connection.exec_driver_sql("RELEASE SAVEPOINT part")

    def lock_changes(self) -> None:
        """Take the counter row now. First in a transaction, it makes deadlocks impossible."""
        if not self._locked:
            with faults.mapped():
                self._backend.lock_changes(self._connection)
            self._locked = True

    def change(self, count: int = 1) -> int:
        """Take `count` change numbers; answers the first. Number order is commit order."""
        ((last,),) = self.run(_NEXT_CHANGE, count)
        self._locked = True
        return int(last) - count + 1

    def emit(self, type_: EventType, subject: Id, **body: Any) -> Event:
        """Write an event to the outbox in this transaction; delivered after commit.

        Args:
            type_: what happened.
            subject: id of what it happened to.
            body: small JSON facts: ids and words, never content.
        """
        event = Event(new_id(), type_, subject, self.now, self.change(), body)
        self.run(
            _PUT_EVENT, event.change, event.id, type_.value, subject, self.now, canonical(body)
        )
        self.after_commit(self.db.tell_outbox)
        return event

    def audit(self, actor: str, action: str, subject: str, **facts: Any) -> int:
        """Append to the audit log in this transaction; answers the entry's number.

        Args:
            actor: id of the person or key, or the name of a part.
            action: `noun.verb`.
            subject: id of what it was done to.
            facts: ids, counts and words; personal data only sealed.

        Raises:
            AuditUnavailable: it cannot be written, so what it stands for must not happen.
        """
        return leaves.append(self, actor, action, subject, facts)

    def after_commit(self, effect: Callable[[], None]) -> None:
        """Run `effect` once everything here is durable; the same effect only once."""
        if effect not in self._after:
            self._after.append(effect)

    def _finish(self) -> None:
        """Run all effects, even when one fails; the first failure is raised at the end."""
        failed: list[Exception] = []
        for effect in self._after:
            try:
                effect()
            except Exception as error:  # noqa: BLE001 - one effect must not keep the next from running
                failed.append(error)
        if failed:
            raise failed[0]


_NEXT_CHANGE: Final = "UPDATE changes SET last = last + ? WHERE id = 1 RETURNING last"
_PUT_EVENT: Final = (
    "INSERT INTO outbox (change, id, type, subject, at, body) VALUES (?, ?, ?, ?, ?, ?)"
)


class Database:
    """An open database.

    Attributes:
        url: without a password.
        clock: what `tx.now` is read from.
        bus: wakes those who wait for commits.
        known_keys: proves that no sanctioned account is known by a hash, where it can.
    """

    def __init__(
        self, backend: Backend, *, url: sa.URL, clock: Clock, keys: Keyring | None = None
    ) -> None:
        self.url: str = url.render_as_string(hide_password=True)
        self.clock = clock
        self.bus = LocalBus()
        self.known_keys = KnownKeys()
        self._address = url
        self._backend = backend
        self._keys = keys

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._backend.dialect

    @property
    def read_only(self) -> bool:
        """Whether it was opened for reading only."""
        return self._backend.read_only

    @property
    def alone(self) -> bool:
        """Whether no other process can write it: then what memory holds of it can be exact."""
        return self.dialect == "sqlite" and not self.read_only

    @property
    def path(self) -> Path | None:
        """The file, when it is one."""
        name = self._address.database
        return Path(name) if self.dialect == "sqlite" and name else None

    @property
    def backend(self) -> Backend:
        """For backup and tests; nobody else needs it."""
        return self._backend

    @property
    def address(self) -> sa.URL:
        """With its password: for tools that connect on their own."""
        return self._address

    @property
    def keys(self) -> Keyring:
        """The keyring.

        Raises:
            MissingKey: none was given.
        """
        if self._keys is None:
            raise MissingKey("The database was opened without its keys.")
        return self._keys

    def tell_outbox(self) -> None:
        """Wake those who deliver events."""
        self.bus.notify(OUTBOX)

    def tell_audit(self) -> None:
        """Wake the thread that signs checkpoints."""
        self.bus.notify(leaves.TOPIC)

    def tell_jobs(self) -> None:
        """Wake those who wait for work."""
        self.bus.notify("jobs")

    def use_keys(self, keys: Keyring | None) -> None:
        """Give the keyring, which is itself stored in this database and so opened after it."""
        self._keys = keys

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """Write: durable when the block has ended without an error; undone when it raised.

        Raises:
            DatabaseUnavailable, DiskFull: nothing of it was kept.
            Conflict: a constraint forbids it.
        """
        with faults.mapped(), self._backend.write() as connection:
            tx = Tx(self, self._backend, connection)
            yield tx
        tx._finish()  # noqa: SLF001 - the two are one thing in two classes

    def run(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a transaction, again when two transactions waited for one another."""
        for attempt in range(RETRIES):
            try:
                with self.transaction() as tx:
                    return work(tx)
            except faults.Deadlock:
                time.sleep(0.01 * 2**attempt)
        with self.transaction() as tx:
            return work(tx)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A snapshot to read from; sees every transaction that ended before it began."""
        with faults.mapped(), self._backend.read() as connection:
            yield Tx(self, self._backend, connection)

    def checkpoint(self) -> None:
        """Make sure that deleted bytes are gone from the files (crypto-shredding)."""
        self._backend.checkpoint()

    def close(self) -> None:
        """Make durable what waits and close; closing twice is harmless."""
        self._backend.close()


def open_database(
    url: str, *, clock: Clock, keys: Keyring | None = None, read_only: bool = False
) -> Database:
    """Open the database at `url`.

    Args:
        url: `sqlite:///path` or `postgresql+psycopg://user:password@host/name`.
        clock: what tells the time of transactions.
        keys: may be given later by `use_keys`.
        read_only: beside its owner, for reports.

    Raises:
        BadSettings: not such a URL.
        DatabaseInUse: another process owns the file.
        DatabaseUnavailable: it cannot be reached.
        WrongSchema: it was not brought to this program's schema.
    """
    address = parse_url(url)
    backend: Backend
    with faults.mapped():
        if address.get_backend_name() == "sqlite":
            backend = SqliteBackend(Path(str(address.database)), read_only=read_only)
        else:
            backend = PostgresBackend(
                address.render_as_string(hide_password=False), read_only=read_only
            )
    db = Database(backend, url=address, clock=clock, keys=keys)
    try:
        _require_schema(db)
    except BaseException:  # whatever is wrong, the file is given back
        db.close()
        raise
    return db


def _require_schema(db: Database) -> None:
    """Refuse a database that this program would read or write wrongly."""
    version = sa.table("alembic_version", sa.column("version_num"))
    try:
        with db.read() as tx:
            found = tx.execute(sa.select(version.c.version_num)).scalar()
    except BreakwaterError as error:
        if isinstance(error, Unavailable):
            raise
        found = None
    if found != HEAD:
        raise WrongSchema(f"It is at revision {found or 'none'}; this program needs {HEAD}.")


def parse_url(url: str) -> sa.URL:
    """Read a database URL.

    Raises:
        BadSettings: not one of the two kinds, or no file named.
    """
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise BadSettings("A database is written sqlite:///path or postgresql://….") from None
    if address.drivername == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    if address.drivername not in {"sqlite", "postgresql+psycopg"} or not address.database:
        raise BadSettings("A database is written sqlite:///path or postgresql://….")
    return address
