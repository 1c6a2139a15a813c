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
    laid,
    run,
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
    course = run(chat((0, 1), (599, 3), (600, 2), (1900, 5)), Loudest)
    assert list(course.peaks) == [3, 2, -math.inf, 5]
    assert list(run([], Loudest).peaks) == []


def test_a_threshold_rings_as_often_as_was_asked_on_its_own_streams() -> None:
    draw = random.Random(5)
    told = [chat(*((10.0 * n, draw.gauss(0, 1)) for n in range(3_601))) for _ in range(10)]
    courses = [run(one, Loudest) for one in told]
    assert sum(one.hours for one in courses) == pytest.approx(100)
    for target in (0.5, 0.1, 0.05):
        limit = threshold(courses, target)
        assert false_alarms(courses, limit).count == int(target * 100 + 1e-9)
    assert threshold(courses, 1_000) == min(one.peaks.min() for one in courses)
    with pytest.raises(BadInput):
        threshold([], 0.1)
    with pytest.raises(BadInput):
        threshold(courses, 0)


def test_an_episode_is_timed_from_its_first_message() -> None:
    benign = chat(*((10.0 * n, 0.0) for n in range(400)))
    told = laid(benign, chat((0, 1.0), (45, 6.0)), 1_003.0)
    assert [one.at for one in told][100:103] == [1_000.0, 1_003.0, 1_010.0]
    assert told[-1].at <= 1_603.0
    trial = (run(told, Loudest), 1_003.0)
    assert detect([trial], 5.0).seconds == (45.0,)
    assert detect([trial], 0.5).seconds == (0.0,)
    assert detect([trial], 9.0).seconds == (None,)
    late = run(laid(benign, chat((0, 1.0), (700, 9.0)), 1_000.0), Loudest)
    assert detect([(late, 1_000.0)], 5.0).seconds == (None,)


def test_a_chat_that_alarmed_just_before_is_no_trial_and_one_long_before_is() -> None:
    benign = chat((0, 0), (100, 9), (900, 0), (2_000, 0))
    trials = [(run(laid(benign, chat((0, 6.0)), at), Loudest), at) for at in (500.0, 1_500.0)]
    found = detect(trials, 5.0)
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
