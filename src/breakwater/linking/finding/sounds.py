"""The same sound in two media: a lead that says so, never more.

Chromaprint items chosen by their own value (one in three, the same ones in every copy) vote for
another medium and an offset; where several agree the whole prints are compared (`fingerprint.audio`).
Silence, hum and hit songs repeat, so sound alone joins nothing (`fingerprint.audio`, decision 0042):
what few media share is a stronger lead than what many do, and what a crowd shares is music and no
lead at all. Where the pictures run on the same line too, that edge has the sound as evidence. Tests:
`tests/unit/test_linking_sounds.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater.fingerprint import audio
from breakwater.linking.finding.sealed import SealedArrays
from breakwater.model.link import Found, LinkKind, Medium
from breakwater.model.link_signals import LinkSignals
from breakwater.model.scene import SoundMatch, SoundPrint

METHOD: Final = "chromaprint"
VERSION: Final = "1"
MOST: Final = 20
"""Candidates whose whole prints are compared."""

LEAST_S: Final = 8.0
"""Seconds below which the same sound is a jingle, a ring tone, a bell."""

FEW: Final = 4
"""Other media with the same sound from which it is common: a song, and a weak lead."""

CROWD: Final = 16
"""Other media from which nothing is said any more."""

STRONGEST: Final = 0.45
"""Of a lead; `records.link_edges.SURE` is 0.5."""

COMMON: Final = 0.1
_LONG_S: Final = 60.0
_CHOSEN: Final = 3
_VOTES: Final = 2
_BIN: Final = 8
"""Items of an offset that vote together: a second."""

_MOST_POSTINGS: Final = 8_000
"""Items of one medium that are kept: an hour, 96 kB."""

Read = Callable[[int], LinkSignals | None]


class SoundFinder:
    """Finds the same sound. Satisfies `linking.ports.Finder`."""

    def __init__(self, *, read: Read, written: SealedArrays | None = None) -> None:
        """Begin with what is written down.

        Args:
            read: what was read of others.
            written: where items are written down; None: they are learnt anew at each start.
        """
        self._read = read
        self._written = written
        self._items: NDArray[np.uint32] = np.zeros(0, np.uint32)
        self._owners: NDArray[np.uint32] = np.zeros(0, np.uint32)
        self._places: NDArray[np.int32] = np.zeros(0, np.int32)
        self._fresh: dict[int, tuple[NDArray[np.uint32], NDArray[np.int32]]] = {}
        self._known: set[int] = set()
        before = None if written is None else written.read()
        if before is not None:
            self._take(before)

    def knows(self, number: int) -> bool:
        """Whether it has learnt a medium."""
        return number in self._known

    def learn(self, medium: Medium, signals: LinkSignals) -> None:
        """Make a medium known by the items of its sound that are chosen."""
        self.forget(medium.number)
        self._known.add(medium.number)
        if self._written is not None:
            self._written.learnt()
        if signals.sound is not None:
            items, places = chosen(signals.sound)
            if len(items):
                self._fresh[medium.number] = items, places

    def forget(self, number: int) -> None:
        """A medium is gone."""
        if number not in self._known:
            return
        self._known.discard(number)
        if self._written is not None:
            self._written.forgot()
        if self._fresh.pop(number, None) is None:
            keep = self._owners != number
            self._items, self._owners = self._items[keep], self._owners[keep]
            self._places = self._places[keep]

    def find(self, medium: Medium, signals: LinkSignals) -> Sequence[Found]:
        """Media with a stretch of the same sound, as leads."""
        if signals.sound is None:
            return ()
        self._settle()
        near = self._near(medium.number, signals.sound)
        found = []
        for number, offset_s in near[:MOST]:
            theirs = self._read(number)
            if theirs is None or theirs.sound is None:
                continue
            match = audio.find(signals.sound, theirs.sound, offset_s=offset_s, within_s=2.0)
            if match is not None and match.seconds >= LEAST_S:
                found.append((number, match, audio.waves(match, signals.sound, theirs.sound)))
        if len(found) > CROWD:
            return ()
        return [_edge(medium.number, *one, len(found)) for one in found]

    def save(self) -> None:
        """Write items down, where there is enough that is new, or something is gone."""
        if self._written is None or not self._written.due(len(self._known)):
            return
        self._settle()
        known = np.array(sorted(self._known), np.int64)
        self._written.write({
            "items": self._items, "owners": self._owners, "places": self._places, "known": known,
        })  # fmt: skip

    def _take(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Begin with what was written, if it fits together."""
        items, owners, places = (arrays[name] for name in ("items", "owners", "places"))
        known = set(arrays["known"].tolist())
        if len(items) == len(owners) == len(places) and set(owners.tolist()) <= known:
            self._items, self._owners = items.astype(np.uint32), owners.astype(np.uint32)
            self._places, self._known = places.astype(np.int32), known

    def _settle(self) -> None:
        """Sort in what was learnt since."""
        if not self._fresh:
            return
        rows = list(self._fresh.items())
        items = np.concatenate([self._items, *(one for _, (one, _) in rows)])
        owners = np.concatenate([
            self._owners, *(np.full(len(one), number, np.uint32) for number, (one, _) in rows)
        ])  # fmt: skip
        places = np.concatenate([self._places, *(one for _, (_, one) in rows)])
        order = np.argsort(items, kind="stable")
        self._items, self._owners, self._places = items[order], owners[order], places[order]
        self._fresh = {}

    def _near(self, number: int, sound: SoundPrint) -> list[tuple[int, float]]:
        """Media with several chosen items at one offset, most votes first; the offset in seconds."""
        votes: Counter[tuple[int, int]] = Counter()
        for item, place in zip(*(one.tolist() for one in chosen(sound)), strict=True):
            low = int(np.searchsorted(self._items, item, "left"))
            high = int(np.searchsorted(self._items, item, "right"))
            owners, places = self._owners[low:high].tolist(), self._places[low:high].tolist()
            for owner, there in set(zip(owners, places, strict=True)):
                if owner != number:
                    shift = (place - there) // _BIN
                    votes.update([(owner, shift), (owner, shift + 1)])
        best: dict[int, tuple[int, int]] = {}
        for (owner, shift), count in votes.items():
            if count >= _VOTES and count > best.get(owner, (0, 0))[0]:
                best[owner] = count, shift
        ranked = sorted(best, key=lambda owner: (-best[owner][0], owner))
        return [(owner, best[owner][1] * _BIN * sound.step_s) for owner in ranked]


def chosen(sound: SoundPrint) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """Items that stand for a sound, and their places: the same ones wherever it runs.

    Repeated items are left out, and so is silence, which is one item again and again.
    """
    items = sound.items
    if not len(items):
        return items, np.zeros(0, np.int32)
    new = np.concatenate([[True], items[1:] != items[:-1]])
    mixed = (items * np.uint32(2654435761)) >> np.uint32(16)
    places = np.flatnonzero(new & (mixed % _CHOSEN == 0))[:_MOST_POSTINGS]
    return items[places], places.astype(np.int32)


def _edge(
    number: int, other: int, match: SoundMatch, drawn: Mapping[str, list[int]], shared: int
) -> Found:
    """A lead, the weaker the more share the sound."""
    length = min(1.0, match.seconds / _LONG_S)
    clean = 1.0 - match.error_rate / audio.ERROR_RATE
    common = shared >= FEW
    score = (
        COMMON if common else max(COMMON, STRONGEST * (0.4 + 0.6 * length) * (0.5 + 0.5 * clean))
    )
    a_s, b_s = match.start_s, match.reference_start_s
    a_wave, b_wave = drawn["a_wave"], drawn["b_wave"]
    if number > other:
        a_s, b_s, a_wave, b_wave = b_s, a_s, b_wave, a_wave
    evidence: dict[str, Any] = {
        "sound": {
            "a_s": round(a_s, 2), "b_s": round(b_s, 2), "seconds": round(match.seconds, 2),
            "error_rate": match.error_rate, "a_wave": a_wave, "b_wave": b_wave,
        },
        "shared_by": shared, "common": common,
    }  # fmt: skip
    a, b = min(number, other), max(number, other)
    return Found(a, b, LinkKind.SOUND, METHOD, VERSION, round(score, 3), evidence)
