"""A place in the queue survives the address bar, and nothing else is taken for one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import builders

from breakwater.errors import BadInput
from breakwater.model.case import CasePosition

DUE = st.integers(0, 30_000_000_000_000_000).map(
    lambda micros: builders.EPOCH + timedelta(microseconds=micros)
)


@given(urgency=st.integers(0, 13), due=DUE, number=st.integers(1, 2**32))
def test_a_position_reads_what_it_prints(urgency, due, number):
    place = CasePosition(urgency, due, number)
    assert CasePosition.parse(str(place)) == place


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{0,30}-[0-9]{0,30}-[0-9]{0,30}", fullmatch=True))
def test_whatever_is_in_the_address_is_a_position_or_bad_input(text):
    try:
        place = CasePosition.parse(text)
    except BadInput:
        return
    assert CasePosition.parse(str(place)) == place


@pytest.mark.parametrize("text", ["", "1-2", "a-b-c", "1-2-3-4", "1--2", "²-1-1", "1-1-1\n"])
def test_a_position_refuses_what_it_does_not_print(text):
    with pytest.raises(BadInput):
        CasePosition.parse(text)
