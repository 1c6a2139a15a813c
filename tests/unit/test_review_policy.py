"""Protects reviewers by the clock: cap, breaks, cut-off, cool-down and mix, at any hour."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from breakwater.errors import BadInput
from breakwater.model.exposure import (
    LIMITS,
    Glance,
    Ledger,
    LimitChange,
    Limits,
    Overtime,
    Rest,
    Why,
    limits_after,
    loosened,
    tightened,
)
from breakwater.model.ids import new_id
from breakwater.model.media import Level
from breakwater.model.viewing import CAP_MS, Viewing
from breakwater.review.looking import policy
from breakwater.review.looking.policy import Closed, Due, Exposure

NOW = datetime(2026, 11, 21, 0, 10, tzinfo=UTC)
ME = new_id()
THREE = Limits(severe_run=3)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def glance(minutes_ago: float, seconds: float = 2) -> Glance:
    at = ago(minutes_ago)
    return Glance(at, at + timedelta(seconds=seconds), int(seconds * 1000))


def working(start: float, end: float = 0) -> tuple[Glance, ...]:
    """A look a minute, from and to so many minutes ago."""
    return tuple(glance(at) for at in range(int(start), int(end) - 1, -1))


def judged(*glances: Glance, **more: object) -> Exposure:
    limits = more.pop("limits", Limits())
    return policy.exposure(Ledger(glances, **more), limits, NOW)


def test_after_an_hour_without_a_break_pictures_close_for_ten_minutes():
    stands = judged(*working(60))
    assert stands.closed is Closed.BREAK
    assert stands.until == NOW + timedelta(minutes=10, seconds=2)


def test_before_the_hour_is_over_it_says_when_the_break_is_due():
    stands = judged(*working(48))
    assert stands.closed is None
    assert stands.break_at == NOW + timedelta(minutes=12)


def test_a_pause_begins_the_hour_anew():
    stands = judged(*(glance(at) for at in (69, 60, 50, 40, 20, 10.5, 0)))
    assert stands.closed is None
    assert stands.break_at == NOW + timedelta(hours=1)


def test_after_the_break_pictures_are_open_again():
    assert judged(*working(71, 11)).closed is None


def test_the_cap_closes_pictures_across_midnight_until_one_has_rested():
    stands = judged(glance(300, 4 * 3600 - 1), glance(20, 1))
    assert (stands.closed, stands.left) == (Closed.CAP, timedelta())
    assert stands.until == ago(20) + timedelta(seconds=1) + policy.REST
    assert judged(glance(300, 4 * 3600 - 2), glance(20, 1)).closed is None


def test_eleven_hours_without_a_picture_begin_a_new_shift():
    long = glance(16 * 60, 4 * 3600)
    assert judged(long).used == timedelta()
    assert judged(long).closed is None
    assert judged(glance(14 * 60, 4 * 3600)).closed is Closed.CAP


def test_pictures_close_before_the_shift_ends():
    stands = judged(glance(421), glance(60))
    assert stands.closed is Closed.SHIFT
    assert stands.cut_off_at == ago(1)
    assert judged(glance(419), glance(60)).closed is None


def test_after_a_run_of_severe_items_there_is_a_cool_down():
    looks = working(20)
    three = (ago(12), ago(8), ago(4))
    stands = judged(*looks, severe=three, limits=THREE)
    assert (stands.closed, stands.until) == (Closed.COOL_DOWN, ago(-11))
    assert judged(*looks, severe=three[1:], limits=THREE).closed is None


def test_a_pause_between_severe_items_begins_the_count_anew():
    looks = (*working(40, 30), *working(19))
    severe = (ago(33), ago(31), ago(2))
    assert judged(*looks, severe=severe, limits=THREE).closed is None
    assert judged(*working(40), severe=severe, limits=THREE).closed is Closed.COOL_DOWN


def test_what_was_severe_before_a_cool_down_does_not_ask_for_another():
    severe = (ago(40), ago(38), ago(36), ago(3), ago(1))
    assert judged(*working(40, 36), *working(20), severe=severe, limits=THREE).closed is None


def test_no_more_than_a_mix_of_severe_items_within_the_hour():
    limits = Limits(severe_run=10, severe_hour=4)
    severe = tuple(ago(at) for at in (55, 40, 30, 20))
    assert judged(severe=severe, limits=limits).severe is False
    assert judged(severe=severe, limits=limits).closed is None
    assert judged(severe=severe[1:], limits=limits).severe is True


def test_a_break_one_takes_closes_pictures_for_its_time():
    rest = Rest(ME, ago(2), ago(2), ago(-28))
    stands = judged(*working(10, 3), rest=rest)
    assert (stands.closed, stands.until) == (Closed.BREAK, rest.until)
    assert judged(rest=replace(rest, until=ago(2), why=Why.ENDED)).closed is None


def test_a_break_that_was_moved_forward_is_due_when_it_was_moved_to():
    rest = Rest(ME, ago(5), ago(-4), ago(-14), Why.STAGGERED)
    assert judged(*working(30), rest=rest).break_at == ago(-4)
    begun = Rest(ME, ago(15), ago(1), ago(-9), Why.STAGGERED)
    assert judged(*working(30, 2), rest=begun).closed is Closed.BREAK


def test_a_moved_break_has_no_reason_after_a_pause_of_ones_own():
    moved = Rest(ME, ago(16), ago(1), ago(-9), Why.STAGGERED)
    assert judged(*working(40, 14), *working(3), rest=moved).closed is None


def test_overtime_is_taken_off_the_next_shift():
    extra = Overtime(new_id(), ME, new_id(), ago(900), ago(880), "nobody else")
    stands = judged(glance(30), overtime=(extra,))
    assert (stands.cap, stands.owed) == (timedelta(minutes=220), timedelta(minutes=20))
    in_this_shift = judged(glance(1000), glance(900), glance(500), overtime=(extra,))
    assert in_this_shift.cap == timedelta(hours=4)


def test_several_reasons_close_until_the_last_of_them():
    taken = Rest(ME, ago(1), ago(1), ago(-9))
    stands = judged(*working(5, 2), rest=taken, severe=(ago(4), ago(3), ago(2)), limits=THREE)
    assert (stands.closed, stands.until) == (Closed.COOL_DOWN, ago(-13))


def test_the_small_grey_stills_do_not_count():
    assert {level for level in Level if level not in policy.COUNTED} == {Level.S1, Level.S2}
    assert all(level.watermarked for level in policy.COUNTED)


def test_a_look_whose_end_nobody_told_costs_its_cap():
    look = Viewing(new_id(), ME, new_id(), Level.S3, "case review", NOW)
    assert look.charged_ms == CAP_MS


@pytest.mark.parametrize("name", LIMITS)
def test_what_holds_by_itself_lies_within_what_may_be_set(name):
    limit = LIMITS[name]
    assert Limits().values()[name] == limit.default == limit.checked(limit.default)
    assert not limit.looser(limit.default, limit.tightest)
    assert limit.tighter(limit.tightest, limit.default) == limit.tightest
    for beyond in (limit.loosest + 1, limit.loosest - 1):
        if limit.looser(limit.loosest, beyond):
            with pytest.raises(BadInput):
                Limits().with_({name: beyond})


def test_nobody_works_longer_than_an_hour_without_a_break_or_five_hours_a_day():
    assert LIMITS["stretch"].loosest == 60
    assert LIMITS["daily"].loosest == 300


def test_a_change_is_parted_into_what_one_may_do_alone_and_what_not():
    after = Limits().with_({"daily": 120, "pause": 5, "stretch": 60})
    assert tightened(Limits(), after) == {"daily": 120}
    assert loosened(Limits(), after) == {"pause": 5}
    with pytest.raises(BadInput, match="Limits are"):
        Limits().with_({"nights": 1})


def changed(minute: int, person: object, **values: int) -> LimitChange:
    return LimitChange(new_id(), NOW + timedelta(minutes=minute), person, values, ME)  # type: ignore[arg-type]


def test_what_is_tightened_for_everybody_binds_those_who_had_more():
    changes = [changed(0, ME, daily=300), changed(1, None, daily=180)]
    assert limits_after(changes).daily == 180
    assert limits_after([changed(0, ME, daily=60), *changes[1:]]).daily == 60
    assert limits_after([changes[1], changed(2, ME, daily=240)]).daily == 240


def test_two_who_are_due_at_once_rest_one_after_the_other():
    pause = timedelta(minutes=10)
    due = {new_id(): Due(NOW + timedelta(minutes=30), pause) for _ in range(2)}
    begins = sorted(policy.stagger(due, [], NOW, 1).values())
    assert begins == [NOW + timedelta(minutes=20), NOW + timedelta(minutes=30)]


def test_where_no_place_is_left_the_limit_wins():
    pause = timedelta(minutes=10)
    due = {ME: Due(NOW + timedelta(minutes=3), pause)}
    resting = [(NOW, NOW + timedelta(minutes=9))]
    assert policy.stagger(due, resting, NOW, 1) == {ME: due[ME].at}


@pytest.mark.parametrize(
    ("labels", "expected"), [(["Category-1"], True), (["a1", "2019"], True), (["c", "b2"], False)]
)
def test_labels_announce_what_is_severe(labels, expected):
    assert policy.severe(labels) is expected


def test_the_how_to_s_table_says_what_the_limits_are():
    page = (Path(__file__).parents[2] / "docs/howto/protect-reviewers.md").read_text("utf-8")
    told = re.findall(r"^\| `(\w+)`[^|]*\| (\d+) (\w+) \| (\d+) \| (\d+) \|$", page, re.MULTILINE)
    assert told == [
        (k.name, str(k.default), k.unit.value, str(k.tightest), str(k.loosest))
        for k in LIMITS.values()
    ]
