"""Wires what tells who watched: places of addresses, sessions, access logs, packs."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.app.ground import Ground
from breakwater.geo import Atlas
from breakwater.model.sending import Sendings
from breakwater.viewers.importing import Importing
from breakwater.viewers.packs import Packs
from breakwater.viewers.seeing import Seeing


@dataclass(frozen=True, slots=True)
class Viewing:
    """Every part that concerns viewers.

    Attributes:
        atlas: where an address seemed to be at a moment.
        seeing: who watched a case.
        importing: takes what is read of access logs.
        packs: for authorities, made by two people.
    """

    atlas: Atlas
    seeing: Seeing
    importing: Importing
    packs: Packs


def wire_viewers(on: Ground, sendings: Sendings) -> Viewing:
    """Put the parts together; `sendings` says what may leave."""
    return Viewing(
        atlas=on.atlas,
        seeing=Seeing(db=on.db),
        importing=Importing(db=on.db, atlas=on.atlas),
        packs=Packs(db=on.db, sendings=sendings),
    )
