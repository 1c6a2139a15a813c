"""A cut-out of a thing for a public appeal: no person in it, and two people who say so.

Only things are shown to the public: a poster, a curtain, a bag (reference linking; issue "Links").
Kept by `records.link_crops`, made by `linking.cropping`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from breakwater.model.approval import LAPSE
from breakwater.model.ids import Id

Box = tuple[float, float, float, float]
"""x, y, width, height; 0 to 1 of the picture's sides."""


class CropState(StrEnum):
    """How far a cut-out is."""

    WAITING = "waiting"
    """For the second person, who looks at exactly this cut-out."""
    LAPSED = "lapsed"
    AGREED = "agreed"
    REFUSED = "refused"
    GONE = "gone"
    """Its medium went before two people had agreed."""


@dataclass(frozen=True, slots=True)
class Crop:
    """One cut-out.

    Attributes:
        medium: number of the medium.
        time_s: seconds from its start; 0 of a picture.
        purpose: what the appeal is about, in words.
        kept: as it is kept; `state` knows the time.
        blob: the PNG in the vault.
        done_at: when it first left.
    """

    id: Id
    medium: int
    time_s: float
    box: Box
    purpose: str
    kept: CropState
    by: Id
    at: datetime
    blob: Id | None = None
    second_by: Id | None = None
    done_at: datetime | None = None

    def state(self, now: datetime) -> CropState:
        """Where it stands: a proposal lapses by itself."""
        late = self.kept is CropState.WAITING and now >= self.at + LAPSE
        return CropState.LAPSED if late else self.kept
