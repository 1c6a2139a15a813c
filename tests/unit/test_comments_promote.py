"""A challenger takes the champion's place only by the rule, and never disturbs it before."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.builders_comments import package

from breakwater.comments.calibrate import Budget, Calibration
from breakwater.comments.engine import Engine
from breakwater.comments.evaluate import Found, Rate
from breakwater.comments.promote import Rule, Shadow, decide
from breakwater.comments.reader import MessageReader
from breakwater.comments.replay import Case, Outcome
from breakwater.errors import BadInput
from breakwater.model.comment import Message

RULE = Rule()


def outcome(name: str = "old", *, alarms: int = 3, hours: float = 60.0, hits: int = 30, of: int = 40,
            fast: int | None = None) -> Outcome:  # fmt: skip
    seconds = tuple(100.0 if n < hits else None for n in range(of))
    case = Case(0.05, "all", 20, 60.0, Rate.of(alarms, hours), Found(seconds))
    cases = [case]
    if fast is not None:
        cases.append(Case(0.05, "100-1000", 9, 30.0, Rate.of(fast, 30.0), Found(())))
    return Outcome({"streams_sha256": "a"}, name, False, True, tuple(cases))


def why(old: Outcome, new: Outcome, rule: Rule = RULE) -> set[str]:
    verdict = decide(old, new, rule)
    against = {one.id for one in verdict.reasons if not one.good}
    assert verdict.promoted == (not against)
    return against


def test_as_good_is_good_enough_and_better_is_promoted() -> None:
    assert why(outcome(), outcome("new")) == set()
    assert why(outcome(), outcome("new", alarms=1, hits=39)) == set()


def test_one_more_false_alarm_or_one_episode_less_keeps_the_champion() -> None:
    assert why(outcome(), outcome("new", alarms=4, hits=40)) == {"false_alarms_all"}
    assert why(outcome(), outcome("new", alarms=0, hits=29)) == {"found"}


def test_no_speed_may_get_worse_for_the_good_of_the_others() -> None:
    assert why(outcome(fast=1), outcome("new", alarms=1, fast=2)) == {"false_alarms_100-1000"}


def test_too_little_to_tell_is_no_promotion() -> None:
    assert why(outcome(hours=10), outcome("new", hours=10)) == {"enough"}
    assert why(outcome(of=10, hits=5), outcome("new", of=10, hits=5)) == {"enough"}


def test_different_replays_are_not_compared() -> None:
    with pytest.raises(BadInput, match="same replay"):
        decide(outcome(), replace(outcome("new"), inputs={"streams_sha256": "b"}), RULE)
    with pytest.raises(BadInput, match="same replay"):
        decide(outcome(), replace(outcome("new"), own_traffic=False), RULE)


def test_the_rule_is_data_and_read_strictly() -> None:
    rule = Rule.parse("form = 1\nless_found = 0.05\nwithin_s = 600.0\n")
    assert rule == Rule(less_found=0.05, within_s=600.0)
    assert why(outcome(), outcome("new", hits=28), rule) == set()
    for wrong in (
        "less_found = 0.1", "form = 2", "form = 1\ncolour = 3", "form = 1\nwithin_s = 60.0",
        "form = 1\nless_found = -1.0", "form = 1\ntarget = 0.0", "form = 1\ntarget = 'x'", "form = ",
        "form = 1\nleast_hours = 0.0", "form = 1\ntarget = true",
    ):  # fmt: skip
        with pytest.raises(BadInput):
            Rule.parse(wrong)


def test_numbers_say_why() -> None:
    said = decide(outcome(), outcome("new", alarms=9), RULE).numbers()
    assert said["promoted"] is False
    assert {one["id"] for one in said["reasons"]} == {"enough", "false_alarms_all", "found"}


def engine(calibration: Calibration) -> Engine:
    return Engine(
        reader=MessageReader(package()), calibration=calibration, budget=Budget(1, 1, 20),
        secret=bytes(32),
    )  # fmt: skip


def test_a_challenger_runs_beside_and_its_failure_changes_nothing() -> None:
    class Broken(Calibration):
        def nats(self, *_: object) -> float | None:  # type: ignore[override]
            raise RuntimeError("a challenger broke")

    positives = package().positives
    alone = engine(Calibration(positives))
    shadow = Shadow(engine(Calibration(positives)), engine(Broken(positives)))
    same = Shadow(engine(Calibration(positives)), engine(Calibration(positives)))
    for n in range(30):
        text = "how old are you, are you alone, add me on telegram @x, don't tell anyone"
        message = Message(f"m{n}", "a", datetime.fromtimestamp(1e9 + n, UTC), text, "en")
        heard = alone.take("s", "x", message)
        assert len(shadow.take("s", "x", message).alarms) == len(heard.alarms)
        same.take("s", "x", message)
    told = shadow.numbers()
    assert told["messages"] == told["failed"] == 30
    assert told["champion"] >= 1
    assert same.numbers()["both"] == told["champion"]
    assert not {"champion", "challenger"} & same.numbers().keys()
