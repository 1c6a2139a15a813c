"""Protects the figures: what an answer says of a measure, and whose answers are compared."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from breakwater.model.facts import FirstLook, ItemFacts
from breakwater.model.grading import Grading, Part
from breakwater.model.ids import Id, new_id
from breakwater.model.scheme import Scheme
from breakwater.review.quality import measures
from breakwater.review.quality.agreement import Agreement, Unmeasured

ADA, BEN, CLEO = sorted(new_id() for _ in range(3))
MEASURE = {one.name: one for one in measures.OF_FACTS}


def facts(activity: str = "none", *children: str) -> ItemFacts:
    return ItemFacts.read({"activity": activity, "children": list(children)})


def answer(
    item: int, grader: Id, found: ItemFacts | None, look: FirstLook = FirstLook.FULL_FACTS
) -> Grading:
    return Grading(
        id=new_id(), item=item, grader=grader, part=Part.GRADER, look=look,
        at=datetime(2026, 1, 1, tzinfo=UTC), facts=found,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "children", "value"),
    [
        ("age", ["11-13/female/pubescent", "3-6/male/prepubescent"], "3-6"),
        ("age", [], "none"),
        ("maturity", ["11-13/female/pubescent", "3-6/male/prepubescent"], "prepubescent"),
        ("children", [], "0"),
        ("children", ["7-10/male/unclear"] * 4, "4"),
        ("children", ["7-10/male/unclear"] * 9, "5+"),
    ],
)
def test_the_youngest_child_stands_for_age_and_maturity(name, children, value):
    said = answer(1, ADA, facts("none", *children))
    assert MEASURE[name].value(said) == value
    assert value in MEASURE[name].scale.values


def test_every_measure_takes_every_answer():
    for one in measures.OF_FACTS:
        value = one.value(answer(1, ADA, facts("sadism", "16-17/unclear/unclear")))
        assert value in one.scale.values


def test_cannot_tell_is_no_third_opinion():
    cannot = answer(1, ADA, None, FirstLook.CANNOT_TELL)
    not_pertinent = answer(1, ADA, None, FirstLook.NOT_PERTINENT)
    assert MEASURE["pertinent"].value(cannot) is None
    assert MEASURE["pertinent"].value(not_pertinent) == "not_pertinent"
    assert MEASURE["activity"].value(not_pertinent) is None


def test_pairs_are_compared_on_what_both_answered():
    answers = []
    for item in range(20):
        activity = "none" if item % 2 else "posing_or_nudity"
        answers += [answer(item, ADA, facts(activity)), answer(item, BEN, facts(activity))]
    answers += [answer(3, CLEO, facts("animal")), answer(99, CLEO, facts("none"))]
    said = measures.given(MEASURE["activity"], answers)
    found = {(p.one, p.other): p.found for p in measures.of_pairs(MEASURE["activity"], said)}
    together = found[ADA, BEN]
    assert isinstance(together, Agreement)
    assert (together.value, together.items) == (1.0, 20)
    assert found[ADA, CLEO] is Unmeasured.TOO_FEW
    team = measures.of_team(MEASURE["activity"], said)
    assert isinstance(team, Agreement)
    assert team.value < 1
    assert team.items == 20


TABLE = {
    "id": "by_act", "name": "By act", "jurisdiction": "none", "version": "1", "source": "a test",
    "answers": "one", "scale": "ordinal",
    "codes": [{"code": "yes", "words": "Yes"}, {"code": "no", "words": "No"}],
    "rules": [{"give": "no", "when": {"activity": "none"}}, {"give": "yes", "when": {}}],
}  # fmt: skip


def test_a_scheme_is_measured_by_its_codes_and_annotations_are_not():
    scheme = Scheme.parse(TABLE)
    one = measures.of_scheme(scheme)
    assert one is not None
    assert one.scale == measures.Scale(("yes", "no"), ordered=True)
    assert one.value(answer(1, ADA, facts("animal"))) == "yes"
    assert one.value(answer(1, ADA, None, FirstLook.NOT_PERTINENT)) == "no"
    assert one.value(answer(1, ADA, None, FirstLook.CANNOT_TELL)) is None
    assert measures.of_scheme(Scheme.parse(TABLE | {"answers": "all"})) is None
