"""Protects the derivation of law from facts: shipped tables say what the reference says.

A table with a hole, a rule nobody reaches, or a word nobody knows is refused when it is read.
"""

from __future__ import annotations

import copy
from itertools import product
from typing import Any

import pytest

from breakwater.errors import BadInput
from breakwater.model.facts import Activity, AgeBand, ChildFacts, ItemFacts, Maturity, Realism, Sex
from breakwater.model.scheme import FIELDS, Scheme, combinations
from breakwater.review.grading.schemes import shipped

SCHEMES = {scheme.id: scheme for scheme in shipped()}
A, B, M, R = Activity, AgeBand, Maturity, Realism


def facts(
    activity: Activity = A.NONE,
    age: AgeBand = B.FROM_7,
    maturity: Maturity = M.PREPUBESCENT,
    realism: Realism = R.REAL,
    **flags: Any,
) -> ItemFacts:
    return ItemFacts(activity, (ChildFacts(age, Sex.UNCLEAR, maturity),), realism, **flags)


def code(scheme: str, of: ItemFacts | None) -> str:
    (found,) = SCHEMES[scheme].derive(of).codes
    return found


def test_the_shipped_tables_are_those_of_the_reference():
    assert sorted(SCHEMES) == ["industry", "interpol_baseline", "ncmec", "uk_abc", "vics_us"]
    for scheme in SCHEMES.values():
        assert Scheme.parse(scheme.plain()) == scheme
        assert scheme.source


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        (A.NONE, "none"), (A.POSING_OR_NUDITY, "C"), (A.NON_PENETRATIVE, "B"),
        (A.PENETRATIVE, "A"), (A.ANIMAL, "A"), (A.SADISM, "A"),
    ],
)  # fmt: skip
def test_uk_categories_are_severity_only(activity, expected):
    for age, maturity in product(B, M):
        assert code("uk_abc", facts(activity, age, maturity)) == expected
        assert code("uk_abc", facts(activity, age, maturity, R.SYNTHETIC_PHOTOREAL)) == expected
    drawn = "none" if activity is A.NONE else "prohibited"
    assert code("uk_abc", facts(activity, realism=R.DRAWN)) == drawn
    assert code("uk_abc", ItemFacts(activity)) == "none"
    assert code("uk_abc", None) == "none"


def test_the_industry_letter_is_maturity_and_the_digit_the_act():
    assert code("industry", facts(A.POSING_OR_NUDITY)) == "A2"
    assert code("industry", facts(A.NON_PENETRATIVE)) == "A1"
    assert code("industry", facts(A.POSING_OR_NUDITY, B.FROM_14, M.PUBESCENT)) == "B2"
    assert code("industry", facts(A.SADISM, B.FROM_14, M.PUBESCENT)) == "B1"
    assert code("industry", facts(A.SADISM, maturity=M.UNCLEAR)) == "undetermined"
    assert code("industry", facts(A.NONE)) == "none"


def test_the_letter_is_the_youngest_childs():
    children = (
        ChildFacts(B.FROM_14, Sex.MALE, M.PUBESCENT),
        ChildFacts(B.FROM_7, Sex.FEMALE, M.PREPUBESCENT),
    )
    assert code("industry", ItemFacts(A.PENETRATIVE, children)) == "A1"


@pytest.mark.parametrize(
    ("age", "maturity", "expected"),
    [
        (B.FROM_0, M.UNCLEAR, "candidate"), (B.FROM_7, M.PUBESCENT, "candidate"),
        (B.FROM_11, M.PREPUBESCENT, "candidate"), (B.FROM_11, M.UNCLEAR, "none"),
        (B.FROM_14, M.PREPUBESCENT, "none"),
    ],
)  # fmt: skip
def test_a_baseline_candidate_is_real_under_13_and_grave(age, maturity, expected):
    assert code("interpol_baseline", facts(A.PENETRATIVE, age, maturity)) == expected
    assert code("interpol_baseline", facts(A.POSING_OR_NUDITY, age, maturity)) == "none"
    assert code("interpol_baseline", facts(A.SADISM, age, maturity, R.DRAWN)) == "none"


def test_vics_integers_follow_the_reference():
    assert code("vics_us", None) == "0"
    assert code("vics_us", ItemFacts(A.NONE)) == "0"
    assert code("vics_us", facts(A.NON_PENETRATIVE)) == "1"
    assert code("vics_us", facts(A.NON_PENETRATIVE, maturity=M.UNCLEAR)) == "2"
    assert code("vics_us", facts(A.NONE)) == "2"
    assert code("vics_us", facts(A.POSING_OR_NUDITY, realism=R.DRAWN)) == "3"
    assert code("vics_us", facts(A.NONE, comparison=True)) == "4"


def test_annotations_are_every_one_that_holds_and_may_be_none():
    ncmec = SCHEMES["ncmec"]
    many = facts(A.ANIMAL, B.FROM_0, self_generated=True, live_capture=True)
    assert ncmec.derive(many).codes == (
        "infant", "possibleSelfProduction", "bestiality", "liveStreaming",
    )  # fmt: skip
    assert ncmec.derive(facts()).codes == ()
    assert ncmec.derive(facts(realism=R.DRAWN)).codes == ("animeDrawingVirtualHentai",)


def test_every_shipped_table_answers_every_combination_of_facts():
    for one, age, maturity, realism in product(A, B, M, R):
        for scheme in SCHEMES.values():
            found = scheme.derive(facts(one, age, maturity, realism)).codes
            assert set(found) <= set(scheme.codes)
            assert scheme.every or len(found) == 1


def uk() -> dict[str, Any]:
    return copy.deepcopy(SCHEMES["uk_abc"].plain())


def broken(**changes: Any) -> dict[str, Any]:
    return uk() | changes


def without_rule(at: int) -> dict[str, Any]:
    table = uk()
    del table["rules"][at]
    return table


def with_rule(at: int, **rule: Any) -> dict[str, Any]:
    table = uk()
    table["rules"].insert(at, rule)
    return table


def test_a_table_with_a_hole_is_refused_with_an_example():
    table = uk()
    table["rules"][-1]["when"] = {"activity": "posing_or_nudity", "realism": "real"}
    with pytest.raises(BadInput, match=r"hole: no rule for .*realism synthetic_photoreal"):
        Scheme.parse(table)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (with_rule(6, give="C", when={"activity": "posing_or_nudity"}), "Rule 7 .* never"),
        (with_rule(0, give="none", when={"mood": "calm"}), "asks about mood"),
        (with_rule(0, give="none", when={"activity": "calm"}), "activity is one of"),
        (with_rule(0, give="none", when={"activity": []}), "activity is one of"),
        (without_rule(2), "do not name the same: prohibited"),
        (broken(rules=[]), "do not name the same"),
        (broken(answers="some"), "answers is one or all"),
        (broken(id="UK ABC"), "id is like"),
        (broken(version=""), "version like"),
        (broken(codes="A"), "misshapen"),
        (broken(rules=["A"]), "misshapen"),
        (broken(rules=[{"give": "none", "when": ["activity"]}]), "misshapen"),
        ({}, "misshapen"),
        (
            with_rule(0, give="none", when={n: FIELDS[n][0] for n in FIELDS}),
            "distinguishes",
        ),
    ],
)  # fmt: skip
def test_other_faults_of_a_table_are_named(table, words):
    with pytest.raises(BadInput, match=words):
        Scheme.parse(table)


def test_what_is_not_pertinent_has_no_other_facts():
    found = list(combinations(["pertinent", "activity", "children", "youngest"]))
    assert [f for f in found if f["pertinent"] == "no"] == [
        {"pertinent": "no", "activity": "none", "children": "none", "youngest": "none"}
    ]
    assert not [f for f in found if (f["children"] == "none") != (f["youngest"] == "none")]
