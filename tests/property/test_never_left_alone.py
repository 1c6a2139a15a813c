"""No call is ever left alone: whoever comes and goes, somebody is being rung until one answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from breakwater.model.duty import ANSWER_WITHIN, Call, CallKind, OnDuty, Ring
from breakwater.model.ids import Id, new_id
from breakwater.review.duty.ringing import LOOK_AGAIN, Act, next_step

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PEOPLE = [Id(f"00000000-0000-7000-8000-00000000000{n}") for n in range(5)]
SECOND = timedelta(seconds=1)

person = st.builds(
    OnDuty,
    person=st.sampled_from(PEOPLE),
    shift=st.just(PEOPLE[0]),
    rank=st.integers(1, 3),
    since=st.just(NOON),
    until=st.just(NOON + timedelta(hours=8)),
    reachable=st.booleans(),
    resting=st.booleans(),
)
crew = st.lists(person, max_size=5, unique_by=lambda one: one.person)
hours = st.lists(st.tuples(st.integers(1, 180), crew), min_size=1, max_size=30)
"""For so many seconds these people are on duty; then others."""


def call():
    return Call(new_id(), CallKind.CASE, new_id(), "review", NOON)


def lived(changes):
    """What happens second by second: moment, who is on duty, and the step taken."""
    rings: list[Ring] = []
    one, now, look_at = call(), NOON, NOON
    for seconds, on_duty in changes:
        for _ in range(seconds):
            if now >= look_at:
                step = next_step(one, rings, on_duty, now)
                look_at = step.until
                if step.act is Act.RING:
                    ring = Ring(new_id(), one.id, len(rings) + 1, step.person, now, step.until)
                    rings.append(ring)
                yield now, on_duty, step, rings
            now += SECOND


@given(hours)
def test_while_somebody_is_on_duty_a_ring_is_always_out(changes):
    for now, on_duty, step, _ in lived(changes):
        assert step.act is not Act.MISS
        if on_duty and step.act is Act.RING:
            assert step.until - now == ANSWER_WITHIN
            assert step.person in {one.person for one in on_duty}
        elif step.act is Act.NOBODY:
            assert not on_duty
            assert step.until - now == LOOK_AGAIN


@given(crew.filter(bool), st.integers(1, 4))
def test_everybody_is_rung_once_before_anybody_twice(on_duty, rounds):
    seconds = len(on_duty) * rounds * 60
    (*_, (_, _, _, rings)) = lived([(seconds, on_duty)])
    assert len(rings) == len(on_duty) * rounds
    for n in range(rounds):
        turn = rings[n * len(on_duty) : (n + 1) * len(on_duty)]
        assert {ring.person for ring in turn} == {one.person for one in on_duty}


@given(crew.filter(bool))
def test_in_vain_is_said_when_and_only_when_everybody_was_rung(on_duty):
    said = [step.in_vain for _, _, step, _ in lived([(len(on_duty) * 120, on_duty)])]
    assert said == [False] * len(on_duty) + [True] * len(on_duty)
