"""Protects reviewers whatever they do: no sequence of looks gets past a limit, and somebody stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from breakwater.model.exposure import Glance, Ledger, Limits
from breakwater.model.ids import new_id
from breakwater.review.looking import policy
from breakwater.review.looking.policy import Due

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PEOPLE = tuple(new_id() for _ in range(6))

gaps = st.one_of(st.integers(1, 90), st.integers(300, 1_200), st.integers(3_000, 45_000))
steps = st.lists(st.tuples(gaps, st.integers(0, 10)), min_size=1, max_size=250)
limits = st.builds(
    Limits,
    daily=st.integers(0, 12),
    stretch=st.integers(15, 60),
    pause=st.integers(5, 60),
    cut_off=st.integers(60, 540),
)


def looked(wanted: list[tuple[int, int]], held: Limits) -> list[Glance]:
    """What somebody saw who tries to look all the time, by steps of (seconds to wait, seconds seen)."""
    now, seen = NOON, list[Glance]()
    for wait, seconds in wanted:
        now += timedelta(seconds=wait)
        recent = tuple(g for g in seen if g.at >= now - policy.WINDOW)
        if policy.exposure(Ledger(recent), held, now).closed is None:
            began, now = now, now + timedelta(seconds=seconds)
            seen.append(Glance(began, now, seconds * 1000))
    return seen


def runs(seen: list[Glance], gap: timedelta) -> list[list[Glance]]:
    """Looks that follow one another with no gap as long as `gap`."""
    found: list[list[Glance]] = []
    for glance in seen:
        if found and glance.at - found[-1][-1].ended < gap:
            found[-1].append(glance)
        else:
            found.append([glance])
    return found


@settings(max_examples=150, deadline=None)
@given(wanted=steps, held=limits)
def test_no_sequence_of_looks_gets_past_a_limit(wanted, held):
    seen = looked(wanted, held)
    one_look = timedelta(seconds=10)
    for shift in runs(seen, policy.REST):
        used = sum((timedelta(milliseconds=g.ms) for g in shift), timedelta())
        assert used <= held.of("daily") + one_look
        assert all(g.at < shift[0].at + held.of("cut_off") for g in shift)
    for stretch in runs(seen, held.of("pause")):
        assert stretch[-1].at < stretch[0].at + held.of("stretch")


@settings(max_examples=150, deadline=None)
@given(
    dues=st.lists(st.integers(0, 60), min_size=2, max_size=6),
    pause=st.integers(5, 20),
    room=st.integers(1, 5),
)
def test_breaks_are_never_late_and_leave_somebody_where_there_is_time(dues, pause, room):
    length = timedelta(minutes=pause)
    due = {p: Due(NOON + timedelta(minutes=m), length) for p, m in zip(PEOPLE, dues, strict=False)}
    planned = policy.stagger(due, [], NOON, room)
    assert all(NOON <= begins <= due[person].at for person, begins in planned.items())
    at_once = max(
        sum(b <= moment < b + length for b in planned.values()) for moment in planned.values()
    )
    if min(dues) >= pause * len(dues):  # room for all of them, one after the other
        assert at_once <= room
