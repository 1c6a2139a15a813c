"""What is too much, and what disagrees: tables of cases."""

from __future__ import annotations

import pytest

from breakwater.hub.holding import Limits, disagree, held_for, status_of_given
from breakwater.model.bank import EntryStatus as S
from breakwater.model.hub import Seen
from breakwater.model.hub_given import Giver
from breakwater.model.ids import new_id

LIMITS = Limits(entries_per_hour=10, matches=100, members=2, wrong=5, wrong_share=0.5)


@pytest.mark.parametrize(
    ("trusted", "signed", "arrived", "adding", "status"),
    [
        (True, False, 0, 10, S.ACTIVE),
        (False, False, 0, 10, S.PROPOSED),
        (True, False, 1, 10, S.QUARANTINED),
        (False, False, 1, 10, S.QUARANTINED),
        (True, True, 99, 99, S.ACTIVE),
        (False, True, 99, 99, S.PROPOSED),
    ],
)
def test_how_new_entries_start(trusted, signed, arrived, adding, status) -> None:
    found = status_of_given(
        trusted=trusted, signed=signed, arrived=arrived, adding=adding, limits=LIMITS
    )
    assert found is status


@pytest.mark.parametrize(
    ("matches", "wrong", "members", "why"),
    [
        (0, 0, 0, ""),
        (100, 0, 9, ""),
        (101, 0, 2, "matches"),
        (10**6, 0, 1, ""),
        (5, 5, 1, "wrong"),
        (4, 4, 1, ""),
        (12, 5, 1, ""),
        (10, 5, 1, "wrong"),
    ],
)
def test_what_matches_much_ordinary_content_is_held(matches, wrong, members, why) -> None:
    assert held_for(Seen(1, matches, wrong, members), LIMITS) == why


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (["A", "A"], ()),
        (["A", ""], ()),
        (["A", "B1"], ()),
        (["A", "C"], ("A", "C")),
        (["A1", "B1", "A"], ("A1", "B1")),
    ],
)
def test_categories_disagree_within_one_scale_alone(said, found) -> None:
    assert disagree(tuple(Giver(new_id(), one) for one in said)) == found
