"""Shifts that can be meant, and the gaps that others leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from breakwater.errors import BadInput
from breakwater.model.duty import Shift
from breakwater.model.ids import new_id
from breakwater.review.duty.rota import FARTHEST, LONGEST, RANKS, Planned, check, gaps

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WHO = new_id()


@pytest.mark.parametrize(
    ("begins", "ends", "rank"),
    [(0, 8, 1), (-4, 4, 1), (0, LONGEST / HOUR, RANKS), (FARTHEST / HOUR, FARTHEST / HOUR + 8, 1)],
)
def test_an_ordinary_shift_is_taken(begins, ends, rank):
    check(Planned(WHO, NOON + begins * HOUR, NOON + ends * HOUR, rank), NOON)


@pytest.mark.parametrize(
    ("begins", "ends", "rank", "words"),
    [
        (8, 8, 1, "ends after it begins"),
        (8, 0, 1, "ends after it begins"),
        (-8, 0, 1, "over already"),
        (0, 24 * 8, 1, "seven days long"),
        (24 * 400, 24 * 400 + 8, 1, "within a year"),
        (0, 8, 0, "1 to 9"),
        (0, 8, RANKS + 1, "1 to 9"),
    ],
)
def test_a_shift_that_cannot_be_meant_is_refused_in_words(begins, ends, rank, words):
    with pytest.raises(BadInput, match=words):
        check(Planned(WHO, NOON + begins * HOUR, NOON + ends * HOUR, rank), NOON)


def shift(begins, ends):
    end = NOON + ends * HOUR
    return Shift(new_id(), WHO, 1, NOON + begins * HOUR, end, end)


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        ([], [(0, 8)]),
        ([(0, 8)], []),
        ([(-2, 9)], []),
        ([(2, 4)], [(0, 2), (4, 8)]),
        ([(6, 7), (2, 4)], [(0, 2), (4, 6), (7, 8)]),
        ([(-3, 1), (7, 12)], [(1, 7)]),
        ([(9, 12)], [(0, 8)]),
        ([(0, 5), (3, 4)], [(5, 8)]),
    ],
)
def test_what_others_leave_open_is_found(taken, left):
    found = gaps([shift(*one) for one in taken], NOON, NOON + 8 * HOUR)
    assert found == [(NOON + a * HOUR, NOON + b * HOUR) for a, b in left]
