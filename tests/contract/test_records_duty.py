"""The rota and calls: who is on duty, one call a subject, the first answer counts."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from tests import builders

from breakwater.errors import Conflict, NotFound
from breakwater.model.access import Role
from breakwater.model.duty import ANSWER_WITHIN, CallKind, Outcome
from breakwater.model.ids import new_id
from breakwater.records import duty, duty_calls, outbox, people

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("keyring")


def planned(tx, person, begins=0.0, ends=8.0, rank=1):
    return duty.plan(
        tx, person=person.id, starts_at=tx.now + begins * HOUR, ends_at=tx.now + ends * HOUR,
        rank=rank, by="test",
    )  # fmt: skip


def on_now(tx, **how):
    return [one.person for one in duty.on_now(tx, **how)]


def called(tx, kind=CallKind.CASE, subject=None, only=None):
    return duty_calls.open(tx, kind=kind, subject=subject or new_id(), by="review", only=only)


def test_who_is_on_duty_follows_the_rota_and_its_order(database, clock):
    with database.transaction() as tx:
        ada, sam, kim = (builders.person(tx) for _ in range(3))
        planned(tx, sam, rank=2)
        planned(tx, ada, rank=1)
        planned(tx, kim, 8, 16)
    with database.read() as tx:
        assert on_now(tx) == [ada.id, sam.id]
        assert on_now(tx, moment=tx.now + 8 * HOUR) == [kim.id]
        assert on_now(tx, moment=tx.now + 16 * HOUR) == []
        assert [s.person for s in duty.shifts(tx, tx.now, tx.now + 9 * HOUR)] == [
            ada.id, sam.id, kim.id,
        ]  # fmt: skip
        assert duty.of_person(tx, kim.id, tx.now) is None
        assert duty.planned(tx)


def test_who_left_or_may_not_decide_is_not_on_duty_whatever_the_rota_says(database):
    with database.transaction() as tx:
        gone, graded, stays = (builders.person(tx) for _ in range(3))
        for person in (gone, graded, stays):
            planned(tx, person)
        people.deactivate(tx, gone.id)
        people.set_roles(tx, graded.id, [Role.GRADER])
        assert on_now(tx) == [stays.id]
        assert [person.id for person in duty.able(tx)] == [stays.id]


def test_nobody_is_on_the_rota_twice_at_one_time(database):
    with database.transaction() as tx:
        ada, sam = builders.person(tx), builders.person(tx)
        planned(tx, ada, 0, 8)
        planned(tx, ada, 8, 16)
        planned(tx, sam, 4, 12)
        for begins, ends in ((7, 9), (-1, 1), (2, 3), (-1, 20)):
            with pytest.raises(Conflict, match="on the rota at that time"):
                planned(tx, ada, begins, ends)


def test_a_shift_that_ended_early_leaves_its_time_free(database, clock):
    with database.transaction() as tx:
        ada = builders.person(tx)
        shift = planned(tx, ada, 0, 8)
        later = planned(tx, ada, 20, 28)
    clock.advance(3600)
    with database.transaction() as tx:
        ended = duty.end(tx, shift.id, at=tx.now, by="test")
        assert (ended.ends_at, ended.planned_until) == (tx.now, shift.planned_until)
        assert on_now(tx) == []
        with pytest.raises(Conflict, match="over already"):
            duty.end(tx, shift.id, at=tx.now, by="test")
        duty.end(tx, later.id, at=tx.now, by="test")
        assert duty.shifts(tx, tx.now, tx.now + 40 * HOUR) == []
        planned(tx, ada, 0, 4)
        planned(tx, ada, 21, 22)
        with pytest.raises(NotFound):
            duty.end(tx, new_id(), at=tx.now, by="test")


def test_a_call_of_one_subject_is_opened_once_while_it_waits(database):
    with database.transaction() as tx:
        case = builders.case(tx)
        first = called(tx, subject=case.id)
        assert called(tx, subject=case.id) == first
        danger = called(tx, CallKind.DANGER, case.id)
        assert [call.id for call in duty_calls.about(tx, case.id)] == [first.id, danger.id]
        duty_calls.answer(tx, first.id, outcome=Outcome.ACKNOWLEDGED, by="test")
        assert duty_calls.called(tx, case.id, CallKind.CASE)
        assert not duty_calls.called(tx, case.id, CallKind.CASE, since=tx.now + HOUR)
        assert called(tx, subject=case.id).id != first.id


def test_the_first_answer_counts_and_stops_what_is_on_its_way(database, clock):
    with database.transaction() as tx:
        ada = builders.person(tx)
        call = called(tx)
        duty_calls.ring(tx, call, ada.id, answer_by=tx.now + ANSWER_WITHIN, send=True)
        assert duty_calls.next_delivery(tx) == tx.now
    clock.advance(12)
    with database.transaction() as tx:
        done = duty_calls.answer(tx, call.id, outcome=Outcome.ACKNOWLEDGED, by=ada.id)
        assert (done.outcome, done.answered_by, done.answered_at) == (
            Outcome.ACKNOWLEDGED, ada.id, tx.now,
        )  # fmt: skip
        with pytest.raises(Conflict):
            duty_calls.answer(tx, call.id, outcome=Outcome.SETTLED, by="review")
        assert duty_calls.waiting(tx) == []
        assert duty_calls.next_delivery(tx) is None
        assert duty_calls.recent(tx) == [done]
        assert duty_calls.answer_seconds(tx, tx.now - HOUR) == [12.0]


def test_of_many_who_answer_at_once_one_does(database):
    with database.transaction() as tx:
        call = called(tx)
    outcomes = []

    def answer(name):
        try:
            with database.transaction() as tx:
                duty_calls.answer(tx, call.id, outcome=Outcome.ACKNOWLEDGED, by=name)
            outcomes.append(name)
        except Conflict:
            outcomes.append("")

    threads = [threading.Thread(target=answer, args=(f"p{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = [name for name in outcomes if name]
    with database.read() as tx:
        assert duty_calls.get(tx, call.id).answered_by == won


def test_a_call_is_due_when_its_ring_is_over(database, clock):
    with database.transaction() as tx:
        ada = builders.person(tx)
        call = called(tx)
        ring = duty_calls.ring(tx, call, ada.id, answer_by=tx.now + ANSWER_WITHIN, send=False)
        assert duty_calls.rings(tx, call.id) == [ring]
        assert duty_calls.ring_of(tx, ring.id) == ring
        assert duty_calls.waiting(tx, due=tx.now) == []
        assert duty_calls.ringing(tx, ada.id) == [call]
        assert duty_calls.ringing(tx, new_id()) == []
    clock.advance(60)
    with database.transaction() as tx:
        assert duty_calls.waiting(tx, due=tx.now) == [call]
        duty_calls.look_again(tx, call.id, tx.now + HOUR)
        assert duty_calls.waiting(tx, due=tx.now) == []
        again = duty_calls.ring(tx, call, None, answer_by=tx.now + ANSWER_WITHIN, send=False)
        assert (again.number, again.person) == (2, None)
        assert duty_calls.next_delivery(tx) is None


def test_a_ring_is_sent_by_one_and_comes_again_if_they_die(database, clock):
    with database.transaction() as tx:
        call = called(tx)
        ring = duty_calls.ring(tx, call, None, answer_by=tx.now + ANSWER_WITHIN, send=True)
        assert [d.attempts for d in duty_calls.claim(tx, limit=4, lease_s=15)] == [1]
        assert duty_calls.claim(tx, limit=4, lease_s=15) == []
    clock.advance(15)
    with database.transaction() as tx:
        assert [d.attempts for d in duty_calls.claim(tx, limit=4, lease_s=15)] == [2]
        duty_calls.failed(tx, ring.id, status=500, error="status 500", retry_at=tx.now)
        assert [d.attempts for d in duty_calls.claim(tx, limit=4, lease_s=15)] == [3]
        duty_calls.delivered(tx, ring.id, status=204)
        duty_calls.failed(tx, ring.id, status=None, error="fetch_failed", retry_at=None)
        last = duty_calls.last_delivery(tx)
        assert last is not None
        assert (last.delivered, last.status, last.error) == (True, 204, "")
        assert duty_calls.forget_before(tx, tx.now + HOUR) == 1


def test_a_missed_test_page_counts_until_another_is_answered(database, clock):
    with database.transaction() as tx:
        ada = builders.person(tx)
        shift = planned(tx, ada)
        assert [one.id for one in duty.untested(tx)] == [shift.id]
        missed = called(tx, CallKind.TEST, shift.id, ada.id)
        assert duty.untested(tx) == []
        duty_calls.answer(tx, missed.id, outcome=Outcome.MISSED, by="rota")
        assert [one.reachable for one in duty.on_now(tx)] == [False]
    clock.advance(60)
    with database.transaction() as tx:
        again = called(tx, CallKind.TEST, shift.id, ada.id)
        assert [one.reachable for one in duty.on_now(tx)] == [False]
        duty_calls.answer(tx, again.id, outcome=Outcome.ACKNOWLEDGED, by=ada.id)
        assert [one.reachable for one in duty.on_now(tx)] == [True]


def test_policy_wants_a_stream_frozen_once_and_people_as_often_as_they_say(database):
    with database.transaction() as tx:
        case = builders.case(tx)
        assert duty_calls.add_freeze(tx, case.id, by="policy", why="nobody_answered")
        assert not duty_calls.add_freeze(tx, case.id, by="policy", why="nobody_answered")
        assert duty_calls.add_freeze(tx, case.id, by="ada", why="person")
        assert duty_calls.add_freeze(tx, case.id, by="sam", why="person")
        assert sorted(duty_calls.frozen(tx, case.id)) == ["nobody_answered", "person", "person"]


def test_every_change_is_an_event_with_ids_and_words_only(database):
    with database.transaction() as tx:
        before = outbox.newest(tx)
        ada = builders.person(tx, "Ada of the rota")
        planned(tx, ada)
        call = called(tx)
        duty_calls.ring(tx, call, ada.id, answer_by=tx.now + ANSWER_WITHIN, send=True)
        duty_calls.answer(tx, call.id, outcome=Outcome.TAKEN, by=ada.id)
        told = outbox.since(tx, before, limit=100)
    assert [event.body["what"] for event in told] == ["planned", "called", "rung", "taken"]
    assert "Ada" not in str(told)
