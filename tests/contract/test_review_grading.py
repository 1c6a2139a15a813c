"""Graders at the same time: nobody gets an item twice, none gets too many, none is lost.

The same on both databases, with threads that really wait for one another.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from tests import builders

from breakwater.model.access import Principal, Role
from breakwater.model.facts import Activity, FirstLook, ItemFacts
from breakwater.model.grading import GradeItem, ItemState, SetState, item_id
from breakwater.records import gradesets, grading
from breakwater.review import gold
from breakwater.review.grade import Gradings

ITEMS = 12
FACTS = ItemFacts(Activity.NONE)


@pytest.fixture(autouse=True)
def no_gold(monkeypatch):
    monkeypatch.setattr(gold, "SHARE", 0.0)


def open_set(database, graders: int) -> int:
    with database.transaction() as tx:
        one = gradesets.start(
            tx, name="s", source="s", form="csv", by="test", graders=graders
        )  # fmt: skip
        first = gradesets.take_numbers(tx, ITEMS)
        gradesets.add(tx, [
            GradeItem(
                id=item_id(first + at), number=first + at, set=one.number, row=at + 1,
                state=ItemState.OPEN, type="image/png", needed=graders,
            )
            for at in range(ITEMS)
        ])  # fmt: skip
        gradesets.set_state(tx, one.number, SetState.OPEN)
    return one.number


def people(database, count: int) -> list[Principal]:
    with database.transaction() as tx:
        made = [builders.person(tx, "", Role.GRADER) for _ in range(count)]
    return [Principal(p.id, p.name, Role.GRADER.permissions, person=p.id) for p in made]


def work_until_done(database, who: Principal, number: int, start: Barrier) -> int:
    """Grade like a person who takes what comes; how many it was."""
    gradings, done = Gradings(db=database), 0
    start.wait()
    while (task := gradings.next(who, number)) is not None:
        gradings.save(who, task.number, FACTS)
        done += 1
    return done


@pytest.mark.parametrize("graders", [1, 2])
def test_four_people_at_once_answer_each_item_as_often_as_it_needs(database, graders):
    number, team = open_set(database, graders), people(database, 4)
    start = Barrier(len(team))
    with ThreadPoolExecutor(len(team)) as threads:
        done = list(threads.map(lambda who: work_until_done(database, who, number, start), team))
    assert sum(done) == ITEMS * graders
    with database.read() as tx:
        for item in gradesets.page(tx, number):
            answers = grading.of_item(tx, item.number)
            assert len({answer.grader for answer in answers}) == len(answers) == graders
        assert dict(gradesets.get(tx, number).counts) == {ItemState.SETTLED: ITEMS}


def test_first_passes_at_once_share_the_items(database):
    number, team = open_set(database, 1), people(database, 3)
    gradings, start = Gradings(db=database), Barrier(3)

    def first_pass(who: Principal) -> list[int]:
        start.wait()
        page = [task.number for task in gradings.page(who, number, limit=5)]
        gradings.mark(who, number, dict.fromkeys(page, FirstLook.NOT_PERTINENT))
        return page

    with ThreadPoolExecutor(3) as threads:
        pages = list(threads.map(first_pass, team))
    assert Counter(map(len, pages)) == {5: 2, 2: 1}
    assert len({item for page in pages for item in page}) == ITEMS
