"""Draws broadcasts without replacement, each with a chance that is known. Pure.

In: the frame (every broadcast that may be drawn), how many, and a seed. Out: who was drawn, and
for each stratum its size, its viewers and the chance of each of its members. Systematic sampling
with probability proportional to the weight (Madow, Annals of Mathematical Statistics 20, 1949),
in a random order within each stratum: the number drawn is fixed, chances are exact in whole
fractions, and given how many fell into a stratum these are a simple random sample of it, which
is what the intervals of a stratified sample need. Property test: `tests/property/test_spots.py`.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Final

from breakwater.live.spots.rules import SpotRules
from breakwater.model.spot import Candidate, Stratum

START_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Drawn:
    """Who was drawn, and the strata they were drawn from.

    Attributes:
        picked: candidates, each with its stratum.
    """

    picked: tuple[tuple[Candidate, Stratum], ...]
    strata: tuple[Stratum, ...]


def draw(rules: SpotRules, frame: Sequence[Candidate], wanted: int, seed: bytes) -> Drawn:
    """Draw.

    Args:
        rules: strata and weights.
        frame: every broadcast that may be drawn, each once.
        wanted: how many; fewer where there are not as many.
        seed: nobody outside can foresee it; the same one draws the same.
    """
    chance = random.Random(seed)  # noqa: S311 - the seed is unforeseeable, the draw repeatable
    members: dict[str, list[Candidate]] = defaultdict(list)
    weights: dict[str, int] = {}
    for one in sorted(frame, key=_id):
        name, weight = rules.stratum(one)
        members[name].append(one)
        weights[name] = weight
    sizes = {name: len(members[name]) for name in sorted(members)}
    inclusion = chances(sizes, weights, wanted)
    start = Fraction(chance.getrandbits(START_BITS), 1 << START_BITS)
    fell = places(sizes, inclusion, start)
    picked, strata = [], []
    for name, size in sizes.items():
        chance.shuffle(members[name])
        stratum = Stratum(
            name, size, sum(one.viewers for one in members[name]), weights[name],
            float(inclusion[name]), len(fell[name]),
        )  # fmt: skip
        strata.append(stratum)
        picked += [(members[name][place], stratum) for place in fell[name]]
    return Drawn(tuple(picked), tuple(strata))


def chances(
    sizes: Mapping[str, int], weights: Mapping[str, int], wanted: int
) -> dict[str, Fraction]:
    """The chance of each member of a stratum: proportional to its weight, and never over 1.

    Where proportion would ask for more than all of a stratum, all of it is drawn, and the rest
    is shared anew among the others.

    >>> chances({"a": 10, "b": 1}, {"a": 1, "b": 40}, 6)
    {'a': Fraction(1, 2), 'b': Fraction(1, 1)}
    """
    found: dict[str, Fraction] = {}
    left = min(wanted, sum(sizes.values()))
    open_ = dict(sizes)
    while open_:
        total = sum(size * weights[name] for name, size in open_.items())
        full = [name for name in open_ if left * weights[name] >= total]
        if not full:
            return {name: found.get(name, Fraction(left * weights[name], total)) for name in sizes}
        for name in full:
            found[name] = Fraction(1)
            left -= open_.pop(name)
    return {name: found[name] for name in sizes}


def places(
    sizes: Mapping[str, int], inclusion: Mapping[str, Fraction], start: Fraction
) -> dict[str, list[int]]:
    """Which places of each stratum are drawn: those that a step of 1 falls on, from `start`.

    Members of all strata lie in one row, each as long as its chance.

    Args:
        sizes: members by stratum.
        inclusion: their chance.
        start: at least 0 and less than 1.
    """
    fell: dict[str, list[int]] = {}
    begin = Fraction(0)
    for name, size in sizes.items():
        step, end = inclusion[name], begin + size * inclusion[name]
        first, last = ceil(begin - start), ceil(end - start)
        fell[name] = (
            [floor((start + point - begin) / step) for point in range(first, last)] if step else []
        )
        begin = end
    return fell


def _id(one: Candidate) -> str:
    return one.stream
