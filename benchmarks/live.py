"""Watching: how many 720p broadcasts one core looks at, and whether a key frame is missed.

Streams per core = stream-seconds ÷ processor seconds of the watcher and all its children, with
every broadcast hashed in all views, its originals written to the encrypted ring, and its sound
carried along. Paced files over TCP for many broadcasts, a real nginx for at least 20 over RTMP.
Source of the target: issue "Live" (>= 100 triaged 720p streams a core, no key frame missed).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import live_acts
from benchmarks.harness import Result, Row, Target, quick
from breakwater.live.watching import childwire
from breakwater.live.watching.childwire import Message
from breakwater.live.watching.held import Target as Where
from breakwater.live.watching.link import Link
from breakwater.model.ids import Id, new_id

GOP_S = 2.0
FILE_S = 20.0
RATE = "2500k"
_HERTZ = os.sysconf("SC_CLK_TCK")


@dataclass
class Heard:
    """What a watcher said."""

    frames: Counter[Id] = field(default_factory=Counter)
    first: dict[Id, float] = field(default_factory=dict)
    last: dict[Id, float] = field(default_factory=dict)
    work_ms: list[float] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    ended: set[Id] = field(default_factory=set)
    lost: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, _link: Link, message: Message) -> None:
        if message.kind == "tick":
            self.lost = int(message.fields["lost"])
        elif message.kind == "frame":
            frame = childwire.frame(message)
            with self.lock:
                self.frames[frame.stream] += 1
                self.first.setdefault(frame.stream, frame.time_s)
                self.last[frame.stream] = frame.time_s
                self.work_ms.append(frame.work_ms)
        elif message.kind == "end":
            self.ends[childwire.end(message).why.value] += 1
            self.ended.add(Id(str(message.fields["stream"])))


def run() -> Result:
    """Measure."""
    counts = (20,) if quick() else (50, 100, 150)
    rtmp = 5 if quick() else 20
    seconds = 6.0 if quick() else 25.0
    rows: list[Row] = []
    best = 0.0
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        file = _made(Path(folder))
        for count in counts:
            with _feeder(file) as port:
                where = [Where("127.0.0.1", port, "mpegts") for _ in range(count)]
                figures = _watched(where, seconds, Path(folder) / "rings")
            rows += _rows(f"{count} paced files", figures)
            best = max(best, figures["streams per core"])
            missed += int(figures["key frames missed"])
        with _nginx(Path(folder), file, rtmp) as targets:
            figures = _watched(targets, seconds, Path(folder) / "rings")
        rows += _rows(f"{rtmp} RTMP streams of nginx", figures)
        missed += int(figures["key frames missed"])
    acted, met = live_acts.measured()
    return Result(
        "live", (*rows, *acted),
        (
            Target.at_least("triaged 720p streams per core", best, 100),
            Target.at_most("key frames missed", missed, 0),
            *met,
        ),
        (f"720p at 25 frames/s, {RATE}bit/s H.264 with AAC, a key frame each {GOP_S:g} s.",),
    )  # fmt: skip


def _watched(targets: list[Where], seconds: float, rings: Path) -> dict[str, float]:
    """Watch them all in one watcher for a while, when all have opened."""
    heard = Heard()
    link = Link(0, rings, hear=heard.hear, gone=lambda _link: None)
    try:
        link.wait_ready()
        streams = [new_id() for _ in targets]
        for stream, target in zip(streams, targets, strict=True):
            link.watch(stream, 1, target)
            time.sleep(GOP_S / len(streams))  # broadcasters do not send key frames in step
        limit = time.monotonic() + 60
        where = dict(zip(streams, targets, strict=True))
        while len(heard.frames) < len(streams) and time.monotonic() < limit:
            time.sleep(0.1)
            early, heard.ended = heard.ended, set()
            for stream in early:  # refused: its publisher was not there yet
                link.watch(stream, 1, where[stream])
        with heard.lock:
            before = Counter(heard.frames)
            since = dict(heard.last)
        began, spent = time.monotonic(), _tree_cpu(link.process.pid)
        time.sleep(seconds)
        with heard.lock:
            after = Counter(heard.frames)
            until = dict(heard.last)
        wall, used = time.monotonic() - began, _tree_cpu(link.process.pid) - spent
        missed = 0
        for stream in streams:
            if stream not in until:  # never opened: every one of its key frames was missed
                missed += round(seconds / GOP_S)
                continue
            expected = round((until[stream] - since.get(stream, 0.0)) / GOP_S)
            missed += max(0, expected - (after[stream] - before[stream]))
        work = sorted(heard.work_ms)
        return {
            "streams per core": len(streams) * wall / used,
            "processor ms per stream-second": 1000 * used / (len(streams) * wall),
            "key frames": float(sum(after.values()) - sum(before.values())),
            "key frames missed": float(missed),
            "streams that opened": float(len(heard.frames)),
            "messages lost": float(heard.lost),
            "key packet to hashes p50": work[len(work) // 2],
            "key packet to hashes p95": work[int(len(work) * 0.95)],
        }
    finally:
        link.close()
        shutil.rmtree(rings, ignore_errors=True)


def _rows(case: str, figures: dict[str, float]) -> list[Row]:
    units = {"streams per core": "streams", "processor ms per stream-second": "ms"}
    return [
        Row(case, "breakwater", name, value, units.get(name, "ms" if "p" in name[-3:] else ""))
        for name, value in figures.items()
    ]


def _tree_cpu(pid: int) -> float:
    """Processor seconds of a process and all below it, the buried ones included."""
    parents: dict[int, list[int]] = {}
    spent: dict[int, float] = {}
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        with suppress(OSError):
            fields = (place / "stat").read_text().rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(place.name))
            spent[int(place.name)] = sum(int(one) for one in fields[11:15]) / _HERTZ
    total, left = 0.0, [pid]
    while left:
        one = left.pop()
        total += spent.get(one, 0.0)
        left += parents.get(one, [])
    return total


def _made(folder: Path) -> Path:
    """A varied 720p file with sound, encoded as a broadcaster would."""
    file = folder / "cast.ts"
    subprocess.run(
        [
            "ffmpeg", "-nostdin", "-loglevel", "error",
            "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25,noise=alls=12:allf=t",
            "-f", "lavfi", "-i", "sine=frequency=330:sample_rate=44100",
            "-t", str(FILE_S), "-c:v", "libx264", "-preset", "veryfast", "-b:v", RATE,
            "-maxrate", RATE, "-bufsize", "5000k", "-pix_fmt", "yuv420p",
            "-g", str(int(GOP_S * 25)), "-keyint_min", str(int(GOP_S * 25)), "-sc_threshold", "0",
            "-c:a", "aac", "-b:a", "128k", "-f", "mpegts", str(file),
        ],
        check=True,
    )  # fmt: skip
    return file


@contextmanager
def _feeder(file: Path) -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.live_feed", str(file), str(FILE_S)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


@contextmanager
def _nginx(folder: Path, file: Path, count: int) -> Iterator[list[Where]]:
    """A plain nginx with so many publishers that copy the file."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "nginx.conf").write_text(
        "load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;\nworker_processes 1;\n"
        f"daemon off; pid {folder}/pid; error_log {folder}/log;\n"
        "events { worker_connections 1024; }\n"
        f"rtmp {{ server {{ listen 127.0.0.1:{port}; chunk_size 65536;\n"
        "application live { live on; wait_key on; idle_streams off; } } }\n"
    )
    processes = [subprocess.Popen(["nginx", "-e", "stderr", "-c", str(folder / "nginx.conf")])]
    try:
        _listening(port)
        for number in range(count):
            command = ["ffmpeg", "-nostdin", "-loglevel", "quiet", "-re", "-stream_loop", "-1",
                       "-i", str(file), "-c", "copy", "-f", "flv",
                       f"rtmp://127.0.0.1:{port}/live/{number}"]  # fmt: skip
            processes.append(subprocess.Popen(command))
        time.sleep(3)
        yield [
            Where("127.0.0.1", port, "rtmp", f"rtmp://127.0.0.1:{port}/live/{number}")
            for number in range(count)
        ]
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


def _listening(port: int) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.05)
    raise RuntimeError("nginx does not start")
