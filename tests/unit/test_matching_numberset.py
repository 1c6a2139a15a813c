"""Sets of entry numbers: what was withdrawn must never be forgotten or made up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.matching.numberset import PAGE, NumberSet

some = st.lists(
    st.one_of(st.integers(0, 200_000), st.integers(0, 2**32 - 1)), max_size=60
)  # fmt: skip


@given(one_by_one=some, at_once=some, asked=some)
def test_it_holds_exactly_what_was_put_in(one_by_one, at_once, asked):
    held = NumberSet()
    for number in one_by_one:
        held.add(number)
    held.add_many(np.array(at_once, np.uint32))
    truth = set(one_by_one) | set(at_once)
    wanted = [*asked, *truth]
    assert [number in held for number in wanted] == [number in truth for number in wanted]
    assert held.mask(np.array(wanted, np.uint32)).tolist() == [n in truth for n in wanted]
    assert len(held) == len(truth)
    again = NumberSet.from_bytes(held.to_bytes())
    assert again.to_bytes() == held.to_bytes()
    assert [number in again for number in wanted] == [number in truth for number in wanted]


@given(first=some, second=some)
def test_an_update_joins_two_sets(first, second):
    left, right = NumberSet(), NumberSet()
    left.add_many(np.array(first, np.uint32))
    right.add_many(np.array(second, np.uint32))
    left.update(right)
    assert len(left) == len(set(first) | set(second))
    assert all(number in left for number in (*first, *second))


def test_a_stray_large_number_does_not_cost_a_page_for_each_before_it():
    held = NumberSet()
    held.add(2**32 - 1)
    assert len(held.to_bytes()) < PAGE


def test_a_torn_file_is_refused():
    held = NumberSet()
    held.add(7)
    with pytest.raises(ValueError, match="whole"):
        NumberSet.from_bytes(held.to_bytes()[:-1])
