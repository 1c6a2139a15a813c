"""Which countries a viewer may be in, and how far that can be relied on.

A jurisdiction is a set of candidates with a certainty and the reasons against it, never one
country alone (reference geolocation). Used by `viewers`; tests: `tests/unit/test_geo_atlas.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from breakwater.model.watch import AddressKind, Certainty, Doubt, Place

WIDE_KM: Final = 500
"""A radius over which a place may lie in the next country."""
OLD: Final = timedelta(days=400)
"""Blocks change hands: a database this far from the event says little of it."""


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """The candidates, the best guess first, and every reason to doubt it."""

    countries: tuple[str, ...]
    certainty: Certainty
    doubts: tuple[Doubt, ...] = ()


def jurisdiction(place: Place) -> Jurisdiction:
    """Which countries a place may be in."""
    if place.kind is not AddressKind.PUBLIC:
        why = Doubt.CARRIER if place.kind is AddressKind.CARRIER else Doubt.NOT_PUBLIC
        return Jurisdiction((), Certainty.UNKNOWN, (why,))
    doubts = tuple(doubt for doubt, holds in _DOUBTS if holds(place))
    if not place.country:
        return Jurisdiction((), Certainty.UNKNOWN, (Doubt.NOBODY_KNOWS, *doubts))
    certainty = Certainty.UNCERTAIN if doubts else Certainty.CERTAIN
    return Jurisdiction(place.candidates, certainty, doubts)


_DOUBTS: Final[tuple[tuple[Doubt, Callable[[Place], bool]], ...]] = (
    (Doubt.DISAGREE, lambda place: len(place.candidates) > 1),
    (Doubt.HIDDEN, lambda place: bool(place.flags)),
    (Doubt.WIDE, lambda place: place.radius_km is not None and place.radius_km > WIDE_KM),
    (Doubt.OLD, lambda place: any(abs(place.at - one.built) > OLD for one in place.sources)),
    (Doubt.FAULT, lambda place: bool(place.faults)),
)
