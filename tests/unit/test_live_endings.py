"""How a pull that ended is named: our own kick is told apart by the order, nobody else's is."""

from __future__ import annotations

from typing import Any, cast

import pytest
from tests.unit.test_live_post import post

from breakwater.live.watching.hearing import Hearing
from breakwater.model.clock import SystemClock
from breakwater.model.live import Ending, PullEnd
from breakwater.model.stream import Control
from breakwater.observe import Metrics


class _NoStrips:
    """Nobody draws a strip here."""

    def told(self, *_: object) -> None:
        """Nothing."""

    def ended(self, *_: object) -> None:
        """Nothing."""


@pytest.mark.parametrize(
    ("control", "why", "named"),
    [
        (Control.CUT, Ending.CLOSED, "cut"),
        (Control.CUT, Ending.RESET, "cut"),
        (Control.FROZEN, Ending.CLOSED, "closed"),
        (Control.OPEN, Ending.CLOSED, "closed"),
        (Control.OPEN, Ending.STALLED, "stalled"),
    ],
)
def test_our_own_kick_is_named_cut_and_a_stall_and_an_end_are_not(
    control: Control, why: Ending, named: str
) -> None:
    nothing, metrics = cast("Any", None), Metrics()
    hearing = Hearing(
        db=nothing, clock=SystemClock(), metrics=metrics, door=nothing, vault=nothing,
        strips=cast("Any", _NoStrips()),
    )  # fmt: skip
    hearing.ended(post(control=control), PullEnd(why))
    counted = {
        sample.labels["why"]: sample.value
        for family in metrics.live_pull_ends.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    }
    assert counted == {named: 1.0}
