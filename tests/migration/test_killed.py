"""Upgrades are tried with rows in every table, and killed on their way, on both databases.

What a kill leaves is the old schema with all its rows; what a second try leaves is the newest one
with the same rows. `LONG=1` begins at every revision and kills at ten places, in the newest step before each statement.
"""

from __future__ import annotations

import hashlib
import os
import signal
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.migration.test_chain import empty_url  # noqa: F401 - a fixture

from breakwater.records import migrate
from breakwater.records.migrations import HEAD

LONG = os.environ.get("LONG") == "1"
EVERY = [f"{number:04d}" for number in range(1, int(HEAD))]
BEFORE = EVERY if LONG else [EVERY[0], EVERY[-1]]  # the whole way, and the step that is new
ROWS = 3
pytestmark = pytest.mark.timeout(7200 if LONG else 300)


@pytest.fixture
def url(empty_url):  # noqa: F811 - the fixture imported above
    return empty_url


def tables_of(connection: sa.Connection) -> list[sa.Table]:
    found = sa.MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def invented(column: sa.Column, table: str, row: int) -> object:
    """A value of the column's type, another one in each row."""
    seed = hashlib.sha256(f"{table}.{column.name}.{row}".encode()).digest()
    kind = column.type
    if isinstance(kind, sa.Boolean):
        return bool(seed[0] & 1)
    if isinstance(kind, sa.Uuid):
        return uuid.UUID(bytes=seed[:16])
    if isinstance(kind, sa.JSON):
        return {"row": row}
    if isinstance(kind, sa.Integer):
        return 1 + row
    if isinstance(kind, sa.Float | sa.Numeric):
        return row / 4
    if isinstance(kind, sa.DateTime | sa.TIMESTAMP):
        return datetime(2026, 1, 1, 12, row, tzinfo=UTC)
    if isinstance(kind, sa.LargeBinary):
        return seed
    return seed.hex()[: getattr(kind, "length", None) or 36]


def fill(url: str) -> None:
    """Rows in every table; what names another row names one that is there."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        made: dict[str, list[dict[str, object]]] = {}
        for table in tables_of(connection):
            if connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one():
                continue  # the one row that the schema itself makes
            made[table.name] = rows = []
            for number in range(ROWS):
                row = {c.name: invented(c, table.name, number) for c in table.columns}
                for key in table.foreign_keys:
                    others = made.get(key.column.table.name) or [{}]
                    row[key.parent.name] = others[min(number, len(others) - 1)].get(key.column.name)
                if not kept(connection, table, row):
                    break
                rows.append(row)
    engine.dispose()


def kept(connection: sa.Connection, table: sa.Table, row: dict[str, object]) -> bool:
    """Put a row in; False where a trigger knows that an invented one cannot be true."""
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(table), row)
    except sa.exc.DBAPIError as error:
        if "held: " not in str(error.orig):
            raise
        return False
    return True


def rows_of(url: str, like: dict[str, list[str]] | None = None) -> dict[str, object]:
    """Every row of every table, by the names of its columns; or of those that `like` names."""
    engine = sa.create_engine(url)
    found = {}
    with engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            if table == "alembic_version" or (like is not None and table not in like):
                continue
            every = [sa.literal_column("*")] if like is None else map(sa.column, like[table])
            answer = connection.execute(sa.select(*every).select_from(sa.table(table)))
            names = sorted(answer.keys())
            rows = [[row[name] for name in names] for row in answer.mappings()]
            found[table] = (names, sorted(map(repr, rows)))
    engine.dispose()
    return found


def upgraded(url: str, end_before: int = 0) -> int:
    """Upgrade in a process that kills itself before a statement; answers how many it made."""
    out, to = os.pipe()
    child = os.fork()
    if child == 0:
        count = 0

        @sa.event.listens_for(sa.engine.Engine, "before_cursor_execute")
        def step(*_: object) -> None:
            nonlocal count
            count += 1
            if count == end_before:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            migrate.upgrade(url)
            os.write(to, str(count).encode())
        finally:
            os._exit(0)
    os.close(to)
    os.waitpid(child, 0)
    with os.fdopen(out) as said:
        return int(said.read() or 0)


@pytest.fixture
def copies(request, url, tmp_path):
    """Makes a fresh copy of the database at `url`."""
    made = []

    def copy() -> str:
        if url.startswith("sqlite"):
            made.append(tmp_path / f"{len(made)}.db")
            made[-1].write_bytes(Path(url.removeprefix("sqlite:///")).read_bytes())
            return f"sqlite:///{made[-1]}"
        made.append(request.getfixturevalue("postgres_server").create(url.rsplit("/", 1)[1]))
        return f"{url.rsplit('/', 1)[0]}/{made[-1]}"

    yield copy
    for name in made:
        if isinstance(name, str):
            request.getfixturevalue("postgres_server").drop(name)


@pytest.mark.parametrize("revision", BEFORE)
def test_an_upgrade_with_rows_that_is_killed_keeps_them_all(url, copies, revision):
    migrate.upgrade(url, revision)
    fill(url)
    before = rows_of(url)
    columns = {name: names for name, (names, _) in before.items()}
    whole = copies()
    statements = upgraded(whole)
    assert statements > 5
    assert rows_of(whole, columns) == before
    stride = 1 if revision == EVERY[-1] else max(1, statements // 10)
    chosen = range(1, statements + 1, stride) if LONG else (2 * statements // 3, statements)
    for number in chosen:
        killed = copies()
        assert upgraded(killed, number) == 0
        assert migrate.current(killed) == revision, number
        assert rows_of(killed) == before, number
    migrate.upgrade(killed)
    assert migrate.check(killed) == []
    assert rows_of(killed, columns) == before
