"""Protects the weight of a report: by what is known of its reporter, and of nobody's crowd."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.model.appeal import OverturnRate
from breakwater.model.case import Priority
from breakwater.model.user_report import (
    PRIORS,
    STRANGERS,
    Reliability,
    ReporterKind,
    belief,
    urgency_of,
)

USER = ReporterKind.USER
counts = st.integers(0, 10_000)


@given(right=counts, wrong=counts, kind=st.sampled_from(ReporterKind))
def test_an_outcome_moves_belief_its_own_way_and_never_to_certainty(right, wrong, kind):
    here = Reliability(kind, right, wrong).mean
    assert 0 < here < 1
    assert (
        Reliability(kind, right + 1, wrong).mean > here > Reliability(kind, right, wrong + 1).mean
    )


@given(st.lists(st.builds(Reliability, st.sampled_from(ReporterKind), counts, counts), max_size=20))
def test_another_reporter_never_lowers_belief(reporters):
    steps = [belief(reporters[:n]) for n in range(len(reporters) + 1)]
    assert steps == sorted(steps)
    assert 0 <= steps[-1] <= 1


def test_without_a_record_only_the_prior_speaks():
    for kind, prior in PRIORS.items():
        assert Reliability(kind).mean == prior.mean
    assert PRIORS[USER].mean == 0.25


def test_a_crowd_of_new_accounts_counts_as_a_few():
    strangers = [Reliability(USER)] * 500
    assert belief(strangers) == belief(strangers[:STRANGERS])
    assert urgency_of(belief(strangers), danger=False) is Priority.MEDIUM
    known = Reliability(USER, right=9, wrong=1)
    assert belief([*strangers, known]) > belief(strangers)


@pytest.mark.parametrize(
    ("trust", "danger", "expected"),
    [
        (Reliability(USER), False, Priority.MEDIUM),
        (Reliability(USER), True, Priority.NOW),
        (Reliability(USER, wrong=40), False, Priority.LOW),
        (Reliability(USER, wrong=40), True, Priority.HIGH),
        (Reliability(ReporterKind.TRUSTED_FLAGGER), False, Priority.HIGH),
        (Reliability(ReporterKind.PARTNER), False, Priority.MEDIUM),
    ],
)
def test_how_soon_a_person_looks(trust, danger, expected):
    assert urgency_of(belief([trust]), danger=danger) is expected


@pytest.mark.parametrize(
    ("overturned", "decided", "low", "high"),
    [(0, 10, 0.0, 0.2775), (1, 10, 0.0179, 0.4042), (15, 148, 0.0624, 0.1605), (0, 0, 0.0, 1.0)],
)
def test_the_interval_of_a_rate_is_wilson_s(overturned, decided, low, high):
    """15 of 148: Newcombe 1998, Statistics in Medicine 17:857, table I, method 3 (others by hand)."""
    found = OverturnRate("x", decided, overturned).interval
    assert found == pytest.approx((low, high), abs=5e-5)
