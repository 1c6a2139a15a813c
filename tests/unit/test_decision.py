"""Decisions as rules: what each asks, what it does to an upload, and when two people are needed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests import builders

from breakwater.errors import BadInput
from breakwater.model.bank import BankAction
from breakwater.model.case import CaseKind
from breakwater.model.decision import (
    DECIDED,
    NO_FACTS,
    AccountRole,
    Context,
    DecisionFacts,
    DecisionKind,
    Effect,
    Outcome,
    Profile,
    Touched,
)
from breakwater.model.facts import Activity, ItemFacts
from breakwater.model.match import Action, Verdict
from breakwater.model.upload import Upload
from breakwater.review.deciding import policy

K = DecisionKind
ACTIONS = {"BANK": BankAction.BLOCK, "OTHER": BankAction.HOLD, "NOTES": BankAction.LOG}
ILLEGAL = DecisionFacts(item=ItemFacts(Activity.SADISM))


def matched(*banks: str, action: Action = Action.BLOCK) -> Upload:
    """A held upload that matches entries 1, 2, … of these banks."""
    matches = tuple(builders.match(n, bank=bank) for n, bank in enumerate(banks, start=1))
    return builders.upload(verdict=builders.verdict(action, *matches), revision=1)


def test_every_kind_ends_a_case_or_sends_it_on_and_never_both_releases_and_keeps():
    for kind in K:
        assert not (kind.releases and kind.keeps)
        assert kind.ends is (kind not in {K.SECOND_OPINION, K.ESCALATE, K.DANGER_NOW})
        assert policy.REASONS[kind]
    assert set(policy.VERDICTS) == {kind for kind in K if kind.keeps}


def test_facts_print_and_read_themselves():
    said = DecisionFacts(Context.ART, AccountRole.APPARENT_CHILD, ItemFacts(Activity.ANIMAL))
    assert DecisionFacts.read(said.plain()) == said
    assert NO_FACTS.plain() == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"context": "holiday"}, {"role": 7}, {"item": []}, {"item": {"activity": "x"}},
        {"item": {"activity": "none", "children": 5}}, {"colour": "red"}, {"context": {}},
    ],
)  # fmt: skip
def test_facts_that_are_none_are_refused_as_bad_input(wrong):
    with pytest.raises(BadInput):
        DecisionFacts.read(wrong)


@pytest.mark.parametrize(
    ("kind", "banks", "allowed"),
    [
        (CaseKind.UPLOAD, ("BANK",), set(K)),
        (CaseKind.RETROACTIVE, ("BANK",), set(K)),
        (CaseKind.UNDECODABLE, (), set(K) - {K.WRONG_MATCH}),
        (CaseKind.QUARANTINE, (), {K.NOT_ILLEGAL, K.SECOND_OPINION, K.ESCALATE}),
    ],
)
def test_what_may_be_said_depends_on_what_the_case_is_about(kind, banks, allowed):
    assert policy.kinds_for(kind, matched(*banks)) == allowed


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (K.ILLEGAL, NO_FACTS), (K.ILLEGAL, DecisionFacts(item=ItemFacts(Activity.NONE))),
        (K.LAWFUL_CONTEXT, DecisionFacts(role=AccountRole.UNKNOWN)),
    ],
)  # fmt: skip
def test_a_missing_fact_is_asked_for(kind, facts):
    with pytest.raises(BadInput):
        policy.check(kind, facts, allowed=set(K))


def test_of_words_nothing_is_seen_and_none_is_no_answer():
    policy.check(K.ILLEGAL, NO_FACTS, allowed=set(K), words=True)
    none = DecisionFacts(item=ItemFacts(Activity.NONE))
    with pytest.raises(BadInput):
        policy.check(K.ILLEGAL, none, allowed=set(K), words=True)


def test_a_decision_that_the_case_does_not_take_is_refused():
    with pytest.raises(BadInput, match="wrong match"):
        policy.check(K.WRONG_MATCH, NO_FACTS, allowed=set(K) - {K.WRONG_MATCH})
    policy.check(K.ILLEGAL, ILLEGAL, allowed=set(K))


@pytest.mark.parametrize(
    ("kind", "banks", "dismissed", "outcome"),
    [
        (K.NOT_ILLEGAL, ("BANK",), {1}, Outcome.RELEASED),
        (K.WRONG_MATCH, ("BANK", "OTHER"), {1, 2}, Outcome.RELEASED),
        (K.WRONG_MATCH, ("BANK", "OTHER"), {1}, Outcome.HELD),
        (K.WRONG_MATCH, ("BANK", "NOTES"), {1}, Outcome.RELEASED),
        (K.WRONG_MATCH, ("BANK", "UNKNOWN"), {1}, Outcome.HELD),
        (K.ILLEGAL, ("BANK",), {1}, Outcome.KEPT),
        (K.OWN_IMAGE, (), set(), Outcome.KEPT),
    ],
)
def test_what_matches_another_entry_stays_held(kind, banks, dismissed, outcome):
    found, _ = policy.outcome_for(kind, matched(*banks), dismissed=dismissed, actions=ACTIONS)
    assert found is outcome


def test_what_a_person_confirmed_is_not_released_by_somebody_elses_wrong_match():
    verdict = Verdict(Action.BLOCK, K.ILLEGAL.rule, "confirmed", (builders.match(1),))
    upload = replace(matched("BANK"), verdict=verdict)
    asked = {"dismissed": {1}, "actions": ACTIONS}
    assert policy.outcome_for(K.WRONG_MATCH, upload, **asked)[0] is Outcome.CONFIRMED
    assert policy.outcome_for(K.WRONG_MATCH, upload, own=True, **asked)[0] is Outcome.RELEASED


def test_a_released_verdict_marks_its_matches_as_decided_so_that_lists_do_not_bring_it_back():
    upload = matched("BANK", "OTHER")
    dismissed = policy.judged_by(K.NOT_ILLEGAL, upload)
    after = policy.verdict_after(K.NOT_ILLEGAL, upload, Outcome.RELEASED, dismissed=dismissed)
    assert (after.action, after.rule) == (Action.ALLOW, DECIDED)
    assert {(m.acting, m.why_not) for m in after.matches} == {(False, DECIDED)}
    assert policy.entries_of(replace(upload, verdict=after)) == frozenset()


def test_what_stays_held_says_by_which_entry():
    after = policy.verdict_after(
        K.WRONG_MATCH, matched("BANK", "OTHER"), Outcome.HELD, dismissed={1}
    )
    assert after.action is Action.BLOCK
    assert "bank OTHER" in after.reason
    untouched = policy.verdict_after(K.WRONG_MATCH, matched("OTHER"), Outcome.HELD, dismissed={99})
    assert untouched is None


def test_a_quarantined_match_is_decided_too_by_not_illegal_and_left_alone_by_wrong_match():
    upload = matched("BANK")
    quarantined = builders.match(7, bank="OTHER", acting=False, why_not="quarantined")
    verdict = replace(upload.verdict, matches=(*upload.verdict.matches, quarantined))
    upload = replace(upload, verdict=verdict)
    assert policy.judged_by(K.NOT_ILLEGAL, upload) == {1, 7}
    assert policy.judged_by(K.WRONG_MATCH, upload) == {1}


@pytest.mark.parametrize(("released", "second"), [(0, False), (10, False), (11, True)])
def test_more_than_ten_items_are_released_by_two(released, second):
    assert policy.needs_second(released) is second


def test_a_small_team_reports_danger_first_and_confirms_after():
    assert policy.report_waits(Profile.TEAM)
    assert not policy.report_waits(Profile.SMALL_TEAM)


def test_the_digest_changes_with_whatever_would_be_done():
    one = Touched(builders.some_id(), Outcome.RELEASED, before=1)
    shown = Effect(K.WRONG_MATCH, (one,), (7,))
    others = (
        replace(shown, touched=(replace(one, outcome=Outcome.HELD),)),
        replace(shown, touched=(replace(one, before=2),)),
        replace(shown, entries=(8,)), replace(shown, later=1),
        replace(shown, kind=K.NOT_ILLEGAL), replace(shown, touched=()),
    )  # fmt: skip
    assert len({effect.digest for effect in (shown, *others)}) == 7
    two = Touched(builders.some_id(), Outcome.HELD)
    assert replace(shown, touched=(one, two)).digest == replace(shown, touched=(two, one)).digest
