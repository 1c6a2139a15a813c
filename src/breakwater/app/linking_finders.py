"""Wires what finds edges beside places: copies, sounds, traits, and what is known beside the bytes."""

from __future__ import annotations

from breakwater.app.ground import Ground
from breakwater.errors import NotFound
from breakwater.linking.finding.about import About
from breakwater.linking.finding.copies import CopyFinder
from breakwater.linking.finding.masks import Masks
from breakwater.linking.finding.sounds import SoundFinder
from breakwater.linking.finding.traits import TraitFinder
from breakwater.linking.ports import Finder
from breakwater.linking.signals import StoredSignals
from breakwater.model.link_signals import LinkSignals
from breakwater.records import link_media


def finders_of(on: Ground, stored: StoredSignals, masks: Masks) -> tuple[Finder, ...]:
    """Copies, sounds, and devices and accounts."""

    def read(number: int) -> LinkSignals | None:
        try:
            with on.db.read() as tx:
                medium = link_media.get(tx, number)
        except NotFound:
            return None
        return None if medium.gone_at is not None else stored.read(medium)

    return CopyFinder(read=read, mask=masks.of), SoundFinder(read=read), TraitFinder(db=on.db)


def about_of(on: Ground) -> About:
    """Who sent it, from where, and who watched."""
    return About(on.atlas.resolve)
