"""The figure of false matches a day: its model is what it says it is."""

import numpy as np
import pytest
from benchmarks.copies_chance import STRETCH, Chance, convolved, link_chance, per_minute_pair

from breakwater.matching.align import LINK_SCORE, WINDOW


def chance(sums: np.ndarray, stretches: int) -> Chance:
    return Chance(sums, stretches, stretches, 60)


def test_convolution_keeps_what_falls_beyond_its_end() -> None:
    one = np.array([0.5, 0.25, 0.25, 0.0])
    assert convolved(one, one) == pytest.approx([0.25, 0.25, 0.3125, 0.1875])
    assert convolved(one, one).sum() == pytest.approx(1.0)


def test_certain_stretches_link_and_silent_ones_do_not() -> None:
    lines = -(-WINDOW // STRETCH)
    always = np.full(1000, LINK_SCORE / lines + 0.05)
    assert link_chance(chance(always, 1000), always) == pytest.approx(1.0, abs=0.05)
    nothing = chance(np.zeros(0), 1000)
    assert per_minute_pair(nothing)[0] == 0
    assert per_minute_pair(nothing)[1] > 0


def test_rarer_or_weaker_chances_link_less() -> None:
    sums = np.random.default_rng(1).exponential(0.1, 2000)
    often, seldom = (link_chance(chance(sums, n), sums) for n in (10_000, 1_000_000))
    weak = link_chance(chance(sums, 10_000), sums / 2)
    assert often > seldom > 0
    assert often > weak > 0
