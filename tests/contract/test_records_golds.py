"""Gold is met as often as was set, in its own set or in every one, and nothing tells it."""

from __future__ import annotations

import pytest
from tests.builders_grading import SOMETHING, Room

from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.model.access import Role
from breakwater.model.clock import SystemClock
from breakwater.model.grading import ItemState, Part
from breakwater.model.ids import new_id
from breakwater.records import golds, gradesets, quality
from breakwater.review.grading.gold import SHARE, is_due
from breakwater.review.quality.quality import Quality


@pytest.fixture
def room(database) -> Room:
    return Room.of(database)


@pytest.fixture
def lead(room):
    return room.somebody(Role.QA_LEAD)


def graded(room: Room) -> int:
    """A settled item of a set of its own."""
    return room.grade(room.somebody(Role.GRADER), room.open_set(1), SOMETHING)


def share(room: Room, set_number: int) -> float:
    with room.db.read() as tx:
        return golds.share_of(tx, set_number, usual=SHARE)


def test_a_set_has_its_own_share_else_everybodys_else_the_usual_one(room, lead):
    one, other = room.open_set(1), room.open_set(1)
    told = Quality(db=room.db, clock=SystemClock())
    assert share(room, one) == SHARE
    told.set_share(lead, 10, reason="new people")
    told.set_share(lead, 0, reason="a rush", set_number=one)
    assert (share(room, one), share(room, other)) == (0.0, 0.1)
    assert (told.share(one), told.share()) == (0, 10)
    told.set_share(lead, 20, reason="back", set_number=one)
    assert share(room, one) == 0.2
    for percent in (-1, 51):
        with pytest.raises(BadInput):
            told.set_share(lead, percent, reason="x")
    with pytest.raises(BadInput):
        told.set_share(lead, 5, reason=" ")
    with pytest.raises(NotAllowed):
        told.set_share(room.somebody(Role.GRADER), 5, reason="x")


def test_the_share_is_how_often_gold_is_due():
    people = [new_id() for _ in range(40)]
    for wanted in (0.0, 0.05, 0.3, 1.0):
        due = sum(is_due(one, 1, done, wanted) for one in people for done in range(100))
        assert abs(due / 4000 - wanted) < 0.03


def test_gold_of_every_set_is_met_as_an_item_of_the_set_one_works_in(room, lead):
    told = Quality(db=room.db, clock=SystemClock())
    origin = graded(room)
    told.mark_gold(lead, origin, reason="beyond doubt")
    told.reach_gold(lead, origin, everywhere=True)
    told.set_share(lead, 50, reason="to meet it soon")
    number, ada = room.open_set(30), room.somebody(Role.GRADER)
    met = []
    while (task := room.grading.next(ada, number)) is not None:
        assert task.set == number
        if task.part is Part.GOLD:
            met.append(task.number)
        room.grading.save(ada, task.number, SOMETHING)
    (planted,) = met
    assert planted != origin
    item = room.item(planted)
    assert (item.set, item.leader, item.state) == (number, origin, ItemState.SETTLED)
    with room.db.read() as tx:
        assert quality.gold_of(tx, planted).facts == SOMETHING
        golds_here = [one.number for one in gradesets.page(tx, number) if one.row < 0]
    assert golds_here == [planted], "it is made once"
    with pytest.raises(Conflict):
        told.reach_gold(lead, planted, everywhere=True)
    told.end_gold(lead, origin, reason="it became known")
    with room.db.read() as tx:
        assert not quality.gold_of(tx, planted).active


def test_gold_that_is_not_met_everywhere_stays_in_its_set(room, lead):
    told = Quality(db=room.db, clock=SystemClock())
    origin = graded(room)
    told.mark_gold(lead, origin, reason="beyond doubt")
    told.set_share(lead, 50, reason="to meet it soon")
    number, ada = room.open_set(10), room.somebody(Role.GRADER)
    while (task := room.grading.next(ada, number)) is not None:
        assert task.part is Part.GRADER
        room.grading.save(ada, task.number, SOMETHING)
