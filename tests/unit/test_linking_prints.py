"""Hashes of key frames are found again, forgotten with their medium, and those of flat frames never taken."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.builders_signals import hashed, signals

from breakwater.linking.finding.copies import CopyFinder
from breakwater.linking.finding.prints import NEAR, Prints


def off(value: bytes, bits: int) -> bytes:
    """A hash with so many of its first bits turned."""
    return (int.from_bytes(value) ^ ((1 << bits) - 1)).to_bytes(32)


def test_near_hashes_are_found_and_far_ones_are_not() -> None:
    known = Prints()
    one, other = hashed(1)[1], hashed(2)[1]
    known.add(7, [one, other])
    known.add(8, [off(one, NEAR), other])
    known.add(9, [off(one, NEAR + 1)])
    assert known.near([one], but=0) == [(7, 0), (8, NEAR)]
    assert known.near([one], but=7) == [(8, NEAR)]
    assert known.near([], but=0) == []


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 20)), max_size=60))
def test_it_holds_what_was_added_last_and_not_removed(steps: list[tuple[int, int]]) -> None:
    known, wanted = Prints(), {}
    for number, seed in steps:
        if seed == 0:
            known.remove(number)
            wanted.pop(number, None)
        else:
            known.add(number, [hashed(seed)[1]] * (seed % 3))
            wanted[number] = seed
    for seed in range(1, 21):
        found = {number for number, _ in known.near([hashed(seed)[1]], but=0)}
        assert found == {n for n, s in wanted.items() if s == seed and s % 3}
    assert all((number in known) == (number in wanted) for number in range(1, 10))


def test_hashes_of_poor_quality_are_never_learnt_or_asked_for() -> None:
    flat = replace(signals(), prints=(hashed(1, quality=49),), views=None, frames=(), shots=())
    good = replace(flat, prints=(hashed(1, quality=90),))
    finder = CopyFinder(read=lambda _: good)
    finder.learn(SimpleNamespace(number=1), flat)
    assert finder.find(SimpleNamespace(number=2), good) == []
    finder.learn(SimpleNamespace(number=3), good)
    assert finder.find(SimpleNamespace(number=2), flat) == []
    assert np.all(finder._prints._owners[: len(finder._prints)] == 3)
