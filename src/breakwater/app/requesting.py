"""Wires legal requests both ways, and the turn that tells of what is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from breakwater.app.ground import Ground
from breakwater.app.preserving import Preserving
from breakwater.model.hold import SeatRule
from breakwater.model.work import Turn
from breakwater.reporting.requests.handling import Requests
from breakwater.settings import Settings

REMIND_EVERY_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Requesting:
    """Legal requests as people move them."""

    requests: Requests
    turns: tuple[Turn, ...]


def wire_requesting(settings: Settings, on: Ground, preserving: Preserving) -> Requesting:
    """Put the parts together."""
    seat = SeatRule(settings.preserve_media)
    requests = Requests(db=on.db, keeper=preserving.keeper, seat=seat)

    def remind() -> None:
        requests.remind()

    return Requesting(requests, (Turn("reporting.requests", REMIND_EVERY_S, remind),))
