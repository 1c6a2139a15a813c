"""The engine's speed: two processes, partitioned by stream, messages already in memory."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np

from benchmarks import comments_chats as texts
from benchmarks.harness import Row, Target, quick
from breakwater.comments import model
from breakwater.comments.calibrate import Budget, Calibration
from breakwater.comments.engine import Engine
from breakwater.comments.model import Package
from breakwater.comments.reader import MessageReader
from breakwater.model.comment import Message

STREAMS = 500
PER_SECOND = 400.0
"""Messages of a process by their own clocks: 48 a minute in each stream, ordinary traffic."""

OURS = "breakwater"
CASE = "engine, two processes"


def engine_of(package: Package) -> Engine:
    """As it runs."""
    return Engine(
        reader=MessageReader(package), calibration=Calibration(package.positives),
        budget=Budget(6, 5, 600), secret=bytes(32),
    )  # fmt: skip


def drive(number: int, count: int, out: Callable[[tuple[int, float, float, float]], None]) -> None:
    """One process: its streams' messages through one engine."""
    package = model.load(model.SHIPPED)
    lines = [line for day in texts.days() for line in day]
    start = datetime(2026, 11, 22, tzinfo=UTC)
    told = [
        (f"s{number}-{n % STREAMS}",
         Message(f"m{n}", f"{n % STREAMS}{lines[n % len(lines)].nick}",
                 start + timedelta(seconds=n / PER_SECOND), lines[n % len(lines)].text, "en"))
        for n in range(count)
    ]  # fmt: skip
    engine = engine_of(package)
    taken = np.empty(count)
    before = time.process_time()
    began = time.perf_counter()
    for n, (stream, message) in enumerate(told):
        at = time.perf_counter()
        engine.take(stream, texts.SERVICE, message)
        taken[n] = time.perf_counter() - at
    passed, worked = time.perf_counter() - began, time.process_time() - before
    out((count, passed, worked, float(np.percentile(taken, 99))))


def measured() -> tuple[list[Row], list[Target]]:
    """Both processes at once."""
    count = 20_000 if quick() else 200_000
    context = multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()
    workers = [context.Process(target=drive, args=(n, count, queue.put)) for n in range(2)]
    for one in workers:
        one.start()
    told = [queue.get() for _ in workers]
    for one in workers:
        one.join()
    rate = sum(done / seconds for done, seconds, _, _ in told)
    worked = sum(seconds for _, _, seconds, _ in told) / sum(done for done, *_ in told)
    slow = max(p99 for *_, p99 in told) * 1e3
    rows = [
        Row(CASE, OURS, "messages", rate, "/s"),
        Row(CASE, OURS, "processor time of a message", worked * 1e6, "us"),
        Row(CASE, OURS, "p99", slow, "ms"),
    ]
    targets = [
        Target.at_least("engine on 2 cores, messages/s", rate, 20_000),
        Target.at_most("engine, p99 of a message, ms", slow, 20),
    ]
    return rows, targets
