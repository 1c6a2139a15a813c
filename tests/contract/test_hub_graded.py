"""From graders to the hub: what two graded as illegal is given, a grade that turns is taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests import builders
from tests.builders_grading import NOTHING, SOMETHING, Room
from tests.builders_hub import LIMITS, HubHouse

from breakwater.hub.graded import OURSELVES, Graded, House
from breakwater.model.access import Role
from breakwater.model.bank import EntryStatus as S
from breakwater.model.event import Event, EventType
from breakwater.model.grading import GradeItem, ItemState, SetState, item_id
from breakwater.model.hub_given import Outcome, QueueWhy
from breakwater.model.ids import new_id
from breakwater.records import (
    banks,
    entries,
    gradesets,
    hub_given,
    hub_members,
    hub_queue,
)

pytestmark = pytest.mark.usefixtures("keyring")


class Desk(HubHouse):
    """A hub and a room of graders on one database."""

    def __init__(self, db, directory) -> None:
        super().__init__(db, directory)
        self.room = Room.of(db)
        self.list("GRADED")
        self.graded = Graded(db=db, feed=self.feed, limits=LIMITS, house=House(list="GRADED"))

    def item(self, seed: object, *, graders: int = 2, upload=None) -> GradeItem:
        """An open item of an upload, with its hashes."""
        with self.db.transaction() as tx:
            one = gradesets.start(
                tx, name="s", source="cases", form="uploads", by="test", graders=graders
            )
            first = gradesets.take_numbers(tx, 1)
            made = GradeItem(
                id=item_id(first), number=first, set=one.number, row=1, state=ItemState.OPEN,
                type="image/png", needed=graders, upload=upload or new_id(),
                sha256=builders.value("sha256", seed).hex(), md5=builders.value("md5", seed).hex(),
                pdq=builders.value("pdq", seed).hex(),
            )  # fmt: skip
            gradesets.add(tx, [made])
            gradesets.set_state(tx, one.number, SetState.OPEN)
        return made

    def settle(self, item: GradeItem, *facts) -> None:
        """Each grader answers; then the hub hears of it, twice, as events may be delivered."""
        for one in facts:
            self.room.grade(self.room.somebody(Role.GRADER), item.set, one)
        event = Event(
            new_id(), EventType.GRADE_SETTLED, item.id, self.db.clock.now(),
            body={"number": item.number},
        )  # fmt: skip
        self.graded.on_settled(event)
        self.graded.on_settled(event)

    def found(self, seed: object):
        with self.db.read() as tx:
            bank = banks.get(tx, "GRADED")
            every = [
                entries.find(tx, bank, kind, builders.value(kind, seed))
                for kind in ("md5", "sha256", "pdq")
            ]
        return [one for one in every if one is not None]


@pytest.fixture
def desk(database, tmp_path):
    made = Desk(database, tmp_path)
    yield made
    made.close()


def test_what_two_graded_as_illegal_is_given_by_this_house_at_once(desk) -> None:
    desk.settle(desk.item("a"), SOMETHING, SOMETHING)
    found = desk.found("a")
    assert [one.kind for one in found] == ["md5", "sha256", "pdq"]
    assert {one.status for one in found} == {S.ACTIVE}
    with desk.db.read() as tx:
        us = hub_members.by_name(tx, OURSELVES)
        (batch,) = hub_given.page(tx, member=us.id)
    assert (batch.category, batch.published_at is not None) == ("A2", True)
    assert found[0].labels == ("C",)
    assert {one.member for one in desk.givers(found[0].number).values()} == {us.id}


def test_what_one_graded_alone_waits_for_two_people(desk) -> None:
    desk.settle(desk.item("a", graders=1), SOMETHING)
    assert {one.status for one in desk.found("a")} == {S.PROPOSED}


def test_what_is_not_illegal_or_of_no_case_is_not_given(desk) -> None:
    desk.settle(desk.item("a"), NOTHING, NOTHING)
    number = desk.room.open_set(1, graders=2)
    with desk.db.read() as tx:
        (other,) = gradesets.page(tx, number, after=0, limit=1)
    desk.settle(other, SOMETHING, SOMETHING)
    with desk.db.read() as tx:
        assert entries.counts(tx) == {}


def test_without_a_list_nothing_is_given(desk) -> None:
    desk.graded = Graded(db=desk.db, feed=desk.feed, limits=LIMITS, house=House())
    desk.settle(desk.item("a"), SOMETHING, SOMETHING)
    assert desk.found("a") == []


def test_a_grade_that_turns_is_taken_back_and_stays_where_others_give_it(desk) -> None:
    item = desk.item("a")
    desk.settle(item, SOMETHING, SOMETHING)
    numbers = [one.number for one in desk.found("a")]
    _, key = desk.member(trusted=True)
    desk.give(key, {"md5": builders.value("md5", "a").hex()}, name="GRADED")
    ruling = replace(desk.room.somebody(Role.GRADER))
    turned = desk.item("a")
    desk.settle(turned, NOTHING, NOTHING)
    assert [one.kind for one in desk.found("a")] == ["md5"], f"{ruling.name}: others give it"
    assert [desk.at(number).status for number in numbers[1:]] == [S.WITHDRAWN, S.WITHDRAWN]


@pytest.mark.parametrize(
    ("facts", "status", "outcome"),
    [(SOMETHING, S.ACTIVE, Outcome.KEEP), (NOTHING, S.WITHDRAWN, Outcome.WITHDRAW)],
    ids=["illegal", "harmless"],
)
def test_graders_settle_what_a_curator_sent_them(desk, facts, status, outcome) -> None:
    _, key = desk.member(trusted=True)
    desk.list()
    desk.give(key, "doubted")
    number, upload = desk.number("doubted"), new_id()
    with desk.db.transaction() as tx:
        entries.set_status(tx, number, S.QUARANTINED, by="hub")
        asked = hub_queue.ask(tx, number, QueueWhy.GRADED, uploads=[upload])
    desk.settle(desk.item("b", upload=upload), facts, facts)
    assert desk.at(number).status is status
    with desk.db.read() as tx:
        done = hub_queue.get(tx, asked.id)
    assert (done.outcome, done.settled_by) == (outcome, "graders")
