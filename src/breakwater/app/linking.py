"""Wires links: what is taken in, how it is compared, what belongs together, what people say of it."""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from breakwater.app.ground import Ground
from breakwater.app.linking_finders import about_of, features_are_broken, features_of, finders_of
from breakwater.app.mapping import limits_of
from breakwater.app.seeking import wire_seeking
from breakwater.linking.cropping import Cropping
from breakwater.linking.desk import Desk
from breakwater.linking.finding.masks import Masks
from breakwater.linking.finding.places import PlaceFinder
from breakwater.linking.judging import Judging
from breakwater.linking.keeping import Keeping
from breakwater.linking.likeness import Likenesses
from breakwater.linking.outcomes import Outcomes
from breakwater.linking.searching import Searching
from breakwater.linking.signals import StoredSignals
from breakwater.linking.taking import Parts, Taking
from breakwater.model.event import EventType
from breakwater.model.work import JobKind, Subscription, Turn
from breakwater.observe import logger
from breakwater.recognition.links import LinkLooker
from breakwater.records import link_media, link_series
from breakwater.records.link_media import LOOK_JOB
from breakwater.scenes import vocabulary
from breakwater.settings import Settings

TAKE_EVERY_S: Final = 2.0
COUNT_EVERY_S: Final = 30.0
AGAIN_EVERY_S: Final = 10.0
LEASE_S: Final = 300.0
"""A long video is read and compared in less."""


@dataclass(frozen=True, slots=True)
class Linking:
    """Every part that deals with links.

    Attributes:
        desk: series as people see and move them.
        judging: what people say of links.
        keeping: what belongs together.
        taking: looks at what is kept, where no other process does.
        places: the index of places; None where another process has it.
        stored: what was read of media.
        searching: finds by an example.
        cropping: cut-outs of things for public appeals.
        likeness: models of the operator behind a legal gate.
        outcomes: what became of the children of series, and who learns it.
    """

    desk: Desk
    judging: Judging
    keeping: Keeping
    taking: Taking
    places: PlaceFinder | None
    stored: StoredSignals
    searching: Searching
    cropping: Cropping
    likeness: Likenesses
    outcomes: Outcomes
    jobs: tuple[JobKind, ...]
    turns: tuple[Turn, ...]
    subscriptions: tuple[Subscription, ...]


def wire_linking(settings: Settings, on: Ground, undo: ExitStack) -> Linking:
    """Put the parts together; one process owns the places and looks at media."""
    keeping, stored = Keeping(db=on.db), StoredSignals(on.vault)
    folder = settings.data_dir / "places"
    mine = _own(folder, undo)
    masks = Masks(db=on.db, stored=stored)
    places = _places(on, stored, masks, folder, undo) if mine else None
    features = features_of(settings, undo) if mine else None
    looker = LinkLooker(pool=on.pool, limits=limits_of(settings).video, features=features)
    taking = Taking(
        Parts(
            db=on.db, vault=on.vault, keeping=keeping, stored=stored, metrics=on.metrics,
            looker=looker, about=about_of(on),
            finders=(*(() if places is None else (places,)), *finders_of(on, stored, masks, folder if mine else None)), version=looker.version,
        )
    )  # fmt: skip
    seeking = wire_seeking(settings, on, taking.seek if mine else None)
    outcomes = Outcomes(db=on.db)
    return Linking(
        desk=Desk(db=on.db, keeping=keeping, seen=seeking.likeness.seen), judging=Judging(db=on.db, keeping=keeping), keeping=keeping,
        taking=taking, places=places, stored=stored,
        searching=seeking.searching, cropping=seeking.cropping, likeness=seeking.likeness,
        outcomes=outcomes,
        jobs=(JobKind(LOOK_JOB, taking.run, lease_s=LEASE_S),) if mine else (),
        turns=(*(_turns(settings, on, taking) if mine else ()), *seeking.turns),
        subscriptions=(
            Subscription("links.decided", frozenset({EventType.CASE_DECIDED}), taking.on_decided),
            Subscription("links.outcome", frozenset({EventType.SERIES_OUTCOME}), outcomes.on_outcome),
            Subscription("links.learn", frozenset({EventType.SERIES_CHANGED}), outcomes.on_series),
        ),
    )  # fmt: skip


def _places(
    on: Ground, stored: StoredSignals, masks: Masks, folder: Path, undo: ExitStack
) -> PlaceFinder:
    """The same place, by the words that are shipped; written down at the end."""
    places = PlaceFinder(
        db=on.db, stored=stored, masks=masks, folder=folder, vocabulary=vocabulary.packaged()
    )
    undo.callback(places.save)
    return places


def _own(folder: Path, undo: ExitStack) -> bool:
    """Take the folder; False where another process has it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    undo.callback(os.close, lock)
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    logger("linking").info("links_are_looked_at_elsewhere")
    return False


def _turns(settings: Settings, on: Ground, taking: Taking) -> tuple[Turn, ...]:
    def take() -> None:
        taking.turn()

    def count() -> None:
        with on.db.read() as tx:
            media, series = link_media.count(tx), link_series.count(tx)
        for state, number in media.items():
            on.metrics.links_media.labels(state.value).set(number)
        on.metrics.links_series.set(series)
        taking.save()

    off = features_are_broken(settings)

    def again() -> None:
        if not off:  # a card with a slip in it must not cost what the model saw before
            taking.again()

    return (
        Turn("links.take", TAKE_EVERY_S, take),
        Turn("links.again", AGAIN_EVERY_S, again),
        Turn("links.count", COUNT_EVERY_S, count),
    )
