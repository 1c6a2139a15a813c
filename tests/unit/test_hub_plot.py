"""A feed's hours are drawn in their place, and said in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from breakwater.model.hub import PullHour
from breakwater.web.pages.hub_plot import HOURS, plots

NOW = datetime(2026, 11, 23, 10, 40, tzinfo=UTC)


def hour(
    ago: int, rows: int = 0, errors: int = 0, behind: int | None = 0, way: str = "json"
) -> PullHour:
    at = NOW.replace(minute=0) - timedelta(hours=ago)
    return PullHour(way, at, rows, 1, errors, behind)


def test_each_way_has_its_drawing_with_the_newest_hour_at_the_right() -> None:
    csv, json = plots(
        [hour(3, 10, behind=None, way="csv"), hour(71, 500, 1, 40), hour(0, 1000)], NOW
    )
    assert (csv.way, csv.rows, csv.behind, csv.line) == ("csv", "10", "", "")
    assert csv.words == "10 rows and 0 errors in three days."
    assert json.bars == "M0.5 40V21M71.5 40V2"
    assert json.line == "M0.5 2L71.5 40"
    assert json.errors == "M0.5 0V4"
    assert json.words == "1,500 rows and 1 errors in three days. At most 40 changes behind."
    assert HOURS == 72


def test_what_is_older_or_empty_is_not_drawn() -> None:
    (one,) = plots([hour(72, 900, 1), hour(5)], NOW)
    assert (one.bars, one.errors, one.line) == ("", "", "M66.5 40h0")
    assert plots([], NOW) == ()
