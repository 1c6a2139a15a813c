"""Views: who saw what, why, at which level and for how many milliseconds.

Every view is an append-only row committed before the first byte of the picture (reference:
law, console §10). A view whose end was never told is charged in full at its cap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from breakwater.model.ids import Id
from breakwater.model.media import Level

CAP_MS: Final = 10_000
"""Longest single look, and what a look costs whose end was not told."""


@dataclass(frozen=True, slots=True)
class Viewing:
    """One look at one item, or at a page of small stills.

    Attributes:
        person: who looked.
        item: id of the upload or entry.
        others: further items on the same page (levels S1 and S2 only).
        frame: which one; None for the whole.
        ms: time on screen; None while it lasts or when its end was never told.
        cap_ms: what it is charged when the end is missing.
    """

    id: Id
    person: Id
    item: Id
    level: Level
    reason: str
    at: datetime
    case: Id | None = None
    others: tuple[Id, ...] = ()
    frame: int | None = None
    cap_ms: int = CAP_MS
    ms: int | None = None

    @property
    def charged_ms(self) -> int:
        """What the exposure clock counts."""
        return self.cap_ms if self.ms is None else min(self.ms, self.cap_ms)
