"""A score is the sum of its shown terms; more trust never lowers it, more doubt never raises it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.hub.score import Known, baseline, score

weights = st.floats(0, 50, allow_nan=False)
KNOWN = st.builds(
    Known, givers=st.integers(0, 60), trusted=st.booleans(), affirmed=weights, denied=weights,
    matches=st.integers(0, 10**6), wrong=st.just(0), graded=st.integers(0, 60),
    reviewed_days=st.none() | st.floats(0, 10_000), agree=st.booleans(),
).flatmap(lambda one: st.builds(replace, st.just(one), wrong=st.integers(0, one.matches)))  # fmt: skip


@given(KNOWN)
def test_it_is_the_sum_of_its_terms_within_0_and_1(known) -> None:
    made = score(7, known)
    assert 0.0 <= made.value <= 1.0
    total = sum(made.terms.values())
    assert made.value == pytest.approx(min(1.0, max(0.0, total)), abs=1e-4)


@given(KNOWN, st.integers(1, 5), st.floats(0.1, 5))
def test_each_fact_moves_it_one_way(known, some, weight) -> None:
    value = score(7, known).value
    better = [
        replace(known, givers=known.givers + some),
        replace(known, trusted=True),
        replace(known, affirmed=known.affirmed + weight),
        replace(known, reviewed_days=(known.reviewed_days or 0) / 2),
        replace(known, agree=True),
        replace(known, wrong=max(0, known.wrong - some)),
    ]
    worse = [
        replace(known, denied=known.denied + weight),
        replace(known, agree=False),
        replace(known, reviewed_days=None),
        replace(known, wrong=known.wrong + some, matches=known.matches + some),
    ]
    assert all(score(7, one).value >= value for one in better)
    assert all(score(7, one).value <= value for one in worse)


def test_one_wrong_match_of_one_is_no_share_yet_and_many_are() -> None:
    few = score(7, Known(matches=1, wrong=1)).terms["wrong"]
    many = score(7, Known(matches=1000, wrong=1000)).terms["wrong"]
    assert -0.05 < few < 0
    assert many < -0.49


def test_the_baseline_is_what_an_import_alone_has() -> None:
    assert baseline(trusted=False) == 0.3
    assert baseline(trusted=True) == 0.5
