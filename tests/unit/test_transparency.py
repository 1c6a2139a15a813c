"""Intervals against tables, shares over strata at their edges, and periods."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from breakwater.errors import BadInput
from breakwater.model.transparency import Period
from breakwater.transparency.intervals import clopper_pearson, effective
from breakwater.transparency.prevalence import Part, share


@pytest.mark.parametrize(
    ("found", "looked", "low", "high"),
    [
        (0, 10, 0.0, 0.308497),
        (1, 10, 0.002529, 0.445016),
        (3, 20, 0.032071, 0.378927),
        (10, 10, 0.691503, 1.0),
        (5, 1000, 0.001625, 0.011629),
        (0, 5000, 0.0, 0.000737507),
    ],
)
def test_an_exact_interval_is_that_of_the_tables(found, looked, low, high) -> None:
    assert clopper_pearson(found, looked) == pytest.approx((low, high), abs=2e-6)


def test_equal_weights_tell_as_much_as_no_weights() -> None:
    assert effective(7 * 3.5, 7 * 3.5**2) == pytest.approx(7)
    assert effective(1 + 100, 1 + 100**2) < 1.03
    assert effective(0, 0) == 0


def test_nothing_found_has_a_finite_interval_and_nothing_looked_at_has_none() -> None:
    none = share([Part(1000, 59, 59, 0, 0)])
    assert none.value == 0.0
    assert none.low == 0.0
    assert none.high == pytest.approx(0.0606, abs=1e-3)
    blind = share([Part(1000, 0, 0, 0, 0)])
    assert blind.value is None
    assert (blind.low, blind.high, blind.covered) == (0.0, 1.0, 0.0)


def test_a_stratum_where_nobody_looked_widens_the_interval_by_all_of_its_size() -> None:
    seen = share([Part(900, 60, 60, 0, 0)])
    part = share([Part(900, 60, 60, 0, 0), Part(100, 0, 0, 0, 0)])
    assert part.covered == pytest.approx(0.9)
    assert part.high == pytest.approx(0.9 * seen.high + 0.1)


def test_what_is_undecided_is_nothing_below_and_illegal_above() -> None:
    decided = share([Part(1000, 100, 100, 2, 0)])
    waits = share([Part(1000, 100, 100, 2, 3)])
    assert waits.value == decided.value
    assert waits.low == decided.low
    assert waits.high == pytest.approx(clopper_pearson(5, 100)[1])


def test_strata_count_by_their_size_and_not_by_their_draws() -> None:
    found = share([Part(9900, 10, 10, 0, 0), Part(100, 90, 90, 90, 0)])
    assert found.value == pytest.approx(0.01)


def test_a_period_is_whole_days_with_both_ends() -> None:
    period = Period.parse("2026-11-01", " 2026-11-30 ")
    assert period.days == 30
    assert period.start == datetime(2026, 11, 1, tzinfo=UTC)
    assert period.end == datetime(2026, 12, 1, tzinfo=UTC)
    assert Period.until(datetime(2026, 3, 1, 23, tzinfo=UTC)).first == date(2026, 1, 31)
    for first, last in [
        ("2026-11-02", "2026-11-01"),
        ("x", "2026-11-01"),
        ("0001-01-01", "2026-01-01"),
    ]:
        with pytest.raises(BadInput):
            Period.parse(first, last)
