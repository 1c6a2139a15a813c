"""Protects the line of time: every point is on the page or counted, and a spike is never thinned away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from breakwater.web.pages.timeline import MARKS, STEPS, Point, Sort, timeline

START = datetime(2026, 11, 21, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_a_long_series_is_thinned_and_its_highest_risk_and_every_comment_stay():
    risk = [Point(Sort.RISK, after(n), value=0.1) for n in range(5000)]
    risk[777] = Point(Sort.RISK, after(777), value=0.97)
    said = [Point(Sort.COMMENTS, after(n), value=2) for n in range(5000)]
    made = timeline([*said, *risk])
    by_sort = {sort: [float(r.value) for r in made.rows if r.sort == sort] for sort in Sort}
    assert max(by_sort[Sort.RISK]) == 0.97
    assert sum(by_sort[Sort.COMMENTS]) == 10_000
    assert 0 < len(by_sort[Sort.RISK]) <= STEPS


def test_the_newest_marks_are_listed_and_the_others_counted():
    made = timeline(Point(Sort.REPORT, after(n * 90), str(n)) for n in range(MARKS + 7))
    assert [row.words for row in made.rows] == [str(n) for n in range(MARKS + 6, 6, -1)]
    assert made.more == 7


def test_looks_within_a_minute_are_one_mark_even_when_something_else_lies_between():
    looks = [Point(Sort.VIEW, after(n * 10)) for n in (0, 1, 4)]
    made = timeline(
        [*looks, Point(Sort.DECISION, after(20), "Illegal"), Point(Sort.VIEW, after(70))]
    )
    assert [(row.sort, row.words) for row in made.rows] == [
        ("view", "1 look"), ("decision", "Illegal"), ("view", "3 looks"),
    ]  # fmt: skip


def test_a_span_says_when_it_ends_and_the_legend_what_is_there():
    made = timeline([Point(Sort.SPAN, START, "0:00 to 0:07", until=after(7))])
    assert made.rows[0].until.startswith("2026-11-21T12:00:07")
    assert [sort for sort, _ in made.legend] == ["span"]
    assert timeline([]).rows == ()
