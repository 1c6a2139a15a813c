"""The index survives its process: killed at every step of a write and at random moments.

SQL is real here (a SQLite file), because the promise is about what SQL knows: after a kill and a
replay of the changes newer than `covered`, every committed entry is found, no withdrawn
one is, and no torn segment was opened.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from breakwater.matching import compact, parts, segments
from breakwater.matching.index import Change, Index
from breakwater.matching.manifest import NAME, read_manifest
from breakwater.model.signal import PDQ, SHA256
from tests.builders_matching import KINDS, fill, values

TABLE = "create table entry (number integer primary key, kind, value, present, change integer)"


class Records:
    """The truth: entries with change numbers, committed before the index hears of them."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, timeout=30, check_same_thread=False)
        self.db.execute("pragma journal_mode = wal")
        self.db.execute(TABLE.replace("table entry", "table if not exists entry"))
        self.db.commit()
        [(self.last,)] = self.db.execute("select coalesce(max(change), 0) from entry")

    def add(self, kind: str, value: bytes) -> int:
        self.last += 1
        row = (self.last, kind, value, True, self.last)
        self.db.execute("insert into entry values (?, ?, ?, ?, ?)", row)
        return self.last

    def withdraw(self, number: int) -> None:
        self.last += 1
        self.db.execute(
            "update entry set present = 0, change = ? where number = ?", (self.last, number)
        )

    def since(self, change: int) -> list[Change]:
        rows = self.db.execute(
            "select change, number, kind, value, present from entry where change > ? order by 1",
            (change,),
        )
        return [
            Change(at, number, kind, value, bool(there)) for at, number, kind, value, there in rows
        ]


def small(patch: pytest.MonkeyPatch) -> None:
    """Seal and merge often, rings included."""
    patch.setattr(compact, "DELTA_ROWS", 64)
    patch.setattr(compact, "DEAD_LEAST", 8)
    patch.setattr(parts, "RING_FROM", 500)


def work(directory: Path, *, rounds: int, seed: int = 0) -> None:
    """Commit, apply, merge, over and over, as the serving process does."""
    records = Records(directory / "records.db")
    index = Index.open(directory / "index", kinds=KINDS)
    index.apply(records.since(index.covered))
    luck = random.Random(seed + records.last)
    for turn in range(rounds):
        with records.db:
            for kind in (PDQ, SHA256):
                rows = values(40, kind, seed=records.last + 1)
                for row in rows:
                    records.add(kind.name, row.tobytes())
            for _ in range(8):
                records.withdraw(luck.randrange(1, records.last))
        index.apply(records.since(index.applied))
        index.merge(force=turn % 7 == 6)
    index.close()


def check(directory: Path) -> int:
    """Reopen, replay, and compare with SQL; answers how many entries there are."""
    records = Records(directory / "records.db")
    index = Index.open(directory / "index", kinds=KINDS)
    assert not index.set_aside
    assert index.covered <= records.last
    index.apply(records.since(index.covered))
    everything = records.since(0)
    for kind in (PDQ, SHA256):
        mine = [one for one in everything if one.kind == kind.name]
        if mine:
            rows = np.frombuffer(b"".join(one.value for one in mine), np.uint8)
            hits = index.search(kind.name, rows.reshape(-1, kind.size), 0)
            assert list(hits) == [(i, one.number, 0) for i, one in enumerate(mine) if one.present]
    index.close()
    leftovers = {path.suffix for path in (directory / "index").iterdir()}
    assert leftovers <= {"", ".seg", ".bits", ".json"}
    records.db.close()
    return len(everything)


def in_child(act: Callable[[], None]) -> int:
    """Run in a fork; answers the signal that ended it, or 0."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            act()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def die_at(step: int) -> None:
    """Kill this process just before its `step`-th durable act, and after half of a write."""
    seen = [0]

    def counted(real):
        def act(*args, **kwargs):
            seen[0] += 1
            if seen[0] == step:
                if real is os.pwrite:
                    fd, data, at = args
                    real(fd, data[: len(data) // 2], at)
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return act

    for name in ("fsync", "pwrite", "posix_fallocate"):
        setattr(segments.os, name, counted(getattr(os, name)))
    for name in ("replace", "unlink", "rename"):
        setattr(Path, name, counted(getattr(Path, name)))


def test_a_kill_at_every_step_of_a_merge_loses_nothing(tmp_path, monkeypatch):
    small(monkeypatch)
    work(tmp_path, rounds=3)
    step = killed = 0
    while step < 400:
        step += 1

        def act(step=step):
            die_at(step)
            work(tmp_path, rounds=2)

        ended = in_child(act)
        check(tmp_path)
        if ended == 0:
            break
        assert ended == signal.SIGKILL
        killed += 1
    assert killed > 20


CHILD = """
    import sys
    from pathlib import Path
    import pytest
    from tests.integration import test_index_kill
    test_index_kill.small(pytest.MonkeyPatch())
    print("ready", flush=True)
    test_index_kill.work(Path(sys.argv[1]), rounds=100_000)
"""


def test_a_kill_at_any_moment_loses_nothing(tmp_path):
    luck = random.Random(5)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    before = 0
    for _ in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(CHILD), str(tmp_path)],
            env=environment,
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(luck.uniform(0.05, 0.6))
        child.kill()
        child.wait()
        child.stdout.close()
        now = check(tmp_path)
        assert now >= before
        before = now
    assert before > 0


def test_damage_at_any_byte_is_found_and_mended_by_a_replay(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "RING_FROM", 50)
    rows = values(400)
    index = Index.open(tmp_path / "good", kinds=KINDS)
    fill(index, rows)
    fill(index, values(100, SHA256), kind="sha256", first=401)
    index.merge(force=True)
    index.close()
    luck = random.Random(11)
    names = [listed.file for listed in read_manifest(tmp_path / "good").segments] + [NAME]
    for attempt in range(30):
        directory = tmp_path / f"bad{attempt}"
        directory.mkdir()
        for path in (tmp_path / "good").iterdir():
            (directory / path.name).write_bytes(path.read_bytes())
        name = names[attempt % len(names)]
        whole = (directory / name).read_bytes()
        at = luck.randrange(len(whole))
        torn = [whole[:at], whole[:at] + bytes(len(whole) - at)][attempt // len(names) % 2]
        (directory / name).write_bytes(torn)
        index = Index.open(directory, kinds=KINDS)
        if torn != whole:
            assert (index.set_aside, index.covered) == ((name,), 0)
        fill(index, rows)
        fill(index, values(100, SHA256), kind="sha256", first=401)
        hits = index.search("pdq", rows, 0)
        assert hits.number.tolist() == list(range(1, 401))
        hits = index.search("sha256", values(100, SHA256), 0)
        assert hits.number.tolist() == list(range(401, 501))
        index.close()
