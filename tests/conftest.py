"""Real parts for every test: both databases, keys, a clock that obeys, and a closed network."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import psycopg
import pytest
import pytest_socket
import structlog
from httpx._config import DEFAULT_TIMEOUT_CONFIG

from breakwater.records import migrate
from breakwater.records.database import Database, open_database
from breakwater.records.keys import Keyring
from breakwater.records.rootkey import RootKey
from breakwater.records.vault import Vault
from tests.ports import free_port

gc.disable()  # collecting ten thousand tests makes no garbage: `pytest_collection_finish` goes on
for _part in ("connect", "read", "write", "pool"):  # a slow machine is no fault of a server
    setattr(DEFAULT_TIMEOUT_CONFIG, _part, 60.0)
hypothesis.settings.register_profile(  # the same examples each time; LONG=1 draws others
    "steady", deadline=None, derandomize=os.environ.get("LONG") != "1", print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)  # fmt: skip
hypothesis.settings.load_profile("steady")
ROOMS = ("journey", "migration", "integration", "property", "contract", "unit")
POSTGRES_HOMES = "/usr/lib/postgresql"


class SettableClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, start: datetime) -> None:
        self.moment = start
        self.seconds = 1_000.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        self.seconds += seconds


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that none is begun when all else is done; long runs with LONG=1.

    A file that is not in the table goes by its room: what starts most comes first.
    """
    table = Path(__file__).with_name("longest.txt").read_text(encoding="utf-8").split()
    longest = {f"tests/{name}": -int(s) for s, name in zip(table[::2], table[1::2], strict=True)}
    rooms = {f"tests/{room}": at for at, room in enumerate(ROOMS)}

    def turn(item: pytest.Item) -> tuple[int, int]:
        file = item.nodeid.partition("::")[0]
        return longest.get(file, 0), rooms.get("/".join(file.split("/")[:2]), -1)

    items.sort(key=turn)
    if os.environ.get("LONG") == "1":
        return
    skip = pytest.mark.skip(reason="long: run with LONG=1")
    for item in items:
        if "long" in item.keywords:
            item.add_marker(skip)


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the garbage collector need not walk it each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.fixture(autouse=True)
def ordinary_priority() -> Iterator[None]:
    """A test that leaves its worker at real-time priority would starve all others: it fails."""
    yield
    if os.sched_getscheduler(0) in {os.SCHED_FIFO, os.SCHED_RR}:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        pytest.fail("It left real-time priority behind: see builders_media.same_priority.")


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """What a test says of logging holds for itself alone."""
    said, root = structlog.get_config(), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.configure(**said)
    root.handlers[:] = handlers
    root.setLevel(level)


def pytest_runtest_setup() -> None:
    """Nothing here may talk to anything but this machine."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(datetime(2026, 3, 1, 12, tzinfo=UTC))


class PostgresServer:
    """A real PostgreSQL of this run's own, as an ordinary user: initdb refuses root."""

    def __init__(self, directory: Path, *, fsync: bool = False) -> None:
        homes = sorted(Path(POSTGRES_HOMES).glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
        if not homes:
            pytest.fail("PostgreSQL is not installed: apt-get install postgresql")
        self.bin = homes[-1].parent
        # Where nothing is synced, copying files takes half the time of writing all to the log.
        self.copying = "STRATEGY file_copy" if int(self.bin.parts[-2]) >= 15 else ""
        self.directory = directory
        self.user = "postgres" if os.geteuid() == 0 else ""
        if self.user:
            shutil.chown(directory, self.user)
        self.port = free_port()
        self.run("initdb", "-D", str(directory / "data"), "-A", "trust", "-U", "breakwater",
                 "--encoding=UTF8", "--no-locale", "--no-sync")  # fmt: skip
        durable = "" if fsync else "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"
        self.options = (
            f"-p {self.port} -k {directory} -c listen_addresses=127.0.0.1 "
            f"-c max_connections=120 -c shared_buffers=64MB {durable}"
        )
        self.start()

    def run(self, program: str, *arguments: str) -> None:
        command = [str(self.bin / program), *arguments]
        if self.user:
            command = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}",
                       "--init-groups", "--", *command]  # fmt: skip
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=self.directory
        )
        if done.returncode:
            log = self.directory / "log"
            tail = log.read_text()[-2000:] if log.exists() else ""
            pytest.fail(f"{program}: {done.stdout}{done.stderr}{tail}")

    def start(self) -> None:
        self.run("pg_ctl", "-D", str(self.directory / "data"), "-o", self.options,
                 "-l", str(self.directory / "log"), "-w", "start")  # fmt: skip

    def stop(self, mode: str = "fast") -> None:
        self.run("pg_ctl", "-D", str(self.directory / "data"), "-m", mode, "-w", "stop")

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://breakwater@127.0.0.1:{self.port}/{name}"

    def sql(self, statement: str) -> None:
        where = f"host=127.0.0.1 port={self.port} user=breakwater dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement.encode())

    def create(self, template: str = "") -> str:
        name = f"t_{uuid.uuid4().hex[:12]}"
        self.sql(
            f"CREATE DATABASE {name}" + (f" TEMPLATE {template} {self.copying}" if template else "")
        )
        return name

    def drop(self, name: str) -> None:
        self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def in_memory_directory() -> Iterator[Path]:
    """A directory that costs no disk, where there is such: what is tested outlives processes.

    Not under pytest's own directory: that one is closed to the database server's user.
    """
    memory = Path("/dev/shm")
    place = memory if os.access(memory, os.W_OK) else None
    directory = Path(tempfile.mkdtemp(prefix="breakwater-", dir=place))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with in_memory_directory() as directory:
        server = PostgresServer(directory)
        try:
            yield server
        finally:
            server.stop("immediate")


@pytest.fixture
def durable_postgres() -> Iterator[PostgresServer]:
    """A server that syncs like a real one, to be killed itself."""
    directory = Path(tempfile.mkdtemp(prefix="bwpg-"))
    server = PostgresServer(directory, fsync=True)
    try:
        yield server
    finally:
        server.stop("immediate")
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    name = postgres_server.create()
    migrate.upgrade(postgres_server.url(name))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "breakwater.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path) -> Iterator[str]:
    """An empty database of the newest schema."""
    with in_memory_directory() as directory:
        path = directory / "breakwater.db"
        shutil.copy(sqlite_template, path)
        yield f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    """An empty database of the newest schema on a real server."""
    name = postgres_server.create(postgres_template)
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The same test on both databases."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
def root_key(tmp_path: Path) -> RootKey:
    return RootKey.create(tmp_path / "root.key")


@pytest.fixture
def database(database_url: str, clock: SettableClock, root_key: RootKey) -> Iterator[Database]:
    """Open, empty, of the newest schema, with its keys."""
    db = open_database(database_url, clock=clock)
    Keyring.open(db, root_key)
    yield db
    db.close()


@pytest.fixture
def keyring(database: Database) -> Keyring:
    """The database's keys; `tx.keys` has them too."""
    return database.keys


@pytest.fixture
def vault(database: Database, keyring: Keyring, tmp_path: Path) -> Vault:
    directory = tmp_path / "vault"
    directory.mkdir()
    return Vault(directory, database, keyring)


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """Poll until a check is true; fails when it never is."""

    def wait(check: Callable[[], object], seconds: float = 30.0) -> None:
        end = time.monotonic() + seconds
        while not check():
            if time.monotonic() > end:
                pytest.fail("waited in vain")
            time.sleep(0.01)

    return wait
