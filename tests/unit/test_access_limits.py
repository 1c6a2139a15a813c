"""Protects this process from one caller: token buckets by the clock."""

from __future__ import annotations

from tests.conftest import SettableClock

from breakwater.access.limits import MOST, Buckets


def test_a_burst_passes_and_then_waits(clock: SettableClock) -> None:
    buckets = Buckets(clock)
    waits = [buckets.take("k", per_second=2, burst=2) for _ in range(3)]
    assert waits[:2] == [0, 0]
    assert 0.4 < waits[2] <= 0.5


def test_it_refills_by_the_clock_and_never_over_the_burst(clock: SettableClock) -> None:
    buckets = Buckets(clock)
    for _ in range(2):
        buckets.take("k", per_second=2, burst=2)
    clock.advance(3600)
    taken = sum(buckets.take("k", per_second=2, burst=2) == 0 for _ in range(5))
    assert taken == 2


def test_callers_do_not_share(clock: SettableClock) -> None:
    buckets = Buckets(clock)
    assert buckets.take("a", per_second=1, burst=1) == 0
    assert buckets.take("b", per_second=1, burst=1) == 0
    assert buckets.take("a", per_second=1, burst=1) > 0


def test_asking_how_long_to_wait_takes_nothing(clock: SettableClock) -> None:
    buckets = Buckets(clock)
    assert [buckets.wait("a", per_second=1, burst=1) for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a", per_second=1, burst=1) == 0
    assert buckets.wait("a", per_second=1, burst=1) == 1


def test_no_rate_is_no_limit(clock: SettableClock) -> None:
    buckets = Buckets(clock)
    assert all(buckets.take("a", per_second=0, burst=1) == 0 for _ in range(1000))


def test_memory_is_bounded(clock: SettableClock) -> None:
    buckets = Buckets(clock)
    for number in range(MOST + 10):
        buckets.take(str(number), per_second=1, burst=1)
    assert len(buckets._levels) <= MOST
