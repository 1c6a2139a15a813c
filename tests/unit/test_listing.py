"""Words of lists: absent is not false, case and spaces do not count, nonsense is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.errors import BadInput
from breakwater.model.hub_given import Mark
from breakwater.model.listing import PLAIN, mark_of, only_known, signals_of, words_of


@pytest.mark.parametrize(
    ("said", "mark"),
    [
        ({}, PLAIN),
        ({"status": "ACTIVE", "self_generated": ""}, PLAIN),
        ({"category_uk": "a"}, Mark("A")),
        ({"industry_class": "b2", "category_uk": "C"}, Mark("B2", ("C",))),
        ({"category": "Severe", "category_uk": "C"}, Mark("Severe", ("C",))),
        ({"interpol_baseline": "TRUE", "ai_generated": "0"}, Mark("", ("interpol_baseline",))),
        ({"status": " withdrawn "}, Mark(withdrawn=True)),
    ],
)
def test_what_a_row_says(said, mark) -> None:
    assert mark_of(said) == mark


def test_a_json_object_is_read_as_cells() -> None:
    assert words_of({"MD5 ": "ab", "self_generated": True, "x": None, "quality": 80}) == {
        "md5": "ab", "self_generated": "True", "quality": "80",
    }  # fmt: skip


def test_one_entry_may_carry_several_hashes_and_each_once() -> None:
    found = signals_of({
        "md5": "AB" * 16, "kind": "md5", "value": "ab" * 16, "pdq": "0f" * 32, "pdq_quality": "71",
    })  # fmt: skip
    assert found == [("md5", b"\xab" * 16, 100), ("pdq", b"\x0f" * 32, 71)]


def test_a_misspelt_word_is_refused_for_its_grade_would_be_lost() -> None:
    only_known({"md5": "ab", "industry_class": "B1", "quality": "80"})
    with pytest.raises(BadInput, match=r"no 'category_industry'; it has .*industry_class"):
        only_known({"md5": "ab", "category_industry": "B1"})


@pytest.mark.parametrize("quality", ["-1", "101", "٣", "1e1", "0100"])
def test_a_quality_is_a_whole_number_to_100(quality) -> None:
    with pytest.raises(BadInput):
        signals_of({"pdq": "0f" * 32, "pdq_quality": quality})


@given(st.dictionaries(st.text(max_size=20), st.none() | st.text() | st.integers() | st.floats()))
def test_nothing_but_bad_input_comes_of_anything(said) -> None:
    try:
        words = words_of(said)
        mark_of(words)
        signals_of(words)
    except BadInput:
        pass
