"""The installation under test for `benchmarks.live`: what is stopped, how soon, and comes back.

A whole installation serves over HTTP behind a real nginx; broadcasters and viewers are processes
of their own that burn and read the time of day (`benchmarks.live_caster`), on one clock.
"""

from __future__ import annotations

import io
import json
import math
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import httpx
from tests.builders_copies import encode, scene
from tests.integration.live_site import LiveSite, live_site, until

from benchmarks import load
from benchmarks.harness import Row, Target, quick
from benchmarks.live_caster import HEIGHT, WIDTH
from breakwater.cli import demo_media
from breakwater.cli.demo_photos import photo
from breakwater.errors import NotFound
from breakwater.model.access import Role
from breakwater.model.clock import iso
from breakwater.model.ids import Id
from breakwater.model.stream import Control, Stream
from breakwater.records import streams

OURS = "breakwater"
LOOK_S = 0.01
SPREAD = 100
"""Broadcasts over which reports are spread: each opens its case in the first second."""
PASSWORD = "to sign each cut by hand"
RECOGNISED = {"copy", "match", "stopped"}
"""Why a broadcast is frozen that was recognised; `nobody_on_duty` would be another reason."""
WITHIN_S = 10.0
SHIFT = timedelta(hours=8)
CREATED = int(httpx.codes.CREATED)
CODED = ("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "12",
         "-pix_fmt", "yuv420p", "-threads", "1")  # fmt: skip
BAR = "drawbox=x=iw*0.76:y=0:w=iw*0.24:h=ih:c=0x202028:t=fill"
LOGO = "drawbox=x=16:y=16:w=110:h=44:c=0xd04040:t=fill"
LINES = ",".join(
    f"drawbox=x=iw*0.78:y=ih*{at}:w=iw*{wide}:h=8:c=white:t=fill"
    for at, wide in ((0.1, 0.2), (0.2, 0.15), (0.4, 0.18), (0.7, 0.12))
)
SCREEN = (
    "perspective=x0=-20:y0=-12:x1=W+24:y1=8:x2=10:y2=H+16:x3=W-8:y3=H+20:sense=destination,"
    "gblur=sigma=1,noise=alls=10:allf=t,eq=contrast=0.85:brightness=0.05"
)
VARIANTS: dict[str, tuple[str, ...]] = {
    "mirror": ("-vf", "hflip", *CODED),
    "pillarbox": ("-vf", "scale=384:480,pad=640:480:128:0", *CODED),
    "logo + chat bar": ("-vf", f"{BAR},{LOGO},{LINES}", *CODED),
    "10 % crop": ("-vf", "crop=iw*0.9:ih*0.9,scale=640:480", *CODED),
    "1.25x": ("-vf", "setpts=PTS/1.25,fps=12", *CODED),
    "low-bit-rate x264": (*CODED, "-b:v", "90k", "-maxrate", "90k", "-bufsize", "90k"),
    "downscale": ("-vf", "scale=240:180", *CODED),
    "grey + gamma": ("-vf", "hue=s=0,eq=gamma=1.5", *CODED),
    "4 deg rotation": ("-vf", "rotate=4*PI/180", *CODED),
    "screen-cam": (
        "-vf", SCREEN, *CODED,
    ),
}  # fmt: skip


@dataclass
class Stand:
    """The installation and who uses it."""

    site: LiveSite
    folder: Path
    person: httpx.Client
    machine: httpx.Client

    @property
    def rtmp(self) -> str:
        return self.site.rtmp.url

    def stream(self, name: str) -> Stream:
        """The newest broadcast of a name, once it is there."""

        def found() -> Stream | None:
            try:
                return self.site.stream(name)
            except AssertionError:
                return None

        stream: Stream = until(found, 20)
        return stream

    def frames(self, stream: Stream) -> int:
        """Frames that were looked at."""
        try:
            return self.site.app.live.watching.post(stream.id).frames
        except NotFound:
            return 0

    def cut(self, stream: Stream) -> tuple[float, float]:
        """A person signs a cut: when they pressed the key, and when the order stood, signed."""
        pressed = time.time()
        order = {"to": "cut", "broadcaster": "unknown", "password": PASSWORD}
        answer = self.person.post(f"/v1/streams/{stream.id}/orders", json=order)
        answer.raise_for_status()
        return pressed, datetime.fromisoformat(answer.json()["at"]).timestamp()


@contextmanager
def stand() -> Iterator[Stand]:
    """Serve, with one watcher for each core."""
    with (
        tempfile.TemporaryDirectory() as place,
        live_site(Path(place) / "site", live_watch=True, live_preroll_seconds=30) as site,
    ):
        served = site.served
        machine, someone = served.client(served.key()), served.person(Role.LIVE_MODERATOR)
        now = site.app.clock.now()
        shift = {"person": someone.id, "starts_at": iso(now), "ends_at": iso(now + SHIFT)}
        machine.post("/v1/duty/shifts", json={"shifts": [shift]}).raise_for_status()
        person = served.browser(person=someone, password=PASSWORD)
        yield Stand(site, Path(place), person, machine)


def measured() -> tuple[list[Row], list[Target]]:
    """All acts on one installation."""
    rows: list[Row] = []
    targets: list[Target] = []
    with stand() as on:
        for act in (cuts, alerts, known_video, killed, flood, variants):
            made, met = act(on)
            rows += made
            targets += met
    return rows, targets


Figures = tuple[list[Row], list[Target]]


def p95(values: list[float]) -> float:
    """The 95th percentile; of fewer than twenty, the largest."""
    return max(values) if len(values) < 20 else statistics.quantiles(values, n=20)[-1]


def script(*words: str) -> subprocess.Popen[str]:
    """A broadcaster or a viewer."""
    command = [sys.executable, "-m", "benchmarks.live_caster", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def said(process: subprocess.Popen[str], seconds: float = 30.0) -> dict[str, float]:
    """What it measured, once it has ended."""
    out, _ = process.communicate(timeout=seconds)
    found: dict[str, float] = json.loads(out.splitlines()[-1])
    return found


def cuts(on: Stand) -> Figures:
    """Decision to the publisher's end, and to the last frame of any viewer."""
    rounds, viewers = (3, 2) if quick() else (20, 2)
    publisher, viewer, playlist, signed = [], [], [], []
    for number in range(rounds):
        name = f"live/cut{number}"
        caster = script("cast", f"{on.rtmp}/{name}")
        stream = on.stream(name)
        players = [script("watch", f"{on.rtmp}/{name}") for _ in range(viewers)]
        by_hls = script("hls", f"{on.site.rtmp.config.hls_url}/{name}/index.m3u8")
        for player in (*players, by_hls):
            assert player.stdout is not None
            player.stdout.readline()
        pressed, decided = on.cut(stream)
        ended = said(caster)["ended"]
        publisher.append((ended - decided) * 1000)
        signed.append((ended - pressed) * 1000)
        viewer += [max(0.0, said(player)["came"] - decided) for player in players]
        playlist.append(max(0.0, said(by_hls)["came"] - decided))
    case = f"{rounds} cuts"
    return [
        Row(case, OURS, "decision to publisher cut p50", statistics.median(publisher), "ms"),
        Row(case, OURS, "decision to publisher cut p95", p95(publisher), "ms"),
        Row(case, OURS, "password sent to publisher cut p95", p95(signed), "ms"),
        Row(case, OURS, "decision to a viewer's last frame, worst", max(viewer), "s"),
        Row(case, OURS, "decision to an HLS viewer's last byte, worst", max(playlist), "s"),
    ], [
        Target.at_most("decision to publisher cut p95, ms", p95(publisher), 250),
        Target.at_most("decision to any viewer's last frame, s", max(viewer + playlist), 2),
    ]  # fmt: skip


def alerts(on: Stand) -> Figures:
    """From when the first key frame with known content was made to a case on the wall."""
    rounds = 2 if quick() else 10
    on.machine.post("/v1/banks", json={"name": "PICTURES", "action": "block"}).raise_for_status()
    waits = []
    for number in range(rounds):
        body = io.BytesIO()
        photo(100 + number, width=WIDTH, height=HEIGHT).convert("RGB").save(body, "PNG")
        file = on.folder / f"known{number}.png"
        file.write_bytes(body.getvalue())
        sent = {"photo": ("picture", body.getvalue(), "image/png")}
        value = on.machine.post("/h/hash", files=sent).json()["pdq"]
        on.machine.post(
            "/v1/banks/PICTURES/entries", json={"signals": [{"signal": f"pdq:{value}"}]}
        ).raise_for_status()
        name = f"live/known{number}"
        caster = script("cast", f"{on.rtmp}/{name}", str(file), "3")
        stream = on.stream(name)
        seen = _when(partial(_case, on, stream.id), 30)
        on.cut(stream)
        waits.append(seen - said(caster)["shown"])
    case_name = f"{rounds} known pictures"
    return [
        Row(case_name, OURS, "key frame to a case on the wall p50", statistics.median(waits), "s"),
        Row(case_name, OURS, "key frame to a case on the wall, worst", max(waits), "s"),
    ], [Target.at_most("alert after the key frame p95, s", p95(waits), 0.5)]


def known_video(on: Stand) -> Figures:
    """The same with a known video, which takes several aligned frames before it is an alert.

    From its first key frame to a case on the wall, and to the alert by which it is frozen.
    """
    rounds = 1 if quick() else 5
    on.machine.post("/v1/banks", json={"name": "FILMS", "action": "block"}).raise_for_status()
    cases, frozen = [], []
    for number in range(rounds):
        film = on.folder / f"film{number}.mp4"
        film.write_bytes(encode(scene(700 + number, 20.0, height=HEIGHT, width=WIDTH)))
        sent = {"file": (film.name, film.read_bytes(), "video/mp4")}
        label = {"label": film.stem}
        on.machine.post("/v1/banks/FILMS/reels", data=label, files=sent).raise_for_status()
        name = f"live/film{number}"
        caster = script("cast", f"{on.rtmp}/{name}", str(film), "3")
        stream = on.stream(name)
        seen = _when(partial(_case, on, stream.id), 30)
        stopped = _when(partial(on.site.confirmed, stream, Control.FROZEN), 30)
        on.cut(stream)
        shown = said(caster)["shown"]
        cases.append(seen - shown)
        frozen.append(stopped - shown)
    case_name = f"{rounds} known videos"
    return [
        Row(case_name, OURS, "first key frame to a case on the wall, worst", max(cases), "s"),
        Row(case_name, OURS, "first key frame to frozen, worst", max(frozen), "s"),
    ], []


def _when(check: Callable[[], Any], seconds: float) -> float:
    """The time of day at which it was so; never, if it was not in time."""
    try:
        until(check, seconds)
    except AssertionError:
        return float("inf")
    return time.time()


def _case(on: Stand, stream: Id) -> bool:
    """Whether a case is on the wall; read as the wall reads, without a request of its own."""
    time.sleep(LOOK_S)
    with on.site.app.db.read() as tx:
        return streams.get(tx, stream).case is not None


def killed(on: Stand) -> Figures:
    """A watcher is killed: until every broadcast was looked at again."""
    count = 4 if quick() else 20
    pushed = [on.site.rtmp.push(name=f"live/held{n}", wait=False) for n in range(count)]
    held = [on.stream(f"live/held{n}") for n in range(count)]
    until(lambda: all(on.frames(one) >= 1 for one in held), 60)
    watching = on.site.app.live.watching
    before = {one.id: on.frames(one) for one in held}
    killed_at = time.monotonic()
    for link in list(watching._links):  # noqa: SLF001 - whose process ids nobody else knows
        os.kill(link.process.pid, signal.SIGKILL)
    until(lambda: all(on.frames(one) > before[one.id] for one in held), 60)
    took = time.monotonic() - killed_at
    for publisher in pushed:
        publisher.stop()
    row = Row(f"{count} broadcasts", OURS, "all watchers killed: all watched again", took, "s")
    return [row], [Target.at_most("killed watchers: all watched again, s", took, 15)]


def flood(on: Stand) -> Figures:
    """Reports at a hundred times one a second: from when each is due to its place on the wall.

    The answer comes when risk, priority and case are committed, so that the next look shows them.
    All on one broadcast, whose crowd is soon only counted; and spread so thin that none is a crowd.
    """
    rate, seconds = 100, 2.0 if quick() else 12.0
    rows, worst, refused = [], 0.0, 0
    for name, count in (("one broadcast", 1), (f"{SPREAD} broadcasts", SPREAD)):
        sent = _flooded(on, rate, seconds, count)
        p50, p99 = sent.percentile(0.5) / 1000, sent.percentile(0.99) / 1000
        worst = max(worst, p99)
        refused += sum(many for status, many in sent.statuses.items() if status != CREATED)
        case = f"{rate} reports/s, {seconds:g} s, {name}"
        rows += [
            Row(case, OURS, "report to its place on the wall p50", p50, "s"),
            Row(case, OURS, "report to its place on the wall p99", p99, "s"),
        ]
    return rows, [
        Target.at_most("flood of reports: flag to queue p99, s", worst, 1),
        Target.at_most("flood of reports: refused", refused, 0),
    ]


def _flooded(on: Stand, rate: int, seconds: float, count: int) -> load.Outcome:
    """Reports in turn on so many broadcasts, at an even rate."""
    host, key = on.site.served.url[len("http://") :], on.site.served.key()
    paths = []
    for number in range(count):
        named = {"name": f"live/flood{count}-{number}", "service": "live"}
        told = on.machine.post("/v1/streams", json=named)
        told.raise_for_status()
        paths.append(f"/v1/streams/{told.json()['id']}/reports")
    requests = [
        load.json_post(
            paths[n % count], {"concern": "abuse_live", "reporter": f"viewer-{n}"}, key, host
        )
        for n in range(int(rate * seconds))
    ]
    where = (host.partition(":")[0], int(host.partition(":")[2]))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(
            load.open_loop, where, requests, connections=16, rate=rate, seconds=seconds
        ).result()


def variants(on: Stand) -> Figures:
    """A stopped broadcast's recording comes back in ten ways, under other keys.

    Stopped is one that is frozen for what it shows, and for nothing else: somebody is on duty.
    """
    file = on.folder / "broadcast.flv"
    file.write_bytes(demo_media.broadcast())
    first = on.site.rtmp.push(file, "live/original", options=("-c", "copy"))
    stream = on.stream("live/original")
    until(lambda: on.frames(stream) >= 20, 60)
    on.cut(stream)
    first.wait_end()
    until(lambda: on.site.confirmed(stream, Control.CUT), 20)
    wanted = dict(list(VARIANTS.items())[: 1 if quick() else None])
    rows, stopped = [], 0
    for number, (name, options) in enumerate(wanted.items()):
        took, why = _stopped_in(on, file, f"live/again{number}", options)
        rows.append(Row("re-pushed", name, f"publish to frozen{why and f' ({why})'}", took, "s"))
        stopped += took <= WITHIN_S
    return rows, [Target.at_least(f"of {len(wanted)} variants stopped in 10 s", stopped,
                                  len(wanted))]  # fmt: skip


def _stopped_in(on: Stand, file: Path, name: str, options: tuple[str, ...]) -> tuple[float, str]:
    """Seconds until it was frozen for what it shows, and why; infinite where it was not."""
    changed = file.with_name(f"{name.replace('/', '-')}.flv")
    subprocess.run(
        ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-t", "16", "-i", str(file), *options,
         "-f", "flv", str(changed)], check=True,
    )  # fmt: skip
    begun = time.time()
    publisher = on.site.rtmp.push(changed, name, options=("-c", "copy"), wait=False)
    stream = on.stream(name)
    took = _when(lambda: on.site.confirmed(stream, Control.FROZEN), 16) - begun
    frozen = on.site.confirmed(stream, Control.FROZEN)
    why = frozen.why if frozen is not None else ""
    on.cut(stream)
    publisher.stop()
    return (took, why) if why in RECOGNISED else (math.inf, why)
