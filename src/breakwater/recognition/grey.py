"""The grey zone of an alignment: local features and sound decide, or a person does.

In: a segment that is `unsure` (in `Zone.LOOK`, or a link by little), what was kept of the known video (`Known`: the key points of its
shots' key frames, its sound) and the query's file. Out: the same segment as LINK when frames
of two shots show the same, or of one while the same sound runs on the same time line. When
several could be compared and none agrees at all, a look becomes NOTHING and a link a look: one
chat bar over two broadcasts once made a score of 3.9. Else nothing changes; a look is a
person's. Sound alone never links. Source: reference matching-and-hashing, step 5; linking, "The overlay trap".
Tests: `tests/unit/test_recognition_grey.py`, `tests/integration/test_grey_zone.py`.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

import numpy as np

from breakwater.errors import BadSignal
from breakwater.fingerprint import audio
from breakwater.fingerprint.shots import LONGEST_S, shots, spread
from breakwater.fingerprint.video import FrameHash
from breakwater.media.sandbox import JailPool
from breakwater.model.copies import Segment, Zone
from breakwater.model.media import MediaLimits, Undecodable
from breakwater.model.scene import CloserLook, Keypoints, LocalMatch, SoundMatch, SoundPrint
from breakwater.scenes import local
from breakwater.scenes.overlay import LEAST, mask_of

KEPT: Final = 12
"""Shots of a known video whose key points are kept."""

POINTS: Final = 300
"""Key points kept of each: with 12 shots 490 kB."""

LOOKS: Final = 6
"""Pairs of frames compared for one segment."""

BEYOND_S: Final = 6.0
"""How far before and after a segment frames are compared too, where it holds few: the alignment
often has a part of a copy only. They may bear it out; that they do not says nothing."""

SURE: Final = 6.0
"""Score from which an alignment needs no second opinion: twice what links."""

_SHORTEST_S: Final = 1.5
_FEW: Final = 8
_APART_S: Final = 0.5
"""A known video of fewer moments has more of them, no nearer than this to one another."""
_AROUND: Final = 8
"""Frames of the query's other shots, by which its overlays are found."""

_TELLING: Final = 40
"""Key points outside the overlays from which a frame can be said not to agree."""

_NO_SOUND: Final = SoundPrint(np.zeros(0, np.uint32), 0.0, audio.STEP_S)
_MAGIC: Final = b"BWK1"
_HEAD: Final = struct.Struct("<4sHIdd")
_FRAME: Final = struct.Struct("<dHHH")


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is kept of a video to look closer: its shots' key points, its sound."""

    frames: tuple[Keypoints, ...]
    sound: SoundPrint = _NO_SOUND

    def pack(self) -> bytes:
        """As one blob."""
        sound = self.sound
        parts = [
            _HEAD.pack(_MAGIC, len(self.frames), len(sound.items), sound.start_s, sound.step_s)
        ]
        for one in self.frames:
            parts.append(_FRAME.pack(one.time_s, one.width, one.height, len(one)))
            parts += [one.points.astype("<f4").tobytes(), one.descriptors.tobytes()]
        return b"".join([*parts, sound.items.astype("<u4").tobytes()])

    @classmethod
    def parse(cls, blob: bytes) -> Known:
        """Read what `pack` wrote.

        Raises:
            BadSignal: another form, or cut short.
        """
        try:
            magic, count, items, start, step = _HEAD.unpack_from(blob)
            at, frames = _HEAD.size, []
            for _ in range(count):
                time_s, width, height, points = _FRAME.unpack_from(blob, at)
                at += _FRAME.size
                xy = np.frombuffer(blob, "<f4", 2 * points, at).reshape(points, 2)
                field = np.frombuffer(blob, np.uint8, 128 * points, at + 8 * points)
                frames.append(
                    Keypoints(
                        time_s, width, height, xy.astype(np.float32), field.reshape(points, 128)
                    )
                )
                at += 136 * points
            sound = np.frombuffer(blob, "<u4", items, at).astype(np.uint32)
        except (struct.error, ValueError):
            raise BadSignal("What is kept of a known video is cut short.") from None
        if magic != _MAGIC or at + 4 * items != len(blob):
            raise BadSignal("This is not what is kept of a known video.")
        return cls(tuple(frames), SoundPrint(sound, start, step))


@dataclass(frozen=True, slots=True)
class Look:
    """A moment at which both videos are compared: query seconds, number of the kept frame."""

    time_s: float
    kept: int


def unsure(segment: Segment) -> bool:
    """Whether it is worth a closer look; an opening that many share is surely the same."""
    if segment.opening:
        return False
    return segment.zone is Zone.LOOK or (segment.zone is Zone.LINK and segment.score < SURE)


def plan(segment: Segment, known: Known, most: int = LOOKS) -> tuple[Look, ...]:
    """Which kept frames lie in a segment, and where they are in the query."""
    inside = [
        _look(segment, known, number)
        for number, one in enumerate(known.frames)
        if segment.reference_start_s <= one.time_s <= segment.reference_end_s
    ]
    if len(inside) <= most:
        return tuple(inside)
    places = np.unique(np.linspace(0, len(inside) - 1, most).round().astype(int))
    return tuple(inside[place] for place in places)


def beyond(segment: Segment, known: Known, until_s: float, room: int) -> tuple[Look, ...]:
    """Kept frames before and after a segment, the nearest first.

    Args:
        segment: an unsure one.
        known: of its reel.
        until_s: end of the query, as far as it was seen.
        room: how many at most.
    """
    ends = segment.reference_start_s, segment.reference_end_s
    away = {n: max(ends[0] - f.time_s, f.time_s - ends[1]) for n, f in enumerate(known.frames)}
    near = sorted((n for n, far in away.items() if 0 < far <= BEYOND_S), key=away.__getitem__)
    looks = [_look(segment, known, number) for number in near]
    return tuple([one for one in looks if 0 <= one.time_s <= until_s][: max(0, room)])


def _look(segment: Segment, known: Known, number: int) -> Look:
    since_s = known.frames[number].time_s - segment.reference_start_s
    return Look(segment.start_s + since_s * segment.speed, number)


def decide(
    segment: Segment,
    looked: Sequence[tuple[Keypoints, Keypoints]],
    around: tuple[Sequence[Keypoints], Sequence[Keypoints]],
    sound: SoundMatch | None = None,
    *,
    outside: Sequence[tuple[Keypoints, Keypoints]] = (),
) -> tuple[Segment, tuple[LocalMatch, ...]]:
    """Judge a segment by pairs of frames.

    Args:
        segment: an unsure one; others come back as they are.
        looked: query frame and known frame, of moments on the segment's line.
        around: frames of other shots of the query and of the known video, for overlays.
        sound: of the same stretch on the same line, when there is any.
        outside: pairs on the line before and after the segment, which can only speak for it.

    Returns:
        The segment with its zone, and each pair's match as evidence, those outside last.
    """
    if not unsure(segment):
        return segment, ()
    left = _uncovered(segment, [*looked, *outside], around)
    found = [
        max(local.same(*pair), common, key=lambda one: one.score)
        for pair, common in zip(left, local.together(left), strict=True)
    ]
    telling = sum(min(len(one) for one in pair) >= _TELLING for pair in left[: len(looked)])
    agree = sum(one.score >= local.SAME for one in found)
    zone = segment.zone
    if agree >= 2 or (agree and sound is not None):
        zone = Zone.LINK
    elif telling >= 2 and sound is None and all(one.score < local.SAME / 2 for one in found):
        zone = Zone.NOTHING if zone is Zone.LOOK else Zone.LOOK
    return replace(segment, zone=zone), tuple(found)


def _uncovered(
    segment: Segment,
    looked: Sequence[tuple[Keypoints, Keypoints]],
    around: tuple[Sequence[Keypoints], Sequence[Keypoints]],
) -> list[tuple[Keypoints, Keypoints]]:
    """Pairs without what lies over each source, the query turned over where its copy is."""
    mask, theirs = mask_of(around[0]), mask_of(around[1])
    if segment.mirrored:
        mask = mask.mirrored() if mask else None
        looked = [(local.mirrored(query), kept) for query, kept in looked]
    return [
        (mask.uncovered(query) if mask else query, theirs.uncovered(kept) if theirs else kept)
        for query, kept in looked
    ]


def survey(
    pool: JailPool,
    source: BinaryIO,
    frames: Sequence[FrameHash],
    *,
    declared: str = "",
    limits: MediaLimits,
    lane: str = "",
) -> Known | Undecodable:
    """What to keep of a known video.

    Args:
        pool: decodes in the jail.
        source: the video.
        frames: its frame hashes, for its shots.
        declared: content type.
        limits: of each decode.
        lane: keeps senders apart.
    """
    times = moments(frames)
    points = pool.local(source, declared=declared, limits=limits, times=times, lane=lane)
    if isinstance(points, Undecodable):
        return points
    kept = tuple(one.only(np.arange(len(one)) < POINTS) for one in points)
    heard = _sound(pool, source, declared, limits, lane)
    return Known(kept, heard)


def moments(frames: Sequence[FrameHash]) -> tuple[float, ...]:
    """Seconds of a known video to keep: its shots' key frames.

    A short or uncut video is split, and the widest gaps of one with few shots are halved: a clip
    of four seconds may show something in two of them only.
    """
    length_s = frames[-1].time_s - frames[0].time_s if frames else 0.0
    longest_s = min(LONGEST_S, max(_SHORTEST_S, length_s / 4))
    times = [shot.key.time_s for shot in spread(shots(frames, longest_s=longest_s), KEPT)]
    if 0 < len(times) < _FEW:
        ends = frames[0].time_s, frames[-1].time_s
        far = {end for end in ends if min(abs(end - one) for one in times) >= 2 * _APART_S}
        times = sorted({*times, *far})
    while 1 < len(times) < _FEW:
        wide, at = max((b - a, a) for a, b in itertools.pairwise(times))
        if wide < 2 * _APART_S:
            break
        times = sorted([*times, at + wide / 2])
    return tuple(times)


def examine(
    pool: JailPool,
    source: BinaryIO,
    frames: Sequence[FrameHash],
    segment: Segment,
    known: Known,
    *,
    declared: str = "",
    limits: MediaLimits,
    lane: str = "",
) -> tuple[Segment, tuple[LocalMatch, ...]]:
    """Look closer at a segment of an uploaded video.

    Args:
        pool: decodes in the jail.
        source: the upload.
        frames: its frame hashes, for its shots.
        segment: an unsure one; others come back as they are.
        known: of the segment's reel.
        declared: content type.
        limits: of each decode.
        lane: keeps senders apart.
    """
    looks = plan(segment, known)
    if not unsure(segment) or not looks:
        return segment, ()
    inside, last_s = len(looks), frames[-1].time_s if frames else 0.0
    looks += beyond(segment, known, last_s, LOOKS - inside)
    others = [shot.key.time_s for shot in spread(shots(frames), _AROUND)]
    times = [look.time_s for look in looks] + others
    points = pool.local(source, declared=declared, limits=limits, times=times, lane=lane)
    if isinstance(points, Undecodable):
        return segment, ()
    pairs = [
        (query, known.frames[look.kept])
        for query, look in zip(points[: len(looks)], looks, strict=True)
    ]
    sound = None
    if len(known.sound.items):
        heard = _sound(pool, source, declared, limits, lane)
        sound = on_the_line(segment, heard, known.sound)
    around = points[len(looks) :] if len(others) >= LEAST else ()
    masks = around, known.frames
    return decide(segment, pairs[:inside], masks, sound, outside=pairs[inside:])


def around(frames: Sequence[FrameHash]) -> tuple[float, ...]:
    """Moments of a query's other shots, by which its overlays are found."""
    return tuple(shot.key.time_s for shot in spread(shots(frames), _AROUND))


def weigh(
    segment: Segment,
    looks: Sequence[Look],
    points: Sequence[Keypoints],
    known: Known,
    heard: SoundPrint | None = None,
) -> tuple[Segment, CloserLook]:
    """Look closer at a stretch whose frames and sound are at hand, as those of a broadcast are.

    Args:
        segment: an unsure one.
        looks: from `plan` and `beyond`.
        points: for each look the key points of the frame nearest to it, empty where there is
            none; then those of frames of other shots (`around`).
        known: of the segment's reel.
        heard: the query's sound, where it was listened to.
    """
    pairs = _nearest(looks, points[: len(looks)], known)
    others = [one for one in points[len(looks) :] if len(one)]
    sound = on_the_line(segment, heard, known.sound) if heard is not None else None
    masks = (others if len(others) >= LEAST else (), known.frames)
    ends = segment.reference_start_s, segment.reference_end_s
    inside = [pair for pair in pairs if ends[0] <= pair[1].time_s <= ends[1]]
    outside = [pair for pair in pairs if not ends[0] <= pair[1].time_s <= ends[1]]
    pairs = inside + outside
    judged, found = decide(segment, inside, masks, sound, outside=outside)
    frames = tuple(
        (round(here.time_s, 2), round(there.time_s, 2), one.inliers, one.score >= local.SAME)
        for (here, there), one in zip(pairs, found, strict=True)
    )
    return judged, CloserLook(
        segment.reel, segment.start_s, segment.zone.value, judged.zone.value, frames, sound
    )


def _nearest(
    looks: Sequence[Look], points: Sequence[Keypoints], known: Known
) -> list[tuple[Keypoints, Keypoints]]:
    """Each frame of the query once, beside the known frame whose moment is nearest to it."""
    best: dict[float, tuple[float, Keypoints, Keypoints]] = {}
    for here, look in zip(points, looks, strict=True):
        off = abs(here.time_s - look.time_s)
        if len(here) and (here.time_s not in best or off < best[here.time_s][0]):
            best[here.time_s] = off, here, known.frames[look.kept]
    return [(here, there) for _, here, there in best.values()]


def on_the_line(segment: Segment, heard: SoundPrint, known: SoundPrint) -> SoundMatch | None:
    """The same sound where the segment's frames say it should run."""
    offset = segment.start_s - segment.reference_start_s * segment.speed
    return audio.find(heard, known, speed=segment.speed, offset_s=offset)


def _sound(
    pool: JailPool, source: BinaryIO, declared: str, limits: MediaLimits, lane: str
) -> SoundPrint:
    """Nothing where there is none, where it cannot be read, or without the library."""
    if not pool.facts.get("chromaprint"):
        return _NO_SOUND
    heard = pool.sound(source, declared=declared, limits=limits, lane=lane)
    return _NO_SOUND if isinstance(heard, Undecodable) else heard
