"""How much of a broadcast was seen, and when it is tried again."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from tests.builders_live import START, stream

from breakwater.live.preroll import Ring
from breakwater.live.watching.post import BACK_OFF_S, EARLY_S, Post, Seen
from breakwater.model.copies import FramePrints
from breakwater.model.live import Ending, LiveShape, Sampling
from breakwater.model.stream import Control
from breakwater.records.leases import Lease


class _Anew:
    count = 0

    def anew(self) -> None:
        self.count += 1


def post(**facts: Any) -> Post:
    lease = Lease("watch/x", "owner", 1, START)
    return Post(stream(**facts), lease, Seen(1000.0), cast("Any", _Anew()), Ring(120, 1 << 20))


def nothing() -> FramePrints:
    none = np.zeros(0, np.uint8)
    return FramePrints(0.0, none, np.zeros((0, 32), np.uint8), none)


def test_a_reading_that_comes_late_does_not_undo_a_newer_one() -> None:
    at = post(version=3, risk=0.9)
    assert at.knows(stream(id=at.stream.id, version=2, risk=0.0)).risk == 0.9
    assert at.wanted(0.0) is Sampling.FULL
    assert at.knows(stream(id=at.stream.id, version=4, risk=0.0)).risk == 0.0
    assert at.wanted(0.0) is Sampling.KEY


def test_what_lies_between_near_frames_was_seen_and_a_hole_was_not() -> None:
    seen = Seen(1000.0)
    for at in range(1000, 1041, 2):
        seen.look(float(at))
    assert seen.share(1040.0) == pytest.approx(1.0)
    for at in range(1080, 1121, 2):
        seen.look(float(at))
    assert seen.share(1120.0) == pytest.approx(80 / 120, abs=0.01)
    assert Seen(1000.0).share(1100.0) == 0.0


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({}, Sampling.KEY),
        ({"risk": 0.5}, Sampling.FAST),
        ({"risk": 0.9}, Sampling.FULL),
        ({"control": Control.WATCHED}, Sampling.FAST),
        ({"control": Control.FROZEN}, Sampling.FULL),
    ],
)
def test_risk_and_people_raise_how_closely_it_is_looked_at(
    facts: dict[str, Any], wanted: Sampling
) -> None:
    assert post(**facts).wanted(1000.0) is wanted


def test_failures_wait_longer_each_time_and_a_frame_forgives() -> None:
    one = post()
    waits = []
    for _ in range(9):
        one.failed(Ending.RESET, 1000.0)
        waits.append(one.again_at - 1000.0)
    assert waits[: len(BACK_OFF_S)] == pytest.approx(BACK_OFF_S)
    assert waits[-1] == pytest.approx(BACK_OFF_S[-1])
    one.failed(Ending.CHANGED, 1000.0)
    assert one.again_at == 1000.0
    one.looked(nothing(), 1001.0, 1.0)
    assert one.tries == 0


def test_a_play_that_comes_before_the_broadcast_is_tried_again_at_once_a_few_times() -> None:
    one = post()
    waits = []
    for _ in range(len(EARLY_S) + 1):
        one.failed(Ending.REFUSED, 1000.0)
        waits.append(one.again_at - 1000.0)
    assert sum(waits[:3]) <= 0.25
    assert waits[-1] == pytest.approx(BACK_OFF_S[0])
    assert one.tries == 1
    one.came(1060.0)
    assert one.again_at == 1060.0
    one.failed(Ending.REFUSED, 1060.0)
    assert one.again_at - 1060.0 == pytest.approx(EARLY_S[0])


def test_who_comes_while_a_try_is_under_way_starts_no_second_one() -> None:
    one = post()
    one.again_at = float("inf")
    one.came(1060.0)
    assert one.again_at == float("inf")


def test_the_broadcasts_clock_goes_on_over_pulls() -> None:
    one = post()
    one.opened(LiveShape("h264", 320, 240), 1000.0)
    one.looked(nothing(), 1001.0, 10.0)
    one.began_anew()
    one.looked(nothing(), 1005.0, 2.0)
    assert [frame.time_s for frame in one.prints] == [10.0, 12.0]


def test_packets_without_pictures_are_blindness() -> None:
    one = post()
    one.link = cast("Any", object())
    one.opened(LiveShape("h264", 320, 240), 1000.0)
    one.pulse_at = 1020.0
    assert one.blind(1020.0)
    one.looked(nothing(), 1019.0, 1.0)
    assert not one.blind(1020.0)
