"""Comments over HTTP: a real `breakwater serve`, senders in processes of their own, one machine.

Two senders write NDJSON as fast as the server takes it, each to a few broadcasts by a connection
each, then all broadcasts mixed in one connection a sender; then one sends batches of a hundred, one
after another. The shipped surrogate weighs, in two lanes. Messages are made before the clock
starts. What was taken, and that nothing was left unscored, is what the server answers.
"""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import comments_chats as texts
from benchmarks.harness import Row, Target, quick
from benchmarks.http import serving

SENDERS = 2
CHATS = 4
"""Of one sender."""
MESSAGES = 2_000 if quick() else 60_000
"""Of one sender."""
BATCHES, BATCH = (20, 100) if quick() else (300, 100)
OURS = "breakwater"
EACH = f"NDJSON over HTTP, {SENDERS * CHATS} broadcasts, a connection each"
MIXED = f"NDJSON over HTTP, {SENDERS * CHATS} broadcasts mixed in {SENDERS} connections"
LEAST = 5_000.0


def measured() -> tuple[list[Row], list[Target]]:
    """Messages a second, and how long a batch takes."""
    with tempfile.TemporaryDirectory(prefix="breakwater-bench-") as name:
        place = Path(name)
        os.environ |= {
            "BREAKWATER_DATA_DIR": str(place / "data"),
            "BREAKWATER_ROOT_KEY_FILE": str(place / "root.key"),
            "BREAKWATER_AUDIT_DIR": str(place / "checkpoints"),
            "BREAKWATER_COMMENTS_PACKAGE": "surrogate",
            "BREAKWATER_COMMENTS_LANES": "2",
            "BREAKWATER_LIVE_WATCH": "false",
        }
        with serving() as (where, key, _):
            begun = [begin(where, key, n) for n in range(SENDERS * CHATS)]
            asked(where, key, begun[0], 10)  # the lanes are warm
            each, lost = flood(where, key, begun, mixed=False)
            mixed, lost_mixed = flood(where, key, begun, mixed=True)
            spent = asked(where, key, begun[0], BATCHES)
    p99 = float(np.percentile(spent, 99)) * 1000
    rows = [
        Row(EACH, OURS, "throughput", each, "messages/s"),
        Row(EACH, OURS, "unscored", lost, "messages"),
        Row(MIXED, OURS, "throughput", mixed, "messages/s"),
        Row(MIXED, OURS, "unscored", lost_mixed, "messages"),
        Row(f"JSON batches of {BATCH}", OURS, "p50", float(np.median(spent)) * 1000, "ms"),
        Row(f"JSON batches of {BATCH}", OURS, "p99", p99, "ms"),
    ]
    return rows, [Target.at_least("NDJSON over HTTP, messages/s", each, LEAST)]


def begin(where: tuple[str, int], key: str, number: int) -> str:
    """A broadcast that runs."""
    told = {"name": f"live/{number}", "service": texts.SERVICE}
    return str(post(where, key, "/v1/streams", json.dumps(told).encode())["id"])


def flood(where: tuple[str, int], key: str, begun: list[str], *, mixed: bool) -> tuple[float, int]:
    """Messages a second of all senders together, and how many were not weighed."""
    spawn = multiprocessing.get_context("spawn")
    answers, ready, go = spawn.Queue(), spawn.Barrier(SENDERS + 1), spawn.Event()
    senders = [
        spawn.Process(
            target=send,
            args=(where, key, begun[n * CHATS : (n + 1) * CHATS], mixed, (answers, ready, go)),
        )
        for n in range(SENDERS)
    ]
    for one in senders:
        one.start()
    ready.wait()
    started = time.perf_counter()
    go.set()
    told = [one for _ in senders for one in answers.get()]
    passed = time.perf_counter() - started
    for one in senders:
        one.join()
    return sum(one["taken"] for one in told) / passed, sum(one["unscored"] for one in told)


def send(
    where: tuple[str, int], key: str, begun: list[str], mixed: bool, parts: tuple[Any, Any, Any]
) -> None:
    """One sender: its broadcasts mixed in one body, or a body each, side by side."""
    answers, ready, go = parts
    bodies = (
        [("/v1/comments", written(begun, MESSAGES, named=True))]
        if mixed
        else [
            (f"/v1/streams/{one}/comments", written([one], MESSAGES // CHATS, named=False))
            for one in begun
        ]
    )
    ready.wait()
    go.wait()
    with ThreadPoolExecutor(len(bodies)) as pool:
        told = [
            pool.submit(post, where, key, path, iter(pieces), "application/x-ndjson")
            for path, pieces in bodies
        ]
        answers.put([one.result() for one in told])


def written(begun: list[str], count: int, *, named: bool) -> list[bytes]:
    """Lines in pieces of 250."""
    lines = [line for day in texts.days() for line in day]
    told = []
    for n in range(count):
        one, place = lines[n % len(lines)], begun[n % len(begun)]
        said = {"id": f"{named}{n}", "lang": "en", "author": one.nick, "text": one.text}
        told.append(json.dumps({"stream": place} | said if named else said).encode())
    return [b"\n".join(told[at : at + 250]) + b"\n" for at in range(0, count, 250)]


def asked(where: tuple[str, int], key: str, stream: str, batches: int) -> list[float]:
    """Seconds of each batch, one after another."""
    lines = [line for day in texts.days() for line in day]
    spent = []
    for n in range(batches):
        some = [lines[(n * BATCH + k) % len(lines)] for k in range(BATCH)]
        body = json.dumps(
            {
                "lang": "en",
                "messages": [
                    {"id": f"b{n}-{k}", "author": one.nick, "text": one.text}
                    for k, one in enumerate(some)
                ],
            }
        ).encode()
        at = time.perf_counter()
        post(where, key, f"/v1/streams/{stream}/comments", body)
        spent.append(time.perf_counter() - at)
    return spent


def post(
    where: tuple[str, int], key: str, path: str, body: bytes | Iterator[bytes],
    kind: str = "application/json",
) -> dict[str, Any]:  # fmt: skip
    """What the server answers; anything but success ends the run."""
    connection = http.client.HTTPConnection(*where, timeout=600)
    chunked = not isinstance(body, bytes)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": kind}
    if chunked:
        headers["Transfer-Encoding"] = "chunked"
    connection.request("POST", path, body, headers, encode_chunked=chunked)
    answer = connection.getresponse()
    said: dict[str, Any] = json.loads(answer.read())
    connection.close()
    if answer.status >= 300:
        raise SystemExit(f"{path}: {answer.status} {said}")
    return said
