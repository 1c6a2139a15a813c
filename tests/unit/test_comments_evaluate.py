"""Replay: rates with exact bounds, thresholds, seconds to alarm, what counts and what does not."""

from __future__ import annotations

import math
import random

import pytest

from breakwater.comments.evaluate import (
    Event,
    Found,
    Rate,
    detect,
    false_alarms,
    hours,
    laid,
    peaks,
    seconds_to,
    threshold,
)
from breakwater.errors import BadInput


class Loudest:
    """Alarms by single messages."""

    def take(self, event: Event) -> float:
        return event.nats


def chat(*told: tuple[float, float]) -> list[Event]:
    return [Event(n, n, at, nats) for n, (at, nats) in enumerate(told)]


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [
        (0, 0.0, 3.689),
        (1, 0.0253, 5.572),
        (7, 2.814, 14.42),
        (10, 4.795, 18.39),
        (100, 81.36, 121.6),
    ],
)
def test_bounds_are_those_of_the_published_table(count: int, low: float, high: float) -> None:
    rate = Rate.of(count, 1.0)
    assert rate.low == pytest.approx(low, rel=2e-3)
    assert rate.high == pytest.approx(high, rel=2e-3)
    assert Rate.of(count, 10.0).high == pytest.approx(high / 10, rel=2e-3)


def test_no_hours_are_no_rate() -> None:
    with pytest.raises(BadInput):
        Rate.of(1, 0.0)


def test_peaks_are_one_for_each_ten_minutes() -> None:
    assert list(peaks(chat((0, 1), (599, 3), (600, 2), (1900, 5)), Loudest)) == [
        3, 2, -math.inf, 5,
    ]  # fmt: skip
    assert list(peaks([], Loudest)) == []


def test_a_threshold_rings_as_often_as_was_asked_on_its_own_streams() -> None:
    draw = random.Random(5)
    streams = [chat(*((10.0 * n, draw.gauss(0, 1)) for n in range(3_601))) for _ in range(10)]
    assert hours(streams) == pytest.approx(100)
    for target in (0.5, 0.1, 0.05):
        limit = threshold(streams, Loudest, target)
        assert false_alarms(streams, Loudest, limit).per_hour <= target
        assert false_alarms(streams, Loudest, limit).count >= int(target * 100)
    with pytest.raises(BadInput):
        threshold([], Loudest, 0.1)
    with pytest.raises(BadInput):
        threshold(streams, Loudest, 0)


def test_an_episode_is_timed_from_its_first_message() -> None:
    benign = chat(*((10.0 * n, 0.0) for n in range(400)))
    episode = chat((0, 1.0), (45, 6.0))
    assert seconds_to(benign, episode, 1_000.0, Loudest, 5.0) == 45.0
    assert seconds_to(benign, episode, 1_000.0, Loudest, 0.5) == 0.0
    assert seconds_to(benign, episode, 1_000.0, Loudest, 9.0) is None
    assert seconds_to(benign, chat((0, 1.0), (700, 9.0)), 1_000.0, Loudest, 5.0) is None
    assert [one.at for one in laid(benign, episode, 1_003.0)][100:103] == [
        1_000.0,
        1_003.0,
        1_010.0,
    ]


def test_a_chat_that_alarmed_just_before_is_no_trial_and_one_long_before_is() -> None:
    benign = chat((0, 0), (100, 9), (900, 0), (2_000, 0))
    episode = chat((0, 6.0))
    found = detect([(benign, episode, 500.0), (benign, episode, 1_500.0)], Loudest, 5.0)
    assert found.seconds == (0.0,)
    assert found.skipped == 1


def test_shares_bounds_and_median() -> None:
    found = Found((10.0, 200.0, 400.0, None))
    assert found.within(300) == 0.5
    assert found.within(600) == 0.75
    assert found.median_s == 400.0
    low, high = found.bounds(300)
    assert 0 <= low < 0.5 < high <= 1
    assert Found((None, None)).median_s == math.inf
    assert Found(()).within(300) == 0
    assert Found(()).bounds(300) == (0, 1)
