"""Whom to ring next: the rules of a call, one at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from breakwater.model.duty import ANSWER_WITHIN, Call, CallKind, OnDuty, Ring
from breakwater.model.ids import Id, new_id
from breakwater.review.duty.ringing import NOBODY_AGAIN, PERSONAL_TRIES, Act, next_step, order

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA, SAM, KIM = (Id(f"00000000-0000-7000-8000-00000000000{n}") for n in (1, 2, 3))


def call(kind=CallKind.CASE, only=None):
    return Call(new_id(), kind, new_id(), "review", NOW, only)


def on(person, rank=1, **facts):
    return OnDuty(person, new_id(), rank, NOW, NOW + timedelta(hours=8), **facts)


def rings(*people, start=NOW):
    return [
        Ring(new_id(), new_id(), n, person, at, at + ANSWER_WITHIN)
        for n, person in enumerate(people, 1)
        for at in [start + (n - 1) * ANSWER_WITHIN]
    ]


def test_the_first_on_the_rota_is_rung_first():
    step = next_step(call(), [], [on(SAM, 2), on(ADA, 1)], NOW)
    assert (step.act, step.person, step.in_vain) == (Act.RING, ADA, False)


def test_within_the_minute_nobody_else_is_rung():
    step = next_step(call(), rings(ADA), [on(ADA), on(SAM, 2)], NOW + timedelta(seconds=59))
    assert (step.act, step.until) == (Act.WAIT, NOW + ANSWER_WITHIN)


def test_after_the_minute_the_next_person_is_rung():
    step = next_step(call(), rings(ADA), [on(ADA), on(SAM, 2)], NOW + ANSWER_WITHIN)
    assert (step.act, step.person, step.in_vain) == (Act.RING, SAM, False)


def test_a_minute_is_over_by_the_clock_that_never_goes_back():
    an_hour_ago = NOW - timedelta(hours=1)
    people = [on(ADA), on(SAM, 2)]
    assert next_step(call(), rings(ADA), people, an_hour_ago).act is Act.WAIT
    assert next_step(call(), rings(ADA), people, an_hour_ago, lapsed=True).person == SAM


def test_when_all_were_rung_it_begins_anew_and_says_that_it_was_in_vain():
    later = NOW + 2 * ANSWER_WITHIN
    step = next_step(call(), rings(ADA, SAM), [on(ADA), on(SAM, 2)], later)
    assert (step.person, step.in_vain) == (ADA, True)


def test_who_comes_on_duty_meanwhile_is_next():
    later = NOW + 2 * ANSWER_WITHIN
    step = next_step(call(), rings(ADA, SAM), [on(ADA), on(SAM, 2), on(KIM, 3)], later)
    assert (step.person, step.in_vain) == (KIM, False)


@pytest.mark.parametrize("facts", [{"reachable": False}, {"resting": True}])
def test_who_cannot_be_reached_or_rests_is_rung_after_the_others_and_not_skipped(facts):
    people = [on(ADA, 1, **facts), on(SAM, 2)]
    assert next_step(call(), [], people, NOW).person == SAM
    assert next_step(call(), rings(SAM), people, NOW + ANSWER_WITHIN).person == ADA
    assert [one.person for one in sorted(people, key=order)] == [SAM, ADA]


def test_nobody_on_duty_is_said_and_looked_at_again():
    step = next_step(call(), [], [], NOW)
    assert step.act is Act.NOBODY
    assert NOW < step.until < NOW + ANSWER_WITHIN


@pytest.mark.parametrize("kind", [CallKind.TEST, CallKind.HANDOVER])
def test_what_is_for_one_person_rings_nobody_else_and_ends(kind):
    mine, people = call(kind, ADA), [on(SAM, 1), on(ADA, 2)]
    rung: list[Ring] = []
    for n in range(PERSONAL_TRIES):
        step = next_step(mine, rung, people, NOW + n * ANSWER_WITHIN)
        assert (step.act, step.person) == (Act.RING, ADA)
        rung = rings(*[ADA] * (n + 1))
    assert next_step(mine, rung, people, NOW + PERSONAL_TRIES * ANSWER_WITHIN).act is Act.MISS


def test_that_nobody_is_there_is_said_to_the_pager_service_now_and_then():
    step = next_step(call(CallKind.NOBODY), [], [], NOW)
    assert (step.act, step.person, step.until) == (Act.RING, None, NOW + NOBODY_AGAIN)


def test_what_is_about_a_case_calls_everybody_in_turn():
    assert {kind for kind in CallKind if kind.about_case} == {
        CallKind.CASE, CallKind.DANGER, CallKind.OVERDUE,
    }  # fmt: skip
