"""Protects gold from being foreseen, and graders from meeting nothing else."""

from __future__ import annotations

import itertools

import pytest

from breakwater.model.ids import new_id
from breakwater.review.grading.gold import SHARE, is_due


def test_about_one_item_in_twenty_is_gold_at_places_of_each_one_s_own():
    people = [new_id() for _ in range(20)]
    places = {person: [n for n in range(1000) if is_due(person, 3, n)] for person in people}
    met = sum(len(found) for found in places.values())
    assert met / 20_000 == pytest.approx(SHARE, abs=0.006)
    assert len({tuple(found) for found in places.values()}) == 20
    gaps = [b - a for found in places.values() for a, b in itertools.pairwise(found)]
    assert len(set(gaps)) > 50, "no rhythm that could be learned"


def test_asking_again_answers_the_same():
    person = new_id()
    assert [is_due(person, 1, n) for n in range(200)] == [is_due(person, 1, n) for n in range(200)]
