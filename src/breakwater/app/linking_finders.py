"""Wires what finds edges beside places: copies, sounds, traits, what is known beside the bytes, and
the operator's model of local features.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from breakwater.app.ground import Ground
from breakwater.errors import BadInput, NotFound
from breakwater.linking.feature_folder import feature_model
from breakwater.linking.finding.about import About
from breakwater.linking.finding.copies import CopyFinder
from breakwater.linking.finding.masks import Masks
from breakwater.linking.finding.sealed import SealedArrays
from breakwater.linking.finding.sounds import SoundFinder
from breakwater.linking.finding.traits import TraitFinder
from breakwater.linking.ports import Finder
from breakwater.linking.signals import StoredSignals
from breakwater.model.link_signals import LinkSignals
from breakwater.observe import logger
from breakwater.recognition.features import Features
from breakwater.records import link_media
from breakwater.settings import Settings


def finders_of(
    on: Ground, stored: StoredSignals, masks: Masks, folder: Path | None
) -> tuple[Finder, ...]:
    """Copies, sounds, and devices and accounts; what is learnt is written into a folder."""

    def read(number: int) -> LinkSignals | None:
        try:
            with on.db.read() as tx:
                medium = link_media.get(tx, number)
        except NotFound:
            return None
        return None if medium.gone_at is not None else stored.read(medium)

    copies, sounds = (
        None if folder is None else SealedArrays(folder / name, on.db.keys)
        for name in ("copies.1", "sounds.1")
    )
    return (
        CopyFinder(read=read, mask=masks.of, written=copies),
        SoundFinder(read=read, written=sounds), TraitFinder(db=on.db),
    )  # fmt: skip


def about_of(on: Ground) -> About:
    """Who sent it, from where, and who watched."""
    return About(on.atlas.resolve)


def features_of(settings: Settings, undo: ExitStack) -> Features | None:
    """The operator's model of local features; None where there is none, or it is not whole."""
    if settings.features_dir is None:
        return None
    try:
        model = feature_model(settings.features_dir)
    except BadInput as error:
        logger("linking").error("features_are_off", why=error.detail)
        return None
    made = Features(model.card, model.read)
    undo.callback(made.close)
    return made


def features_are_broken(settings: Settings) -> bool:
    """Whether there should be a model of local features, and it is not whole."""
    if settings.features_dir is None:
        return False
    try:
        feature_model(settings.features_dir)
    except BadInput:
        return True
    return False
