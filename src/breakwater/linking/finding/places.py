"""The same place, or the same décor: an inverted file finds who may show it, geometry decides.

In: key points of a medium's frames. Out: edges `place` and `decor`, two different findings: what is
furnished alike is no room (`scenes.place_check`). What a source lays over every frame is left out on
both sides. The file is a cache of the vault: damaged, or made with another vocabulary, it is made
anew, and that is said. Source: reference linking; docs/decisions/0040 and 0041. Tests:
`tests/integration/test_linking_places.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from breakwater.errors import CorruptSegment, NotFound
from breakwater.linking.finding.masks import Masks
from breakwater.linking.signals import StoredSignals
from breakwater.model.link import Found, LinkKind, Medium
from breakwater.model.link_signals import LinkSignals
from breakwater.model.place import PlaceMatch, PlaceVerdict
from breakwater.model.scene import Keypoints
from breakwater.observe import logger
from breakwater.records import link_media
from breakwater.records.database import Database
from breakwater.scenes import place_check
from breakwater.scenes.overlay import Mask
from breakwater.scenes.places import Places
from breakwater.scenes.vocabulary import Vocabulary

FILE: Final = "places.bin"
MOST: Final = 20
"""Candidates that geometry looks at (reference linking, "geometric check of the top 20")."""
SAVE_AFTER: Final = 200
"""Media after which the file is written, or a twentieth of it: it may be a gigabyte."""

KINDS: Final = {PlaceVerdict.PLACE: LinkKind.PLACE, PlaceVerdict.DECOR: LinkKind.DECOR}
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
        self._path = folder / FILE
        self.rebuilt = ""
        self._places = self._open(vocabulary)
        self._new = 0

    def _open(self, vocabulary: Vocabulary) -> Places:
        try:
            return Places.load(self._path, vocabulary)
        except FileNotFoundError:
            return Places(vocabulary)
        except CorruptSegment as error:
            _log.error("places_made_anew", code=error.code)
            self.rebuilt = str(error)
            return Places(vocabulary)

    def __len__(self) -> int:
        return len(self._places)

    def knows(self, number: int) -> bool:
        """Whether it has learnt a medium."""
        return number in self._places

    def learn(self, medium: Medium, signals: LinkSignals) -> None:
        """Make a medium known by its shots, without what lies over them."""
        self._masks.seen(medium)
        self._places.remove(medium.number)
        self._places.add(medium.number, _shots(signals, self._masks.of(medium)))
        self._new += 1

    def forget(self, number: int) -> None:
        """A medium is gone."""
        self._places.remove(number)

    def find(self, medium: Medium, signals: LinkSignals) -> Sequence[Found]:
        """Media that show the same place or décor."""
        mask = self._masks.of(medium)
        shots = _shots(signals, mask)
        near = [n for n, _ in self._places.candidates(shots, most=MOST + 1) if n != medium.number]
        return list(self._checked(medium, signals, mask, near[:MOST]))

    def save(self) -> None:
        """Write the file when enough is new."""
        if self._new >= max(SAVE_AFTER, len(self._places) // 20):
            self.close()

    def close(self) -> None:
        """Write the file."""
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
            match = place_check.compare(
                signals.frames, theirs.frames, (mask, self._masks.of(other))
            )
            kind = KINDS.get(match.verdict)
            if kind is not None:
                yield _found(medium.number, number, kind, match)


def _found(one: int, other: int, kind: LinkKind, match: PlaceMatch) -> Found:
    """The edge, with the smaller number first and its evidence turned that way."""
    pairs = [pair.plain() for pair in match.pairs]
    if one > other:
        pairs = [_turned(pair) for pair in pairs]
    return Found(
        min(one, other), max(one, other), kind, place_check.METHOD, place_check.VERSION,
        match.score, {"pairs": pairs},
    )  # fmt: skip


def _turned(pair: dict[str, object]) -> dict[str, object]:
    points = pair["points"]
    assert isinstance(points, list)  # noqa: S101 - as `FramePair.plain` makes it
    return pair | {
        "a_s": pair["b_s"], "b_s": pair["a_s"], "points": [[c, d, a, b] for a, b, c, d in points],
    }  # fmt: skip


def _shots(signals: LinkSignals, mask: Mask | None) -> list[list[Keypoints]]:
    """Key frames of each shot, without what lies over them."""
    shots: dict[int, list[Keypoints]] = {}
    for shot, frame in zip(signals.shots, signals.frames, strict=True):
        shots.setdefault(shot, []).append(mask.uncovered(frame) if mask else frame)
    return list(shots.values())
