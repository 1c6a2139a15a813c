"""Nothing that was acknowledged is lost, whatever is killed, and what is left is whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

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


class Victim:
    """A writer process, and the acknowledgements it got out before it died."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url, self.vault = url, directory / "vault"
        self.root = directory / "writer.key"
        self.vault.mkdir()
        RootKey.create(self.root)
        self.acknowledged: dict[int, str] = {}
        self.first = 0
        self.opened: set[str] = set()

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, str(WRITER), self.url, str(self.root), str(self.vault)]
        return subprocess.Popen([*command, str(self.first)], stdout=subprocess.PIPE, text=True)

    def hear(self, child: subprocess.Popen[str], line: str = "") -> None:
        for said in [line, *child.stdout]:
            number, _, blob = said.rstrip("\n").partition(" ")
            if said.endswith("\n"):
                self.acknowledged[int(number)] = blob
        self.first = max(self.acknowledged, default=self.first) + 1000

    def killed_after(self, seconds: float) -> None:
        child = self.start()
        line = child.stdout.readline()
        assert line, "the writer never wrote"
        time.sleep(seconds)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        self.hear(child, line)
        child.stdout.close()

    def check(self, *, whole: bool = True) -> None:
        """What was acknowledged is there; not `whole`: what a check before has read is not read."""
        db = open_database(self.url, clock=SystemClock())
        keys = Keyring.open(db, RootKey.from_file(self.root))
        vault = Vault(self.vault, db, keys)
        with db.read() as tx:
            rows = dict(tx.execute(sa.select(core.leases.c.key, core.leases.c.owner)).all())
            events = outbox.since(tx, 0, limit=10**6)
            jobs = tx.execute(sa.select(sa.func.count()).select_from(core.jobs)).scalar_one()
        lost = set(map(str, self.acknowledged)) - set(rows)
        assert not lost, f"{len(lost)} of {len(self.acknowledged)} acknowledged rows are lost"
        assert [e.change for e in events] == list(range(1, len(rows) + 1)), "a change is missing"
        assert jobs == len(rows), "a transaction was torn"
        if whole:
            self.opened.clear()
            report = audit.verify(db, None, keys=keys)
            assert report.ok, report.problems
            assert report.size == len(rows)
        for blob in set(filter(None, rows.values())) - self.opened:
            with vault.open(Id(blob)) as file:
                assert file.read() == b"evidence"
            self.opened.add(blob)
        db.close()


def rounds(victim: Victim, count: int, seed: int) -> None:
    rng = random.Random(seed)
    for number in range(1, count + 1):
        victim.killed_after(rng.uniform(0.0, 0.4))
        victim.check(whole=number % 50 == 0 or number == count)
    assert victim.acknowledged


def test_kill_9_of_a_writer_loses_nothing_acknowledged(database_url, tmp_path):
    rounds(Victim(database_url, tmp_path), 2, seed=random.randrange(1 << 30))


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_thousand_kills_of_a_writer_lose_nothing_acknowledged(database_url, tmp_path):
    rounds(Victim(database_url, tmp_path), 500, seed=1)


def test_a_crash_of_postgresql_loses_nothing_acknowledged(durable_postgres, tmp_path):
    url = durable_postgres.url(durable_postgres.create())
    migrate.upgrade(url)
    victim = Victim(url, tmp_path)
    child = victim.start()
    line = child.stdout.readline()
    time.sleep(0.5)
    durable_postgres.stop("immediate")
    child.kill()
    child.wait()
    victim.hear(child, line)
    child.stdout.close()
    durable_postgres.start()
    victim.check()
    assert victim.acknowledged
