"""The graded policy of chats: what each step does, and what no setting can make words do."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from breakwater.errors import BadSettings
from breakwater.live.hearing.policy import DEFAULT, MOST_WEIGHT, Graded, Policy, grade, holds
from breakwater.model.case import Priority
from breakwater.model.chat import Measure
from breakwater.model.comment import Explanation, Level
from breakwater.model.stream import Control

KNOWN = Explanation(benign_hours=40.0)


@dataclass(frozen=True)
class Rang:
    level: Level = Level.STREAM
    evidence: float = 3.0
    threshold: float = 3.0
    why: Explanation = KNOWN


def test_each_level_goes_its_own_way_and_more_evidence_goes_further() -> None:
    said = {level: grade(DEFAULT, [Rang(level)], {}) for level in Level}
    assert [said[level].measure for level in Level] == [
        Measure.HOLDING, Measure.SLOW, Measure.GATED, Measure.NO_GIFTS,
    ]  # fmt: skip
    assert all(one.priority is Priority.NOW for one in said.values())
    more = [grade(DEFAULT, [Rang(evidence=3.0 + over)], {}) for over in range(30)]
    assert [one.weight for one in more] == sorted(one.weight for one in more)
    assert more[-1].measure is Measure.PAUSED
    assert more[-1].control is Control.HIDDEN
    assert more[-1].weight == MOST_WEIGHT


def test_no_alarm_does_nothing() -> None:
    assert grade(DEFAULT, [], {"frames": 1.0}) == Graded(
        Measure.OPEN, 0.0, Control.OPEN, Priority.LOW
    )


def test_a_freeze_takes_a_paused_chat_and_something_that_is_no_text() -> None:
    loud, quiet = Rang(evidence=30.0), Rang()
    assert grade(DEFAULT, [loud], {"frames": 0.7}).control is Control.FROZEN
    for alarm, risks in (
        (loud, {}),
        (loud, {"comments": 1.0, "classifier": 1.0, "history": 1.0}),
        (loud, {"frames": 0.4}),
        (loud, {"reports": 1.0}),
        (quiet, {"frames": 0.95}),
    ):
        assert grade(DEFAULT, [alarm], risks).control.rank <= Control.HIDDEN.rank, risks
    by_reports = Policy.read({"second": ["frames", "reports"]})
    assert grade(by_reports, [loud], {"reports": 0.9}).control is Control.FROZEN
    assert grade(Policy.read({"second": []}), [loud], {"frames": 1.0}).control is Control.HIDDEN


def test_what_is_not_calibrated_is_a_case_and_calls_only_when_it_is_loud() -> None:
    new = Explanation(benign_hours=0.0, abstained=True)
    assert grade(DEFAULT, [Rang(Level.AUTHOR, why=new)], {}).priority is Priority.HIGH
    assert grade(DEFAULT, [Rang(Level.AUTHOR, 30.0, why=new)], {}).priority is Priority.NOW
    assert grade(DEFAULT, [Rang(Level.STREAM, why=new)], {}).priority is Priority.NOW
    quiet = Policy.read({"pages": ["across"], "page_at": 0.9})
    assert grade(quiet, [Rang()], {}).priority is Priority.HIGH


def test_messages_are_held_for_their_weight_for_a_young_account_and_in_a_pause() -> None:
    assert holds(DEFAULT, Measure.OPEN, 4.0)
    assert not holds(DEFAULT, Measure.OPEN, 3.9, age_days=0.0)
    assert holds(DEFAULT, Measure.GATED, 0.0, age_days=6.9)
    assert not holds(DEFAULT, Measure.GATED, 0.0, age_days=7.0)
    assert not holds(DEFAULT, Measure.GATED, 0.0), "an age nobody told gates nobody"
    assert holds(DEFAULT, Measure.PAUSED, -5.0)


@pytest.mark.parametrize(
    "said",
    [
        {"stops": {"comments": "cut"}},
        {"second": ["comments"]},
        {"second": ["classifier"]},
        {"second_at": 0.1},
        {"weights": {"message": 1.0}},
        {"measures": {"stream": "frozen"}},
        {"measures": {"stream": "ban"}},
        {"pages": ["everybody"]},
        {"slow_s": 0},
        {"age_days": 5_000},
        {"calm_minutes": 0},
        {"hold_nats": "nan"},
        {"pause_at": "soon"},
        {"measures": "paused"},
    ],
)
def test_what_goes_beyond_the_rule_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(BadSettings):
        Policy.read(said)


def test_what_an_operator_leaves_out_stays() -> None:
    made = Policy.read({"measures": {"author": "paused"}, "hold_nats": 6, "age_days": 30})
    assert made.measures[Level.AUTHOR] is Measure.PAUSED
    assert made.measures[Level.STREAM] is Measure.GATED
    assert (made.hold_nats, made.age_days, made.pause_at) == (6.0, 30, DEFAULT.pause_at)
