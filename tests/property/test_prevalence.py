"""The 95 % interval of prevalence holds what is true, on populations where the truth is known.

Draws are the product's own (`live.spots.drawing`), sums are what the database would sum.
"""

from __future__ import annotations

import os
import random
from collections import defaultdict
from dataclasses import replace

import pytest

from breakwater.live.spots.drawing import draw
from breakwater.live.spots.rules import SpotRules
from breakwater.model.ids import Id
from breakwater.model.spot import Candidate
from breakwater.model.transparency import StratumSums
from breakwater.transparency import prevalence

RULES = SpotRules(on=True, jurisdictions=("*",))
LONG = os.environ.get("LONG") == "1"
TIMES = 1_000 if LONG else 60
ROUNDS, FRAME, WANTED = 3, 160, 24

Chance = dict[str, float]


def frame(
    chance: random.Random, base: float, popular: float, new: float
) -> list[tuple[Candidate, bool]]:
    """Broadcasts with audiences like those of real services: most have few, a few have most."""
    made = []
    for n in range(FRAME):
        viewers = int(chance.lognormvariate(2.0, 1.8))
        one = Candidate(Id(f"{n:05}"), viewers, chance.random() < 0.2)
        p = base * (popular if viewers >= 100 else 1) * (new if one.new else 1)
        made.append((one, chance.random() < p))
    return made


def sums(frames: list[list[tuple[Candidate, bool]]], seed: random.Random) -> list[StratumSums]:
    """What the rounds and the answers sum up to."""
    made: dict[str, StratumSums] = defaultdict(lambda: StratumSums("", 0, 0))
    for there in frames:
        bad = {one.stream for one, illegal in there if illegal}
        drawn = draw(RULES, [one for one, _ in there], WANTED, seed.randbytes(8))
        for stratum in drawn.strata:
            s = made[stratum.name]
            made[stratum.name] = replace(
                s, name=stratum.name, streams=s.streams + stratum.streams,
                viewers=s.viewers + stratum.viewers,
            )  # fmt: skip
        for one, stratum in drawn.picked:
            s, w, found = made[stratum.name], 1 / stratum.inclusion, one.stream in bad
            v = w * one.viewers
            made[stratum.name] = replace(
                s, looked=s.looked + 1, w=s.w + w, w2=s.w2 + w * w, found=s.found + w * found,
                v=s.v + v, v2=s.v2 + v * v, v_found=s.v_found + v * found,
            )  # fmt: skip
    return list(made.values())


@pytest.mark.parametrize(
    ("base", "popular", "new"),
    [(0.0, 1, 1), (0.02, 1, 1), (0.05, 4, 1), (0.03, 0.2, 8), (0.3, 1, 1)],
    ids=["none", "rare", "where many watch", "new accounts", "common"],
)
def test_the_interval_holds_what_is_true_in_at_least_93_of_100(base, popular, new) -> None:
    chance = random.Random(f"{base} {popular} {new}")
    held = {"streams": 0, "views": 0}
    for _ in range(TIMES):
        frames = [frame(chance, base, popular, new) for _ in range(ROUNDS)]
        every = [both for there in frames for both in there]
        true_streams = sum(bad for _, bad in every) / len(every)
        true_views = sum(one.viewers * bad for one, bad in every) / sum(
            one.viewers for one, _ in every
        )
        found = sums(frames, chance)
        streams, views = prevalence.streams(found), prevalence.views(found)
        assert 0 <= streams.low <= streams.high <= 1
        assert 0 <= views.low <= views.high <= 1
        held["streams"] += streams.low - 1e-12 <= true_streams <= streams.high + 1e-12
        held["views"] += views.low - 1e-12 <= true_views <= views.high + 1e-12
    assert min(held.values()) >= 0.93 * TIMES, held


def test_the_estimate_is_right_on_average_and_a_plain_share_of_draws_is_not() -> None:
    """New accounts are drawn three times as often: unweighted, they would count three times."""
    chance = random.Random(6)
    there = frame(chance, 0.0, 1, 1)
    there = [(one, one.new) for one, _ in there]
    true = sum(bad for _, bad in there) / len(there)
    told, plain, times = 0.0, 0.0, 150
    for _ in range(times):
        found = sums([there], chance)
        told += prevalence.streams(found).value or 0.0
        hits = sum(s.looked for s in found if s.name.endswith("new"))
        plain += hits / WANTED
    assert told / times == pytest.approx(true, rel=0.03)
    assert plain / times > 1.5 * true
