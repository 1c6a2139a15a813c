"""One watcher holds good and bad broadcasts at once; each ends, or goes on, for itself."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest

from breakwater.fingerprint.views import REFERENCE
from breakwater.live.preroll import Chunk, Ring
from breakwater.live.watching import childwire
from breakwater.live.watching import link as links
from breakwater.live.watching.childwire import Message
from breakwater.live.watching.held import Target
from breakwater.live.watching.link import Link
from breakwater.model.ids import Id, new_id
from breakwater.model.live import Ending
from tests.builders_media import blobs
from tests.integration.live_site import until
from tests.unit.test_media_original import cast
from tests.unit.test_media_slices import CUT
from tests.unit.test_media_slices import cast as cut

BadAnswer = childwire.BadAnswer
Feed = Callable[[socket.socket], None]


def transport(
    seconds: float = 4.0, *, width: int = 320, height: int = 240, gop: int = 25,
    codec: str = "libx264", without_keys: bool = False, seed: int = 1, start_s: float = 0.0,
) -> bytes:  # fmt: skip
    """A transport stream at 25 frames a second."""
    out = BytesIO()
    with av.open(out, "w", format="mpegts") as file:
        stream = file.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.gop_size = gop
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "tune": "zerolatency", "sc_threshold": "0"}
        packets = []
        for number in range(int(seconds * 25)):
            pixels = np.ascontiguousarray(blobs(seed, width, height, number))
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = number + int(start_s * 25)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        for packet in packets:
            if not (without_keys and packet.is_keyframe):
                file.mux(packet)
    return out.getvalue()


class Broadcasts:
    """A watcher, and TCP servers that it fetches from."""

    def __init__(self) -> None:
        self.told: dict[Id, list[tuple[float, Message]]] = defaultdict(list)
        self.link = Link(0, None, hear=self._hear, gone=lambda _link: None)
        self.link.wait_ready()
        self._open: list[socket.socket] = []

    def _hear(self, _link: Link, message: Message) -> None:
        stream = Id(str(message.fields.get("stream", "")))
        self.told[stream].append((time.monotonic(), message))

    def begin(self, feed: Feed, *, form: str = "mpegts") -> Id:
        listener = socket.create_server(("127.0.0.1", 0))
        self._open.append(listener)

        def serve() -> None:
            with listener.accept()[0] as peer:
                self._open.append(peer)
                feed(peer)

        threading.Thread(target=serve, daemon=True).start()
        stream, port = new_id(), listener.getsockname()[1]
        url = f"rtmp://127.0.0.1:{port}/live/x" if form == "rtmp" else ""
        self.link.watch(stream, 1, Target("127.0.0.1", port, form, url))
        return stream

    def of(self, stream: Id, kind: str) -> list[Message]:
        return [message for _, message in list(self.told[stream]) if message.kind == kind]

    def wait(self, stream: Id, kind: str, count: int = 1, seconds: float = 15.0) -> list[Message]:
        end = time.monotonic() + seconds
        while len(found := self.of(stream, kind)) < count:
            assert time.monotonic() < end, (kind, [m.fields for _, m in self.told[stream]])
            time.sleep(0.01)
        return found

    def ending(self, stream: Id, seconds: float = 15.0) -> Ending:
        return childwire.end(self.wait(stream, "end", seconds=seconds)[0]).why

    def close(self) -> None:
        self.link.close()
        for one in self._open:
            one.close()


def sends(*parts: bytes, pause_s: float = 0.0) -> Feed:
    def feed(peer: socket.socket) -> None:
        for part in parts:
            try:
                peer.sendall(part)
            except OSError:
                return
            time.sleep(pause_s)

    return feed


def stays(*parts: bytes) -> Feed:
    """Sends, then holds the connection open."""

    def feed(peer: socket.socket) -> None:
        peer.sendall(b"".join(parts))
        peer.recv(1)

    return feed


@pytest.fixture(scope="module")
def casts() -> Iterator[Broadcasts]:
    made = Broadcasts()
    yield made
    made.close()


def test_every_kind_of_broadcast_ends_for_itself(casts: Broadcasts) -> None:
    small, large = transport(3), transport(3, width=640, height=360, start_s=3.0)
    noise = np.random.default_rng(1).bytes(400_000)
    damaged = bytearray(transport(4))
    for at in range(60_000, len(damaged) - 2_000, 1_500):
        damaged[at : at + 40] = noise[:40]
    good = casts.begin(sends(transport(4)))
    grows = casts.begin(sends(small, large))
    stalled = casts.begin(stays(transport(2)))
    garbage = casts.begin(sends(noise))
    hurt = casts.begin(sends(bytes(damaged)))
    silent = casts.begin(stays())
    closed = casts.begin(sends())
    other = casts.begin(sends(transport(3, codec="mpeg4")))
    backwards = casts.begin(sends(transport(3, start_s=600.0), small))
    no_rtmp = casts.begin(sends(noise), form="rtmp")

    assert casts.ending(good) is Ending.CLOSED
    frames = [childwire.frame(one) for one in casts.of(good, "frame")]
    assert [round(one.time_s) for one in frames] == [0, 1, 2, 3]
    assert all(one.key and one.width == 320 for one in frames)
    assert all(
        len(one.prints) in {8, 16} and len(one.reference.views) == len(REFERENCE) for one in frames
    )
    assert casts.ending(grows) is Ending.CLOSED
    shapes = [childwire.shape(one) for one in casts.of(grows, "shape")]
    assert [(one.width, one.height) for one in shapes] == [(320, 240), (640, 360)]
    assert len(casts.of(grows, "frame")) == 6
    assert casts.ending(garbage) in {Ending.REFUSED, Ending.BROKEN, Ending.NO_VIDEO}
    assert casts.ending(hurt) is Ending.CLOSED
    assert casts.of(hurt, "frame")
    assert casts.ending(closed) in {Ending.REFUSED, Ending.BROKEN, Ending.NO_VIDEO}
    assert casts.ending(other) is Ending.CLOSED
    assert len(casts.of(other, "frame")) >= 3
    assert casts.ending(backwards) is Ending.CLOSED
    times = [childwire.frame(one).time_s for one in casts.of(backwards, "frame")]
    assert len(times) == 6
    assert times == sorted(times)
    assert max(times) < 10
    assert casts.ending(no_rtmp) in {Ending.REFUSED, Ending.BROKEN, Ending.RESET}
    assert casts.ending(stalled) is Ending.STALLED
    assert casts.of(stalled, "frame")
    assert casts.ending(silent) is Ending.STALLED


def test_without_key_frames_packets_are_counted_and_nothing_is_claimed(casts: Broadcasts) -> None:
    stream = casts.begin(sends(transport(4, without_keys=True)))
    end = childwire.end(casts.wait(stream, "end")[0])
    assert end.pulse.packets > 0 or end.why in {Ending.NO_VIDEO, Ending.BROKEN}
    assert not [one for one in casts.of(stream, "frame") if one.fields["key"]]


def test_rare_key_frames_are_not_waited_for(casts: Broadcasts) -> None:
    """A group of pictures of ten seconds, at the pace of life: something is seen between."""
    body = transport(7, gop=250)
    size = len(body) // 70
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    stream = casts.begin(sends(*parts, pause_s=0.1))
    frames = [childwire.frame(one) for one in casts.wait(stream, "frame", 4, seconds=12)]
    assert frames[0].key
    assert not frames[1].key
    gaps = np.diff([one.time_s for one in frames])
    assert gaps[0] < 5.0
    assert (gaps[1:] <= 0.6).all()


def test_a_cut_just_after_a_key_frame_is_looked_at(casts: Broadcasts) -> None:
    stream = casts.begin(sends(cut("mpegts")))
    assert casts.ending(stream) is Ending.CLOSED
    frames = [childwire.frame(one) for one in casts.of(stream, "frame")]
    times = [one.time_s - frames[0].time_s for one in frames]
    assert times == pytest.approx([0.0, 1.0, CUT / 25], abs=0.005)
    assert all(one.key for one in frames)


def test_a_broadcast_looks_as_closely_as_it_is_told(casts: Broadcasts) -> None:
    body = transport(6, gop=50)
    size = len(body) // 60
    stream = casts.begin(
        sends(*[body[a : a + size] for a in range(0, len(body), size)], pause_s=0.1)
    )
    casts.wait(stream, "frame")
    casts.link.sample(stream, 1, "full")
    casts.link.still(stream, 1, "s2")
    frames = casts.wait(stream, "frame", 20)
    assert sum(not one.fields["key"] for one in frames) >= 15
    assert childwire.small_still(casts.wait(stream, "still")[0])[:4] == b"RIFF"
    casts.link.unwatch(stream, 1)
    assert casts.ending(stream) is Ending.ASKED


def test_a_hostile_child_message_is_refused() -> None:
    ours, theirs = socket.socketpair()
    inbox = childwire.Inbox()
    with ours, theirs:
        theirs.sendall(childwire.spell("frame", b"short", n=0, time=0.0))
        inbox.feed(ours)
        message = next(iter(inbox.messages()))
        with pytest.raises(BadAnswer):
            childwire.frame(message)
        theirs.sendall(b"\xff" * 8)
        inbox.feed(ours)
        with pytest.raises(BadAnswer):
            list(inbox.messages())


def children_of(pid: int) -> list[int]:
    """Processes that have no children of their own, below one."""
    parents: dict[int, list[int]] = defaultdict(list)
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with suppress(OSError):
                fields = (place / "stat").read_text().rpartition(")")[2].split()
                parents[int(fields[1])].append(int(place.name))
    found, left = [], [pid]
    while left:
        below = parents[left.pop()]
        found += [one for one in below if not parents[one]]
        left += below
    return found


def test_a_child_that_crashes_takes_no_other_with_it(casts: Broadcasts) -> None:
    body = transport(2)
    first = casts.begin(stays(body))
    casts.wait(first, "frame")
    known = set(children_of(casts.link.process.pid))
    second = casts.begin(stays(body))
    casts.wait(second, "frame")
    (fresh,) = set(children_of(casts.link.process.pid)) - known
    os.kill(fresh, signal.SIGSEGV)
    end = childwire.end(casts.wait(second, "end")[0])
    assert (end.why, end.detail) == (Ending.KILLED, "SIGSEGV")
    assert not casts.of(first, "end")
    casts.link.still(first, 1, "s2")
    casts.link.unwatch(first, 1)
    assert casts.ending(first) is Ending.ASKED


def test_a_watcher_that_hangs_is_ended(casts: Broadcasts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "SILENT_S", 1.0)
    gone = threading.Event()
    link = Link(1, None, hear=lambda _link, _message: None, gone=lambda _link: gone.set())
    link.wait_ready()
    assert not link.kill_if_hung()
    os.kill(link.process.pid, signal.SIGSTOP)
    end = time.monotonic() + 10
    while not link.kill_if_hung():
        assert time.monotonic() < end
        time.sleep(0.05)
    assert gone.wait(5)
    stream = casts.begin(sends(transport(1)))
    assert casts.ending(stream) is Ending.CLOSED


def test_a_transport_stream_leaves_its_own_bytes_in_the_ring(tmp_path: Path) -> None:
    """A first picture larger than FFmpeg looks into, so that of the sound little is known."""
    body, told = cast(), []
    link = Link(
        0, tmp_path / "rings", hear=lambda _link, m: told.append(m), gone=lambda _link: None
    )
    ring = Ring(120.0, 1 << 30)
    try:
        link.wait_ready()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            link.watch(new_id(), 1, Target("127.0.0.1", listener.getsockname()[1], "mpegts"))
            with listener.accept()[0] as peer:
                sends(body[:200_000], body[200_000:], pause_s=0.3)(peer)
        until(lambda: any(one.kind == "end" for one in told))
    finally:
        link.close()
    for one in told:
        if one.kind == "chunk":
            said = one.fields
            ring.add(
                Chunk(Path(said["path"]), one.block, said["at"], said["container"], said["pull"])
            )
    kept = ring.source().read()
    assert kept == body
    with av.open(BytesIO(kept), format="mpegts") as film:
        assert sum(frame.samples for frame in film.decode(audio=0)) >= 5.5 * 44_100
