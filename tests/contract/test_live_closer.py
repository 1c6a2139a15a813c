"""A closer look at a broadcast, on both databases: what is asked, what is found, what is kept."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests import builders
from tests.builders_live import START
from tests.builders_scene import logo, scene

from breakwater.fingerprint import audio
from breakwater.live.preroll import Ring
from breakwater.live.streams import Streams
from breakwater.live.watching import looking
from breakwater.live.watching.childwire import Message
from breakwater.live.watching.looking import Closer
from breakwater.live.watching.post import Post, Seen
from breakwater.live.watching.spotting import Spotted, Spotter
from breakwater.media.wire_scene import write_keypoints, write_sound
from breakwater.model.broadcast import Sender
from breakwater.model.copies import FramePrints, Segment, Zone
from breakwater.model.ids import new_id
from breakwater.model.live import LiveFrame
from breakwater.model.scene import Keypoints, SoundPrint
from breakwater.model.signal import Fingerprint, Signal
from breakwater.model.stream import Alert, Control
from breakwater.recognition import grey
from breakwater.records import banks, reels, stream_alerts, stream_stills, streams
from breakwater.records.leases import Lease
from breakwater.scenes import local

pytestmark = pytest.mark.usefixtures("keyring")

JPEG = b"\xff\xd8\xff\xe0 a still"


def points(picture, time_s=0.0):
    return local.extract(np.ascontiguousarray(picture), time_s)


def prints(time_s=0.0):
    hashes = np.random.default_rng(int(time_s)).integers(0, 255, (1, 32)).astype(np.uint8)
    return FramePrints(time_s, np.zeros(1, np.uint8), hashes, np.full(1, 90, np.uint8))


class Child:
    """Stands for the watcher's link: what was asked of the child."""

    def __init__(self):
        self.asked = []

    def ask(self, _stream, _epoch, kind, what):
        self.asked.append((kind, what.split()))

    def looks(self):
        return [what for kind, what in self.asked if kind == "look"]


class Scripted:
    """An aligner whose follower says what the test wants."""

    def __init__(self):
        self.any, self.says, self.sighted = True, (), {}

    def follow(self):
        return self

    def feed(self, _frame):
        return self.says


class World:
    """A broadcast, a known video with key points, and a closer whose child is the test."""

    def __init__(self, database, vault, clock):
        self.database, self.aligner, self.child = database, Scripted(), Child()
        self.door, self.told = Streams(db=database), []
        with database.transaction() as tx:
            bank = banks.create(tx, name="FILMS", purpose="tests", source="tests")
            frames = [prints(at) for at in (0.0, 2.0, 4.0, 6.0)]
            self.reel = reels.add(
                tx, bank=bank, label="a film", source="tests", duration_s=8.0, frames=frames,
                by="tests",
            )  # fmt: skip
            reels.vouch(tx, self.reel.number, by="another")
            sender = Sender(service="clips", pull_url="rtmp://127.0.0.1/live/1")
            stream = streams.start(tx, server="", name="1", sender=sender)
        screener = SimpleNamespace(match=lambda *_, **__: ())
        spotter = Spotter(stream.id, db=database, screener=screener, aligner=self.aligner)
        lease = Lease("watch/x", "owner", 1, START)
        self.post = Post(stream, lease, Seen(1000.0), spotter, Ring(10, 1 << 20))
        self.post.link, self.post.opened_at = self.child, 1.0
        self.closer = Closer(db=database, clock=clock, vault=vault, tell=self.tell)
        self.closer._hears = True
        self.clock = clock

    def keep(self, *frames, sound=None):
        known = grey.Known(tuple(frames), sound or grey.Known(()).sound)
        with self.database.transaction() as tx:
            reels.keep_look(tx, self.reel.number, known.pack())

    def tell(self, post, spotted: Spotted):
        self.told.append(spotted)
        post.stream = self.door.alert(
            spotted.alert, segments=spotted.segments, matches=spotted.matches, looks=spotted.looks
        )

    def segment(self, **changes):
        fields = {
            "reel": self.reel.number, "start_s": 20.0, "end_s": 28.0, "reference_start_s": 0.0,
            "reference_end_s": 8.0, "speed": 1.0, "score": 1.4, "frames": 4, "mirrored": False,
            "zone": Zone.LOOK,
        }  # fmt: skip
        return Segment(**fields | changes)

    def show(self, *segments, at=28.0, now=0.0):
        """One frame of the broadcast, as `hearing` takes it."""
        self.aligner.says = segments
        value = np.random.default_rng(int(at * 10)).bytes(32)
        frame = LiveFrame(
            stream=self.post.stream.id, epoch=1, number=int(at), time_s=at,
            at=self.clock.now(), key=True, width=64, height=36,
            prints=(Fingerprint(Signal("pdq", value), 90),), query=prints(at), reference=prints(at),
        )  # fmt: skip
        self.post.looked(frame.reference, at, at)
        spotted = self.post.spotter.look(frame)
        for one in spotted:
            self.closer.pictures(self.post, one)
            self.tell(self.post, one)
        self.closer.saw(self.post, frame, now)
        self.settle()
        return spotted

    def settle(self):
        """Until the thread that compares is idle."""
        self.closer._threads.submit(lambda: None).result(timeout=30)

    def answer(self, *frames, number=1):
        made = write_keypoints(frames)
        fields = {**made.header, "t": "looked", "n": number}
        self.closer.told(self.post, Message("looked", fields, made.block))
        self.settle()

    def evidence(self):
        with self.database.read() as tx:
            return stream_alerts.of_stream(tx, self.post.stream.id)


@pytest.fixture
def world(database, vault, clock):
    made = World(database, vault, clock)
    yield made
    made.closer.close()


def known(world, count=4):
    world.keep(*(points(scene(n), 2.0 * n) for n in range(count)))


def shown(count, first=0):
    return [points(scene(first + n)[10:, 14:], 20.0 + 2 * n) for n in range(count)]


def test_an_unsure_stretch_is_asked_for_and_borne_out(world):
    known(world)
    assert [one.alert.kind for one in world.show(world.segment())] == ["copy"]
    assert world.evidence()[0].wanted is Control.WATCHED
    kind, times = world.child.asked[0]
    assert (kind, times) == ("listen", ["on"])
    asked = world.child.looks()[0]
    assert asked[:5] == ["1", "20.000", "22.000", "24.000", "26.000"]
    world.answer(*shown(4))
    best = world.evidence()[0]
    assert best.wanted is Control.FROZEN
    assert best.segments[0].zone is Zone.LINK
    assert (best.looks[0].agree, best.looks[0].before, best.looks[0].after) == (4, "look", "link")
    assert not best.alert.auto_cut, "though two vouch for it"
    assert best.looks[0].frames[0][:2] == (20.0, 0.0)
    world.show(world.segment(end_s=40.0, frames=5, score=1.6), at=40.0, now=100.0)
    later = world.told[-1]
    assert later.segments[0].zone is Zone.LINK, "what goes on of it stays a link"
    assert not later.alert.auto_cut
    assert len(world.child.looks()) == 1


def test_another_video_is_told_once_and_leads_to_nothing_more(world):
    known(world)
    world.show(world.segment())
    world.answer(*shown(4, first=40))
    newest = world.evidence()[0]
    assert newest.looks[0].after == "nothing"
    assert newest.wanted is Control.OPEN
    assert "another video" in newest.alert.why
    told = len(world.told)
    assert world.show(world.segment(end_s=36.0, frames=6), at=36.0, now=100.0) == []
    assert len(world.told) == told
    strong = world.segment(end_s=40.0, frames=9, score=7.0, zone=Zone.LINK)
    assert world.show(strong, at=40.0, now=110.0)[0].segments[0].zone is Zone.LINK


def test_one_logo_over_both_is_masked_on_each_side(world):
    world.keep(*(points(logo(scene(40 + n)), 2.0 * n) for n in range(4)))
    for n in range(6):
        world.show(at=2.0 * n, now=0.0)
    world.show(world.segment())
    around = len(world.child.looks()[0]) - 5
    assert around >= 3, "frames of other shots are asked for"
    marked = [points(logo(scene(n)), 20.0 + 2 * n) for n in range(4)]
    others = [points(logo(scene(20 + n)), 2.0 * n) for n in range(around)]
    world.answer(*marked, *others)
    assert world.evidence()[0].looks[0].after != "link"


def test_one_frame_and_its_sound_are_enough_and_sound_alone_is_not(world):
    if not audio.version():
        pytest.skip("libchromaprint1 is not installed")
    items = np.random.default_rng(5).integers(0, 1 << 32, 80, dtype=np.uint32)
    sound = SoundPrint(items, 0.0, audio.STEP_S)
    world.keep(*(points(scene(n), 2.0 * n) for n in range(4)), sound=sound)
    empty = Keypoints(0.0, 1, 1, np.zeros((0, 2), np.float32), np.zeros((0, 128), np.uint8))
    world.show(world.segment())
    made = write_sound(SoundPrint(items, 20.1, audio.STEP_S))
    fields = {**made.header, "t": "sound", "anew": True}
    world.closer.told(world.post, Message("sound", fields, made.block))
    world.answer(*[empty] * 4)
    alone = world.evidence()[0]
    assert alone.looks[0].sound is not None
    assert alone.looks[0].after == "look"
    world.show(world.segment(end_s=29.0, frames=5), at=29.0, now=100.0)
    world.answer(shown(1)[0], *[empty] * 3, number=2)
    both = world.evidence()[0]
    assert (both.looks[0].agree, both.looks[0].after) == (1, "link")
    assert "10 s of sound" in both.alert.why
    assert both.looks[0].sound.error_rate == pytest.approx(0.0)


def test_looks_are_rare_and_end_where_they_tell_nothing(world):
    known(world)
    world.show(world.segment())
    world.show(world.segment(frames=5), at=29.0, now=looking.EVERY_S - 0.1)
    assert len(world.child.looks()) == 1, "one at a time, and not often"
    world.show(world.segment(frames=5), at=30.0, now=looking.EVERY_S)
    assert len(world.child.looks()) == 2, "a child that does not answer is asked again"
    world.answer(*shown(1), number=1)
    assert not world.evidence()[0].looks, "the answer to an old question says nothing"
    world.show(world.segment(frames=5), at=31.0, now=100.0)
    assert len(world.child.looks()) == 2, "it has not grown"
    for turn in range(6, 14):
        world.show(world.segment(frames=turn), at=26.0 + turn, now=100.0 * turn)
    assert len(world.child.looks()) == looking.MOST_TRIES


def test_without_key_points_nobody_is_asked_and_they_may_come_later(world):
    world.show(world.segment())
    assert world.child.looks() == []
    known(world)
    world.show(world.segment(frames=5), at=29.0, now=100.0)
    assert len(world.child.looks()) == 1


def test_a_comparison_holds_up_no_frame(world, monkeypatch):
    known(world)

    held, begun = threading.Event(), threading.Event()

    def slow(*_):
        begun.set()
        held.wait(60)
        raise RuntimeError

    monkeypatch.setattr(grey, "weigh", slow)
    world.show(world.segment())
    made = write_keypoints(shown(4))
    message = Message("looked", {**made.header, "t": "looked", "n": 1}, made.block)
    world.closer.told(world.post, message)
    assert begun.wait(60)
    assert world.closer.eye(world.post).busy, "it goes on while this thread is free"
    held.set()
    world.settle()
    assert not world.closer.eye(world.post).busy, "a look that failed blocks no other"


def test_stills_are_kept_with_a_case_only_and_once(world, vault):
    def tell(*times):
        fields = {"t": "shots", "times": list(times), "sizes": [len(JPEG)] * len(times)}
        message = Message("shots", fields, JPEG * len(times))
        world.closer.told(world.post, message)
        world.settle()
        with world.database.read() as tx:
            return stream_stills.of_stream(tx, world.post.stream.id)

    assert tell(1.0) == []
    alert = Alert(
        world.post.stream.id, builders.NOON, 1.0, "copy", "seen", score=5.0, reference=new_id()
    )
    world.tell(world.post, Spotted(alert))
    world.post.offset_s = 100.0
    assert [one.ms for one in tell(2.5, 1.0)] == [101_000, 102_500]
    found = tell(1.0)
    assert len(found) == 2
    vault.shred(found[0].blob)
    with world.database.read() as tx:
        gone = stream_stills.find(tx, world.post.stream.id, 101_000)
        assert gone == replace(found[0], blob=None), "the row says that there was one"
        assert stream_stills.find(tx, world.post.stream.id, 5) is None
