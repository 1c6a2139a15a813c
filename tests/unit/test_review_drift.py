"""Protects graders from false alarms, and everybody from an alarm that comes too late."""

from __future__ import annotations

import numpy as np
import pytest

from breakwater.review.quality.drift import USUAL, drift

CELLS = 1200


def mean_run(share_wrong: float) -> float:
    """Answers until the alarm on average, by a Markov chain of scores (Brook and Evans 1972)."""
    width = USUAL.limit / CELLS
    middle = (np.arange(CELLS) + 0.5) * width
    middle[0] = 0.0
    chain = np.zeros((CELLS, CELLS))
    for chance, wrong in ((share_wrong, True), (1 - share_wrong, False)):
        after = np.maximum(0.0, middle + USUAL.step(wrong=wrong))
        stays = after < USUAL.limit
        chain[np.flatnonzero(stays), (after[stays] / width).astype(int)] += chance
    return float(np.linalg.solve(np.eye(CELLS) - chain, np.ones(CELLS))[0])


def test_a_settled_grader_is_left_in_peace_and_a_drifted_one_is_noticed():
    assert mean_run(USUAL.settled) > 800
    assert mean_run(USUAL.drifted) < 30
    assert mean_run(0.5) < 8


def test_the_alarm_is_raised_and_ends_when_the_answers_are_good_again():
    good = drift([False] * 400)
    assert (good.score, good.alarm, good.answers, good.wrong) == (0.0, False, 400, 0)
    bad = drift([False] * 400 + [True] * 3)
    assert bad.alarm
    assert bad.since == 3
    assert bad.score == pytest.approx(USUAL.limit)
    assert drift([False] * 400 + [True] * 3 + [False] * 5).alarm, "five good answers are few"
    assert not drift([False] * 400 + [True] * 3 + [False] * 30).alarm


def test_a_single_mistake_is_never_an_alarm():
    assert not drift(([False] * 19 + [True]) * 40).alarm
    assert not drift([True]).alarm
