"""Protects what a grader's answer means: it survives storage, and oddities are asked, once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from breakwater.errors import BadInput
from breakwater.model.facts import (
    Activity,
    AgeBand,
    ChildFacts,
    ItemFacts,
    Known,
    Maturity,
    Realism,
    Segment,
    Sex,
    contradictions,
)

A, B, S, M = Activity, AgeBand, Sex, Maturity
CHILD = ChildFacts(B.FROM_7, S.UNCLEAR, M.PREPUBESCENT)
FACTS = ItemFacts(
    A.POSING_OR_NUDITY,
    (CHILD, ChildFacts(B.FROM_14, S.MALE, M.PUBESCENT)),
    Realism.SYNTHETIC_PHOTOREAL,
    grid_image=True,
    offenders=2,
    victim=Known.NO,
    segments=(Segment(0.0, 4.5, A.NONE), Segment(4.5, 9.0, A.POSING_OR_NUDITY, (0, 1))),
)


def test_facts_survive_being_stored_and_say_every_member():
    assert ItemFacts.read(FACTS.plain()) == FACTS
    assert FACTS.plain()["live_capture"] is False
    assert ChildFacts.parse(str(CHILD)) == CHILD


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"activity": "unheard_of"},
        {"activity": "none", "nudity": True},
        {"activity": "none", "live_capture": "false"},
        {"activity": "none", "offenders": True},
        {"activity": "none", "offenders": -1},
        {"activity": "none", "children": ["7-10/female"]},
        {"activity": "none", "children": ["7-11/female/unclear"]},
        {"activity": "none", "segments": [{"start_s": 1}]},
    ],
)
def test_what_is_not_facts_is_refused_by_name(said: dict[str, Any]):
    with pytest.raises(BadInput):
        ItemFacts.read(said)


@pytest.mark.parametrize(
    "segments",
    [
        (Segment(2, 1, A.NONE),),
        (Segment(0, 2, A.NONE), Segment(1, 3, A.NONE)),
        (Segment(0, 1, A.NONE, (2,)),),
        (Segment(0, 1, A.SADISM),),
        (Segment(0, float("nan"), A.NONE),),
    ],
)
def test_segments_follow_one_another_and_are_no_graver_than_the_item(segments):
    with pytest.raises(BadInput):
        replace(FACTS, segments=segments)


def test_the_youngest_child_counts_and_of_equals_the_least_mature():
    grown = ChildFacts(B.FROM_7, S.FEMALE, M.PUBESCENT)
    assert replace(FACTS, children=(grown, CHILD)).youngest == CHILD
    assert replace(FACTS, children=(), segments=()).youngest is None
    assert [band.years for band in B][:2] == [(0, 2), (3, 6)]


def test_graders_agree_whatever_the_order_of_children_and_the_times():
    turned = replace(FACTS, children=FACTS.children[::-1], segments=())
    assert turned.judged == FACTS.judged
    assert replace(FACTS, offenders=None).judged != FACTS.judged


ODD = {
    "older_prepubescent": {"children": (ChildFacts(B.FROM_16, S.MALE, M.PREPUBESCENT),)},
    "small_pubescent": {"children": (ChildFacts(B.FROM_3, S.MALE, M.PUBESCENT),)},
    "act_without_child": {"children": ()},
    "offender_without_act": {"activity": A.NONE, "offenders": 1},
    "comparison_with_act": {"comparison": True},
    "made_and_captured": {"realism": Realism.DRAWN, "live_capture": True},
    "made_by_child": {"realism": Realism.SYNTHETIC_PHOTOREAL, "self_generated": True},
    "drawn_victim": {"realism": Realism.DRAWN, "victim": Known.YES},
}


@pytest.mark.parametrize("code", ODD)
def test_each_contradiction_is_asked_and_nothing_else_with_it(code: str):
    usual = ItemFacts(A.POSING_OR_NUDITY, (CHILD,))
    assert contradictions(usual) == ()
    assert [asked.code for asked in contradictions(replace(usual, **ODD[code]))] == [code]
