"""Protects a grader's answers between browser and facts: nothing is guessed, nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.errors import BadInput
from breakwater.model.facts import (
    FLAGS,
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
from breakwater.web.pages.form_grade import Answers
from breakwater.web.pages.read_grade import QUESTIONS

CHILD = [("age-1", "11-13"), ("sex-1", "female"), ("maturity-1", "unclear")]


def test_no_answer_is_preselected():
    panel = Answers().panel()
    fields = [panel.activity, panel.offenders, *panel.children[0].fields]
    assert not any(choice.chosen for field in fields for choice in field.choices)
    assert not any(flag.on for flag in panel.flags)
    assert len(panel.children) == 1


def test_a_form_becomes_facts():
    answers = Answers.read([
        ("activity", "none"), *CHILD, ("age-3", ""), ("flag", "live_capture"),
        ("flag", "self_evident"), ("victim", "yes"), ("realism", "drawn"), ("offenders", "2"),
        ("csrf", "x"), ("ms", "4200"),
    ])  # fmt: skip
    facts = answers.facts()
    assert facts.children == (ChildFacts(AgeBand.FROM_11, Sex.FEMALE, Maturity.UNCLEAR),)
    assert (facts.live_capture, facts.self_evident, facts.self_generated) == (True, True, False)
    assert (facts.victim, facts.realism, facts.offenders) == (Known.YES, Realism.DRAWN, 2)
    assert answers.ms == 4200


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (CHILD, "activity"),
        ([("activity", "none"), ("age-1", "11-13")], "Child 1 lacks"),
        ([("activity", "none"), ("realism", "drawn"), ("realism", "synthetic_photoreal")], "both"),
        ([("activity", "none"), ("offenders", "many")], "number"),
        ([("activity", "no such word")], "activity is one of"),
        ([("activity", "none"), ("start-1", "0"), ("end-1", "3")], "lacks its activity"),
        ([("activity", "none"), ("start-1", "x"), ("end-1", "3"), ("act-1", "none")], "segment"),
    ],
)
def test_what_is_missing_or_excludes_itself_is_said(sent, words):
    with pytest.raises(BadInput, match=words):
        Answers.read(sent).facts()


def test_what_is_asked_once_is_confirmed_by_its_code():
    odd = [
        ("activity", "none"),
        ("age-1", "16-17"),
        ("sex-1", "male"),
        ("maturity-1", "prepubescent"),
    ]
    asked = Answers.read(odd)
    assert not asked.confirms(asked.facts())
    assert not Answers.read([*odd, ("asked", "another")]).confirms(asked.facts())
    assert Answers.read([*odd, ("asked", "older_prepubescent")]).confirms(asked.facts())


def test_the_page_knows_every_question_that_is_asked():
    odd = [
        ItemFacts.read(said)
        for said in (
            {"activity": "none", "children": ["16-17/male/prepubescent", "0-2/male/pubescent"],
             "offenders": 1},
            {"activity": "sadism", "comparison": True, "realism": "drawn", "victim": "yes",
             "live_capture": True, "self_generated": True},
            {"activity": "posing_or_nudity", "children": ["3-6/male/unclear"],
             "segments": [{"start_s": 0, "end_s": 1, "activity": "posing_or_nudity"}]},
        )
    ]  # fmt: skip
    asked = {question.code: question.words for facts in odd for question in contradictions(facts)}
    assert dict(QUESTIONS) == asked


def test_numbers_have_holes_where_a_child_was_taken_away():
    answers = Answers.read([
        ("activity", "none"), ("age-7", "0-2"), ("sex-7", "male"), ("maturity-7", "prepubescent"),
        ("age-2", "3-6"), ("sex-2", "male"), ("maturity-2", "prepubescent"),
        ("age-999999999999", "x"), ("age-x", "y"), ("age-0", "z"),
    ])  # fmt: skip
    assert [child[0] for child in answers.children] == ["3-6", "0-2"]


STRETCH = [("start-1", "0.50"), ("end-1", "2.00"), ("act-1", "none")]
OTHERS = [("age-4", "3-6"), ("sex-4", "male"), ("maturity-4", "unclear")]


def test_the_only_child_is_in_a_stretch_unless_nobody_is():
    facts = Answers.read([("activity", "none"), *CHILD, *STRETCH]).facts()
    assert [(s.start_s, s.end_s, s.children) for s in facts.segments] == [(0.5, 2.0, (0,))]
    facts = Answers.read([("activity", "none"), *CHILD, *STRETCH, ("seen-1", "0")]).facts()
    assert facts.segments[0].children == ()


def test_a_stretch_names_who_is_in_it_and_is_asked_where_there_are_several():
    sent = [("activity", "none"), *CHILD, ("age-2", ""), *OTHERS, *STRETCH]
    with pytest.raises(BadInput, match="Stretch 1 lacks who is in it"):
        Answers.read(sent).facts()
    second = [("start-3", "2"), ("end-3", "4"), ("act-3", "none")]
    seen = [("seen-1", "4"), ("seen-3", "1"), ("seen-3", "4"), ("seen-9", "1"), ("seen-1", "77")]
    facts = Answers.read([*sent, *second, *seen]).facts()
    assert [str(child) for child in facts.children] == ["11-13/female/unclear", "3-6/male/unclear"]
    assert [s.children for s in facts.segments] == [(1,), (0, 1)]
    panel = Answers.of(facts).panel()
    chosen = [[c.value for c in s.seen.choices if c.chosen] for s in panel.stretches]
    assert chosen == [["2"], ["1", "2"]]


children = st.builds(
    ChildFacts, st.sampled_from(AgeBand), st.sampled_from(Sex), st.sampled_from(Maturity)
)
everything = st.builds(
    ItemFacts,
    activity=st.sampled_from(Activity),
    children=st.lists(children, max_size=4).map(tuple),
    realism=st.sampled_from(Realism),
    offenders=st.none() | st.integers(0, 9),
    victim=st.sampled_from([Known.YES, Known.UNKNOWN]),
    **{name: st.booleans() for name in FLAGS},
)


@st.composite
def videos(draw: st.DrawFn) -> ItemFacts:
    """Facts with stretches, each of some of the children."""
    facts = draw(everything)
    people = (
        st.lists(st.sampled_from(range(len(facts.children)))) if facts.children else st.just([])
    )
    parts = [
        Segment(at, at + 0.5, Activity.NONE, tuple(sorted(set(draw(people)))))
        for at in range(draw(st.integers(0, 4)))
    ]
    return replace(facts, segments=tuple(parts))


@given(videos())
def test_facts_put_into_the_panel_come_back_as_they_were(facts):
    panel = Answers.of(facts).panel()
    sent = [(flag.name, flag.value) for flag in panel.flags if flag.on]
    fields = [panel.activity, panel.offenders, *(f for c in panel.children for f in c.fields)]
    sent += [(f.name, choice.value) for f in fields for choice in f.choices if choice.chosen]
    for one in panel.stretches:
        sent += [(f"start-{one.number}", one.start), (f"end-{one.number}", one.end)]
        sent += [(f.name, c.value) for f in (one.field, one.seen) for c in f.choices if c.chosen]
    assert Answers.read(sent).facts() == facts
