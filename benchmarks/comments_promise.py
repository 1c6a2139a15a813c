"""Whether solved thresholds keep to their rate: simulated services whose true rate is known.

A service has blocks of ten minutes; sources (texts, accounts) come with heights drawn from a known
tail and come round again in several blocks. Each run calibrates on some hours of it; the rate that
its threshold has on all further traffic is then exact. Of twenty calibrations at most one may ring
oftener than wanted; tails heavier than exponential are beside the promise, and shown beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.harness import Row, Target, quick
from breakwater.comments.peaks import BLOCK_S, Peaks

PER_HOUR = 3_600.0 / BLOCK_S
BUSY = 0.5
"""Sources that a block has on average."""

CASES = ((6.0, 0.02), (24.0, 0.02), (300.0, 0.05), (1_500.0, 0.02))
"""Hours of calibration, and alarms an hour that are wanted."""

CLUSTERS = (1.0, 4.0, 16.0)
ALLOWED = 0.05


@dataclass(frozen=True, slots=True)
class Shape:
    """How heights fall off.

    Attributes:
        draw: some heights.
        over: the share over a height.
    """

    name: str
    draw: Callable[[np.random.Generator, int], np.ndarray]
    over: Callable[[float], float]


SHAPES = (
    Shape("exponential", lambda random, n: random.exponential(1.0, n), lambda at: math.exp(-at)),
    Shape("normal", lambda random, n: np.abs(random.normal(0.0, 2.0, n)),
          lambda at: math.erfc(at / 2.0 / math.sqrt(2.0))),
    Shape("log-normal, heavier than promised", lambda random, n: random.lognormal(0.0, 0.6, n),
          lambda at: 0.5 * math.erfc(math.log(max(at, 1e-9)) / 0.6 / math.sqrt(2.0))),
)  # fmt: skip


def world(random: np.random.Generator, shape: Shape, hours: float, cluster: float) -> Peaks:
    """Some hours of one service."""
    blocks = int(hours * PER_HOUR)
    high, by = np.zeros(blocks), np.full(blocks, -1)
    for source, height in enumerate(
        shape.draw(random, int(random.poisson(BUSY * blocks / cluster))).tolist()
    ):
        for block in random.integers(0, blocks, random.geometric(1.0 / cluster)):
            if height > high[block]:
                high[block], by[block] = height, source
    seen = Peaks()
    for height, source in zip(high.tolist(), by.tolist(), strict=True):
        seen.add(height, source if source >= 0 else None)
    return seen


def measured() -> tuple[list[Row], list[Target]]:
    """Every case, tail and size of cluster."""
    runs = 20 if quick() else 100
    rows, over, count = [], 0, 0
    random = np.random.default_rng(20261122)
    for shape in SHAPES:
        for hours, target in CASES:
            for cluster in CLUSTERS:
                solved = [world(random, shape, hours, cluster).solve(target) for _ in range(runs)]
                rates = np.array([
                    PER_HOUR * -math.expm1(-BUSY * shape.over(one.threshold)) for one in solved
                ])  # fmt: skip
                case = f"simulated, {shape.name}, {target:g}/h from {hours:g} h, {cluster:g} blocks a source"
                rows += [
                    Row(case, "solved threshold", "rings oftener than wanted",
                        float((rates > target).mean()), "share"),
                    Row(case, "solved threshold", "of the wanted rate, median",
                        float(np.median(rates) / target), "share"),
                ]  # fmt: skip
                if shape is not SHAPES[-1]:
                    over, count = over + int((rates > target).sum()), count + runs
    name = "simulated services that ring oftener than wanted, share"
    return rows, [Target.at_most(name, over / count, ALLOWED)]
