"""Tiers: a passer-by is never a suspect, whatever order, overlap or reconnects they are told in."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakwater.model.watch import (
    NAMED,
    STAYED_S,
    Span,
    Tier,
    Watching,
    merged,
    overlap_s,
    tier_of,
    visits_to,
)

AT = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
MANY = settings(max_examples=150, deadline=None)


def span(start: float, length: float) -> Span:
    first = AT + timedelta(seconds=start)
    return Span(first, first + timedelta(seconds=length))


SPANS = st.lists(st.builds(span, st.integers(0, 600), st.integers(0, 200)), max_size=8)


def seconds(spans: list[Span]) -> set[int]:
    """The whole seconds that spans cover, the plain way."""
    out: set[int] = set()
    for one in spans:
        first = int((one.start - AT).total_seconds())
        out |= set(range(first, first + int(one.seconds)))
    return out


@MANY
@given(visits=SPANS, illegal=SPANS)
def test_overlap_is_the_seconds_both_cover(visits, illegal) -> None:
    assert overlap_s(visits, illegal) == len(seconds(visits) & seconds(illegal))


@MANY
@given(visits=SPANS, illegal=SPANS, seed=st.integers(0, 99))
def test_order_and_repetition_change_nothing(visits, illegal, seed) -> None:
    again = visits + visits[:3]
    random.Random(seed).shuffle(again)
    assert overlap_s(again, illegal) == overlap_s(visits, illegal)
    assert visits_to(again, illegal) == visits_to(visits, illegal)
    assert overlap_s(visits, illegal) <= sum(one.seconds for one in merged(illegal))


@MANY
@given(
    overlap=st.floats(0, 29.999), visits=st.integers(0, 9), elsewhere=st.floats(0, 500),
    streams=st.integers(0, 9),
)  # fmt: skip
def test_who_saw_little_is_not_named(overlap, visits, elsewhere, streams) -> None:
    tier = tier_of(Watching(overlap, visits, elsewhere, streams))
    if overlap == 0 or overlap + elsewhere < STAYED_S or visits + streams < 2:
        assert tier is Tier.PASSED
    assert tier in {Tier.PASSED, Tier.RETURNED}


@MANY
@given(
    more=st.floats(0, 100), overlap=st.floats(0, 100), visits=st.integers(0, 4),
    elsewhere=st.floats(0, 100), streams=st.integers(0, 3), paid=st.booleans(),
    directed=st.booleans(),
)  # fmt: skip
def test_more_never_makes_it_less_grave(more, overlap, visits, elsewhere, streams, paid, directed):
    less = Watching(overlap, visits, elsewhere, streams, paid, directed)
    grave = tier_of(less).rank
    assert (
        tier_of(Watching(overlap + more, visits, elsewhere, streams, paid, directed)).rank <= grave
    )
    assert tier_of(Watching(overlap, visits + 1, elsewhere, streams, paid, directed)).rank <= grave
    assert tier_of(Watching(overlap, visits, elsewhere, streams, paid=True)).rank == 0


@pytest.mark.parametrize(
    ("watching", "tier"),
    [
        (Watching(29.9, 1), Tier.PASSED),
        (Watching(30.0, 1), Tier.STAYED),
        (Watching(30.0, 2), Tier.RETURNED),
        (Watching(10.0, 1, 20.0, 1), Tier.RETURNED),
        (Watching(0.0, 0, 600.0, 5), Tier.PASSED),
        (Watching(1.0, 1, directed=True), Tier.DIRECTED),
        (Watching(1.0, 1, paid=True, directed=True), Tier.PAID),
    ],
)
def test_each_tier(watching: Watching, tier: Tier) -> None:
    assert tier_of(watching) is tier


def test_a_player_that_reconnects_did_not_return() -> None:
    illegal = (span(0, 600),)
    assert visits_to([span(0, 20), span(79, 20)], illegal) == 1
    assert visits_to([span(0, 20), span(81, 20)], illegal) == 2


def test_the_first_three_are_named_and_a_span_goes_forward() -> None:
    assert {Tier.PAID, Tier.DIRECTED, Tier.RETURNED} == NAMED
    assert [one.named for one in Tier] == [True, True, True, False, False]
    with pytest.raises(ValueError, match="end before"):
        Span(AT, AT - timedelta(seconds=1))
