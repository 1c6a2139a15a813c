"""Wires what people do by hand with links: search by example, cut-outs, likeness models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from breakwater.app.ground import Ground
from breakwater.app.mapping import limits_of
from breakwater.linking.cropping import Cropping
from breakwater.linking.likeness import Likenesses
from breakwater.linking.searching import Searching, Seek
from breakwater.model.work import Turn
from breakwater.recognition.links import LinkLooker
from breakwater.settings import Settings

LOOK_EVERY_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Seeking:
    """The parts."""

    searching: Searching
    cropping: Cropping
    likeness: Likenesses
    turns: tuple[Turn, ...]


def wire_seeking(settings: Settings, on: Ground, seek: Seek | None) -> Seeking:
    """Put the parts together.

    Args:
        settings: of the installation.
        on: what it stands on.
        seek: asks every finder; None where another process owns the places.
    """
    limits = limits_of(settings).video
    likeness = Likenesses(
        db=on.db, vault=on.vault, pool=on.pool, limits=limits, folder=settings.likeness_dir,
        seat=settings.seat,
    )  # fmt: skip

    def look() -> None:
        likeness.turn()

    looks = seek is not None and settings.likeness_dir is not None
    return Seeking(
        searching=Searching(
            db=on.db, looker=LinkLooker(pool=on.pool, limits=limits), seek=seek
        ),
        cropping=Cropping(
            db=on.db, vault=on.vault, pool=on.pool, limits=limits, people=likeness.people_in
        ),
        likeness=likeness,
        turns=(Turn("links.likeness", LOOK_EVERY_S, look),) if looks else (),
    )  # fmt: skip
