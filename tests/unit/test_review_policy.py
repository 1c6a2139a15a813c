"""Protects reviewers: a daily cap and a break each hour, whatever the hour of the day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from breakwater.model.ids import new_id
from breakwater.model.media import Level
from breakwater.model.viewing import CAP_MS, Viewing
from breakwater.review import policy

NOW = datetime(2026, 11, 21, 0, 10, tzinfo=UTC)
ME = new_id()


def look(minutes_ago: float, *, level: Level = Level.S3, ms: int | None = 2000) -> Viewing:
    at = NOW - timedelta(minutes=minutes_ago)
    return Viewing(new_id(), ME, new_id(), level, "case review", at, ms=ms)


def working(minutes: int) -> list[Viewing]:
    return [look(ago) for ago in range(minutes)]


def test_after_an_hour_without_a_break_pictures_close_for_ten_minutes():
    stands = policy.exposure(timedelta(minutes=5), working(61), NOW)
    assert stands.closed == "break"
    assert stands.until == NOW + policy.BREAK + timedelta(seconds=2)


def test_before_the_hour_is_over_it_says_when_the_break_is_due():
    stands = policy.exposure(timedelta(minutes=5), working(49), NOW)
    assert not stands.closed
    assert stands.break_at == NOW + timedelta(minutes=12)


def test_a_pause_begins_the_hour_anew():
    looks = [look(ago) for ago in (69, 60, 50, 40, 20, 10.5, 0)]
    stands = policy.exposure(timedelta(minutes=5), looks, NOW)
    assert not stands.closed
    assert stands.break_at == NOW - timedelta(minutes=0) + policy.STRETCH


def test_after_the_break_pictures_are_open_again():
    looks = [look(ago) for ago in range(11, 72)]
    assert policy.exposure(timedelta(minutes=5), looks, NOW).closed == ""


def test_the_daily_cap_closes_pictures_across_midnight():
    assert policy.exposure(policy.DAILY_CAP, [], NOW).closed == "cap"
    assert policy.exposure(policy.DAILY_CAP - timedelta(seconds=1), [], NOW).closed == ""


def test_small_grey_stills_do_not_count_towards_the_break():
    looks = [look(ago, level=Level.S1) for ago in range(70)]
    assert policy.exposure(timedelta(), looks, NOW) == policy.Exposure(timedelta())


def test_a_look_whose_end_nobody_told_costs_its_cap():
    assert look(1, ms=None).charged_ms == CAP_MS
