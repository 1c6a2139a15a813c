"""What was acknowledged survives a power cut, on a disk that keeps nothing that was not synced.

A kill leaves the kernel's cache; a power cut does not. `lossy_disk.py` records one run of
`kill_writer.py` and plays out cuts at many moments of it.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from breakwater.records import migrate
from breakwater.records.rootkey import RootKey
from tests.conftest import PostgresServer
from tests.integration.lossy_disk import Recorded, Replay, inodes_of
from tests.integration.test_kill_records import WRITER, Victim

LONG = os.environ.get("LONG") == "1"
RUN_S = 4.0 if LONG else 1.0
pytestmark = pytest.mark.timeout(7200 if LONG else 300)


@pytest.fixture
def place() -> Iterator[Path]:
    """In memory: what is lost is decided by the notes, not by a disk."""
    memory = Path("/dev/shm")
    directory = Path(
        tempfile.mkdtemp(prefix="bw-cut-", dir=memory if os.access(memory, os.W_OK) else None)
    )
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


def prepare(place: Path) -> Path:
    disk = place / "disk"
    (disk / "vault").mkdir(parents=True)
    RootKey.create(disk / "writer.key")
    return disk


def record(recorded: Recorded, url: str, *options: str) -> None:
    """Let the writer write, then end it; what it acknowledged it wrote into a file on the disk."""
    disk = recorded.disk
    command = [sys.executable, str(WRITER), url, str(disk / "writer.key"), str(disk / "vault"), "0"]
    environment = os.environ | recorded.environment | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with (disk / "said").open("ab") as said:
        child = subprocess.Popen([*command, *options], stdout=said, env=environment)
        end = time.monotonic() + 30
        while (disk / "said").stat().st_size == 0 and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(RUN_S)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()


def seen_by(url: str, disk: Path, said: bytes) -> Victim:
    """The records of a disk after a cut, and what had been acknowledged by then."""
    victim = Victim.__new__(Victim)
    victim.url, victim.vault, victim.root = url, disk / "vault", disk / "writer.key"
    victim.acknowledged = {}
    for line in said.decode().splitlines(keepends=True):
        number, _, blob = line.rstrip("\n").partition(" ")
        if line.endswith("\n"):
            victim.acknowledged[int(number)] = blob
    return victim


def moments(replay: Replay, rng: random.Random, count: int) -> Iterator[int]:
    """Moments of the run, in order; the first after something was acknowledged."""
    first = next(
        i for i, note in enumerate(replay.notes) if note[0] == "W" and note[4][:2] == b"0 "
    )
    yield from sorted(rng.randrange(first + 1, len(replay.notes)) for _ in range(count))


def sqlite_run(place: Path, *options: str) -> Replay:
    disk = prepare(place)
    url = f"sqlite:///{disk / 'b.db'}"
    migrate.upgrade(url)
    (disk / "said").touch()
    shutil.copytree(disk, place / "base")
    recorded, inodes = Recorded(disk, place), inodes_of(disk)
    record(recorded, url, *options)
    return Replay(recorded, place / "base", inodes, ordered_names=False)


def sqlite_cut(replay: Replay, place: Path, rng: random.Random) -> int:
    """One cut now; answers how many had been acknowledged.

    Raises:
        AssertionError: something acknowledged is lost, or what is left is torn.
    """
    said = replay.written("said")
    after = place / "after"
    shutil.rmtree(after, ignore_errors=True)
    replay.cut(after, rng)
    (after / "b.db-shm").unlink(missing_ok=True)  # shared memory, not a file
    victim = seen_by(f"sqlite:///{after / 'b.db'}", after, said)
    victim.check()
    return len(victim.acknowledged)


def test_a_power_cut_loses_nothing_acknowledged_on_sqlite(place):
    seed = random.randrange(1 << 30)
    rng = random.Random(seed)
    print("seed", seed)  # noqa: T201 - a failure says how to repeat it
    replay = sqlite_run(place)
    counts = []
    for moment in moments(replay, rng, 900 if LONG else 45):
        replay.play(moment)
        counts.append(sqlite_cut(replay, place, rng))
    assert max(counts) > 20


def test_a_database_that_does_not_sync_is_caught(place):
    """The tests above must be able to fail."""
    replay = sqlite_run(place, "careless")
    rng = random.Random(1)
    caught = 0
    for moment in moments(replay, rng, 8):
        replay.play(moment)
        try:
            sqlite_cut(replay, place, rng)
        except Exception:  # noqa: BLE001 - rows are lost, or the file is no database any more
            caught += 1
    assert caught > 0


class Served(PostgresServer):
    """A server on a data directory that is there already."""

    def __init__(self, directory: Path, like: PostgresServer) -> None:
        self.bin, self.user, self.port = like.bin, like.user, like.port
        self.directory = directory
        self.options = like.options.replace(str(like.directory), str(directory))
        for stale in (directory / "log", *directory.glob(".s.PGSQL.*")):
            stale.unlink()
        (directory / "data" / "postmaster.pid").unlink(missing_ok=True)
        (directory / "data").chmod(0o700)
        if self.user:
            shutil.chown(directory, self.user)
            subprocess.run(["chown", "-R", self.user, directory / "data"], check=True)


def postgres_run(
    place: Path, monkeypatch: pytest.MonkeyPatch, *, fsync: bool = True
) -> tuple[Replay, PostgresServer, str]:
    disk = prepare(place)
    server = PostgresServer(disk, fsync=fsync)
    name = server.create()
    url = server.url(name)
    migrate.upgrade(url)
    server.stop("fast")
    (disk / "said").touch()
    shutil.copytree(disk, place / "base", symlinks=True)
    recorded, inodes = Recorded(disk, place), inodes_of(disk)
    with monkeypatch.context() as patch:
        for variable, value in recorded.environment.items():
            patch.setenv(variable, value)
        server.start()
    try:
        record(recorded, url)
    finally:
        server.stop("immediate")
    return Replay(recorded, place / "base", inodes, ordered_names=True), server, url


def postgres_cut(
    replay: Replay, place: Path, rng: random.Random, like: PostgresServer, url: str
) -> int:
    said = replay.written("said")
    after = place / "after"
    shutil.rmtree(after, ignore_errors=True)
    replay.cut(after, rng)
    server = Served(after, like)
    server.start()
    try:
        victim = seen_by(url, after, said)
        victim.check()
    finally:
        server.stop("immediate")
    return len(victim.acknowledged)


def test_a_power_cut_loses_nothing_acknowledged_on_postgresql(place, monkeypatch):
    seed = random.randrange(1 << 30)
    rng = random.Random(seed)
    print("seed", seed)  # noqa: T201 - a failure says how to repeat it
    replay, server, url = postgres_run(place, monkeypatch)
    counts = []
    for moment in moments(replay, rng, 100 if LONG else 5):
        replay.play(moment)
        counts.append(postgres_cut(replay, place, rng, server, url))
    assert max(counts) > 20


@pytest.mark.long
def test_a_server_that_does_not_sync_is_caught(place, monkeypatch):
    """As above, for PostgreSQL."""
    replay, server, url = postgres_run(place, monkeypatch, fsync=False)
    rng = random.Random(1)
    caught = 0
    for moment in moments(replay, rng, 5):
        replay.play(moment)
        try:
            postgres_cut(replay, place, rng, server, url)
        except (Exception, pytest.fail.Exception):  # noqa: BLE001 - rows are lost, or it does not start
            caught += 1
    assert caught > 0
