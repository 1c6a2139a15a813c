"""Protects what becomes of an item: enough equal answers, a dispute, or one more person."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from breakwater.model.facts import Activity, FirstLook, ItemFacts
from breakwater.model.grading import Grading, How, Part
from breakwater.model.ids import new_id
from breakwater.review.grading.policy import Disputed, Settled, Waits, outcome

L = FirstLook
ONE, TWO = ItemFacts(Activity.NONE), ItemFacts(Activity.ANIMAL)


def answer(look=L.FULL_FACTS, facts=None, part=Part.GRADER) -> Grading:
    return Grading(
        new_id(), 1, new_id(), part, look, datetime(2026, 3, 1, tzinfo=UTC), facts=facts
    )  # fmt: skip


def same(n: int, facts: ItemFacts | None = ONE) -> list[Grading]:
    look = L.FULL_FACTS if facts else L.NOT_PERTINENT
    return [answer(look, facts) for _ in range(n)]


UNSURE = [answer(L.CANNOT_TELL)]


@pytest.mark.parametrize("graders", [1, 2, 3])
def test_as_many_equal_answers_as_the_set_asks_for_settle_it(graders: int):
    assert isinstance(outcome(same(graders - 1), graders), Waits)
    settled = outcome(same(graders), graders)
    assert isinstance(settled, Settled)
    assert settled.how is (How.SINGLE if graders == 1 else How.AGREED)
    assert len(settled.rests_on) == graders
    assert isinstance(outcome(same(graders, None), graders), Settled)


def test_a_first_pass_alone_is_no_answer():
    assert outcome([answer(L.FULL_FACTS)], 1) == Waits(1, 0)


@pytest.mark.parametrize(
    "answers", [same(1) + same(1, TWO), same(1) + same(1, None), same(2) + same(1, TWO)]
)
def test_unequal_answers_are_disputed_and_an_adjudicator_ends_it(answers: list[Grading]):
    assert isinstance(outcome(answers, len(answers)), Disputed)
    ruled = answer(facts=TWO, part=Part.ADJUDICATOR)
    settled = outcome([*answers, ruled], len(answers))
    assert isinstance(settled, Settled)
    assert (settled.how, settled.answer, settled.rests_on) == (How.ADJUDICATED, ruled, (ruled,))


def test_who_cannot_tell_asks_for_one_more_and_two_for_the_adjudicator():
    assert outcome(UNSURE, 1) == Waits(needed=2, graded=1)
    assert isinstance(outcome(UNSURE + same(1), 1), Settled)
    assert isinstance(outcome(UNSURE * 2, 3), Disputed)


def test_gold_never_counts():
    assert outcome([answer(facts=ONE, part=Part.GOLD)], 1) == Waits(1, 0)
