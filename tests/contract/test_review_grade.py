"""The way of an item: given once, blind, answered, settled or disputed, and derived.

The same on both databases.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.builders_grading import CHILD, NOTHING, SOMETHING, Room

from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.model.access import Principal, Role
from breakwater.model.facts import Activity, AgeBand, ChildFacts, FirstLook, Maturity, Sex
from breakwater.model.grading import How, ItemState, SetState
from breakwater.records import audit, exposure, gradesets, grading, outbox, schemes
from breakwater.records.database import Database
from breakwater.review.grading import gold
from breakwater.review.grading.answering import LEASE
from breakwater.review.grading.grade import Asked

L = FirstLook


@pytest.fixture(autouse=True)
def no_gold(monkeypatch):
    """Gold comes by chance of the person's id; these tests are about the rest."""
    monkeypatch.setattr(gold, "SHARE", 0.0)


@pytest.fixture
def room(database: Database) -> Room:
    return Room.of(database)


@pytest.fixture
def grader(room: Room) -> Principal:
    return room.somebody(Role.GRADER)


def test_one_answer_settles_an_item_and_gives_it_every_code(room, grader):
    number = room.grade(grader, room.open_set(1))
    settled = room.result(number)
    assert (settled.how, settled.facts, settled.by) == (How.SINGLE, SOMETHING, grader.id)
    assert room.codes(number) == {
        "uk_abc": ("C",), "industry": ("A2",), "interpol_baseline": ("none",),
        "vics_us": ("1",), "ncmec": (),
    }  # fmt: skip
    with room.db.read() as tx:
        (answered,) = audit.page(tx, actor=grader.id)
        (answer,) = grading.of_item(tx, number)
    assert (answered.action, answered.facts["ms"], answer.ms) == ("grade.answer", 3_000, 3_000)
    assert "facts" not in answered.facts


def test_a_task_tells_nothing_of_others_matches_or_the_source(room, grader):
    number = room.open_set(2, graders=2)
    other = room.somebody(Role.GRADER)
    room.grade(other, number)
    task = room.grading.next(grader, number)
    assert (task.answer, task.previous, task.position, task.total) == (None, None, 1, 2)
    blind = {"item", "number", "set", "part", "position", "total", "moving", "frames",
             "duration_s", "behind", "answer", "previous"}  # fmt: skip
    assert set(type(task).__slots__) == blind


def test_equal_answers_agree_and_unequal_ones_need_a_third_person(room):
    number = room.open_set(2, graders=2)
    one, two, three = (room.somebody(Role.GRADER) for _ in range(3))
    first, second = room.grade(one, number), room.grade(one, number)
    assert room.grading.next(one, number) is None
    assert room.result(first) is None
    room.grade(two, number)
    assert room.result(first).how is How.AGREED
    room.grade(two, number, NOTHING)
    assert room.item(second).state is ItemState.DISPUTED
    assert room.grading.disputes(one) == []
    with pytest.raises(NotAllowed):
        room.grading.take_dispute(one, second)
    (waiting,) = room.grading.disputes(three)
    room.grading.take_dispute(three, waiting.number)
    with pytest.raises(BadInput):
        room.grading.second_opinion(three, second)
    fourth = room.somebody(Role.GRADER)
    assert room.grading.disputes(fourth) == []
    with pytest.raises(NotAllowed):
        room.grading.take_dispute(fourth, second)
    room.grading.save(three, second, NOTHING)
    assert (room.result(second).how, room.result(second).facts) == (How.ADJUDICATED, NOTHING)
    with pytest.raises(Conflict, match="adjudicator has settled"):
        room.grading.save(one, second, SOMETHING)


def test_the_order_of_children_is_no_disagreement(room):
    number = room.open_set(1, graders=2)
    other = ChildFacts(AgeBand.FROM_14, Sex.MALE, Maturity.PUBESCENT)
    item = room.grade(
        room.somebody(Role.GRADER), number, replace(SOMETHING, children=(CHILD, other))
    )
    room.grade(room.somebody(Role.GRADER), number, replace(SOMETHING, children=(other, CHILD)))
    assert room.result(item).how is How.AGREED


def test_contradictions_are_asked_once_and_then_kept(room, grader):
    number = room.open_set(1)
    old = ChildFacts(AgeBand.FROM_16, Sex.UNCLEAR, Maturity.PREPUBESCENT)
    odd = replace(SOMETHING, children=(old,))
    task = room.grading.next(grader, number)
    asked = room.grading.save(grader, task.number, odd)
    assert isinstance(asked, Asked)
    assert [question.code for question in asked.questions] == ["older_prepubescent"]
    assert room.result(task.number) is None
    room.grading.save(grader, task.number, odd, confirmed=True)
    with room.db.read() as tx:
        assert grading.latest(tx, task.number, grader.id).asked == ("older_prepubescent",)


def test_one_back_replaces_the_answer_and_keeps_the_earlier_one(room, grader):
    number = room.open_set(3)
    first, second = room.grade(grader, number), room.grade(grader, number, NOTHING)
    back = room.grading.back(grader, number)
    assert (back.number, back.answer.facts) == (second, NOTHING)
    further = room.grading.back(grader, number, before=second)
    assert (further.number, further.answer.facts) == (first, SOMETHING)
    room.grading.save(grader, second, SOMETHING)
    assert room.codes(second)["uk_abc"] == ("C",)
    with room.db.read() as tx:
        assert [answer.facts for answer in grading.of_item(tx, second)] == [NOTHING, SOMETHING]
        assert [answer.facts for answer in grading.counting(tx, second)] == [SOMETHING]
        assert [found.revision for found in grading.results(tx, second)] == [1, 2]
        (moved,) = [c for c in schemes.history(tx, second) if c.scheme == "uk_abc"]
    assert (moved.before, moved.codes) == (("none",), ("C",))
    assert room.grading.next(grader, number).previous == SOMETHING


def test_who_cannot_tell_asks_for_another_and_two_for_an_adjudicator(room):
    number = room.open_set(2)
    one, two, three = (room.somebody(Role.GRADER) for _ in range(3))
    task = room.grading.next(one, number)
    room.grading.second_opinion(one, task.number, "too dark")
    assert room.item(task.number).needed == 2
    assert room.grade(two, number) == task.number
    assert room.result(task.number).how is How.SINGLE
    other = room.grading.next(one, number)
    room.grading.second_opinion(one, other.number)
    room.grading.next(three, number)
    room.grading.second_opinion(three, other.number)
    assert room.item(other.number).state is ItemState.DISPUTED


def test_a_first_pass_sorts_and_only_full_facts_come_again(room, grader):
    number = room.open_set(3)
    page = room.grading.page(grader, number)
    assert [task.position for task in page] == [1, 2, 3]
    first, second, third = (task.number for task in page)
    looks = {first: L.NOT_PERTINENT, second: L.FULL_FACTS, third: L.CANNOT_TELL}
    room.grading.mark(grader, number, looks)
    assert room.grading.page(grader, number) == []
    settled = room.result(first)
    assert (settled.pertinent, settled.facts) == (False, None)
    assert room.codes(first)["vics_us"] == ("0",)
    assert room.grade(grader, number) == second
    assert room.grading.next(grader, number) is None
    assert room.grading.next(room.somebody(Role.GRADER), number).number == third


def test_nobody_holds_what_another_holds_and_what_is_left_lying_returns(room, clock):
    number = room.open_set(2)
    one, two, three = (room.somebody(Role.GRADER) for _ in range(3))
    first = room.grading.next(one, number)
    assert room.grading.next(one, number).number == first.number
    assert room.grading.next(two, number).number != first.number
    assert room.grading.next(three, number) is None
    clock.advance(LEASE.total_seconds() + 1)
    assert room.grading.next(three, number).number == first.number


def test_a_severe_item_counts_once_on_the_clock_of_who_judged_it(room, grader):
    number = room.open_set(2)
    severe = replace(SOMETHING, activity=Activity.SADISM)
    first = room.grade(grader, number, severe)
    room.grade(grader, number, SOMETHING)
    room.grading.save(grader, first, severe)
    with room.db.read() as tx:
        marks = exposure.marks_since(tx, grader.id, datetime(2026, 1, 1, tzinfo=UTC))
    assert [mark.subject for mark in marks] == [room.item(first).id]


def test_nobody_answers_what_was_not_given_to_them(room, grader):
    number = room.open_set(1)
    task = room.grading.next(grader, number)
    with pytest.raises(NotAllowed, match="not given to you"):
        room.grading.save(room.somebody(Role.GRADER), task.number, SOMETHING)


@pytest.mark.parametrize("roles", [(Role.REVIEWER,), (Role.QA_LEAD,), (Role.GRADER, Role.QA_LEAD)])
def test_only_graders_grade_and_never_those_who_measure_them(room, roles):
    number = room.open_set(1)
    with pytest.raises(NotAllowed):
        room.grading.next(room.somebody(*roles), number)


def test_a_closed_set_gives_and_takes_nothing(room, grader):
    number = room.open_set(1)
    task = room.grading.next(grader, number)
    with room.db.transaction() as tx:
        gradesets.set_state(tx, number, SetState.CLOSED)
    with pytest.raises(Conflict, match="closed"):
        room.grading.save(grader, task.number, SOMETHING)
    with pytest.raises(Conflict, match="closed"):
        room.grading.next(grader, number)


def test_what_is_settled_and_disputed_is_told(room, grader):
    number = room.open_set(2, graders=2)
    room.grade(grader, number)
    room.grade(grader, number)
    other = room.somebody(Role.GRADER)
    room.grade(other, number)
    room.grade(other, number, NOTHING)
    with room.db.read() as tx:
        told = [
            event.type.value
            for event in outbox.since(tx, 0, limit=500)
            if "grade." in event.type.value
        ]
    assert told == ["grade.settled", "grade.disputed"]
