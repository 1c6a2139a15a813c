"""Nothing that was acknowledged is lost, whatever is killed, and what is left is whole."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
import sqlalchemy as sa

from breakwater.model.clock import SystemClock
from breakwater.model.ids import Id
from breakwater.records import audit, migrate, outbox
from breakwater.records.database import open_database
from breakwater.records.keys import Keyring
from breakwater.records.rootkey import RootKey
from breakwater.records.tables import core
from breakwater.records.vault import Vault

WRITER = Path(__file__).with_name("kill_writer.py")


class Nursery:
    """A process that has imported everything and forks one writer after another."""

    def __init__(self) -> None:
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, str(WRITER), "serve", str(theirs.fileno())]
        self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()])
        theirs.close()

    def start(self, arguments: list[str]) -> tuple[int, IO[str]]:
        """A writer's process id, and what it says."""
        out, to = os.pipe()
        socket.send_fds(self.socket, ["\n".join(arguments).encode()], [to])
        os.close(to)
        return int(self.socket.recv(64)), os.fdopen(out)

    def kill(self, writer: int) -> None:
        os.kill(writer, signal.SIGKILL)
        assert self.socket.recv(64) == b"gone"

    def close(self) -> None:
        self.socket.close()
        self.process.wait()


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


class Victim:
    """A writer process, and the acknowledgements it got out before it died."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url, self.vault = url, directory / "vault"
        self.root = directory / "writer.key"
        self.vault.mkdir()
        RootKey.create(self.root)
        self.acknowledged: dict[int, str] = {}
        self.fresh: set[int] = set()  # acknowledged since a check
        self.first = 0
        self.seen = 0  # changes

    @property
    def arguments(self) -> list[str]:
        return [self.url, str(self.root), str(self.vault), str(self.first)]

    def hear(self, said: IO[str], line: str = "") -> None:
        for text in [line, *said]:
            number, _, blob = text.rstrip("\n").partition(" ")
            if text.endswith("\n"):
                self.acknowledged[int(number)] = blob
                self.fresh.add(int(number))
        self.first = max(self.acknowledged, default=self.first) + 1000

    def killed_after(self, seconds: float, nursery: Nursery) -> None:
        writer, said = nursery.start(self.arguments)
        with said:
            line = said.readline()
            assert line, "the writer never wrote"
            time.sleep(seconds)
            nursery.kill(writer)
            self.hear(said, line)

    def check(self, *, whole: bool = True) -> None:
        """What was acknowledged is there; not `whole`: what a check before has read is only counted."""
        db = open_database(self.url, clock=SystemClock())
        keys = Keyring.open(db, RootKey.from_file(self.root))
        vault = Vault(self.vault, db, keys)
        before = 0 if whole else self.seen
        with db.read() as tx:
            counts = [
                tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                for table in (core.leases, core.jobs, core.outbox)
            ]
            events = outbox.since(tx, before, limit=10**6)
            numbers = [str(event.body["n"]) for event in events]
            query = sa.select(core.leases.c.key, core.leases.c.owner)
            if not whole:
                query = query.where(core.leases.c.key.in_(numbers))
            rows = dict(tx.execute(query).all())
        self.seen = counts[0]
        acknowledged = self.acknowledged if whole else self.fresh
        lost = set(map(str, acknowledged)) - set(rows)
        assert not lost, f"{len(lost)} of {len(acknowledged)} acknowledged rows are lost"
        assert set(numbers) == set(rows), "a transaction was torn"
        assert len(set(counts)) == 1, f"a transaction was torn: {counts}"
        assert [e.change for e in events] == list(range(before + 1, counts[0] + 1)), (
            "a change is missing"
        )
        if whole:
            report = audit.verify(db, None, keys=keys)
            assert report.ok, report.problems
            assert report.size == len(rows)
        for blob in filter(None, rows.values()):
            with vault.open(Id(blob)) as file:
                assert file.read() == b"evidence"
        self.fresh = set()
        db.close()


def rounds(victim: Victim, nursery: Nursery, count: int, seed: int) -> None:
    rng = random.Random(seed)
    for number in range(1, count + 1):
        victim.killed_after(rng.uniform(0.0, 0.4), nursery)
        victim.check(whole=number % 50 == 0 or number == count)
    assert victim.acknowledged


def test_kill_9_of_a_writer_loses_nothing_acknowledged(database_url, nursery, tmp_path):
    rounds(Victim(database_url, tmp_path), nursery, 2, seed=random.randrange(1 << 30))


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_thousand_kills_of_a_writer_lose_nothing_acknowledged(database_url, nursery, tmp_path):
    rounds(Victim(database_url, tmp_path), nursery, 500, seed=1)


def test_a_crash_of_postgresql_loses_nothing_acknowledged(durable_postgres, tmp_path):
    url = durable_postgres.url(durable_postgres.create())
    migrate.upgrade(url)
    victim = Victim(url, tmp_path)
    command = [sys.executable, str(WRITER), *victim.arguments]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    line = child.stdout.readline()
    time.sleep(0.5)
    durable_postgres.stop("immediate")
    child.kill()
    child.wait()
    victim.hear(child.stdout, line)
    child.stdout.close()
    durable_postgres.start()
    victim.check()
    assert victim.acknowledged
