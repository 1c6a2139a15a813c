"""Severe cases pass by whoever has met enough of them; somebody else takes them, live wins."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from tests import builders
from tests.builders_grading import CHILD, SOMETHING, Room

from breakwater.errors import ExposureLimit
from breakwater.model.access import Principal, Role
from breakwater.model.case import CaseKind, Priority
from breakwater.model.decision import DecisionFacts, DecisionKind
from breakwater.model.facts import Activity, FirstLook, ItemFacts
from breakwater.model.grading import ItemState, Part
from breakwater.model.ids import Id, new_id
from breakwater.model.media import Level
from breakwater.model.queue import Waiting
from breakwater.records import (
    decisions,
    exposure,
    gradesets,
    grading,
    quality,
    schemes,
    sessions,
)
from breakwater.records import queue as rows
from breakwater.review.grading.derive import tables
from breakwater.review.looking import severity
from breakwater.review.looking.exposure import ExposureClock
from breakwater.review.looking.policy import Severity
from breakwater.review.queueing.queue import Queue

SEVERE = ItemFacts(Activity.PENETRATIVE, (CHILD,))
LESS = ItemFacts(Activity.POSING_OR_NUDITY)


@pytest.fixture
def queue(database) -> Queue:
    return Queue(db=database)


def reviewer(database, name: str) -> Principal:
    """Somebody who decides cases and is at the console now."""
    with database.transaction() as tx:
        made = builders.person(tx, name, Role.REVIEWER)
        token = hashlib.sha256(name.encode()).digest()
        until = tx.now + timedelta(days=1)
        sessions.start_session(tx, made.id, token_sha256=token, method="link", expires_at=until)
    return Principal(made.id, name, Role.REVIEWER.permissions, person=made.id)


def opened(database, *words: str, **facts) -> Id:
    with database.transaction() as tx:
        made = builders.case(tx, **facts)
        rows.put(tx, Waiting(made.id), content=words)
    return made.id


def met(database, who: Principal, count: int) -> None:
    """Somebody met so many severe things just now."""
    with database.transaction() as tx:
        for _ in range(count):
            exposure.mark(tx, who.id, new_id())


@pytest.mark.parametrize("count", [10, 30])
def test_a_severe_case_passes_by_in_cool_down_or_at_the_mix_and_another_takes_it(
    database, queue, count
):
    sam, ada = reviewer(database, "Sam"), reviewer(database, "Ada")
    severe = opened(database, "category a", "picture", priority=Priority.HIGH)
    plain = opened(database, "category c", "picture", priority=Priority.LOW)
    met(database, sam, count)
    assert queue.next(sam).id == plain
    assert queue.next(sam) is None
    assert queue.next(ada).id == severe


def test_one_below_the_mix_is_offered_as_always(database, queue):
    sam = reviewer(database, "Sam")
    severe = opened(database, "category a")
    met(database, sam, 9)
    assert queue.next(sam).id == severe


def test_an_hour_later_severe_cases_are_offered_again(database, queue, clock):
    sam = reviewer(database, "Sam")
    severe = opened(database, "a1")
    met(database, sam, 30)
    assert queue.next(sam) is None
    clock.advance(3600)
    assert queue.next(sam).id == severe


def test_a_live_case_goes_to_somebody_else_who_can_and_else_to_whoever_is_there(database, queue):
    sam, ada = reviewer(database, "Sam"), reviewer(database, "Ada")
    live = opened(database, "category a", "live", kind=CaseKind.STREAM, priority=Priority.NOW)
    plain = opened(database, "picture")
    met(database, sam, 30)
    assert queue.next(sam).id == plain, "Ada is there and can"
    queue.release(sam, plain)
    met(database, ada, 30)
    assert queue.next(sam).id == live, "nobody can, and live wins"


def test_who_opted_out_of_live_is_nobody_who_could_take_it(database, queue):
    sam, ada = reviewer(database, "Sam"), reviewer(database, "Ada")
    live = opened(database, "category a", "live", kind=CaseKind.STREAM)
    queue.opt_out(ada, frozenset({"live"}))
    met(database, sam, 30)
    assert queue.next(sam).id == live


def test_a_live_case_that_is_not_severe_comes_as_always(database, queue):
    sam = reviewer(database, "Sam")
    opened(database, "category a", priority=Priority.NOW)
    live = opened(database, "live", kind=CaseKind.STREAM)
    reviewer(database, "Ada")
    met(database, sam, 30)
    assert queue.next(sam).id == live


def test_what_a_decision_said_of_a_case_counts_without_any_label(database, queue):
    sam, ada = reviewer(database, "Sam"), reviewer(database, "Ada")
    case = opened(database, "picture")
    with database.transaction() as tx:
        decisions.add(
            tx, case=case, kind=DecisionKind.ESCALATE, by=ada.id, reason="look again",
            facts=DecisionFacts(item=SEVERE),
        )  # fmt: skip
    met(database, sam, 30)
    assert queue.next(sam) is None


# what is known of an item of a set


@pytest.fixture
def room(database) -> Room:
    return Room.of(database)


def known(room: Room, number: int) -> Severity:
    with room.db.read() as tx:
        return severity.of_item(tx, gradesets.item(tx, number))


def first_item(room: Room, **made) -> int:
    number = room.open_set(1, **made)
    with room.db.read() as tx:
        return gradesets.page(tx, number)[0].number


@pytest.mark.parametrize(("facts", "is_"), [(SEVERE, Severity.SEVERE), (LESS, Severity.LESS)])
def test_earlier_answers_say_how_severe_an_item_is(room, facts, is_):
    item = first_item(room, graders=2)
    assert known(room, item) is Severity.UNKNOWN
    ada = room.somebody(Role.GRADER)
    with room.db.transaction() as tx:
        grading.answer(
            tx, gradesets.item(tx, item), ada.id, part=Part.GRADER, look=FirstLook.FULL_FACTS,
            facts=facts,
        )  # fmt: skip
    assert known(room, item) is is_


def test_a_copy_is_as_severe_as_the_one_whose_facts_it_takes(room):
    number = room.open_set(1, near=1)
    with room.db.read() as tx:
        leader, near = gradesets.page(tx, number)
    assert room.grade(room.somebody(Role.GRADER), number, SEVERE) == leader.number
    assert near.state is ItemState.NEAR
    assert known(room, near.number) is Severity.SEVERE


def test_gold_and_the_codes_of_a_scheme_say_it_too(room):
    gold, coded = first_item(room), first_item(room)
    with room.db.transaction() as tx:
        quality.mark_gold(
            tx, gradesets.item(tx, gold), look=FirstLook.FULL_FACTS, facts=SEVERE,
            by=new_id(), reason="beyond doubt",
        )  # fmt: skip
        schemes.put_code(tx, coded, tables(tx)["uk_abc"], ("A",))
    assert known(room, gold) is known(room, coded) is Severity.SEVERE


def test_a_claim_of_the_source_may_announce_and_never_clears(room):
    item = first_item(room)
    with room.db.transaction() as tx:
        gradesets.describe(tx, gradesets.item(tx, item).set, form="vics 2.0", context="UK")
    for category, is_ in ((1, Severity.SEVERE), (3, Severity.UNKNOWN)):
        with room.db.transaction() as tx:
            gradesets.change(tx, gradesets.item(tx, item), claims={"category": category})
        assert known(room, item) is is_


def test_what_nobody_knows_is_not_opened_at_the_mix_and_counts_only_once_judged(room, clock):
    ada = room.somebody(Role.GRADER)
    watch, item = ExposureClock(db=room.db, clock=clock), new_id()
    with room.db.transaction() as tx:
        watch.check(tx, ada.id, item, Level.S3, severity=Severity.UNKNOWN)
        assert exposure.marks_since(tx, ada.id, tx.now) == []
    met(room.db, ada, 9)
    clock.advance(60)
    met(room.db, ada, 21)
    clock.advance(16 * 60)
    with room.db.transaction() as tx:
        with pytest.raises(ExposureLimit, match="may be severe"):
            watch.check(tx, ada.id, item, Level.S3, severity=Severity.UNKNOWN)
        watch.check(tx, ada.id, item, Level.S3, severity=Severity.LESS)
        watch.check(tx, ada.id, item, Level.S1, severity=Severity.SEVERE)


def test_a_severe_item_that_was_known_counts_once_and_not_again_when_it_is_judged(room, clock):
    ada = room.somebody(Role.GRADER)
    number = room.open_set(1)
    watch = ExposureClock(db=room.db, clock=clock)
    task = room.grading.next(ada, number)
    with room.db.transaction() as tx:
        watch.check(tx, ada.id, task.item, Level.S3, severity=Severity.SEVERE)
    room.grading.save(ada, task.number, SEVERE, confirmed=True)
    with room.db.read() as tx:
        assert len(exposure.marks_since(tx, ada.id, tx.now - timedelta(hours=1))) == 1


@pytest.mark.parametrize(("count", "first"), [(0, 0), (30, 2)])
def test_a_grader_who_met_enough_is_given_what_is_less_severe_first(room, count, first):
    number = room.open_set(3, graders=2)
    with room.db.read() as tx:
        items = [item.number for item in gradesets.page(tx, number)]
    ada, sam = room.somebody(Role.GRADER), room.somebody(Role.GRADER)
    for facts in (SEVERE, SEVERE, SOMETHING):
        room.grade(ada, number, facts)
    met(room.db, sam, count)
    task = room.grading.next(sam, number)
    assert task is not None
    assert task.number == items[first]


def test_a_grader_who_met_enough_is_given_what_nobody_judged_before_what_is_severe(room):
    number = room.open_set(2, graders=2)
    ada, sam = room.somebody(Role.GRADER), room.somebody(Role.GRADER)
    severe = room.grade(ada, number, SEVERE)
    met(room.db, sam, 30)
    assert room.grade(sam, number) != severe
    task = room.grading.next(sam, number)
    assert task is not None
    assert task.number == severe, "nothing of a set is lost"
