"""Graders at the same time: nobody gets an item twice, none gets too many, none is lost.

The same on both databases, with threads that really wait for one another.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from tests.builders_grading import NOTHING, Room

from breakwater.model.access import Principal, Role
from breakwater.model.facts import FirstLook
from breakwater.model.grading import ItemState
from breakwater.records import gradesets, grading
from breakwater.records.database import Database
from breakwater.review.grading import gold

ITEMS = 12


@pytest.fixture
def room(database: Database) -> Room:
    return Room.of(database)


@pytest.fixture(autouse=True)
def no_gold(monkeypatch):
    monkeypatch.setattr(gold, "SHARE", 0.0)


def work_until_done(room: Room, who: Principal, number: int, start: Barrier) -> int:
    """Grade like a person who takes what comes; how many it was."""
    start.wait()
    done = 0
    while (task := room.grading.next(who, number)) is not None:
        room.grading.save(who, task.number, NOTHING)
        done += 1
    return done


@pytest.mark.parametrize("graders", [1, 2])
def test_four_people_at_once_answer_each_item_as_often_as_it_needs(room, graders):
    number = room.open_set(ITEMS, graders=graders)
    team = [room.somebody(Role.GRADER) for _ in range(4)]
    start = Barrier(len(team))
    with ThreadPoolExecutor(len(team)) as threads:
        done = list(threads.map(lambda who: work_until_done(room, who, number, start), team))
    assert sum(done) == ITEMS * graders
    with room.db.read() as tx:
        for item in gradesets.page(tx, number):
            answers = grading.of_item(tx, item.number)
            assert len({answer.grader for answer in answers}) == len(answers) == graders
        assert dict(gradesets.get(tx, number).counts) == {ItemState.SETTLED: ITEMS}


def test_first_passes_at_once_share_the_items(room):
    number, start = room.open_set(ITEMS), Barrier(3)
    team = [room.somebody(Role.GRADER) for _ in range(3)]

    def first_pass(who: Principal) -> list[int]:
        start.wait()
        page = [task.number for task in room.grading.page(who, number, limit=5)]
        room.grading.mark(who, number, dict.fromkeys(page, FirstLook.NOT_PERTINENT))
        return page

    with ThreadPoolExecutor(3) as threads:
        pages = list(threads.map(first_pass, team))
    assert Counter(map(len, pages)) == {5: 2, 2: 1}
    assert len({item for page in pages for item in page}) == ITEMS
