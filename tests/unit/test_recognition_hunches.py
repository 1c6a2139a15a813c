"""When one sighting is followed: at once, for seconds, later and later, and at a bounded cost."""

from __future__ import annotations

import itertools

import pytest

from breakwater.recognition.hunches import FOLLOWED_S, SHARE, WAIT_S, Hunches


def test_a_sighting_is_followed_for_seconds() -> None:
    hunches = Hunches()
    assert not hunches.take(9.0, {}, ())
    assert hunches.take(10.0, {1: 80}, ())
    assert hunches.take(10.0 + FOLLOWED_S, {}, ())
    assert not hunches.take(10.5 + FOLLOWED_S, {}, ())


def test_what_came_to_nothing_is_believed_later_and_later() -> None:
    hunches = Hunches()
    close = [at for at in range(0, 600, 2) if hunches.take(float(at), {1: 80}, ())]
    starts = [at for at in close if at - 2 not in close]
    gaps = [b - a for a, b in itertools.pairwise(starts)]
    assert gaps[0] == pytest.approx(FOLLOWED_S + WAIT_S, abs=2.5)
    assert gaps == sorted(gaps)
    assert gaps[2] > 3 * gaps[0]


def test_another_known_video_is_believed_at_once() -> None:
    hunches = Hunches()
    hunches.take(0.0, {1: 80}, ())
    assert not hunches.take(6.0, {1: 80}, ())
    assert hunches.take(8.0, {2: 80}, ())


def test_a_much_nearer_sighting_is_no_repetition_of_one_that_came_to_nothing() -> None:
    hunches = Hunches()
    hunches.take(0.0, {1: 84}, ())
    assert not hunches.take(6.0, {1: 80}, ())
    assert hunches.take(8.0, {1: 60}, ())
    assert not hunches.take(14.0, {1: 58}, ())


def test_a_video_that_stood_is_believed_again() -> None:
    hunches = Hunches()
    hunches.take(0.0, {1: 80}, ())
    hunches.take(2.0, {1: 80}, {1})
    assert hunches.take(7.0, {1: 80}, ())


def test_sightings_of_ever_new_videos_cost_a_tenth_of_the_time() -> None:
    hunches = Hunches()
    step = 0.25
    close = sum(hunches.take(n * step, {n: 80}, ()) for n in range(8000))
    assert close * step <= SHARE * 8000 * step + 40
