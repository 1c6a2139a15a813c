"""Protects the one look at a stack: what is confirmed takes the facts, what is not waits anew."""

from __future__ import annotations

import pytest

from breakwater.app import App
from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.model.access import Principal, Role
from breakwater.model.grading import ItemState
from breakwater.records import gradesets, grading
from breakwater.review import gold
from breakwater.review.gradeset import NewSet
from tests.integration.conftest import photo
from tests.integration.grading_sets import NOTHING, SOMETHING, entry, media, nearly, somebody, vics


@pytest.fixture(autouse=True)
def no_gold(monkeypatch):
    monkeypatch.setattr(gold, "SHARE", 0.0)


@pytest.fixture
def grader(app: App) -> Principal:
    return somebody(app, Role.GRADER)


@pytest.fixture
def stacked(app: App, tmp_path) -> int:
    """A set of one picture, two near copies of it, and an exact copy of a near one."""
    near = nearly(photo(1))
    files = {
        "a.png": photo(1), "b.jpg": near, "c.jpg": nearly(near) + b"\n", "d.jpg": near,
    }  # fmt: skip
    rows = [entry(at, name) for at, name in enumerate(files, 1)]
    lead = somebody(app, Role.QA_LEAD)
    file, folder = vics(tmp_path / "s.json", rows), media(tmp_path / "m", files)
    return app.review.grade_sets.load(lead, NewSet(file, folder)).set_number


def items(app: App, number: int):
    with app.db.read() as tx:
        return gradesets.page(tx, number)


def holds(app: App, number: int):
    return app.review.schemes.holding(number)


def settle_leader(app: App, grader: Principal, number: int) -> int:
    task = app.review.grading.next(grader, number)
    assert task.behind == 2
    app.review.grading.save(grader, task.number, SOMETHING)
    return task.number


def test_a_stack_waits_for_its_leader_and_is_confirmed_once(app, grader, stacked):
    assert app.review.stacks.next(grader, stacked) is None
    leader = settle_leader(app, grader, stacked)
    assert app.review.grading.next(grader, stacked) is None
    stack = app.review.stacks.next(grader, stacked)
    one, other = (member.number for member in stack.members)
    done = app.review.stacks.confirm(grader, leader, same=[one], other=[other])
    assert [member.number for member in done.members] == [one]
    assert app.review.stacks.next(grader, stacked) is None
    assert holds(app, one).results[-1].facts == SOMETHING
    assert {code.scheme: code.codes for code in holds(app, one).codes}["uk_abc"] == ("C",)
    copy = items(app, stacked)[3]
    inherited = holds(app, copy.number).results
    assert bool(inherited) == (copy.leader == one)
    task = app.review.grading.next(grader, stacked)
    assert task.number == other


def test_nobody_confirms_what_was_not_given_to_them_or_is_not_there(app, grader, stacked):
    leader = settle_leader(app, grader, stacked)
    stack = app.review.stacks.next(grader, stacked)
    numbers = [member.number for member in stack.members]
    with pytest.raises(NotAllowed):
        app.review.stacks.confirm(somebody(app, Role.GRADER), leader, same=numbers)
    for same, other in (([], []), (numbers, numbers), ([leader], [])):
        with pytest.raises(BadInput):
            app.review.stacks.confirm(grader, leader, same=same, other=other)
    app.review.stacks.confirm(grader, leader, same=numbers)
    with pytest.raises((Conflict, NotAllowed)):
        app.review.stacks.confirm(grader, leader, same=numbers)


def test_a_corrected_leader_corrects_its_stack(app, grader, stacked):
    leader = settle_leader(app, grader, stacked)
    stack = app.review.stacks.next(grader, stacked)
    numbers = [member.number for member in stack.members]
    app.review.stacks.confirm(grader, leader, same=numbers)
    app.review.grading.save(grader, leader, NOTHING)
    for number in numbers:
        assert holds(app, number).results[-1].facts == NOTHING
    with app.db.read() as tx:
        states = {item.state for item in gradesets.page(tx, stacked)}
        assert grading.count_settled(tx) == 1
    assert states == {ItemState.SETTLED, ItemState.COPY}
