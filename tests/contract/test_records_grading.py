"""Sets, items, answers and results as rows, the same on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests import builders

from breakwater.errors import BreakwaterError, Conflict, NotFound
from breakwater.model.facts import Activity, FirstLook, ItemFacts
from breakwater.model.grading import GradeItem, How, ItemState, Part, SetState, item_id, item_number
from breakwater.model.ids import Id, new_id
from breakwater.records import gradesets, grading

S = ItemState
FACTS = ItemFacts(Activity.NONE)
LOOK = FirstLook.FULL_FACTS


def new_set(tx, **facts):
    known = {"name": "set", "source": "somebody", "form": "csv", "by": "test"}
    return gradesets.start(tx, **(known | facts))


def add(tx, one, count=1, **facts):
    first = gradesets.take_numbers(tx, count)
    made = [
        GradeItem(
            id=item_id(first + at), number=first + at, set=one.number, row=first + at,
            state=S.OPEN, type="image/png", sha256=builders.value("sha256", first + at).hex(),
            needed=one.graders,
        )
        for at in range(count)
    ]  # fmt: skip
    made = [replace(item, **facts) for item in made]
    gradesets.add(tx, made)
    return made


@pytest.fixture
def people(database) -> list[Id]:
    with database.transaction() as tx:
        return [builders.person(tx).id for _ in range(3)]


def test_an_item_carries_its_number_in_its_id():
    assert item_number(item_id(1)) == 1
    assert item_number(item_id((1 << 40) - 1)) == (1 << 40) - 1
    assert item_number(new_id()) is None
    assert item_number(Id("x")) is None


def test_a_set_is_taken_up_by_its_digest(database):
    with database.transaction() as tx:
        begun = new_set(tx, digest="ab", context="US", graders=2)
        gradesets.progress(tx, begun.number, rows_read=7, rows_bad=1, share=0.5)
        gradesets.bad_row(tx, begun.number, 3, "not a hash")
    with database.transaction() as tx:
        again = new_set(tx, digest="ab")
        assert (again.number, again.rows_read, again.share) == (begun.number, 7, 0.5)
        failed = gradesets.set_state(tx, begun.number, SetState.FAILED, fault="cut short")
        assert failed.fault == "cut short"
        assert new_set(tx, digest="ab").state is SetState.IMPORTING
        gradesets.set_state(tx, begun.number, SetState.OPEN)
        again = new_set(tx, digest="ab")
        assert (again.number, again.state) == (begun.number, SetState.OPEN)
        assert new_set(tx).number != new_set(tx).number
        assert gradesets.bad_rows(tx, begun.number) == [(3, "not a hash")]
        assert [one.number for one in gradesets.every(tx, state=SetState.OPEN)] == [begun.number]
    with database.read() as tx, pytest.raises(NotFound):
        gradesets.get(tx, 99)


def test_items_are_read_back_as_they_went_in_and_counted(database):
    with database.transaction() as tx:
        one = new_set(tx)
        (first, second) = add(
            tx, one, 2, claims={"category": 1, "series": "ä"}, md5=builders.value("md5", 1).hex(),
            pdq=builders.value("pdq", 1).hex(), size=1 << 40, frames=3, duration_s=1.5,
        )  # fmt: skip
        assert gradesets.items(tx, [second.number, first.number, 99]) == {
            first.number: first, second.number: second,
        }  # fmt: skip
        moved = gradesets.change(tx, first, state=S.SETTLED, graded=1)
        assert (moved.state, moved.graded, moved.version) == (S.SETTLED, 1, 2)
        with pytest.raises(Conflict):
            gradesets.change(tx, first, state=S.DISPUTED)
        now = gradesets.get(tx, one.number)
        assert dict(now.counts) == {S.SETTLED: 1, S.OPEN: 1}
        assert (now.total, now.visible, now.waiting) == (2, 2, 1)
        assert gradesets.page(tx, one.number, state=S.OPEN) == [second]


def test_copies_and_stacks_are_found_by_their_leader(database):
    with database.transaction() as tx:
        one = new_set(tx)
        (leader,) = add(tx, one, pdq=builders.value("pdq", 7).hex())
        (near,) = add(tx, one, state=S.NEAR, leader=leader.number, bits=4, pdq="00" * 32)
        add(tx, one, state=S.COPY, leader=leader.number, sha256=leader.sha256)
        add(tx, one, state=S.KNOWN)
        assert gradesets.same_file(tx, [leader.sha256, "ff" * 32]) == {leader.sha256: leader.number}
        assert gradesets.looks(tx) == [(leader.number, builders.value("pdq", 7))]
        assert gradesets.stack(tx, leader.number).members == (near,)
        assert gradesets.copies(tx, leader.number) == 1
        assert gradesets.stacks_waiting(tx, one.number) == []
        gradesets.change(tx, leader, state=S.SETTLED)
        assert gradesets.stacks_waiting(tx, one.number) == [leader.number]


def test_nobody_gets_an_item_twice_and_never_more_people_than_it_needs(database, people, clock):
    one_hour = timedelta(hours=1)
    first, second, third = people
    with database.transaction() as tx:
        one = new_set(tx, graders=2)
        items = add(tx, one, 2)
        until = tx.now + one_hour
        grading.assign(tx, items[0], first, until=until)
        assert grading.free(tx, one.number, first) == [items[1]]
        assert grading.free(tx, one.number, second, limit=5) == items
        grading.assign(tx, items[0], second, until=until)
        assert grading.free(tx, one.number, third) == [items[1]]
        assert grading.held(tx, one.number, first) == [items[0]]
        assert grading.part_of(tx, items[0].number, third) is None
    clock.advance(3_601)
    with database.transaction() as tx:
        assert grading.free(tx, one.number, third) == [items[0]]
        grading.drop_lapsed(tx, one.number, first)
        assert grading.held(tx, one.number, first) == []
        grading.assign(tx, items[1], first, until=tx.now + one_hour, state=grading.DONE)
        grading.release(tx, items[1].number, first)
        assert grading.done_by(tx, one.number, first) == 1
        assert grading.free(tx, one.number, first, limit=5) == [items[0]]


def test_answers_are_added_and_the_latest_of_a_person_counts(database, people):
    first, second, _ = people
    with database.transaction() as tx:
        one = new_set(tx)
        (item,) = add(tx, one)
        early = grading.answer(tx, item, first, part=Part.GRADER, look=LOOK)
        late = grading.answer(
            tx, item, first, part=Part.GRADER, look=LOOK, facts=FACTS, asked=["x"], ms=9, note="ä"
        )  # fmt: skip
        other = grading.answer(tx, item, second, part=Part.GRADER, look=FirstLook.CANNOT_TELL)
        assert late.replaces == early.id
        assert (early.complete, late.complete, other.complete) == (False, True, True)
        assert grading.of_item(tx, item.number) == [early, late, other]
        assert grading.counting(tx, item.number) == [late, other]
        assert grading.latest(tx, item.number, first) == late
        assert grading.by_grader(tx, first, one.number, limit=5) == [late, early]
        assert grading.by_grader(tx, first, one.number, before=late.id) == [early]
        assert [found for _, found in grading.since(tx, 0)] == [early, late, other]


def test_results_are_added_and_copies_take_the_present_one(database, people):
    by = people[0]
    with database.transaction() as tx:
        one = new_set(tx)
        (item,) = add(tx, one)
        (copy,) = add(tx, one, state=S.COPY, leader=item.number)
        (near,) = add(tx, one, state=S.NEAR, leader=item.number, bits=2)
        assert grading.present(tx, copy) is None
        for how, facts in ((How.SINGLE, None), (How.ADJUDICATED, FACTS)):
            done = grading.settle(
                tx, item, pertinent=facts is not None, facts=facts, how=how, by=by,
                gradings=[new_id()],
            )  # fmt: skip
        assert (done.revision, grading.result(tx, item.number)) == (2, done)
        assert len(grading.results(tx, item.number)) == 2
        assert grading.present(tx, copy) == done
        assert grading.present(tx, near) is None
        assert grading.settled(tx) == [done]
        assert grading.settled(tx, after=item.number) == []
        assert grading.count_settled(tx) == 1


@pytest.mark.parametrize("table", ["grade_answers", "grade_results"])
def test_answers_and_results_are_never_changed_or_deleted(database, people, table):
    with database.transaction() as tx:
        (item,) = add(tx, new_set(tx))
        grading.answer(tx, item, people[0], part=Part.GRADER, look=LOOK, facts=FACTS)
        grading.settle(
            tx, item, pertinent=True, facts=FACTS, how=How.SINGLE, by=people[0], gradings=[]
        )  # fmt: skip
    for statement in (f"UPDATE {table} SET item_number = 1", f"DELETE FROM {table}"):
        with pytest.raises(BreakwaterError), database.transaction() as tx:
            tx.execute(sa.text(statement))
