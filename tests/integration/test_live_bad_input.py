"""Bad broadcasts beside a good one, through the owner: each is a case or goes on, none is a gap.

One watcher holds them all. What a child makes of bad bytes is tried in `test_live_pull`, hooks in
`test_hooks`, a wall of a thousand in `test_wall`; here is what the installation makes of it: alert,
case, share seen, and that the good broadcast beside them was looked at all the while.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest

from breakwater.errors import NotFound
from breakwater.live.servers import NewServer
from breakwater.live.watching.post import Post
from breakwater.model.broadcast import Sender
from breakwater.model.server import ServerKind
from breakwater.model.stream import Control, Stream, StreamState
from breakwater.records import stream_alerts, streams
from tests.integration.live_site import LiveSite, live_site, until
from tests.integration.served import OPERATOR
from tests.integration.test_live_pull import transport

PACE = 25
"""Pieces a second."""


class Feed:
    """A server that gives every connection the bytes of its turn, at the pace of life."""

    def __init__(self, *turns: Callable[[], Iterator[bytes]]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.turns = 0
        self._plans = turns
        self._over = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                plan = self._plans[min(self.turns, len(self._plans) - 1)]
                self.turns += 1
                threading.Thread(target=self._send, args=(peer, plan), daemon=True).start()

    def _send(self, peer: socket.socket, plan: Callable[[], Iterator[bytes]]) -> None:
        with peer, suppress(OSError):
            for piece in plan():
                peer.sendall(piece)
                if self._over.wait(1 / PACE):
                    return

    def close(self) -> None:
        self._over.set()
        self._listener.close()


def paced(*bodies: bytes, seconds: float, times: int = 1) -> Callable[[], Iterator[bytes]]:
    """All of it in so many seconds, over and over."""
    body = b"".join(bodies)
    size = max(1, len(body) // int(seconds * PACE) + 1)

    def pieces() -> Iterator[bytes]:
        for _ in range(times):
            for at in range(0, len(body), size):
                yield body[at : at + size]

    return pieces


def held(body: bytes, seconds: float) -> Callable[[], Iterator[bytes]]:
    """It stops, and the connection stays open."""

    def pieces() -> Iterator[bytes]:
        yield from paced(body, seconds=seconds)()
        while True:
            yield b""

    return pieces


@dataclass
class Bench:
    """The site, and broadcasts on it."""

    site: LiveSite
    feeds: list[Feed]

    def begin(self, name: str, *turns: Callable[[], Iterator[bytes]]) -> Stream:
        feed = Feed(*turns)
        self.feeds.append(feed)
        at = NewServer(f"feed-{name}", ServerKind.GENERIC, "live",
                       rtmp_url=f"rtmp://127.0.0.1:{feed.port}")  # fmt: skip
        self.site.app.live.servers.add(at, OPERATOR)
        told = Sender(service="live", pull_url=f"mpegts://127.0.0.1:{feed.port}")
        return self.site.app.live.streams.begin(self.site.service(), "", name, told)

    def post(self, stream: Stream) -> Post | None:
        try:
            return self.site.app.live.watching.post(stream.id)
        except NotFound:
            return None

    def frames(self, stream: Stream) -> int:
        post = self.post(stream)
        return post.frames if post else 0

    def alerts(self, stream: Stream) -> list[str]:
        with self.site.app.db.read() as tx:
            return [one.alert.kind for one in stream_alerts.of_stream(tx, stream.id)]

    def now(self, stream: Stream) -> Stream:
        with self.site.app.db.read() as tx:
            return streams.get(tx, stream.id)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with live_site(
        tmp_path_factory.mktemp("bad"), live_watch=True, live_watchers=1, live_preroll_seconds=6
    ) as site:
        made = Bench(site, [])
        yield made
        for feed in made.feeds:
            feed.close()


@pytest.fixture(scope="module")
def good(bench: Bench) -> Stream:
    """A broadcast without fault, for as long as the others misbehave."""
    bench.site.rtmp.push(name="live/good", seconds=600)
    return bench.site.stream("live/good")


def children(pid: int) -> set[int]:
    """Every process below one."""
    parents: dict[int, list[int]] = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with suppress(OSError):
                above = int((place / "stat").read_text().rpartition(")")[2].split()[1])
                parents.setdefault(above, []).append(int(place.name))
    found, left = set(), [pid]
    while left:
        below = parents.get(left.pop(), [])
        found |= set(below)
        left += below
    return found


def test_each_bad_broadcast_is_a_case_or_goes_on(bench: Bench, good: Stream) -> None:
    until(lambda: bench.frames(good) >= 2)
    noise = np.random.default_rng(1).bytes(600_000)
    small = transport(4)
    silent = transport(6, without_keys=True)
    keyless = bench.begin("keyless", paced(silent, seconds=6, times=40))
    garbage = bench.begin("garbage", paced(noise, seconds=2))
    stalls = bench.begin("stalls", held(transport(2), 2), held(b"", 1))
    large = transport(6, width=640, height=360, start_s=4.0)
    grows = bench.begin("grows", paced(small, large, seconds=10))
    other = transport(6, codec="mpeg4", start_s=4.0)
    codec = bench.begin("codec", paced(small, other, seconds=10), paced(other, seconds=6, times=40))
    loops = bench.begin("loops", paced(transport(2), seconds=2, times=120))
    drifts = bench.begin("drifts", paced(transport(6), seconds=12, times=20))

    until(lambda: _size(bench.post(grows)) == (640, 360))
    until(lambda: bench.alerts(garbage), 60)
    until(lambda: bench.alerts(keyless), 60)
    until(lambda: "lost" in bench.alerts(stalls), 60)
    for bad in (garbage, keyless, stalls):
        found = bench.now(bad)
        assert found.case is not None
        assert found.control in {Control.OPEN, Control.WATCHED}
        assert not set(bench.alerts(bad)) - {"undecodable", "lost"}
    assert bench.now(stalls).state is StreamState.LOST
    until(lambda: bench.frames(codec) >= 8)
    until(lambda: bench.frames(grows) >= 8)
    until(lambda: bench.frames(drifts) >= 10)
    until(lambda: bench.frames(loops) >= 8)
    for odd in (grows, loops, drifts):
        assert bench.alerts(odd) == []
        assert 0.0 <= bench.now(odd).seen_share <= 1.0
    seen = bench.frames(good)
    until(lambda: bench.frames(good) >= seen + 2)
    assert bench.alerts(good) == []


def _size(post: Post | None) -> tuple[int, int]:
    shape = post.shape if post else None
    return (shape.width, shape.height) if shape else (0, 0)


def test_a_hostile_broadcasts_child_dies_and_no_other(bench: Bench, good: Stream) -> None:
    until(lambda: bench.frames(good) >= 1)
    watcher = bench.site.app.live.watching._links[0].process.pid
    before = children(watcher)
    hostile = bench.begin("hostile", paced(transport(6), seconds=6, times=40))
    until(lambda: bench.frames(hostile) >= 1)
    victims = [pid for pid in children(watcher) - before if (Path("/proc") / str(pid)).exists()]
    post, epoch = bench.post(good), getattr(bench.post(good), "epoch", 0)
    mine = bench.post(hostile)
    assert mine is not None
    frames, seen = mine.frames, bench.frames(good)
    for pid in victims:  # as a decoder that was taken over ends: at once, without a word
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: bench.frames(hostile) > frames)
    until(lambda: bench.frames(good) >= seen + 2)
    assert bench.site.app.live.watching._links[0].process.pid == watcher
    assert post is bench.post(good)
    assert getattr(post, "epoch", -1) == epoch


def test_two_under_one_name_are_one_broadcast(bench: Bench) -> None:
    rtmp = bench.site.rtmp
    first = rtmp.push(name="live/twin")
    stream = bench.site.stream("live/twin")
    second = rtmp.push("mandelbrot=size=320x180:rate=25", name="live/twin", wait=False)
    second.process.wait(timeout=30)
    assert second.process.returncode != 0
    assert first.sending
    found = bench.site.stream("live/twin")
    assert (found.id, found.state) == (stream.id, StreamState.LIVE)
    until(lambda: bench.frames(stream) >= 2)
    first.stop()
    until(lambda: bench.site.stream("live/twin").state is StreamState.ENDED)


def test_hooks_that_are_forged_or_replayed_end_nothing(bench: Bench) -> None:
    site = bench.site
    publisher = site.rtmp.push(name="live/hooked")
    stream = site.stream("live/hooked")
    token = site.rtmp.secrets.hook
    done = {"app": "live", "name": "hooked", "addr": "127.0.0.1", "clientid": "999999",
            "call": "publish_done", "flashver": "x"}  # fmt: skip
    url = f"{site.served.url}/v1/hooks"
    assert httpx.post(f"{url}/{token[:-2]}xx/rtmp", data=done).status_code == 404
    assert site.stream("live/hooked").state is StreamState.LIVE
    answers = [httpx.post(f"{url}/{token}/rtmp", data=done).status_code for _ in range(2)]
    assert answers[1] == 403
    again = done | {"call": "publish"}
    assert httpx.post(f"{url}/{token}/rtmp", data=again).status_code in {204, 403}
    assert site.stream("live/hooked").id == stream.id
    assert publisher.sending
    publisher.stop()


def test_a_media_server_that_is_away_is_seen_as_lost(bench: Bench) -> None:
    """Last: it ends nginx, and no hook says so."""
    site = bench.site
    publisher = site.rtmp.push(name="live/adrift")
    stream = site.stream("live/adrift")
    until(lambda: bench.frames(stream) >= 2)
    site.rtmp.process.terminate()
    publisher.wait_end()
    killed = time.monotonic()
    until(lambda: "lost" in bench.alerts(stream), 60)
    assert time.monotonic() - killed < 60
    found = bench.now(stream)
    assert found.state is StreamState.LOST
    assert found.case is not None
