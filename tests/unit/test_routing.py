"""Routing rules: the first that holds decides, people press a case up, and typos are refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.errors import BadInput
from breakwater.model.case import CaseKind, Priority
from breakwater.model.routing import (
    BUILT_IN,
    GENERAL,
    CaseFacts,
    Pressure,
    Rule,
    Ruleset,
    When,
)
from breakwater.model.routing_form import parse, written

UPLOAD = CaseFacts(CaseKind.UPLOAD, "photos", Priority.MEDIUM, "public", frozenset({"a1"}))
STREAM = CaseFacts(CaseKind.STREAM, "live", Priority.HIGH)


def rules(*written_rules: dict[str, Any], **more: Any) -> Ruleset:
    return parse({"rules": list(written_rules), **more})


def test_what_no_rule_names_waits_in_general_as_the_finder_said():
    place = Ruleset().place(UPLOAD)
    assert (place.queue, place.priority, place.skill, place.rule) == (
        GENERAL,
        Priority.MEDIUM,
        "",
        "",
    )
    assert place.due_in == Priority.MEDIUM.due_in


def test_the_first_rule_that_holds_decides():
    made = rules(
        {"name": "A1", "when": {"labels": ["A1"]}, "queue": "first", "skill": "trained"},
        {"name": "Photos", "when": {"services": ["photos"]}, "queue": "second", "priority": "low"},
    )
    assert made.place(UPLOAD).queue == "first"
    assert made.place(UPLOAD).skill == "trained"
    other = made.place(replace(UPLOAD, labels=frozenset()))
    assert (other.queue, other.priority) == ("second", Priority.LOW)
    assert made.queues == ("first", "second", GENERAL)
    assert (made.skill_of("first"), made.skill_of("second")) == ("trained", "")


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({}, True),
        ({"kinds": ["upload", "stream"]}, True),
        ({"kinds": ["stream"]}, False),
        ({"services": ["video"]}, False),
        ({"priorities": ["medium"]}, True),
        ({"labels": ["b2", "A1"]}, True),
        ({"surfaces": ["private"]}, False),
        ({"services": ["photos"], "surfaces": ["private"]}, False),
    ],
)
def test_every_condition_that_is_given_must_hold(when, holds):
    made = rules({"name": "One", "when": when, "queue": "hit"})
    assert (made.place(UPLOAD).queue == "hit") is holds


def test_viewers_and_reports_raise_and_never_lower():
    made = Ruleset(pressure=Pressure(viewers_now=10, reports_high=2, reports_now=4))
    assert made.place(replace(STREAM, viewers=9)).priority is Priority.HIGH
    assert made.place(replace(STREAM, viewers=10)).priority is Priority.NOW
    assert made.place(replace(UPLOAD, viewers=99)).priority is Priority.MEDIUM, "nobody is live"
    assert made.place(replace(UPLOAD, reports=2)).priority is Priority.HIGH
    assert made.place(replace(UPLOAD, reports=4)).priority is Priority.NOW
    urgent = replace(UPLOAD, priority=Priority.NOW, reports=2)
    assert made.place(urgent).priority is Priority.NOW


def test_a_due_time_of_a_rule_holds_unless_people_press_the_case_up():
    made = rules({"name": "Slow", "when": {}, "queue": "slow", "due_minutes": 600})
    assert made.place(UPLOAD).due_in == timedelta(hours=10)
    assert made.place(replace(UPLOAD, reports=5)).due_in == Priority.NOW.due_in


def test_built_in_rules_set_live_streams_apart():
    assert BUILT_IN.place(STREAM).queue == "live"
    assert BUILT_IN.place(replace(STREAM, viewers=1)).priority is Priority.NOW
    assert BUILT_IN.place(UPLOAD).queue == GENERAL


WRONG = {
    "a misspelt condition": {"rules": [{"name": "x", "when": {"kind": ["upload"]}}]},
    "a misspelt member": {"rules": [{"name": "x", "que": "y"}]},
    "an unknown kind": {"rules": [{"name": "x", "when": {"kinds": ["picture"]}}]},
    "an unknown priority": {"rules": [{"name": "x", "priority": "urgent"}]},
    "a priority that is a list": {"rules": [{"name": "x", "priority": ["now"]}]},
    "a word where a list belongs": {"rules": [{"name": "x", "when": {"services": "photos"}}]},
    "a word with a NUL": {"rules": [{"name": "x", "when": {"labels": ["a\0"]}}]},
    "a name of half a character": {"rules": [{"name": "\ud800"}]},
    "no name": {"rules": [{"queue": "y"}]},
    "a queue with spaces": {"rules": [{"name": "x", "queue": "two words"}]},
    "a due time of no minutes": {"rules": [{"name": "x", "due_minutes": 0}]},
    "a due time that is a word": {"rules": [{"name": "x", "due_minutes": True}]},
    "rules that are no list": {"rules": {"name": "x"}},
    "a rule that is no object": {"rules": ["x"]},
    "too many rules": {"rules": [{"name": f"r{n}", "when": {"services": [f"s{n}"]}} for n in range(201)]},
    "two of one name": {"rules": [{"name": "x", "when": {"services": ["a"]}}, {"name": "x"}]},
    "a pressure of nothing": {"pressure": {"viewers_now": 0}},
    "reports that are now before they are high": {"pressure": {"reports_high": 9}},
    "a member of the whole": {"rule": []},
}  # fmt: skip


@pytest.mark.parametrize("why", WRONG)
def test_rules_with_a_fault_are_refused_in_words(why):
    with pytest.raises(BadInput) as refused:
        parse(WRONG[why])
    assert refused.value.detail


def test_a_rule_that_can_never_decide_is_named_with_the_one_before_it():
    with pytest.raises(BadInput, match="“Late” never decides: “Early” takes all its cases"):
        rules(
            {"name": "Early", "when": {"services": ["photos", "video"]}},
            {"name": "Late", "when": {"services": ["photos"], "kinds": ["upload"]}},
        )


WHENS = st.builds(
    When,
    kinds=st.frozensets(st.sampled_from(list(CaseKind)), max_size=2),
    services=st.frozensets(st.sampled_from(["photos", "video"]), max_size=2),
    priorities=st.frozensets(st.sampled_from(list(Priority)), max_size=2),
    labels=st.frozensets(st.sampled_from(["a1", "b2"]), max_size=2),
)
FACTS = st.builds(
    CaseFacts,
    kind=st.sampled_from(list(CaseKind)),
    service=st.sampled_from(["photos", "video"]),
    priority=st.sampled_from(list(Priority)),
    labels=st.frozensets(st.sampled_from(["a1", "b2"]), max_size=2),
    viewers=st.integers(0, 3),
    reports=st.integers(0, 6),
)


@given(st.lists(WHENS, max_size=5), FACTS)
def test_a_rule_called_unreachable_decides_for_no_case_at_all(whens, facts):
    made = Ruleset(tuple(Rule(f"r{n}", when, f"q{n}") for n, when in enumerate(whens)))
    assert made.place(facts).rule not in {name for name, _ in made.unreachable()}


@given(FACTS)
def test_facts_and_rules_read_what_they_wrote(facts):
    assert CaseFacts.of_json(facts.as_json()) == facts
    assert parse(written(BUILT_IN)) == BUILT_IN


@given(st.lists(WHENS, max_size=4), FACTS, st.integers(0, 9), st.integers(0, 9))
def test_more_viewers_or_reports_never_make_a_case_less_urgent(whens, facts, viewers, reports):
    made = Ruleset(tuple(Rule(f"r{n}", when) for n, when in enumerate(whens)))
    more = replace(facts, viewers=facts.viewers + viewers, reports=facts.reports + reports)
    assert made.place(more).priority.rank <= made.place(facts).priority.rank
    assert made.place(more).due_in <= made.place(facts).due_in
