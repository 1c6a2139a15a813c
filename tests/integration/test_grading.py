"""Protects the way of an item: given once, blind, answered, settled or disputed, and derived.

Real database, vault and jail; ordinary pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from breakwater.app import App, build, set_up
from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.model.access import Principal, Role
from breakwater.model.facts import Activity, AgeBand, ChildFacts, FirstLook, Maturity, Sex
from breakwater.model.grading import How, ItemState
from breakwater.records import audit, exposure, gradesets, grading, outbox, schemes
from breakwater.records.rootkey import RootKey
from breakwater.review import gold
from breakwater.review.answering import LEASE, Saved
from breakwater.review.grade import Asked
from tests.conftest import SettableClock
from tests.integration.grading_sets import CHILD, NOTHING, SOMETHING, simple_set, somebody

L = FirstLook


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(datetime(2026, 11, 2, 9, tzinfo=UTC))


@pytest.fixture
def app(settings, jail, clock) -> Iterator[App]:
    """An installation whose clock obeys."""
    RootKey.create(settings.root_key)
    set_up(settings)
    running = build(settings, pool=jail, decode=False, clock=clock)
    yield running
    running.close()


@pytest.fixture(autouse=True)
def no_gold(monkeypatch):
    """Gold comes by chance of the person's id; these tests are about the rest."""
    monkeypatch.setattr(gold, "SHARE", 0.0)


@pytest.fixture
def grader(app: App) -> Principal:
    return somebody(app, Role.GRADER)


def item_of(app: App, number: int):
    with app.db.read() as tx:
        return gradesets.item(tx, number)


def result_of(app: App, number: int):
    with app.db.read() as tx:
        return grading.present(tx, gradesets.item(tx, number))


def codes_of(app: App, number: int) -> dict[str, tuple[str, ...]]:
    with app.db.read() as tx:
        return {name: code.codes for name, code in schemes.of_item(tx, number).items()}


def grade(app: App, who: Principal, set_number: int, facts=SOMETHING) -> int:
    task = app.review.grading.next(who, set_number)
    assert task is not None
    assert isinstance(app.review.grading.save(who, task.number, facts, ms=3_000), Saved)
    return task.number


def test_one_answer_settles_an_item_and_gives_it_every_code(app, grader, tmp_path):
    number = grade(app, grader, simple_set(app, tmp_path, 1))
    settled = result_of(app, number)
    assert (settled.how, settled.facts, settled.by) == (How.SINGLE, SOMETHING, grader.id)
    assert codes_of(app, number) == {
        "uk_abc": ("C",), "industry": ("A2",), "interpol_baseline": ("none",),
        "vics_us": ("1",), "ncmec": (),
    }  # fmt: skip
    with app.db.read() as tx:
        (answered,) = audit.page(tx, actor=grader.id)
        (answer,) = grading.of_item(tx, number)
    assert (answered.action, answered.facts["ms"], answer.ms) == ("grade.answer", 3_000, 3_000)
    assert "facts" not in answered.facts


def test_a_task_tells_nothing_of_others_matches_or_the_source(app, grader, tmp_path):
    number = simple_set(app, tmp_path, 2, graders=2)
    other = somebody(app, Role.GRADER)
    grade(app, other, number)
    task = app.review.grading.next(grader, number)
    assert (task.answer, task.previous, task.position, task.total) == (None, None, 1, 2)
    blind = {"item", "number", "set", "part", "position", "total", "moving", "frames",
             "duration_s", "behind", "answer", "previous"}  # fmt: skip
    assert set(type(task).__slots__) == blind


def test_equal_answers_agree_and_unequal_ones_need_a_third_person(app, tmp_path):
    number = simple_set(app, tmp_path, 2, graders=2)
    one, two, three = (somebody(app, Role.GRADER) for _ in range(3))
    first, second = grade(app, one, number), grade(app, one, number)
    assert app.review.grading.next(one, number) is None
    assert result_of(app, first) is None
    grade(app, two, number)
    assert result_of(app, first).how is How.AGREED
    grade(app, two, number, NOTHING)
    assert item_of(app, second).state is ItemState.DISPUTED
    assert app.review.grading.disputes(one) == []
    with pytest.raises(NotAllowed):
        app.review.grading.take_dispute(one, second)
    (waiting,) = app.review.grading.disputes(three)
    app.review.grading.take_dispute(three, waiting.number)
    with pytest.raises(BadInput):
        app.review.grading.second_opinion(three, second)
    app.review.grading.save(three, second, NOTHING)
    assert (result_of(app, second).how, result_of(app, second).facts) == (How.ADJUDICATED, NOTHING)
    with pytest.raises(Conflict, match="adjudicator has settled"):
        app.review.grading.save(one, second, SOMETHING)


def test_the_order_of_children_is_no_disagreement(app, tmp_path):
    number = simple_set(app, tmp_path, 1, graders=2)
    other = ChildFacts(AgeBand.FROM_14, Sex.MALE, Maturity.PUBESCENT)
    item = grade(
        app, somebody(app, Role.GRADER), number, replace(SOMETHING, children=(CHILD, other))
    )
    grade(app, somebody(app, Role.GRADER), number, replace(SOMETHING, children=(other, CHILD)))
    assert result_of(app, item).how is How.AGREED


def test_contradictions_are_asked_once_and_then_kept(app, grader, tmp_path):
    number = simple_set(app, tmp_path, 1)
    old = ChildFacts(AgeBand.FROM_16, Sex.UNCLEAR, Maturity.PREPUBESCENT)
    odd = replace(SOMETHING, children=(old,))
    task = app.review.grading.next(grader, number)
    asked = app.review.grading.save(grader, task.number, odd)
    assert isinstance(asked, Asked)
    assert [question.code for question in asked.questions] == ["older_prepubescent"]
    assert result_of(app, task.number) is None
    app.review.grading.save(grader, task.number, odd, confirmed=True)
    with app.db.read() as tx:
        assert grading.latest(tx, task.number, grader.id).asked == ("older_prepubescent",)


def test_one_back_replaces_the_answer_and_keeps_the_earlier_one(app, grader, tmp_path):
    number = simple_set(app, tmp_path, 3)
    first, second = grade(app, grader, number), grade(app, grader, number, NOTHING)
    back = app.review.grading.back(grader, number)
    assert (back.number, back.answer.facts) == (second, NOTHING)
    further = app.review.grading.back(grader, number, before=second)
    assert (further.number, further.answer.facts) == (first, SOMETHING)
    app.review.grading.save(grader, second, SOMETHING)
    assert codes_of(app, second)["uk_abc"] == ("C",)
    with app.db.read() as tx:
        assert [answer.facts for answer in grading.of_item(tx, second)] == [NOTHING, SOMETHING]
        assert [answer.facts for answer in grading.counting(tx, second)] == [SOMETHING]
        assert [found.revision for found in grading.results(tx, second)] == [1, 2]
        (moved,) = [c for c in schemes.history(tx, second) if c.scheme == "uk_abc"]
    assert (moved.before, moved.codes) == (("none",), ("C",))
    assert app.review.grading.next(grader, number).previous == SOMETHING


def test_who_cannot_tell_asks_for_another_and_two_for_an_adjudicator(app, tmp_path):
    number = simple_set(app, tmp_path, 2)
    one, two, three = (somebody(app, Role.GRADER) for _ in range(3))
    task = app.review.grading.next(one, number)
    app.review.grading.second_opinion(one, task.number, "too dark")
    assert item_of(app, task.number).needed == 2
    assert grade(app, two, number) == task.number
    assert result_of(app, task.number).how is How.SINGLE
    other = app.review.grading.next(one, number)
    app.review.grading.second_opinion(one, other.number)
    app.review.grading.next(three, number)
    app.review.grading.second_opinion(three, other.number)
    assert item_of(app, other.number).state is ItemState.DISPUTED


def test_a_first_pass_sorts_and_only_full_facts_come_again(app, grader, tmp_path):
    number = simple_set(app, tmp_path, 3)
    page = app.review.grading.page(grader, number)
    assert [task.position for task in page] == [1, 2, 3]
    first, second, third = (task.number for task in page)
    looks = {first: L.NOT_PERTINENT, second: L.FULL_FACTS, third: L.CANNOT_TELL}
    app.review.grading.mark(grader, number, looks)
    assert app.review.grading.page(grader, number) == []
    settled = result_of(app, first)
    assert (settled.pertinent, settled.facts) == (False, None)
    assert codes_of(app, first)["vics_us"] == ("0",)
    assert grade(app, grader, number) == second
    assert app.review.grading.next(grader, number) is None
    assert app.review.grading.next(somebody(app, Role.GRADER), number).number == third


def test_nobody_holds_what_another_holds_and_what_is_left_lying_returns(app, tmp_path, clock):
    number = simple_set(app, tmp_path, 2)
    one, two, three = (somebody(app, Role.GRADER) for _ in range(3))
    first = app.review.grading.next(one, number)
    assert app.review.grading.next(one, number).number == first.number
    assert app.review.grading.next(two, number).number != first.number
    assert app.review.grading.next(three, number) is None
    clock.advance(LEASE.total_seconds() + 1)
    assert app.review.grading.next(three, number).number == first.number


def test_a_severe_item_counts_once_on_the_clock_of_who_judged_it(app, grader, tmp_path):
    number = simple_set(app, tmp_path, 2)
    severe = replace(SOMETHING, activity=Activity.SADISM)
    first = grade(app, grader, number, severe)
    grade(app, grader, number, SOMETHING)
    app.review.grading.save(grader, first, severe)
    with app.db.read() as tx:
        marks = exposure.marks_since(tx, grader.id, datetime(2026, 1, 1, tzinfo=UTC))
    assert [mark.subject for mark in marks] == [item_of(app, first).id]


def test_nobody_answers_what_was_not_given_to_them(app, grader, tmp_path):
    number = simple_set(app, tmp_path, 1)
    task = app.review.grading.next(grader, number)
    with pytest.raises(NotAllowed, match="not given to you"):
        app.review.grading.save(somebody(app, Role.GRADER), task.number, SOMETHING)


@pytest.mark.parametrize("roles", [(Role.REVIEWER,), (Role.QA_LEAD,), (Role.GRADER, Role.QA_LEAD)])
def test_only_graders_grade_and_never_those_who_measure_them(app, tmp_path, roles):
    number = simple_set(app, tmp_path, 1)
    with pytest.raises(NotAllowed):
        app.review.grading.next(somebody(app, *roles), number)


def test_a_closed_set_gives_and_takes_nothing(app, grader, tmp_path):
    number = simple_set(app, tmp_path, 1)
    task = app.review.grading.next(grader, number)
    app.review.grade_sets.close(somebody(app, Role.QA_LEAD), number)
    with pytest.raises(Conflict, match="closed"):
        app.review.grading.save(grader, task.number, SOMETHING)
    with pytest.raises(Conflict, match="closed"):
        app.review.grading.next(grader, number)


def test_what_is_settled_and_disputed_is_told(app, grader, tmp_path):
    number = simple_set(app, tmp_path, 2, graders=2)
    grade(app, grader, number)
    grade(app, grader, number)
    other = somebody(app, Role.GRADER)
    grade(app, other, number)
    grade(app, other, number, NOTHING)
    with app.db.read() as tx:
        told = [
            event.type.value
            for event in outbox.since(tx, 0, limit=500)
            if "grade." in event.type.value
        ]
    assert told == ["grade.settled", "grade.disputed"]
