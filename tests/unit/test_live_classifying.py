"""Which broadcasts are scored next, and what a share of a core buys."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders_live import stream

from breakwater.live.watching import classifying
from breakwater.live.watching.classifying import Budget, due
from breakwater.live.watching.post import Post


class Seat:
    """Something that watches."""


def post(risk: float = 0.0, frames: int = 10, **facts: Any) -> Post:
    return Post(
        stream(risk=risk), None, None, None, None,  # type: ignore[arg-type] # none is asked
        link=Seat(), frames=frames, **facts,  # type: ignore[arg-type]
    )  # fmt: skip


def asked(one: Post, at: float, frames: int, *, pending: bool = False) -> Any:
    return {one.stream.id: classifying._Turn(at, frames, pending)}


def test_a_calm_broadcast_waits_for_its_frames_and_a_risky_one_does_not() -> None:
    calm, risky = post(0.0, 12), post(0.5, 11)
    turns = asked(calm, 0.0, 10) | asked(risky, 0.0, 10)
    assert due([calm, risky], turns, 3, 9.0) == [risky]
    calm.frames = 13
    assert due([calm, risky], turns, 3, 9.0) == [risky, calm]


def test_one_that_was_never_scored_goes_before_one_of_a_moment_ago() -> None:
    new, known = post(), post(0.5, 20)
    assert due([known, new], asked(known, 8.5, 10), 1, 9.0)[0] is new


def test_a_picture_that_never_came_is_asked_for_again() -> None:
    one = post(0.0, 50)
    turns = asked(one, 0.0, 10, pending=True)
    assert due([one], turns, 3, classifying.ANSWER_S - 1) == []
    assert due([one], turns, 3, classifying.ANSWER_S + 1) == [one]


def test_a_picture_of_a_broadcast_that_ended_takes_no_place_of_others() -> None:
    turns = asked(post(over_at=1.0), 0.0, 10, pending=True) | asked(post(), 5.0, 10, pending=True)
    assert classifying.expected(turns, classifying.ANSWER_S - 1) == 2
    assert classifying.expected(turns, classifying.ANSWER_S + 1) == 1


def test_nothing_is_asked_of_what_is_over_unplaced_or_unseen() -> None:
    over, unplaced, unseen = post(over_at=1.0), post(), post(frames=0)
    unplaced.link = None
    assert due([over, unplaced, unseen], {}, 1, 9.0) == []


@pytest.mark.parametrize(("share", "cost"), [(0.25, 0.01), (0.1, 0.5), (1.0, 0.03)])
def test_over_a_minute_no_more_than_the_share_is_spent(share: float, cost: float) -> None:
    budget, spent, now = Budget(share), 0.0, 100.0
    for _ in range(240):
        now += 0.25
        for _ in range(budget.afford(now, cost)):
            budget.spend(cost)
            spent += cost
    assert 0.8 * 60 * share <= spent <= 1.05 * 60 * share + cost


def test_what_was_too_slow_is_paid_back() -> None:
    budget = Budget(0.25)
    assert budget.afford(100.0, 0.1) == 2
    budget.spend(2.0)
    assert budget.afford(101.0, 0.1) == 0
    assert budget.afford(120.0, 0.1) >= 1
