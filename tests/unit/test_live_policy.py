"""How far a machine goes alone: never a cut without the whole rule, never anything by a score."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from tests.builders import NOON

from breakwater.errors import BadSettings
from breakwater.live.policy import DEFAULT, STOPS, Policy, graded, judge, priority, together
from breakwater.model.bank import BankAction
from breakwater.model.case import Priority
from breakwater.model.copies import Zone
from breakwater.model.ids import new_id
from breakwater.model.stream import Alert, Control

COPY = Alert(
    stream=new_id(), at=NOON, time_s=30.0, kind="copy", why="A known video appears.", frames=3,
    span_s=4.0, score=3.5, reference=new_id(), bank="B", auto_cut=True,
)  # fmt: skip


def judged(alert, zone=Zone.LINK, action=BankAction.BLOCK, policy=DEFAULT, **facts):
    known = {"may_cut": True} | facts
    return judge(policy, alert, zone=zone, action=action, **known)


def test_the_whole_rule_cuts_and_each_missing_part_freezes():
    assert judged(COPY).to is Control.CUT
    for less in (
        {"frames": 2}, {"span_s": 3.99}, {"auto_cut": False},
    ):  # fmt: skip
        assert judged(replace(COPY, **less)).to is Control.FROZEN, less
    assert judged(COPY, may_cut=False).to is Control.FROZEN
    assert judged(COPY, policy=Policy(auto_cut=False)).to is Control.FROZEN


def test_single_frames_never_cut_whatever_they_say():
    alert = replace(COPY, kind="match", frames=1000, span_s=1000.0)
    assert judged(alert).to is Control.FROZEN


def test_what_needs_a_closer_look_waits_for_a_person_and_is_watched():
    for zone in (Zone.LOOK, Zone.NOTHING):
        found = judged(COPY, zone=zone)
        assert (found.to, found.opens) == (Control.WATCHED, True)


def test_a_bank_that_only_logs_stops_nothing():
    found = judged(COPY, action=BankAction.LOG)
    assert (found.to, found.opens) == (Control.WATCHED, False)


def test_a_score_raises_risk_and_does_nothing_else():
    for score in (0.0, 0.5, 1.0, 9.0):
        found = judged(replace(COPY, kind="classifier", score=score))
        assert (found.to, found.opens) == (Control.OPEN, False)
        assert 0.0 <= found.weight <= 0.6


def test_what_cannot_be_seen_is_a_case_and_not_a_stop():
    for kind in ("undecodable", "lost"):
        found = judged(replace(COPY, kind=kind))
        assert (found.to, found.opens) == (Control.WATCHED, True)


def test_what_a_person_dismissed_does_nothing():
    found = judged(COPY, dismissed=True)
    assert (found.to, found.opens, found.weight) == (Control.OPEN, False, 0.0)


def test_no_alert_of_any_kind_cuts_without_the_rule():
    """Every combination: a cut comes only where each part of the rule is there."""
    cuts = 0
    ways = itertools.product(
        STOPS, Zone, BankAction, (True, False), (True, False), (0, 2, 3, 50), (0.0, 3.9, 4.0, 60.0)
    )
    for kind, zone, action, may_cut, auto, frames, span in ways:
        alert = replace(COPY, kind=kind, auto_cut=auto, frames=frames, span_s=span)
        found = judged(alert, zone=zone, action=action, may_cut=may_cut)
        if found.to is Control.CUT:
            cuts += 1
            assert kind in {"copy", "stopped"}
            assert zone is Zone.LINK
            assert action is not BankAction.LOG
            assert may_cut
            assert auto
            assert frames >= 3
            assert span >= 4.0
    assert cuts == 2 * 2 * 2 * 2


def test_risk_alone_hides_at_most():
    found = {graded(DEFAULT, risk / 100) for risk in range(101)}
    assert found == {Control.OPEN, Control.WATCHED, Control.HIDDEN}


def test_the_word_on_the_wall_follows_risk_and_what_was_stopped():
    words = [priority(DEFAULT, risk) for risk in (0.0, 0.3, 0.7, 0.95)]
    assert words == [Priority.LOW, Priority.MEDIUM, Priority.HIGH, Priority.NOW]
    assert priority(DEFAULT, 0.0, Control.FROZEN) is Priority.NOW


def test_sources_of_risk_add_up_and_never_beyond_one():
    assert together({}) == 0.0
    assert together({"a": 0.5, "b": 0.5}) == 0.75
    assert together({"a": 1.0, "b": 2.0, "c": -1.0}) == 1.0


@pytest.mark.parametrize(
    "said",
    [
        {"cut_frames": 2}, {"cut_span_s": 1.0}, {"stops": {"match": "cut"}},
        {"stops": {"classifier": "frozen"}}, {"stops": {"nonsense": "frozen"}},
        {"stops": {"copy": "gone"}}, {"colour": 1}, {"stops": 7}, {"watch_at": 0.5, "cut_frames": 0},
    ],
)  # fmt: skip
def test_an_operator_cannot_ask_a_machine_for_more_than_the_rule(said):
    with pytest.raises(BadSettings):
        Policy.read(said)


def test_an_operator_may_ask_for_less():
    policy = Policy.read({"auto_cut": False, "hide_at": 0.99, "stops": {"match": "watched"}})
    assert judged(COPY, policy=policy).to is Control.FROZEN
    assert judged(replace(COPY, kind="match"), policy=policy).to is Control.WATCHED
