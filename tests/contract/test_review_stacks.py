"""One look at a stack: what is confirmed takes the facts, what is not waits by itself.

The same on both databases.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.builders_grading import NOTHING, SOMETHING, Room

from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.model.access import Principal, Role
from breakwater.model.grading import ItemState, item_id
from breakwater.records import gradesets, grading
from breakwater.records.database import Database
from breakwater.review.grading import gold


@pytest.fixture(autouse=True)
def no_gold(monkeypatch):
    monkeypatch.setattr(gold, "SHARE", 0.0)


@pytest.fixture
def room(database: Database) -> Room:
    return Room.of(database)


@pytest.fixture
def grader(room: Room) -> Principal:
    return room.somebody(Role.GRADER)


@pytest.fixture
def stacked(room: Room) -> int:
    """A set of one picture, two near copies of it, and an exact copy of the nearer one."""
    number = room.open_set(1, near=2)
    with room.db.transaction() as tx:
        near = gradesets.page(tx, number)[1]
        at = gradesets.take_numbers(tx, 1)
        copy = replace(
            near, id=item_id(at), number=at, row=at, state=ItemState.COPY, leader=near.number,
            bits=None,
        )  # fmt: skip
        gradesets.add(tx, [copy])
    return number


def items(room: Room, number: int):
    with room.db.read() as tx:
        return gradesets.page(tx, number)


def settle_leader(room: Room, grader: Principal, number: int) -> int:
    assert room.grading.next(grader, number).behind == 2
    return room.grade(grader, number)


def test_a_stack_waits_for_its_leader_and_is_confirmed_once(room, grader, stacked):
    assert room.stacks.next(grader, stacked) is None
    leader = settle_leader(room, grader, stacked)
    assert room.grading.next(grader, stacked) is None
    stack = room.stacks.next(grader, stacked)
    one, other = (member.number for member in stack.members)
    done = room.stacks.confirm(grader, leader, same=[one], other=[other])
    assert [member.number for member in done.members] == [one]
    assert room.stacks.next(grader, stacked) is None
    assert room.result(one).facts == SOMETHING
    assert room.codes(one)["uk_abc"] == ("C",)
    copy = items(room, stacked)[3]
    assert room.result(copy.number).facts == SOMETHING
    task = room.grading.next(grader, stacked)
    assert task.number == other


def test_nobody_confirms_what_was_not_given_to_them_or_is_not_there(room, grader, stacked):
    leader = settle_leader(room, grader, stacked)
    stack = room.stacks.next(grader, stacked)
    numbers = [member.number for member in stack.members]
    with pytest.raises(NotAllowed):
        room.stacks.confirm(room.somebody(Role.GRADER), leader, same=numbers)
    for same, other in (([], []), (numbers, numbers), ([leader], [])):
        with pytest.raises(BadInput):
            room.stacks.confirm(grader, leader, same=same, other=other)
    room.stacks.confirm(grader, leader, same=numbers)
    with pytest.raises((Conflict, NotAllowed)):
        room.stacks.confirm(grader, leader, same=numbers)


def test_a_corrected_leader_corrects_its_stack(room, grader, stacked):
    leader = settle_leader(room, grader, stacked)
    stack = room.stacks.next(grader, stacked)
    numbers = [member.number for member in stack.members]
    room.stacks.confirm(grader, leader, same=numbers)
    room.grading.save(grader, leader, NOTHING)
    for number in numbers:
        assert room.result(number).facts == NOTHING
    with room.db.read() as tx:
        states = {item.state for item in gradesets.page(tx, stacked)}
        assert grading.count_settled(tx) == 1
    assert states == {ItemState.SETTLED, ItemState.COPY}
