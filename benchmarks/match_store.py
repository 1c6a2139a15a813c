"""The segment store under the index: what a service sees of it, beside the peer's own calls.

Everything goes through `matching.index.Index`, as in the server: loading an import durably, a
single search, an entry that is added or withdrawn and asked for at once, opening with checksums,
a merge. faiss MultiHash cannot remove, so a withdrawal costs it a build; its `add` is timed as it
is. Called by benchmarks/match.py for one collection.
"""

import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Row, Target, seconds, times
from breakwater.matching.index import Change, Index
from breakwater.model.signal import PDQ, SHA256

OURS, MULTI = "breakwater index", "faiss MultiHash"
LOADS = 5
CHANGES = 2000
LOADED = f"import loaded, written, hashed and fsynced, median of {LOADS}"
EXACT_BATCH = 200_000


def store(case: str, codes: np.ndarray, asked: np.ndarray, multi: Any = None) -> Iterator[Row]:
    """All rows of one collection; `multi` is the peer's index of the same codes, if there is one."""
    numbers = np.arange(1, len(codes) + 1, dtype=np.uint32)
    with tempfile.TemporaryDirectory(dir=Path.cwd() / "benchmarks" / "results") as folder:
        taken = []
        for attempt in range(LOADS):
            index = Index.open(Path(folder) / str(attempt), kinds=[PDQ, SHA256])
            taken.append(seconds(lambda: index.load("pdq", codes, numbers, len(codes))))  # noqa: B023
            if attempt < LOADS - 1:
                index.close()
                for path in (Path(folder) / str(attempt)).iterdir():
                    path.unlink()
            gc.collect()
        yield Row(case, OURS, LOADED, float(np.median(taken)), "s")
        size = index.status()["pdq"].bytes
        yield Row(case, OURS, "bytes a hash, on disk", size / len(codes), "B")
        yield from singles(case, "p50", index, asked)
        yield from changes(case, index, len(codes))
        yield from singles(case, "p50 with a full delta", index, asked)
        yield Row(case, OURS, "merge of all", seconds(lambda: index.merge(force=True)), "s")
        yield from exact(case, index, codes)
        index.close()
        start = time.perf_counter()
        index = Index.open(Path(folder) / str(LOADS - 1), kinds=[PDQ, SHA256])
        yield Row(case, OURS, "open, checksums compared", time.perf_counter() - start, "s")
        index.close()
    if multi is not None:
        added = times(lambda row: multi.add(row[None]), codes[:CHANGES]) * 1e6
        yield Row(case, MULTI, "insert, median", float(np.median(added)), "µs")


def singles(case: str, measure: str, index: Index, asked: np.ndarray) -> Iterator[Row]:
    """Single searches through the index."""
    queries = [query.tobytes() for query in asked]
    taken = times(lambda query: index.search_one("pdq", query, 31), queries)
    taken = taken[len(queries) // 20 :] * 1e6
    yield Row(case, OURS, measure, float(np.median(taken)), "µs")
    yield Row(case, OURS, measure.replace("p50", "p99"), float(np.percentile(taken, 99)), "µs")


def changes(case: str, index: Index, before: int) -> Iterator[Row]:
    """Entries added and withdrawn one at a time, each asked for at once; then the delta filled."""
    random = np.random.default_rng(4)
    fresh = np.frombuffer(random.bytes(32 * 16_000), np.uint8).reshape(-1, 32)
    values = [row.tobytes() for row in fresh]
    first = before + 1
    found = 0

    def change(at: int, number: int, *, present: bool) -> Change:
        return Change(at, number, "pdq", values[number - first], present)

    def is_found(number: int) -> bool:
        return (number, 0) in index.search_one("pdq", values[number - first], 31)

    def insert(number: int) -> None:
        nonlocal found
        index.apply([change(number, number, present=True)])
        found += is_found(number)

    def delete(number: int) -> None:
        nonlocal found
        index.apply([change(number + CHANGES, number, present=False)])
        found += not is_found(number)

    steps: dict[str, Callable[[int], None]] = {"insert": insert, "delete": delete}
    for word, act in steps.items():
        taken = times(act, range(first, first + CHANGES)) * 1e6
        measure = f"{word}, then asked, "
        yield Row(case, OURS, measure + "median", float(np.median(taken)), "µs")
        yield Row(case, OURS, measure + "worst", float(taken.max()), "µs")
    yield Row(case, OURS, "insert and delete seen at once", found / (2 * CHANGES), "of 1")
    index.apply([
        change(before + 2 * CHANGES + at, number, present=True)
        for at, number in enumerate(range(first + CHANGES, first + len(values)), start=1)
    ])  # fmt: skip


def exact(case: str, index: Index, codes: np.ndarray) -> Iterator[Row]:
    """The same values as an exact kind: half of a batch is known."""
    numbers = np.arange(2**31, 2**31 + len(codes), dtype=np.uint32)
    yield Row(
        case, OURS, "SHA-256 import loaded",
        seconds(lambda: index.load("sha256", codes, numbers, index.applied)), "s",
    )  # fmt: skip
    random = np.random.default_rng(5)
    asked = codes[random.integers(0, len(codes), EXACT_BATCH)].copy()
    asked[::2, 0] ^= 0x55
    index.search("sha256", asked, 0)
    taken = seconds(lambda: index.search("sha256", asked, 0))
    yield Row(case, OURS, "SHA-256 batch", len(asked) / taken, "queries/s")
    single = times(lambda q: index.search_one("sha256", q, 0), [q.tobytes() for q in asked[:4000]])
    yield Row(case, OURS, "SHA-256 p50", float(np.median(single) * 1e6), "µs")


def store_targets(case: str, rows: dict[str, float], peer_durable: float) -> Iterator[Target]:
    """What was promised of the store.

    Args:
        case: the collection.
        rows: values of this module's rows by measure.
        peer_durable: seconds in which the peer builds and writes its index.
    """
    yield Target.at_most(f"{case}: index p50, µs", rows["p50"], 15)
    yield Target.at_most(f"{case}: bytes a hash, on disk", rows["bytes a hash, on disk"], 132)
    yield Target.at_least(f"{case}: times MultiHash, durable", peer_durable / rows[LOADED], 4)
    worst = max(rows["insert, then asked, worst"], rows["delete, then asked, worst"]) / 1e6
    yield Target.at_most(f"{case}: insert or delete seen, worst, s", worst, 1)
    yield Target.at_least(f"{case}: SHA-256 batch, queries/s", rows["SHA-256 batch"], 1e6)
