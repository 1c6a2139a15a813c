"""Wires figures for the public and for regulators: reports of a period, measures and their proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from breakwater import __version__
from breakwater.app.ground import Ground
from breakwater.model.signal import Measure
from breakwater.model.work import Turn
from breakwater.reporting.permits import Destination
from breakwater.settings import Settings
from breakwater.transparency.checks import Switches
from breakwater.transparency.gathering import Figures
from breakwater.transparency.measures import LOOK_EVERY_S, Measures


@dataclass(frozen=True, slots=True)
class Publishing:
    """Every part that tells figures.

    Attributes:
        figures: of a period.
        measures: of codes, with what proves them.
    """

    figures: Figures
    measures: Measures
    turns: tuple[Turn, ...]


def wire_publishing(
    settings: Settings, on: Ground, recipients: Mapping[str, Destination]
) -> Publishing:
    """Put the parts together; `recipients` are the authorities that can be reported to."""
    told = tuple(name for name, one in recipients.items() if one.set_up)
    looks = (one for one in on.registry.kinds if one.measure is not Measure.EXACT)
    switches = Switches(
        watching=settings.live_watch, destinations=told,
        perceptual=frozenset(one.name for one in looks),
    )  # fmt: skip
    measures = Measures(db=on.db, version=__version__, switches=switches)

    def look() -> None:
        measures.look()

    return Publishing(
        figures=Figures(db=on.db, version=__version__), measures=measures,
        turns=(Turn("transparency.measures", LOOK_EVERY_S, look),),
    )  # fmt: skip
