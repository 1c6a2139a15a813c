"""The same place, or the same décor: an inverted file finds who may show it, geometry decides.

In: key points of a medium's frames. Out: edges `place` and `decor`, two different findings: what is
furnished alike is no room (`scenes.place_check`). What a source lays over every frame is left out on
both sides. Where RootSIFT says nothing and an operator's model looked at both, its points are asked
too, and what they alone say is a lead. The file is a cache of the vault: damaged, or made with another vocabulary, it is made
anew, and that is said. Source: reference linking; docs/decisions/0040, 0041 and 0046. Tests:
`tests/integration/test_linking_places.py`, `tests/integration/test_links_features.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from breakwater.errors import BadInput, CorruptSegment, NotFound
from breakwater.linking.finding.masks import Masks
from breakwater.linking.signals import StoredSignals
from breakwater.model.link import Found, LinkKind, Medium
from breakwater.model.link_signals import LinkSignals
from breakwater.model.local_features import method_of
from breakwater.model.place import PlaceMatch
from breakwater.model.scene import Keypoints
from breakwater.observe import logger
from breakwater.records import link_media
from breakwater.records.database import Database
from breakwater.scenes import place_check
from breakwater.scenes.overlay import Mask
from breakwater.scenes.places import Places
from breakwater.scenes.vocabulary import Vocabulary

INDEX: Final = "index"
LEAD: Final = 0.45
"""Score of what learned points alone find, at most: `records.link_edges.SURE` is 0.5."""
MOST: Final = 20
"""Candidates that geometry looks at (reference linking, "geometric check of the top 20")."""
_log = logger("linking")


class PlaceFinder:
    """Finds the same place. Satisfies `linking.ports.Finder`."""

    def __init__(
        self, *, db: Database, stored: StoredSignals, masks: Masks, folder: Path,
        vocabulary: Vocabulary,
    ) -> None:  # fmt: skip
        """Open the file, or begin anew.

        Args:
            db: where media stand.
            stored: what was read of them.
            masks: what sources lay over their frames.
            folder: of the file, of this process alone.
            vocabulary: the words that it is made with.
        """
        self._db = db
        self._stored = stored
        self._masks = masks
        self._path = folder / INDEX
        self.rebuilt = ""
        self._places = self._open(vocabulary)
        self._new = 0

    def _open(self, vocabulary: Vocabulary) -> Places:
        if not self._path.is_dir():
            return Places(vocabulary)
        try:
            return Places.load(self._path, vocabulary)
        except CorruptSegment as error:
            _log.error("places_made_anew", code=error.code)
            self.rebuilt = str(error)
            return Places(vocabulary)

    def __len__(self) -> int:
        return len(self._places)

    @property
    def index_bytes(self) -> int:
        """What the index takes."""
        return self._places.bytes

    def knows(self, number: int) -> bool:
        """Whether it has learnt a medium."""
        return number in self._places

    def learn(self, medium: Medium, signals: LinkSignals) -> None:
        """Make a medium known by its shots, without what lies over them."""
        self._masks.seen(medium)
        self._places.remove(medium.number)
        frames = _uncovered(signals, self._masks.of(medium))
        self._places.add(medium.number, frames, signals.shots)
        self._new += 1

    def forget(self, number: int) -> None:
        """A medium is gone."""
        if number in self._places:
            self._places.remove(number)
            self._new += 1

    def find(self, medium: Medium, signals: LinkSignals) -> Sequence[Found]:
        """Media that show the same place or décor."""
        mask = self._masks.of(medium)
        frames = _uncovered(signals, mask)
        ranked = self._places.candidates(frames, MOST + 1, shots=signals.shots)
        near = [number for number, _ in ranked if number != medium.number]
        return list(self._checked(medium, signals, mask, near[:MOST]))

    def save(self) -> None:
        """Write down what is new."""
        if self._new:
            self._places.save(self._path)
            self._new = 0

    def _checked(
        self, medium: Medium, signals: LinkSignals, mask: Mask | None, near: Sequence[int]
    ) -> Iterator[Found]:
        for number in near:
            with self._db.read() as tx:
                try:
                    other = link_media.get(tx, number)
                except NotFound:
                    continue
            theirs = self._stored.read(other)
            if theirs is None or other.gone_at is not None:
                continue
            masks = mask, self._masks.of(other)
            match = place_check.compare(signals.frames, theirs.frames, masks)
            method = place_check.METHOD
            if match.verdict.link is None and _one_model(signals, theirs):
                match, method = _learned(signals, theirs, masks)
            if match.verdict.link is not None:
                yield _found(medium.number, number, match.verdict.link, match, method)


def _one_model(one: LinkSignals, other: LinkSignals) -> bool:
    """Whether the same file of the operator's saw both: points of two are never compared."""
    mine, theirs = one.learned, other.learned
    return mine is not None and theirs is not None and mine.model == theirs.model


def _learned(
    one: LinkSignals, other: LinkSignals, masks: tuple[Mask | None, Mask | None]
) -> tuple[PlaceMatch, str]:
    """What learned points say, as a lead, and what the method is called."""
    if one.learned is None or other.learned is None:
        raise BadInput("No model looked at one of the two.")
    match = place_check.compare(one.learned.frames, other.learned.frames, masks)
    return replace(match, score=min(match.score, LEAD)), method_of(one.learned.model)


def _found(one: int, other: int, kind: LinkKind, match: PlaceMatch, method: str) -> Found:
    """The edge, with the smaller number first and its evidence turned that way."""
    evidence = match.evidence() if one < other else _turned(match.evidence())
    return Found(
        min(one, other), max(one, other), kind, method, place_check.VERSION,
        match.score, evidence,
    )  # fmt: skip


def _turned(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """The same seen from the other medium."""
    pairs = [
        pair | {
            "a_s": pair["b_s"], "b_s": pair["a_s"],
            "points": [[x, y, u, v] for u, v, x, y in pair["points"]],
        }
        for pair in evidence["pairs"]
    ]  # fmt: skip
    return {**evidence, "pairs": pairs}


def _uncovered(signals: LinkSignals, mask: Mask | None) -> list[Keypoints]:
    """Key frames without what lies over them."""
    return [mask.uncovered(frame) if mask else frame for frame in signals.frames]
