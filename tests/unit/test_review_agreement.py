"""Protects every figure about agreement: the published worked examples, and honest intervals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.errors import BadInput
from breakwater.review.quality.agreement import Agreement, Scale, Unmeasured, alpha, kappa

ABCDE = Scale(tuple("abcde"))


def pairs(table: list[list[int]]) -> list[tuple[str, str]]:
    """A table of counts as the answers it counts."""
    return [
        ("abcde"[row], "abcde"[column])
        for row, counts in enumerate(table)
        for column, n in enumerate(counts)
        for _ in range(n)
    ]


def scale(values: str, *, ordered: bool = False) -> Scale:
    return Scale(tuple(values), ordered=ordered)


def measured(found: Agreement | Unmeasured) -> Agreement:
    assert isinstance(found, Agreement)
    return found


READERS = [[0, 4, 1], [0, 8, 0], [0, 1, 5]]
SKIN = [[10, 4, 1, 0], [5, 10, 12, 2], [2, 4, 12, 5], [0, 2, 6, 13]]


@pytest.mark.parametrize(
    ("table", "values", "ordered", "expected"),
    [
        # SAS/STAT, PROC FREQ: a table with an empty column, and two dermatologists on skin.
        (READERS, "abc", False, (0.4842, 0.2137, 0.7547)),
        (READERS, "abc", True, (0.4701, 0.1845, 0.7558)),
        (SKIN, "abcd", False, (0.3449, 0.2030, 0.4868)),
        (SKIN, "abcd", True, (0.5082, 0.3798, 0.6366)),
    ],
)
def test_kappa_and_its_interval_are_those_of_the_published_examples(
    table, values, ordered, expected
):
    found = measured(kappa(pairs(table), scale(values, ordered=ordered)))
    assert (found.value, found.low, found.high) == pytest.approx(expected, abs=5e-5)
    assert found.items == sum(map(sum, table))


def test_kappa_of_the_textbooks():
    # Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, table 18.1.
    assert measured(kappa(pairs([[75, 1, 4], [5, 4, 1], [0, 0, 10]]), ABCDE)).value == (
        pytest.approx(0.676, abs=5e-4)
    )


FOUR_OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 .",
)  # fmt: skip


def units(rows: tuple[str, ...]) -> list[list[str]]:
    columns = zip(*(row.split() for row in rows), strict=True)
    return [[answer for answer in column if answer != "."] for column in columns]


@pytest.mark.parametrize(("ordered", "expected"), [(False, 0.743), (True, 0.815)])
def test_alpha_with_missing_answers_is_krippendorffs(ordered, expected):
    # Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, sections C and D.
    found = measured(alpha(units(FOUR_OBSERVERS), scale("12345", ordered=ordered)))
    assert found.value == pytest.approx(expected, abs=5e-4)
    assert found.items == 11  # the twelfth has one answer and says nothing
    assert found.low < found.value < found.high


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("0100000010", "1110010000", 0.095),  # section A: binary, two observers
        ("aabbdcccedda", "babbbccceddd", 0.692),  # section B: nominal, two observers
    ],
)
def test_alpha_of_two_observers_is_krippendorffs(one, other, expected):
    found = alpha(zip(one, other, strict=True), scale("01abcde"))
    assert measured(found).value == pytest.approx(expected, abs=5e-4)


def test_one_answer_for_everything_is_no_agreement_to_speak_of():
    always = [("a", "a")] * 30
    assert kappa(always, ABCDE) is Unmeasured.NO_VARIATION
    assert alpha(always, ABCDE) is Unmeasured.NO_VARIATION


@pytest.mark.parametrize("items", [[], [("a", "b")]])
def test_less_than_two_items_say_nothing(items):
    assert kappa(items, ABCDE) is Unmeasured.TOO_FEW
    assert alpha(items, ABCDE) is Unmeasured.TOO_FEW
    assert alpha([("a",)] * 9, ABCDE) is Unmeasured.TOO_FEW


@pytest.mark.parametrize("ordered", [False, True])
def test_no_difference_in_ten_items_is_no_certainty(ordered):
    ten = [("a", "a")] * 6 + [("b", "b")] * 4
    many = ten * 50
    for measure in (kappa, alpha):
        few_items = measured(measure(ten, scale("ab", ordered=ordered)))
        many_items = measured(measure(many, scale("ab", ordered=ordered)))
        assert few_items.value == many_items.value == 1.0
        assert few_items.low < 0.667, "ten items cannot show that answers are reliable"
        assert not few_items.reliable
        assert many_items.low > 0.95
        assert many_items.reliable


def test_a_value_that_is_not_of_the_scale_is_refused():
    with pytest.raises(BadInput, match="'z'"):
        kappa([("a", "z"), ("a", "a")], ABCDE)


def test_the_interval_of_alpha_covers_what_is_true():
    # Two people give the same answer in 60 % of items and otherwise guess: α is 0.6.
    rng = np.random.default_rng(7)
    covered, rounds = 0, 200
    for _ in range(rounds):
        first, second = rng.integers(0, 3, 80), rng.integers(0, 3, 80)
        second = np.where(rng.random(80) < 0.6, first, second)
        items = [("abc"[a], "abc"[b]) for a, b in zip(first, second, strict=True)]
        found = measured(alpha(items, scale("abc")))
        covered += found.low <= 0.6 <= found.high
    assert covered / rounds >= 0.91


answers = st.lists(
    st.lists(st.sampled_from("abcd"), min_size=0, max_size=4), min_size=2, max_size=25
)


@given(answers, st.booleans(), st.randoms())
def test_alpha_knows_neither_the_order_of_people_nor_of_items(items, ordered, random):
    before = alpha(items, scale("abcd", ordered=ordered))
    for item in items:
        random.shuffle(item)
    random.shuffle(items)
    after = alpha(items, scale("abcd", ordered=ordered))
    if isinstance(before, Unmeasured):
        assert after is before
    else:
        assert measured(after).value == pytest.approx(before.value)


two_answers = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=2, max_size=40
)


@given(two_answers, st.booleans())
def test_kappa_is_within_its_interval_and_its_bounds_and_the_same_both_ways(found, ordered):
    here = scale("abcd", ordered=ordered)
    one, other = kappa(found, here), kappa([(b, a) for a, b in found], here)
    if isinstance(one, Unmeasured):
        assert other is one
    else:
        assert -1 <= one.low <= one.value <= one.high <= 1
        assert measured(other).value == pytest.approx(one.value)
        assert measured(other).low == pytest.approx(one.low, abs=1e-6)
