"""On call in a whole installation: nobody's call is left alone, and nobody is told too much.

A clock that obeys and a real database. The worker's turns are driven by hand: `beat` lets
seconds pass as the worker would see them. The pager service: `test_duty_pager.py`.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.model.access import Role
from breakwater.model.case import CaseKind, Priority
from breakwater.model.duty import CallKind, Outcome
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.records import audit, cases, duty, outbox
from breakwater.review.duty.rota import Planned
from tests.integration.oncall_house import HOUR, PLANNER, House, house

__all__ = ["house"]


def test_an_urgent_case_rings_the_first_person_and_after_a_minute_the_next(house: House):
    ada, sam = house.person("Ada"), house.person("Sam")
    house.on(sam, rank=2)
    house.on(ada)
    house.tested()
    case = house.case()
    (call,) = house.waiting(CallKind.CASE)
    assert call.case == case
    assert house.rung(call) == [ada.person]
    house.beat(59)
    assert house.rung(call) == [ada.person]
    house.beat(1)
    assert house.rung(call) == [ada.person, sam.person]
    house.app.review.duty.acknowledge(sam, call.id)
    house.beat(600)
    assert house.rung(call) == [ada.person, sam.person]
    done = house.get(call)
    assert (done.outcome, done.answered_by) == (Outcome.ACKNOWLEDGED, sam.person)


def test_a_case_that_is_not_urgent_calls_nobody_until_it_becomes_so(house: House):
    house.on(house.person("Ada"))
    house.tested()
    case = house.case(priority=Priority.HIGH)
    assert house.waiting() == []
    with house.app.db.transaction() as tx:
        cases.set_priority(tx, case, Priority.NOW, by="reports")
    house.beat()
    assert [call.case for call in house.waiting()] == [case]


def test_opening_the_case_is_an_answer_and_closing_it_another(house: House):
    ada = house.person("Ada")
    house.on(ada)
    house.tested()
    first, second = house.case(), house.case()
    one, two = house.waiting(CallKind.CASE)
    with house.app.db.transaction() as tx:
        cases.hold(tx, first, by=Id(str(ada.person)), until=tx.now + HOUR)
        cases.close(tx, second, by="test", reason="Over.")
    house.beat()
    assert house.waiting() == []
    assert (house.get(one).outcome, house.get(one).answered_by) == (Outcome.TAKEN, ada.person)
    assert house.get(two).outcome is Outcome.SETTLED


def test_danger_is_answered_in_person_even_when_the_case_is_closed(house: House):
    ada = house.person("Ada")
    house.on(ada)
    house.tested()
    case = house.case(priority=Priority.LOW)
    with house.app.db.transaction() as tx:
        tx.emit(EventType.DANGER_RAISED, case)
        cases.close(tx, case, by="test", reason="Decided.")
    house.beat()
    (call,) = house.waiting()
    assert call.kind is CallKind.DANGER
    house.app.review.duty.acknowledge(ada, call.id)
    assert house.waiting() == []


def test_a_case_nobody_looked_at_calls_again_and_one_answer_ends_both(house: House):
    ada = house.person("Ada")
    house.on(ada)
    house.tested()
    case = house.case()
    house.app.review.duty.acknowledge(ada, house.waiting()[0].id)
    house.clock.advance(200)
    with house.app.db.transaction() as tx:
        tx.emit(EventType.CASE_OVERDUE, case, priority="now")
        tx.emit(EventType.DANGER_RAISED, case)
    house.beat()
    overdue, danger = house.waiting()
    assert {overdue.kind, danger.kind} == {CallKind.OVERDUE, CallKind.DANGER}
    house.app.review.duty.acknowledge(ada, danger.id)
    assert house.waiting() == []


def test_an_event_that_comes_twice_calls_once(house: House):
    ada = house.person("Ada")
    house.on(ada)
    house.tested()
    case = house.case()
    house.app.review.duty.acknowledge(ada, house.waiting()[0].id)
    with house.app.db.read() as tx:
        events = outbox.since(tx, 0, limit=999, types=[EventType.CASE_OPENED])
    for event in events:
        house.app.review.on_call.watch.on_case(event)
    assert events[-1].subject == case
    assert house.waiting() == []


def test_a_live_stream_is_frozen_when_nobody_answers_and_not_before(house: House):
    ada, sam = house.person("Ada"), house.person("Sam")
    house.on(ada)
    house.on(sam, rank=2)
    house.tested()
    case = house.case(kind=CaseKind.STREAM)
    house.beat(60)
    assert house.events(EventType.FREEZE_WANTED) == []
    house.beat(60)
    ((_, told),) = house.events(EventType.FREEZE_WANTED)
    assert "nobody_answered" in told
    house.beat(300)
    assert len(house.events(EventType.FREEZE_WANTED)) == 1
    with house.app.db.read() as tx:
        assert [step.what for step in cases.history(tx, case)][-1] == "freeze_wanted"


def test_with_nobody_on_duty_a_live_stream_is_frozen_at_once_and_an_alarm_is_raised(house: House):
    house.case(kind=CaseKind.STREAM)
    assert "nobody_on_duty" in house.events(EventType.FREEZE_WANTED)[0][1]
    assert house.alarms("nobody_on_duty") == 1
    assert len(house.events(EventType.DUTY_UNMANNED)) == 1
    assert {call.kind for call in house.waiting()} == {CallKind.CASE, CallKind.NOBODY}
    ada = house.person("Ada")
    house.on(ada)
    house.beat(5)
    assert {call.kind for call in house.waiting()} == {CallKind.CASE, CallKind.TEST}
    (call,) = house.waiting(CallKind.CASE)
    assert house.rung(call) == [ada.person]
    assert house.app.metrics.duty_people._value.get() == 1


def test_an_installation_without_a_rota_is_not_alarmed_and_an_empty_rota_is(house: House):
    house.beat(3600)
    assert house.waiting() == []
    ada = house.person("Ada")
    shift = house.on(ada)
    house.tested()
    house.app.review.duty.end(PLANNER, shift)
    house.beat()
    house.beat(60)
    assert [call.kind for call in house.waiting()] == [CallKind.NOBODY]
    assert house.alarms("nobody_on_duty") == 1
    assert house.app.metrics.duty_people._value.get() == 0
    with pytest.raises(BadInput, match="on the rota"):
        house.app.review.duty.acknowledge(ada, house.waiting()[0].id)
    house.on(ada)
    house.beat()
    assert house.waiting(CallKind.NOBODY) == []


def test_each_shift_begins_with_a_test_page_and_who_misses_it_is_called_last(house: House):
    ada, sam = house.person("Ada"), house.person("Sam")
    house.on(ada, rank=1)
    house.on(sam, rank=2)
    house.beat()
    tests = house.waiting(CallKind.TEST)
    assert {call.only for call in tests} == {ada.person, sam.person}
    mine = next(call for call in tests if call.only == sam.person)
    with pytest.raises(NotAllowed, match="somebody else"):
        house.app.review.duty.acknowledge(ada, mine.id)
    house.app.review.duty.acknowledge(sam, mine.id)
    for _ in range(3):
        house.beat(60)
    assert house.waiting() == []
    assert house.alarms("page_missed") == 1
    house.case()
    assert house.rung(house.waiting(CallKind.CASE)[0]) == [sam.person]


def test_setting_the_clock_back_delays_nobody(house: House):
    ada, sam = house.person("Ada"), house.person("Sam")
    house.on(ada, begins=-4)
    house.on(sam, begins=-4, rank=2)
    house.tested()
    house.case()
    (call,) = house.waiting(CallKind.CASE)
    house.beat(10)
    house.clock.moment -= HOUR
    house.clock.seconds += 49
    house.beat(0)
    assert house.rung(call) == [ada.person]
    house.clock.seconds += 1
    house.beat(0)
    assert house.rung(call) == [ada.person, sam.person]


def test_setting_the_clock_back_delays_nobody_who_comes_on_duty_either(house: House):
    ada = house.person("Ada")
    house.on(ada, begins=-4, ends=0.5)
    house.tested()
    house.clock.advance(3600)
    house.case()
    (call,) = house.waiting(CallKind.CASE)
    assert house.rung(call) == []
    house.clock.moment -= HOUR
    for _ in range(6):
        house.clock.seconds += 1
        house.beat(0)
    assert house.rung(call) == [ada.person]


def test_a_shift_changes_hands_when_the_colleague_acknowledges_and_not_before(house: House):
    ada, sam = house.person("Ada"), house.person("Sam")
    house.on(ada)
    house.tested()
    offer = house.app.review.duty.hand_over(ada, Id(str(sam.person)))
    with house.app.db.read() as tx:
        assert [one.person for one in duty.on_now(tx)] == [ada.person]
    assert house.rung(offer) == [sam.person]
    with pytest.raises(NotAllowed):
        house.app.review.duty.acknowledge(ada, offer.id)
    house.clock.advance(20)
    house.app.review.duty.acknowledge(sam, offer.id)
    with house.app.db.read() as tx:
        (now,) = duty.on_now(tx)
        assert (now.person, now.until) == (sam.person, tx.now + 8 * HOUR - timedelta(seconds=21))
        report = [entry.action for entry in audit.page(tx, limit=9)]
    assert "duty.take_over" in report
    with pytest.raises(BadInput, match="not on duty"):
        house.app.review.duty.hand_over(ada, Id(str(sam.person)))


def test_an_offer_that_nobody_takes_ends_and_the_first_person_stays(house: House):
    ada, sam = house.person("Ada"), house.person("Sam")
    house.on(ada)
    house.tested()
    offer = house.app.review.duty.hand_over(ada, Id(str(sam.person)))
    for _ in range(3):
        house.beat(60)
    assert house.get(offer).outcome is Outcome.MISSED
    with pytest.raises(Conflict, match="not answered in time"):
        house.app.review.duty.acknowledge(sam, offer.id)
    with house.app.db.read() as tx:
        assert [one.person for one in duty.on_now(tx)] == [ada.person]


def test_a_colleague_with_a_shift_of_their_own_takes_only_what_is_open(house: House):
    ada, sam = house.person("Ada"), house.person("Sam")
    house.on(ada, 0, 8)
    house.on(sam, 6, 14)
    house.tested()
    offer = house.app.review.duty.hand_over(ada, Id(str(sam.person)))
    house.app.review.duty.acknowledge(sam, offer.id)
    with house.app.db.read() as tx:
        left = duty.shifts(tx, tx.now, tx.now + 24 * HOUR)
    assert [shift.person for shift in left] == [sam.person, sam.person]
    assert left[0].ends_at == left[1].starts_at


def test_who_is_slower_is_told_who_was_quicker(house: House):
    ada, sam = house.person("Ada"), house.person("Sam")
    house.on(ada)
    house.tested()
    house.case()
    (call,) = house.waiting()
    done = house.app.review.duty.acknowledge(ada, call.id)
    assert house.app.review.duty.acknowledge(ada, call.id) == done
    with pytest.raises(Conflict, match="Ada answered this at 12:00:01 UTC"):
        house.app.review.duty.acknowledge(sam, call.id)


def test_only_people_who_may_decide_are_on_the_rota_and_a_rota_is_planned_whole(house: House):
    ada, grader = house.person("Ada"), house.person("Kim", Role.GRADER)
    now = house.clock.now()
    good = Planned(Id(str(ada.person)), now, now + HOUR)
    for bad in (
        Planned(Id(str(grader.person)), now, now + HOUR),
        Planned(Id(str(ada.person)), now + HOUR, now),
    ):
        with pytest.raises(BadInput):
            house.app.review.duty.plan(PLANNER, [good, bad])
    with house.app.db.read() as tx:
        assert not duty.planned(tx)
    with pytest.raises(BadInput):
        house.app.review.duty.plan(PLANNER, [])


def test_a_test_page_is_for_oneself_or_by_who_plans(house: House):
    ada, sam = house.person("Ada"), house.person("Sam")
    mine = house.app.review.duty.test(ada)
    assert house.rung(mine) == [ada.person]
    with pytest.raises(NotAllowed):
        house.app.review.duty.test(ada, sam.person)
    assert house.app.review.duty.test(PLANNER, sam.person).only == sam.person
    with pytest.raises(NotAllowed, match="nobody who could be on duty"):
        house.app.review.duty.test(PLANNER)
    house.app.review.duty.acknowledge(ada, mine.id)


def test_a_person_freezes_a_live_stream_and_nothing_else(house: House):
    ada = house.person("Ada")
    stream, upload = house.case(kind=CaseKind.STREAM), house.case()
    before = len(house.events(EventType.FREEZE_WANTED))
    house.app.review.duty.freeze(ada, stream)
    assert len(house.events(EventType.FREEZE_WANTED)) == before + 1
    with pytest.raises(BadInput, match="not about a live stream"):
        house.app.review.duty.freeze(ada, upload)
    with house.app.db.transaction() as tx:
        cases.close(tx, stream, by="test", reason="Over.")
    with pytest.raises(Conflict, match="closed"):
        house.app.review.duty.freeze(ada, stream)
