"""Chances of a draw are what they are said to be: by whole fractions, and counted over seeds."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import ceil, lcm, sqrt

from hypothesis import given, settings
from hypothesis import strategies as st

from breakwater.live.spots.drawing import chances, draw, places
from breakwater.live.spots.rules import SpotRules
from breakwater.model.ids import Id
from breakwater.model.spot import Candidate

RULES = SpotRules(on=True, jurisdictions=("*",))
SIZES = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 40), min_size=1)


def frame(*facts: tuple[int, bool]) -> list[Candidate]:
    return [Candidate(Id(f"{n:05}"), viewers, new) for n, (viewers, new) in enumerate(facts)]


FACTS = st.lists(st.tuples(st.integers(0, 100_000), st.booleans()), max_size=60)


@given(FACTS, st.integers(0, 80), st.binary(min_size=8, max_size=8))
def test_as_many_as_wanted_each_once_and_the_same_seed_draws_the_same(facts, wanted, seed):
    drawn = draw(RULES, frame(*facts), wanted, seed)
    names = [one.stream for one, _ in drawn.picked]
    assert len(names) == len(set(names)) == min(wanted, len(facts))
    assert draw(RULES, frame(*facts)[::-1], wanted, seed) == drawn
    assert sum(s.streams for s in drawn.strata) == len(facts)
    assert sum(s.viewers for s in drawn.strata) == sum(viewers for viewers, _ in facts)
    assert Counter(stratum.name for _, stratum in drawn.picked) == Counter(
        {s.name: s.drawn for s in drawn.strata if s.drawn}
    )
    for one, stratum in drawn.picked:
        assert RULES.stratum(one) == (stratum.name, stratum.weight)


@given(SIZES, st.data(), st.integers(0, 120))
def test_chances_add_up_and_follow_the_weights(sizes, data, wanted):
    weights = {name: data.draw(st.integers(1, 50)) for name in sizes}
    found = chances(sizes, weights, wanted)
    assert sum(size * found[name] for name, size in sizes.items()) == min(
        wanted, sum(sizes.values())
    )
    assert all(0 <= one <= 1 for one in found.values())
    below = {name: one / weights[name] for name, one in found.items() if one < 1}
    assert len(set(below.values())) <= 1, "those that are not all drawn go by weight alone"
    for name in sizes:
        if found[name] == 1:
            assert all(weights[name] >= weights[other] for other in below)


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(st.sampled_from("abcd"), st.integers(1, 8), min_size=1),
    st.data(), st.integers(1, 12),
)  # fmt: skip
def test_over_all_starts_each_place_is_drawn_exactly_as_often_as_its_chance(sizes, data, wanted):
    """Every start that can differ is tried: the mean over them is the chance, with no error."""
    weights = {name: data.draw(st.sampled_from([1, 2, 3, 6])) for name in sizes}
    inclusion = chances(sizes, weights, wanted)
    parts = lcm(*(one.denominator for one in inclusion.values()))
    hits: Counter[tuple[str, int]] = Counter()
    for part in range(parts):
        fell = places(sizes, inclusion, Fraction(2 * part + 1, 2 * parts))
        for name, at in fell.items():
            assert abs(len(at) - sizes[name] * inclusion[name]) < 1
            assert sorted(set(at)) == at
            assert all(0 <= one < sizes[name] for one in at)
            hits.update((name, one) for one in at)
    for name, size in sizes.items():
        for one in range(size):
            assert Fraction(hits[name, one], parts) == inclusion[name]


def test_over_seeds_each_broadcast_is_drawn_as_often_as_was_said() -> None:
    """Order and start together, counted: no broadcast is off by more than five standard errors."""
    there = frame(*[(n * n % 3000, n % 3 == 0) for n in range(40)])
    rounds, wanted = 3_000, 7
    hits: Counter[Id] = Counter()
    said: dict[Id, float] = {}
    streams = viewers = 0.0
    for seed in range(rounds):
        drawn = draw(RULES, there, wanted, seed.to_bytes(8, "big"))
        chance = {s.name: s.inclusion for s in drawn.strata}
        said = {one.stream: chance[RULES.stratum(one)[0]] for one in there}
        hits.update(one.stream for one, _ in drawn.picked)
        streams += sum(1 / stratum.inclusion for _, stratum in drawn.picked)
        viewers += sum(one.viewers / stratum.inclusion for one, stratum in drawn.picked)
    for stream, chance in said.items():
        error = sqrt(chance * (1 - chance) / rounds)
        assert abs(hits[stream] / rounds - chance) <= 5 * error + 1e-9
    assert abs(streams / rounds / len(there) - 1) < 0.02, "weighted back, the frame's size"
    total = sum(one.viewers for one in there)
    assert abs(viewers / rounds / total - 1) < 0.05, "weighted back, the frame's viewers"


def test_more_viewers_and_new_accounts_are_drawn_more_often() -> None:
    there = frame(*[(5, False)] * 50, *[(5, True)] * 50, *[(5000, False)] * 50)
    drawn = draw(RULES, there, 12, b"seed")
    chance = {s.name: s.inclusion for s in drawn.strata}
    assert chance["v0-new"] == 3 * chance["v0-known"]
    assert chance["v1000-known"] == 8 * chance["v0-known"]
    assert ceil(sum(s.inclusion * s.streams for s in drawn.strata)) == 12
