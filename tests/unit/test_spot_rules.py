"""Who may be drawn: public broadcasts where it is allowed, as many an hour as was said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from breakwater.errors import BadSettings
from breakwater.live.spots.rules import KEPT, SpotRules, begins, slot_of, wanted
from breakwater.model.ids import new_id
from breakwater.model.spot import Candidate, Runs
from breakwater.settings import load


def read(**facts):
    known = {"on": True, "per_hour": 12, "jurisdictions": ("gb",), "weights": {}, "hours": 72}
    return SpotRules.read(**known | facts)


def runs(surface="live", jurisdiction="GB", *, stopped=False):
    return Runs(Candidate(new_id(), 5, new=False), surface, jurisdiction, stopped)


def test_only_public_broadcasts_where_it_is_allowed_are_drawn() -> None:
    rules = read()
    assert rules.left_out(runs()) == rules.left_out(runs("public", "GB-SCT")) == ""
    assert rules.left_out(runs("private")) == rules.left_out(runs("profile")) == "private"
    assert rules.left_out(runs(jurisdiction="DE")) == "jurisdiction"
    assert rules.left_out(runs(jurisdiction="")) == "jurisdiction"
    assert rules.left_out(runs(stopped=True)) == "stopped"
    assert read(jurisdictions=("*",)).left_out(runs(jurisdiction="")) == ""
    assert read(jurisdictions=("*",)).left_out(runs("private")) == "private"
    assert read(jurisdictions=()).left_out(runs()) == "jurisdiction"


def test_it_is_off_unless_somebody_turns_it_on() -> None:
    settings = load()
    assert settings.spot_checks_enabled is False
    assert settings.spot_checks_jurisdictions == ()
    assert SpotRules().on is False


@pytest.mark.parametrize("per_hour", [0, 1, 5, 6, 12, 59, 360])
def test_each_hour_has_exactly_as_many(per_hour: int) -> None:
    for hour in (0, 7, 492_000):
        each = [wanted(per_hour, slot) for slot in range(6 * hour, 6 * hour + 6)]
        assert sum(each) == per_hour
        assert max(each) - min(each) <= 1


def test_slots_are_ten_minutes() -> None:
    now = datetime(2026, 3, 1, 12, 19, 59, tzinfo=UTC)
    assert begins(slot_of(now)) == datetime(2026, 3, 1, 12, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        {"weights": {"age": 3}},
        {"weights": {"viewers": {"10": 2}}},
        {"weights": {"viewers": {"0": 0}}},
        {"weights": {"viewers": {"0": 1.5}}},
        {"weights": {"new": "often"}},
        {"weights": {"new": 1001}},
        {"hours": 73},
        {"hours": 0},
    ],
)
def test_what_leaves_somebody_out_or_is_kept_too_long_is_refused(wrong) -> None:
    with pytest.raises(BadSettings):
        read(**wrong)


@pytest.mark.parametrize("wrong", ["England", "G", "GB-SCT", "*.GB", "GB;DE", "12"])
def test_a_country_that_is_none_is_refused_with_what_it_takes(wrong: str) -> None:
    with pytest.raises(BadSettings, match=r"two letters .* or \* for everywhere"):
        read(jurisdictions=("gb", wrong))
    assert read(jurisdictions=("gb", "De", "*")).jurisdictions == ("GB", "DE", "*")


def test_a_design_says_all_that_a_draw_depends_on() -> None:
    rules = read(weights={"viewers": {"100": 5, "0": 1}, "new": 2}, hours=24)
    assert rules.kept == timedelta(hours=24) < KEPT
    assert rules.plain["viewers"] == {"0": 1, "100": 5}
    assert rules.stratum(Candidate(new_id(), 99, new=True)) == ("v0-new", 2)
    assert rules.stratum(Candidate(new_id(), 100, new=False)) == ("v100-known", 5)
