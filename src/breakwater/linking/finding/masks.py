"""What each source lays over every frame: logos and chat bars, learnt from several of its media.

In: the source of a medium. Out: its mask (`scenes.overlay`), of frames of different media that are
no copies of one another; of one medium's shots only where there are no others. Without it a
platform's logo linked 399 of 400 unrelated pairs (reference linking, "The overlay trap"). Bounded:
a few frames of the last media of each source. Tests: `tests/integration/test_linking_places.py`.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from breakwater.linking.signals import StoredSignals
from breakwater.model.link import Medium
from breakwater.model.link_signals import LinkSignals
from breakwater.model.scene import Keypoints
from breakwater.records import link_media
from breakwater.records.database import Database
from breakwater.scenes.overlay import LEAST, MOST, Mask, mask_of

SOURCES: Final = 64
"""Sources whose masks are in memory."""
AGAIN: Final = 8
"""New media of a source after which its mask is made anew; while it is young, with each."""
COPIES: Final = 48
"""Bits in which two pictures' hashes differ at most where one is a copy of the other: a mask of
copies would cover what they show."""


@dataclass(slots=True)
class _Known:
    mask: Mask | None
    media: int
    since: int = 0


class Masks:
    """Masks of sources. Not for several threads."""

    def __init__(self, *, db: Database, stored: StoredSignals) -> None:
        self._db = db
        self._stored = stored
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def seen(self, medium: Medium) -> None:
        """A medium of a source was looked at: its mask may be another."""
        known = self._known.get(medium.source)
        if known is None:
            return
        known.since += 1
        if known.since >= AGAIN or known.media < MOST:
            del self._known[medium.source]

    def of(self, medium: Medium) -> Mask | None:
        """What lies over every frame of a medium's source; None where nothing is known of it."""
        known = self._known.get(medium.source)
        if known is None:
            known = self._known[medium.source] = self._make(medium)
            while len(self._known) > SOURCES:
                self._known.popitem(last=False)
        self._known.move_to_end(medium.source)
        return known.mask

    def _make(self, medium: Medium) -> _Known:
        with self._db.read() as tx:
            media = link_media.of_source(tx, medium.source, MOST)
        read = [one for one in map(self._stored.read, media) if one is not None and one.frames]
        frames = _different(read)
        if len(frames) < LEAST:
            frames = [frame for one in read for frame in _of_shots(one)]
        return _Known(mask_of(frames), len(media))


def _different(read: list[LinkSignals]) -> list[Keypoints]:
    """A frame of each medium that is no copy of one before."""
    prints: list[int] = []
    frames: list[Keypoints] = []
    for one in read:
        mine = [int.from_bytes(value) for _, value, _ in one.prints[:8]]
        if any((a ^ b).bit_count() <= COPIES for a in mine for b in prints):
            continue
        prints += mine[:1]
        frames.append(one.frames[len(one.frames) // 2])
    return frames


def _of_shots(one: LinkSignals) -> list[Keypoints]:
    """The first frame of each shot that is no copy of one before.

    A camera that never moves shows one thing for hours: a mask of it would cover the room.
    """
    hashes = {time_s: int.from_bytes(value) for time_s, value, _ in one.prints}
    seen: set[int] = set()
    prints: list[int] = []
    frames: list[Keypoints] = []
    for shot, frame in zip(one.shots, one.frames, strict=True):
        mine = hashes.get(frame.time_s)
        again = mine is not None and any((mine ^ b).bit_count() <= COPIES for b in prints)
        if shot not in seen and not again:
            frames.append(frame)
            prints += [] if mine is None else [mine]
        seen.add(shot)
    return frames if len(frames) >= LEAST else []
