"""Exact search within 31 of 256 bits, beside faiss and python-threatexchange, in one run.

Uniform: independent random codes. Clustered: a fifth of the rows are variants, up to 24 bits apart,
of rows / 500 originals, so that a query's answer is long. Half of the queries are variants of known
rows, half are unknown. Every program runs on one thread over the same codes and queries;
IndexBinaryFlat is the oracle of recall. faiss means d < radius, so it is asked for 32.
"""

import gc
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from threatexchange.signal_type.pdq.pdq_index import PDQIndex

from benchmarks import match_store
from benchmarks.harness import Result, Row, Target, quick, seconds, times
from breakwater import kernel

RADIUS = 31
SIZES = {"1 M": 1_000_000, "3.5 M": 3_500_000, "10 M": 10_000_000}
OURS, MULTI, FLAT, THEIRS = "breakwater", "faiss MultiHash", "faiss Flat", "threatexchange"
QUERIES = {OURS: 4000, MULTI: 200, FLAT: 60, THEIRS: 60}
BATCH = {OURS: 65536, MULTI: 200}
TURNS = 20
BUILDS = 5
IN_MEMORY = f"build, median of {BUILDS}"
DURABLE = f"build, written and fsynced, median of {BUILDS}"
THREATEXCHANGE_MOST = 3_500_000  # above it, its Python lists alone take minutes and gigabytes


def varied(codes: np.ndarray, most: int, random: np.random.Generator) -> np.ndarray:
    """Copies of codes with up to `most` bits changed."""
    changed = codes.copy()
    rounds = random.integers(0, most + 1, len(codes))
    for number in range(most):
        rows = np.flatnonzero(rounds > number)
        bits = random.integers(0, 256, len(rows))
        changed[rows, bits // 8] ^= (1 << (bits % 8)).astype(np.uint8)
    return changed


def collection(rows: int, kind: str, queries: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes of that kind, and queries of which half are variants of rows."""
    random = np.random.default_rng(rows)
    codes = np.frombuffer(random.bytes(rows * 32), np.uint8).reshape(rows, 32).copy()
    if kind == "clustered":
        originals = codes[: rows // 500]
        places = random.choice(rows, rows // 5, replace=False)
        codes[places] = varied(
            originals[random.integers(0, len(originals), len(places))], 24, random
        )
    asked = np.frombuffer(random.bytes(queries * 32), np.uint8).reshape(queries, 32).copy()
    asked[::2] = varied(codes[random.integers(0, rows, len(asked[::2]))], 20, random)
    return codes, asked


def multi_hash(codes: np.ndarray) -> Any:
    """The index at the core of python-threatexchange, filled."""
    index = faiss.IndexBinaryMultiHash(256, 16, 16)
    index.nflip = 1
    index.add(codes)
    return index


def flat_index(codes: np.ndarray) -> Any:
    """The full scan."""
    index = faiss.IndexBinaryFlat(256)
    index.add(codes)
    return index


def latency(case: str, programs: dict[str, tuple[Callable[[Any], object], Any]]) -> list[Row]:
    """Median and 99th percentile of single queries, the programs in turns.

    A shared machine changes its speed from minute to minute: twenty short turns each let every
    program meet the same conditions, so that their ratio holds. The first turn only warms.
    """
    taken: dict[str, list[np.ndarray]] = {subject: [] for subject in programs}
    for turn in range(TURNS):
        for subject, (call, queries) in programs.items():
            taken[subject].append(times(call, queries[turn::TURNS]))
    rows = []
    for subject, parts in taken.items():
        all_turns = np.concatenate(parts[1:]) * 1e6
        rows.append(Row(case, subject, "p50", float(np.median(all_turns)), "µs"))
        rows.append(Row(case, subject, "p99", float(np.percentile(all_turns, 99)), "µs"))
    return rows


def ask(index: Any, query: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One query of a faiss index: limits, distances, rows."""
    return index.range_search(query[None], RADIUS + 1)


def searches(case: str, ring: kernel.Ring, codes: np.ndarray, asked: np.ndarray) -> Iterator[Row]:
    """Single queries and batches of all programs over one collection."""
    flat, multi = flat_index(codes), multi_hash(codes)
    programs = {
        OURS: (lambda query: ring.search(query, RADIUS), asked[: QUERIES[OURS]]),
        f"{OURS}, nearest one": (
            lambda query: ring.nearest(query, 1, RADIUS),
            asked[: QUERIES[OURS]],
        ),
        MULTI: (partial(ask, multi), asked[: QUERIES[MULTI]]),
        FLAT: (partial(ask, flat), asked[: QUERIES[FLAT]]),
    }
    yield from latency(case, programs)
    many = np.tile(asked, (-(-BATCH[OURS] // len(asked)), 1))[: BATCH[OURS]]
    rates: dict[str, list[float]] = {OURS: [], MULTI: []}
    for _ in range(3):
        rates[OURS].append(len(many) / seconds(lambda: ring.search_batch(many, RADIUS)))
        few = asked[: BATCH[MULTI]]
        taken = seconds(lambda few=few: multi.range_search(few, RADIUS + 1))
        rates[MULTI].append(len(few) / taken)
    for subject, values in rates.items():
        yield Row(case, subject, "batch", float(np.median(values)), "queries/s")
    few = asked[: QUERIES[FLAT]]
    wanted = [set(ask(flat, query)[2].tolist()) for query in few]
    answered = [set(ring.search(query, RADIUS)[0].tolist()) for query in few]
    exact = [ours == truth for ours, truth in zip(answered, wanted, strict=True)]
    yield Row(case, OURS, "answers equal to the scan's", sum(exact) / len(exact), "of 1")
    if len(codes) <= 1_000_000:
        size = len(faiss.serialize_index_binary(multi))
        yield Row(case, MULTI, "bytes a hash, written", size / len(codes), "B")


def threatexchange(case: str, codes: np.ndarray, asked: np.ndarray) -> Iterator[Row]:
    """The index that deployments use today, through its own interface."""
    lines = [(code.tobytes().hex(), number) for number, code in enumerate(codes)]
    index: list[PDQIndex[int]] = []
    yield Row(case, THEIRS, "build", seconds(lambda: index.append(PDQIndex(lines))), "s")
    texts = [query.tobytes().hex() for query in asked[: QUERIES[THEIRS]]]
    yield from latency(case, {THEIRS: (index[0].query, texts)})


def write_ring(parts: tuple[np.ndarray, ...], path: Path) -> None:
    """Write, hash and fsync one index file."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for part in parts:
            digest.update(part)
            file.write(part)
        file.write(digest.digest())
        file.flush()
        os.fsync(file.fileno())


def write_multi(index: Any, path: Path) -> None:
    """Write and fsync the peer's index file."""
    faiss.write_index_binary(index, str(path))
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def builds(case: str, codes: np.ndarray) -> Iterator[Row]:
    """Building in memory and to a durable file, medians, ours and the peer's in turns."""
    taken: dict[tuple[str, str], list[float]] = {}
    makers = {OURS: (lambda: (codes, *kernel.ring_build(codes, 256)), write_ring)}
    makers[MULTI] = (lambda: multi_hash(codes), write_multi)
    with tempfile.TemporaryDirectory(dir=Path.cwd() / "benchmarks" / "results") as folder:
        path = Path(folder) / "index"
        for _ in range(BUILDS):
            for subject, (make, write) in makers.items():
                start = time.perf_counter()
                built = make()
                middle = time.perf_counter()
                write(built, path)
                end = time.perf_counter()
                taken.setdefault((subject, IN_MEMORY), []).append(middle - start)
                taken.setdefault((subject, DURABLE), []).append(end - start)
                path.unlink()
                del built
                gc.collect()
    for (subject, measure), values in taken.items():
        yield Row(case, subject, measure, float(np.median(values)), "s")


def run() -> Result:
    """All sizes and kinds; `QUICK=1` stops after one million."""
    faiss.omp_set_num_threads(1)
    rows: list[Row] = []
    for size, count in list(SIZES.items())[: 1 if quick() else 3]:
        for kind in ("uniform", "clustered"):
            case = f"{size} {kind}"
            codes, asked = collection(count, kind, QUERIES[OURS])
            off, key, ids = kernel.ring_build(codes, 256)
            ring = kernel.Ring(codes, off, key, ids)
            stored = codes.nbytes + off.nbytes + key.nbytes + ids.nbytes
            rows.append(Row(case, OURS, "bytes a hash", stored / count, "B"))
            rows.extend(searches(case, ring, codes, asked))
            if kind == "uniform" and count <= THREATEXCHANGE_MOST:
                rows.extend(threatexchange(case, codes, asked))
            if count == 1_000_000:
                taken = seconds(lambda ring=ring: ring.self_join(RADIUS))
                rows.append(Row(case, OURS, "self-join", taken, "s"))
            if case == "3.5 M uniform" or quick():
                rows.extend(builds(case, codes))
                rows.extend(match_store.store(case, codes, asked, multi_hash(codes)))
            del ring, off, key, ids
            gc.collect()
    result = Result("match", tuple(rows), ())
    return Result("match", tuple(rows), tuple(targets(result)), notes())


def notes() -> tuple[str, ...]:
    """What a reader of the figures must know."""
    return (
        f"kernel variant: {kernel.variant()}; one thread; radius {RADIUS}",
        "rows of 'breakwater index' go through files, delta and tombstones as the server does",
    )


def targets(result: Result) -> Iterator[Target]:
    """What was promised for 3.5 and 10 million hashes (one million when quick)."""
    middle, large = ("1 M", "1 M") if quick() else ("3.5 M", "10 M")
    case = f"{middle} uniform"
    equal = [row.value for row in result.rows if row.measure.startswith("answers equal")]
    yield Target.at_least("recall at 31, all cases", min(equal), 1)
    yield Target.at_most(f"{case}: p50, µs", result.value(case, OURS, "p50"), 15)
    for label, least in ((middle, 400), (large, 800)):
        of = f"{label} uniform"
        ratio = result.value(of, MULTI, "p50") / result.value(of, OURS, "p50")
        yield Target.at_least(f"{of}: times MultiHash, p50", ratio, least)
    batch = result.value(case, OURS, "batch") / result.value(case, MULTI, "batch")
    yield Target.at_least(f"{case}: times MultiHash, batch", batch, 1000)
    yield Target.at_most(f"{case}: bytes a hash", result.value(case, OURS, "bytes a hash"), 132)
    for measure, least in ((IN_MEMORY, 12), (DURABLE, 4)):
        ratio = result.value(case, MULTI, measure) / result.value(case, OURS, measure)
        yield Target.at_least(f"{case}: times MultiHash, {measure}", ratio, least)
    ours = [row for row in result.rows if (row.case, row.subject) == (case, match_store.OURS)]
    store = {row.measure: row.value for row in ours}
    yield from match_store.store_targets(case, store, result.value(case, MULTI, DURABLE))
