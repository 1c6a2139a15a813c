"""Watching: how many 720p broadcasts one core looks at, and whether a key frame is missed.

Streams per core = stream-seconds ÷ processor seconds of the watcher and all its children, with
every broadcast hashed in all views, its originals written to the encrypted ring, and its sound
carried along. Paced files over TCP for many broadcasts, a real nginx for at least 20 over RTMP.
How many key frames there were is not asked of the watcher: it follows from the wall time since a
broadcast was published (for a paced file) or joined (over RTMP), so that one that stalls misses.
Source of the target: issue "Live" (>= 100 triaged 720p streams a core, no key frame missed).
"""

from __future__ import annotations

import math
import os
import shutil
import signal
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

import av

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
ALLOWED_S = 1.0
"""From when the last byte of a key frame was sent, or due, to when its hashes must be there."""
HELD = 50
"""Broadcasts of a watcher that is killed (issue "Reliability")."""
_HERTZ = os.sysconf("SC_CLK_TCK")


@dataclass
class Heard:
    """What a watcher said."""

    frames: Counter[Id] = field(default_factory=Counter)
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
                self.work_ms.append(frame.work_ms)
        elif message.kind == "end":
            self.ends[childwire.end(message).why.value] += 1
            self.ended.add(Id(str(message.fields["stream"])))


def run() -> Result:
    """Measure."""
    counts = (20,) if quick() else (50, 100, 150)
    rtmp = 5 if quick() else 20
    seconds = 6.0 if quick() else 20.0
    rows: list[Row] = []
    all_figures = []
    with tempfile.TemporaryDirectory() as folder:
        file = _made(Path(folder))
        due = Due(tuple(_sent(file)))
        for count in counts:
            with _feeder(file) as port:
                where = [Where("127.0.0.1", port, "mpegts") for _ in range(count)]
                figures = _watched(where, seconds, Path(folder) / "rings", due)
            rows += _rows(f"{count} paced files", figures)
            all_figures.append(figures)
        with _feeder(file) as port:
            took = _killed([Where("127.0.0.1", port, "mpegts")] * HELD, Path(folder) / "rings")
        rows.append(Row(f"{HELD} paced files", "breakwater",
                        "a killed watcher's broadcasts watched by another", took, "s"))  # fmt: skip
        with _nginx(Path(folder), file, rtmp) as targets:
            figures = _watched(targets, seconds, Path(folder) / "rings", Due())
        rows += _rows(f"{rtmp} RTMP streams of nginx", figures)
    best = max(one["streams per core"] for one in all_figures)
    all_figures.append(figures)
    acted, met = live_acts.measured()
    return Result(
        "live", (*rows, *acted),
        (
            Target.at_least("triaged 720p streams per core", best, 100),
            Target.at_most("key frames missed", _sum(all_figures, "key frames missed"), 0),
            Target.at_most("messages lost", _sum(all_figures, "messages lost"), 0),
            Target.at_least("kB of originals in the ring per stream-second",
                            min(one["kB in the ring per stream-second"] for one in all_figures), 250),
            Target.at_least("broadcasts opened", _sum(all_figures, "streams that opened"),
                            sum(counts) + rtmp),
            Target.at_most(f"killed watcher of {HELD}: all watched again, s", took, 15),
            *met,
        ),
        (
            f"720p at 25 frames/s, {RATE}bit/s H.264 with AAC, a key frame each {GOP_S:g} s.",
            f"missed: hashes not there {ALLOWED_S:g} s after the key frame was sent, by wall time.",
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class Due:
    """When key frames are sent: seconds from the start of a file that comes over and over.

    Without a file: one each GOP_S, and the first within GOP_S of joining.
    """

    sent: tuple[float, ...] = ()

    def by(self, seconds: float) -> int:
        """How many must have been looked at, so long after it was published or joined."""
        seconds -= ALLOWED_S
        if not self.sent:
            return max(0, int(seconds / GOP_S))
        rounds, rest = divmod(max(0.0, seconds), FILE_S)
        return int(rounds) * len(self.sent) + sum(one <= rest for one in self.sent)


def _sent(file: Path) -> Iterator[float]:
    """When the last byte of each key frame is sent by `live_feed`."""
    rate = file.stat().st_size / FILE_S
    waits = False
    with av.open(str(file)) as container:
        for packet in container.demux(video=0):
            if waits:
                end = file.stat().st_size if packet.pos is None else packet.pos
                yield end / rate
            waits = packet.is_keyframe and packet.size > 0


def _sum(figures: list[dict[str, float]], name: str) -> int:
    return int(sum(one[name] for one in figures))


def _watched(targets: list[Where], seconds: float, rings: Path, due: Due) -> dict[str, float]:
    """Watch them all in one watcher for a while, when all have opened."""
    heard = Heard()
    link = Link(0, rings, hear=heard.hear, gone=lambda _link: None)
    try:
        link.wait_ready()
        streams = [new_id() for _ in targets]
        where = dict(zip(streams, targets, strict=True))
        published = {}
        for stream, target in where.items():
            published[stream] = time.monotonic()
            link.watch(stream, 1, target)
            time.sleep(GOP_S / len(streams))  # broadcasters do not send key frames in step
        limit = time.monotonic() + 60
        while len(heard.frames) < len(streams) and time.monotonic() < limit:
            time.sleep(0.1)
            early = {one for one in heard.ended if one not in heard.frames}
            heard.ended -= early
            for stream in early:  # refused: its publisher was not there yet
                published[stream] = time.monotonic()
                link.watch(stream, 1, where[stream])
        began, spent = time.monotonic(), _tree_cpu(link.process.pid)
        time.sleep(seconds)
        with heard.lock:
            frames, work = Counter(heard.frames), sorted(heard.work_ms)
        ended = time.monotonic()
        wall, used = ended - began, _tree_cpu(link.process.pid) - spent
        kept = sum(one.stat().st_size for one in rings.rglob("*") if one.is_file()) / 1000
        length = sum(ended - one for one in published.values())
        missed = sum(max(0, due.by(ended - published[s]) - frames[s]) for s in streams)
        return {
            "streams per core": len(streams) * wall / used,
            "processor ms per stream-second": 1000 * used / (len(streams) * wall),
            "key frames": float(frames.total()),
            "key frames missed": float(missed),
            "streams that opened": float(len(frames)),
            "streams that ended": float(len(heard.ended)),
            "messages lost": float(heard.lost),
            "kB in the ring per stream-second": kept / length,
            "key packet to hashes p50": work[len(work) // 2],
            "key packet to hashes p95": work[int(len(work) * 0.95)],
        }
    finally:
        link.close()
        shutil.rmtree(rings, ignore_errors=True)


def _killed(targets: list[Where], rings: Path) -> float:
    """Seconds from a watcher's death until a new one has looked at all that it held.

    What an owner does: it hears that the watcher is gone, starts another, and hands over all.
    """
    gone = threading.Event()
    heard = Heard()
    streams = [new_id() for _ in targets]
    links = [Link(0, rings, hear=heard.hear, gone=lambda _link: gone.set())]
    try:
        _opened(links[0], heard, streams, targets, epoch=1)
        began = time.monotonic()
        os.kill(links[0].process.pid, signal.SIGKILL)
        if not gone.wait(30):
            return math.inf
        heard = Heard()
        links.append(Link(1, rings, hear=heard.hear, gone=lambda _link: None))
        _opened(links[1], heard, streams, targets, epoch=2)
        return time.monotonic() - began if len(heard.frames) == len(streams) else math.inf
    finally:
        for link in links:
            link.close()
        shutil.rmtree(rings, ignore_errors=True)


def _opened(
    link: Link, heard: Heard, streams: list[Id], targets: list[Where], *, epoch: int
) -> None:
    """Watch, and wait until a frame of each was looked at, a minute at most."""
    link.wait_ready()
    for stream, target in zip(streams, targets, strict=True):
        link.watch(stream, epoch, target)
    limit = time.monotonic() + 60
    while len(heard.frames) < len(streams) and time.monotonic() < limit:
        time.sleep(0.05)


def _rows(case: str, figures: dict[str, float]) -> list[Row]:
    units = {"streams per core": "streams", "processor ms per stream-second": "ms",
             "kB in the ring per stream-second": "kB"}  # fmt: skip
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
