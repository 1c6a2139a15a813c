"""Over all policies an operator can write and all that can be heard: words have their floor."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from breakwater.errors import BadSettings
from breakwater.live.hearing.policy import SECONDS, Graded, Policy, grade, weight_of
from breakwater.model.chat import Measure
from breakwater.model.comment import Explanation, Level
from breakwater.model.stream import Control


@dataclass(frozen=True)
class Rang:
    level: Level
    evidence: float
    threshold: float
    why: Explanation


SHARE = st.floats(-1.0, 2.0)
SAID = st.fixed_dictionaries(
    {},
    optional={
        "measures": st.dictionaries(st.sampled_from(Level), st.sampled_from(Measure)),
        "weights": st.dictionaries(st.sampled_from(Level), SHARE),
        "hold_nats": st.floats(allow_nan=True),
        **dict.fromkeys(("slow_at", "gate_at", "no_gifts_at", "pause_at", "hide_at", "page_at", "second_at"), SHARE),
        "pages": st.lists(st.sampled_from(Level)),
        "slow_s": st.integers(-1, 1_000),
        "age_days": st.integers(-1, 1_000),
        "calm_minutes": st.integers(-1, 1_000),
        "second": st.lists(
            st.sampled_from(["frames", "reports", "comments", "classifier", "history"])
        ),
    },
)  # fmt: skip
RANG = st.builds(
    Rang,
    st.sampled_from(Level),
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(allow_nan=True, allow_infinity=True),
    st.builds(Explanation, benign_hours=st.floats(0, 1e6), abstained=st.booleans()),
)
RISKS = st.dictionaries(
    st.sampled_from(["frames", "reports", "comments", "classifier", "history"]), st.floats(0, 1)
)


def read(said: dict[str, Any]) -> Policy | None:
    """The policy, unless it is refused."""
    try:
        return Policy.read(said)
    except BadSettings:
        return None


@given(SAID, st.lists(RANG, max_size=4), RISKS)
def test_words_alone_never_freeze_and_nothing_here_ever_cuts(
    said: dict[str, Any], rang: list[Rang], risks: dict[str, float]
) -> None:
    policy = read(said)
    if policy is None:
        return
    alone = {name: risk for name, risk in risks.items() if name not in SECONDS}
    assert grade(policy, rang, alone).control.rank <= Control.HIDDEN.rank
    made = grade(policy, rang, risks)
    assert made.control is not Control.CUT
    assert 0.0 <= made.weight < 1.0
    if made.control is Control.FROZEN:
        assert made.measure is Measure.PAUSED
        assert max(risks.get(one, 0.0) for one in policy.second) >= 0.5


@given(SAID, RANG, st.floats(0, 100))
def test_more_evidence_never_goes_less_far(said: dict[str, Any], one: Rang, more: float) -> None:
    policy = read(said)
    if policy is None or one.evidence != one.evidence or one.threshold != one.threshold:
        return
    further = Rang(one.level, one.evidence + more, one.threshold, one.why)
    if abs(one.evidence) < 1e9 and abs(one.threshold) < 1e9:
        assert weight_of(policy, further) >= weight_of(policy, one)
        assert grade(policy, [further], {}).measure.rank >= grade(policy, [one], {}).measure.rank


def test_there_is_no_word_for_an_account_in_what_policy_answers() -> None:
    assert {one.name for one in fields(Graded)} == {"measure", "weight", "control", "priority"}
    assert not {word for measure in Measure for word in ("ban", "account") if word in measure.value}
