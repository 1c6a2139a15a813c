"""Nulls, ratios, thresholds from a budget, drift, snapshots."""

from __future__ import annotations

import json

import numpy as np
import pytest

from breakwater.comments.calibrate import (
    BINS,
    Band,
    Budget,
    Calibration,
    Null,
    histogram,
)
from breakwater.comments.peaks import BLOCK_S, Peaks
from breakwater.errors import BadInput
from breakwater.model.comment import Level

RANDOM = np.random.default_rng(20261122)
POSITIVE = histogram(RANDOM.normal(4, 1.5, 4_000))
BUDGET = Budget(pages=6, people=2, streams=240)


def ordinary(count: int = 20_000, mean: float = -4.0) -> list[float]:
    return [float(raw) for raw in RANDOM.normal(mean, 1.5, count)]


def taught(count: int = 20_000, mean: float = -4.0) -> Calibration:
    made = Calibration({"en": POSITIVE})
    for n, raw in enumerate(ordinary(count, mean)):
        made.observe("site", "en", Band.BUSY, raw, 0.5 * n)
    return made


def test_a_ratio_of_two_known_bells_is_what_theory_says() -> None:
    made = taught()
    for raw in (-1.875, -0.875, 0.125, 1.125, 2.125):  # middles of bins
        theory = ((raw + 4) ** 2 - (raw - 4) ** 2) / (2 * 1.5**2)
        said = made.nats("site", "en", Band.BUSY, raw)
        assert said == pytest.approx(theory, abs=0.35 + 0.2 * abs(theory))


def test_ratios_never_fall_as_scores_rise() -> None:
    made = taught(3_000)
    said = [made.nats("site", "en", Band.BUSY, raw) or 0.0 for raw in np.arange(-16, 16, 0.25)]
    assert said == sorted(said)


def test_a_cell_that_has_not_seen_enough_abstains() -> None:
    assert taught(1_500).nats("site", "en", Band.BUSY, 2.0) is None
    made = taught(2_100)
    assert made.nats("site", "en", Band.BUSY, 2.0) is not None
    assert made.nats("site", "en", Band.FAST, 2.0) is None
    assert made.nats("site", "de", Band.BUSY, 2.0) is None
    assert made.nats("elsewhere", "en", Band.BUSY, 2.0) is None


def test_a_service_that_speaks_otherwise_gets_its_own_null() -> None:
    here, there = taught(mean=-4.0), taught(mean=0.0)
    usual, unusual = (m.nats("site", "en", Band.BUSY, 1.0) for m in (there, here))
    assert usual is not None
    assert unusual is not None
    assert usual < 0.5 < unusual


def test_nothing_seen_rings_never() -> None:
    assert Peaks().solve(0.05).abstains
    solved = Calibration({}).solve("site", "en", Band.SLOW, BUDGET)
    assert all(one.abstains for one in solved.values())


def test_the_budget_is_peoples_and_is_shared_among_levels() -> None:
    assert BUDGET.per_stream_hour == pytest.approx(0.05)
    assert sum(BUDGET.of(level) for level in Level) == pytest.approx(0.05)
    assert Budget(6, 2, 24_000).per_stream_hour == pytest.approx(0.0005)
    for bad in ((0, 1, 1), (1, 0, 1), (1, 1, 0)):
        with pytest.raises(BadInput):
            Budget(*bad)


def test_changed_traffic_is_told_and_the_same_traffic_is_not() -> None:
    null = Null()
    for n, raw in enumerate(ordinary(20_000)):
        null.add(raw, 30.0 * n)
    assert null.drift < 0.05
    for n, raw in enumerate(ordinary(3_000, mean=-1.0)):
        null.add(raw, 600_000.0 + n)
    assert null.drift > 0.25


def test_counts_are_the_same_after_a_restart_and_hold_no_text() -> None:
    made = taught(3_000)
    made.block("site", "en", Band.BUSY, dict.fromkeys(Level, 0.4))
    kept = json.loads(json.dumps(made.snapshot()))
    again = Calibration.restored({"en": POSITIVE}, kept)
    assert again.snapshot() == made.snapshot()
    assert again.nats("site", "en", Band.BUSY, 1.0) == made.nats("site", "en", Band.BUSY, 1.0)
    assert made.cell("site", "en", Band.BUSY).peaks[Level.STREAM].hours == BLOCK_S / 3_600


@pytest.mark.parametrize(
    "kept", [{}, {"form": 2}, {"form": 1, "cells": [{}]}, {"form": 1, "cells": 3}]
)
def test_what_is_no_snapshot_is_refused(kept: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        Calibration.restored({}, kept)


def test_counts_of_another_shape_are_refused() -> None:
    with pytest.raises(BadInput):
        Calibration({"en": np.zeros(BINS + 1)})


@pytest.mark.parametrize(
    ("speed", "band"),
    [(0, "1-10"), (9.9, "1-10"), (10, "10-100"), (99, "10-100"), (5e3, "100-1000")],
)
def test_bands(speed: float, band: str) -> None:
    assert Band.of(speed) == band
