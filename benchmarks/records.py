"""Durable transactions: one writer with group commit, each acknowledged after its sync.

A transaction is what an upload that is held costs the records: a row, an audit entry and an event.
fsync differs forty-fold between machines, so its median stands beside every figure.
"""

import os
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from benchmarks.harness import Result, Row, Target, quick
from breakwater.model.clock import SystemClock
from breakwater.model.event import EventType
from breakwater.model.ids import new_id
from breakwater.records import migrate
from breakwater.records.database import Database, open_database
from breakwater.records.keys import Keyring
from breakwater.records.rootkey import RootKey
from breakwater.records.tables import core

CASE = "SQLite, synchronous=FULL"
OURS = "breakwater"
THREADS = (1, 8, 32)
SYNCS = 50


def sync_seconds(directory: Path) -> float:
    """Median of small synced appends."""
    taken = []
    with (directory / "probe").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(bytes(4096))
            start = time.perf_counter()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def write(db: Database, until: float, taken: list[float], *, whole: bool) -> None:
    """Transactions one after another until it is time."""
    while (start := time.perf_counter()) < until:
        key = new_id()
        with db.transaction() as tx:
            tx.execute(
                sa.insert(core.leases), {"key": key, "owner": "b", "epoch": 1, "until": tx.now}
            )
            if whole:
                tx.audit("bench", "row.written", key)
                tx.emit(EventType.CASE_CHANGED, key)
        taken.append(time.perf_counter() - start)


def at_once(db: Database, threads: int, seconds: float, *, whole: bool) -> tuple[float, float]:
    """Transactions a second, and their 99th percentile in seconds."""
    taken: list[float] = []
    until = time.perf_counter() + seconds
    started = [
        threading.Thread(target=write, args=(db, until, taken), kwargs={"whole": whole})
        for _ in range(threads)
    ]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return len(taken) / seconds, float(np.percentile(taken, 99))


def run() -> Result:
    """Single rows and whole acts, from one thread and from many."""
    rows: list[Row] = []
    rates: dict[tuple[bool, int], float] = {}
    with tempfile.TemporaryDirectory(dir=Path.cwd() / "benchmarks" / "results") as folder:
        place = Path(folder)
        rows.append(Row(CASE, "this disk", "fsync, median", sync_seconds(place) * 1e3, "ms"))
        url = f"sqlite:///{place / 'b.db'}"
        migrate.upgrade(url)
        db = open_database(url, clock=SystemClock())
        Keyring.open(db, RootKey.create(place / "root.key"))
        for whole, words in ((False, "a row"), (True, "row, audit entry and event")):
            for threads in THREADS:
                rate, p99 = at_once(db, threads, 1.0 if quick() else 5.0, whole=whole)
                rates[whole, threads] = rate
                name = f"{words}, {threads} thread{'s' if threads > 1 else ''}"
                rows.append(Row(CASE, OURS, f"{name}: rate", rate, "/s"))
                rows.append(Row(CASE, OURS, f"{name}: p99", p99 * 1e3, "ms"))
        db.close()
    gain = rates[False, THREADS[-1]] / rates[False, 1]
    targets = (Target.at_least("group commit: 32 threads, times one", gain, 4),)
    return Result("records", tuple(rows), targets, ("Each transaction waits for its own sync.",))
