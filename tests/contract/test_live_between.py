"""Which frames of a broadcast are aligned: key frames, and after a sighting or a stretch many more."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pytest
from tests.builders_live import START

from breakwater.live.watching.spotting import CLOSELY_S, Spotter
from breakwater.model.copies import FramePrints, Segment, Zone
from breakwater.model.ids import new_id
from breakwater.model.live import LiveFrame
from breakwater.model.signal import Fingerprint, Signal
from breakwater.recognition.hunches import FOLLOWED_S
from breakwater.records import banks, reels

pytestmark = pytest.mark.usefixtures("keyring")


def prints(time_s: float) -> FramePrints:
    hashes = np.random.default_rng(int(100 * time_s)).integers(0, 255, (1, 32)).astype(np.uint8)
    return FramePrints(time_s, np.zeros(1, np.uint8), hashes, np.full(1, 90, np.uint8))


class Scripted:
    """An aligner whose follower says what the test wants, and remembers what it was fed."""

    def __init__(self) -> None:
        self.any, self.says, self.sighted = True, (), {}
        self.fed: list[tuple[float, bool]] = []

    def follow(self):
        return self

    def feed(self, frame, *, between=False):
        self.fed.append((frame.time_s, between))
        return self.says


@pytest.fixture
def aligner() -> Scripted:
    return Scripted()


@pytest.fixture
def spotter(database, aligner) -> Spotter:
    screener = SimpleNamespace(match=lambda *_, **__: ())
    return Spotter(new_id(), db=database, screener=screener, aligner=aligner)


def show(spotter: Spotter, times: Sequence[float], *, key: bool) -> None:
    for at in times:
        print_ = Fingerprint(Signal("pdq", np.random.default_rng(int(100 * at)).bytes(32)), 90)
        spotter.look(
            LiveFrame(
                stream=new_id(),
                epoch=1,
                number=int(100 * at),
                time_s=at,
                at=START,
                key=key,
                width=64,
                height=36,
                prints=(print_,),
                query=prints(at),
                reference=prints(at),
            )
        )


def eighths(start: float, seconds: float) -> list[float]:
    return [start + n / 8 for n in range(1, int(8 * seconds))]


def test_without_a_sighting_only_key_frames_are_aligned(spotter, aligner):
    for at in (0.0, 2.0, 4.0):
        show(spotter, [at], key=True)
        show(spotter, eighths(at, 1.8), key=False)
    assert aligner.fed == [(0.0, False), (2.0, False), (4.0, False)]
    assert not spotter.curious


def test_after_a_sighting_frames_between_are_aligned_for_seconds(spotter, aligner):
    show(spotter, [0.0], key=True)
    aligner.sighted = {7: 60}
    show(spotter, [2.0], key=True)
    assert spotter.curious
    aligner.sighted = {}
    show(spotter, eighths(2.0, 9.0), key=False)
    between = [at for at, kind in aligner.fed if kind]
    assert min(between) == pytest.approx(2.25), "every second of eight looks a second"
    assert 2 / 0.25 < len(between) <= (FOLLOWED_S + 0.3) / 0.25
    assert max(between) <= 2.0 + FOLLOWED_S + 0.3
    assert not spotter.curious


def test_a_stretch_that_stands_is_followed_as_closely_as_an_upload(spotter, aligner, database):
    with database.transaction() as tx:
        bank = banks.create(tx, name="FILMS", purpose="tests", source="tests")
        reel = reels.add(
            tx, bank=bank, label="a film", source="tests", duration_s=8.0,
            frames=[prints(0.0)], by="tests",
        )  # fmt: skip
    aligner.says = (Segment(reel.number, 0.0, 2.0, 0.0, 2.0, 1.0, 1.4, 2, False, Zone.LOOK),)
    show(spotter, [0.0], key=True)
    aligner.says = ()
    show(spotter, eighths(0.0, CLOSELY_S + 4.0), key=False)
    counted = [at for at, kind in aligner.fed if not kind]
    between = [at for at, kind in aligner.fed if kind]
    assert len(between) > 3 * (CLOSELY_S - 2)
    assert max(between) <= CLOSELY_S
    assert min(b - a for a, b in itertools.pairwise(counted)) > 1.8, "as ever"
