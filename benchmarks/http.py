"""Speed of the whole: a real `breakwater serve`, a load generator in this process, one machine.

Import of 3.5 M hashes, start to ready and memory with them; then 10 M hashes and look-ups in
batches, singly and at a fixed rate; then 1.6-megapixel JPEG uploads screened end to end (jail,
hash, match, records), and a folder scanned by the command. Every figure is of this run.
"""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.harness import Result, Row, Target, quick
from benchmarks.load import Outcome, closed_loop, file_post, json_post, open_loop

SIZES = (20_000, 40_000) if quick() else (3_500_000, 10_000_000)
SETTLE = 1.0 if quick() else 45.0
SECONDS = 2.0 if quick() else 12.0
NOTES = (
    "Load and server share the machine.",
    f"Look-ups begin {SETTLE:g} s after the start: what passed is first compared with the import.",
)
COMMAND = [str(Path(sys.executable).parent / "breakwater")]


def run() -> Result:
    """Measure everything in one go."""
    rows: list[Row] = []
    targets: list[Target] = []
    with tempfile.TemporaryDirectory(prefix="breakwater-bench-") as name:
        place = Path(name)
        os.environ |= {
            "BREAKWATER_DATA_DIR": str(place / "data"),
            "BREAKWATER_ROOT_KEY_FILE": str(place / "root.key"),
            "BREAKWATER_AUDIT_DIR": str(place / "checkpoints"),
            "BREAKWATER_FLOOD_ENTRIES_PER_HOUR": "1000000000",
            "BREAKWATER_FLOOD_MATCHES_PER_HOUR": "1000000000",
        }
        command("bank", "create", "BENCH")
        importing(place, rows, targets)
        starting(rows, targets)
        big = listed(place / "more.csv", SIZES[1] - SIZES[0], seed=2)
        command("bank", "import", "BENCH", str(big))
        with serving() as (where, key, _):
            time.sleep(SETTLE)  # the comparison with what passed follows an import
            looking(where, key, rows, targets)
            uploading(where, key, rows, targets)
        scanning(place, rows, targets)
    return Result(
        "http",
        tuple(rows),
        tuple(targets),
        NOTES,
    )


def listed(path: Path, count: int, *, seed: int) -> Path:
    """A CSV of random PDQ hashes, as lists come."""
    rng = np.random.default_rng(seed)
    with path.open("wb") as file:
        file.write(b"pdq\n")
        for start in range(0, count, 100_000):
            block = rng.bytes(32 * min(100_000, count - start)).hex()
            file.write("".join(f"{block[i : i + 64]}\n" for i in range(0, len(block), 64)).encode())
    return path


def command(*words: str) -> str:
    """Run one command; its output."""
    done = subprocess.run([*COMMAND, *words], check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"breakwater {' '.join(words)}: {done.stderr}{done.stdout}")
    return done.stdout


def importing(place: Path, rows: list[Row], targets: list[Target]) -> None:
    """`bank import` of the first list."""
    file = listed(place / "list.csv", SIZES[0], seed=1)
    started = time.perf_counter()
    command("bank", "import", "BENCH", str(file))
    took = time.perf_counter() - started
    case = f"import of {SIZES[0]:,} rows"
    rows.append(Row(case, "breakwater", "wall", took, "s"))
    targets.append(Target.at_most(f"{case}, s", took, 90))
    file.unlink()


def starting(rows: list[Row], targets: list[Target]) -> None:
    """Start to ready with a warm page cache, and the memory of the process tree."""
    with serving():
        pass
    with serving() as (where, key, (pid, took)):
        outcome = closed_loop(where, probes(where, key, 1), connections=4, seconds=1.0)
        memory = pss(pid) / 2**20
    case = f"serving {SIZES[0]:,} hashes"
    rows.append(Row(case, "breakwater", "start to ready", took, "s"))
    rows.append(Row(case, "breakwater", "PSS of the process tree", memory, "MiB"))
    rows.append(Row(case, "breakwater", "single look-ups", outcome.rate, "/s"))
    targets.append(Target.at_most("start to ready, s", took, 3))
    targets.append(Target.at_most("PSS at 3.5 M, MB", memory * 2**20 / 1e6, 700))


@contextlib.contextmanager
def serving() -> Iterator[tuple[tuple[str, int], str, tuple[int, float]]]:
    """A server on a free port: address, key, (pid, seconds to ready)."""
    owner = Path(os.environ["BREAKWATER_DATA_DIR"]) / "owner.json"
    owner.unlink(missing_ok=True)
    started = time.perf_counter()
    with Path(os.devnull).open("w") as nowhere:
        server = subprocess.Popen(
            [*COMMAND, "serve", "--port", "0"], stdout=nowhere, stderr=subprocess.STDOUT
        )
    try:
        url, key = "", ""
        while True:
            if server.poll() is not None:
                raise SystemExit("the server ended before it was ready")
            with contextlib.suppress(OSError, ValueError, KeyError):
                told = json.loads(owner.read_text())
                url, key = told["url"], told["key"]
                with urllib.request.urlopen(f"{url}/ready", timeout=5):
                    break
            time.sleep(0.02)
        took = time.perf_counter() - started
        host, _, port = url.removeprefix("http://").rpartition(":")
        yield (host, int(port)), key, (server.pid, took)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)


def pss(pid: int) -> int:
    """Bytes of a process and its descendants, shared pages counted once."""
    total = 0
    for one in tree(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def tree(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for one in found:
        for tasks in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in tasks.read_text().split()]
    return found


def probes(where: tuple[str, int], key: str, size: int, count: int = 500) -> list[bytes]:
    """Prepared look-ups of random hashes."""
    rng = np.random.default_rng(7)
    host = f"{where[0]}:{where[1]}"
    return [
        json_post(
            "/v1/lookups",
            {"signals": [f"pdq:{rng.bytes(32).hex()}" for _ in range(size)]},
            key,
            host,
        )
        for _ in range(count)
    ]


def looking(where: tuple[str, int], key: str, rows: list[Row], targets: list[Target]) -> None:
    """Look-ups over the large list."""
    case = f"look-ups over {SIZES[1]:,} hashes"
    batch = closed_loop(where, probes(where, key, 100), connections=4, seconds=SECONDS)
    single = closed_loop(where, probes(where, key, 1), connections=8, seconds=SECONDS)
    steady = open_loop(where, probes(where, key, 1), connections=8, rate=800, seconds=SECONDS)
    noted(rows, case, "batches of 100", batch)
    noted(rows, case, "singly", single)
    noted(rows, case, "open loop at 800/s", steady)
    rows.append(Row(case, "breakwater", "signals in batches of 100", batch.rate * 100, "/s"))
    targets.append(Target.at_least("signals/s in batches of 100", batch.rate * 100, 40_000))
    targets.append(Target.at_least("single look-ups/s", single.rate, 1_500))
    targets.append(Target.at_most("p99 at open-loop 800/s, ms", steady.percentile(0.99), 20))


def uploading(where: tuple[str, int], key: str, rows: list[Row], targets: list[Target]) -> None:
    """1.6-megapixel JPEG uploads, screened end to end."""
    host = f"{where[0]}:{where[1]}"
    requests = [
        file_post(
            "/v1/media", jpeg(seed, (1464, 1098)), "image/jpeg",
            {"service": "bench", "surface": "public", "account": f"a{seed}"}, key, host,
        )
        for seed in range(24)
    ]  # fmt: skip
    case = "1.6 MP JPEG uploads"
    busy = closed_loop(where, requests, connections=8, seconds=SECONDS)
    steady = open_loop(where, requests, connections=8, rate=20, seconds=SECONDS)
    noted(rows, case, "closed loop", busy)
    noted(rows, case, "open loop at 20/s", steady)
    targets.append(Target.at_least("uploads/s", busy.rate, 60))
    targets.append(Target.at_most("upload p50 at 20/s, ms", steady.percentile(0.5), 40))
    targets.append(Target.at_most("upload p99 at 20/s, ms", steady.percentile(0.99), 150))


def scanning(place: Path, rows: list[Row], targets: list[Target]) -> None:
    """`breakwater scan` of a folder of 1-megapixel JPEGs, start-up included."""
    folder = place / "pictures"
    folder.mkdir()
    count = 40 if quick() else 600
    for seed in range(count):
        (folder / f"{seed}.jpg").write_bytes(jpeg(seed % 30, (1156, 867)))
    started = time.perf_counter()
    command("scan", str(folder), "--json")
    rate = count / (time.perf_counter() - started)
    rows.append(Row("scan of a folder", "breakwater", "1 MP images", rate, "/s"))
    targets.append(Target.at_least("scan, images/s", rate, 100))


def jpeg(seed: int, size: tuple[int, int]) -> bytes:
    """A photo-like JPEG: soft shapes with fine grain, about as large as a camera's."""
    rng = np.random.default_rng(seed)
    base = Image.fromarray(rng.integers(0, 255, (24, 32, 3), dtype=np.uint8))
    picture = np.asarray(base.resize(size, Image.Resampling.BICUBIC), np.int16)
    grain = rng.integers(-6, 7, picture.shape, dtype=np.int16)
    out = io.BytesIO()
    Image.fromarray((picture + grain).clip(0, 255).astype(np.uint8)).save(out, "JPEG", quality=85)
    return out.getvalue()


def noted(rows: list[Row], case: str, how: str, outcome: Outcome) -> None:
    """The rows of one load run; anything but success is shown too."""
    rows.append(Row(case, "breakwater", f"{how}: rate", outcome.rate, "/s"))
    rows.append(Row(case, "breakwater", f"{how}: p50", outcome.percentile(0.5), "ms"))
    rows.append(Row(case, "breakwater", f"{how}: p99", outcome.percentile(0.99), "ms"))
    bad = sum(n for status, n in outcome.statuses.items() if status != 200)
    rows.append(Row(case, "breakwater", f"{how}: not 200", bad, "answers"))
