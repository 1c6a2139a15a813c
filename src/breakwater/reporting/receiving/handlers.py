"""What receiving does regularly and later. Joined by `app`."""

from __future__ import annotations

from typing import Final

from breakwater.model.work import Turn
from breakwater.reporting.receiving.ispws import Ispws

SWEEP_EVERY_S: Final = 60.0


def turns(ispws: Ispws) -> tuple[Turn, ...]:
    """Unfinished reports are forgotten when their time is over."""

    def sweep() -> None:
        ispws.sweep()

    return (Turn("received.sweep", SWEEP_EVERY_S, sweep),)
