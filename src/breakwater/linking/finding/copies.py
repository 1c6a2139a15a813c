"""The same pictures again: hashes of key frames find who may be a copy, alignment and geometry decide.

Two pictures are copies where their hashes are near and one movement of the picture explains their
points; two videos where an alignment in time says so, looked at closer where it is not sure
(`recognition.grey`); a picture of a video where a frame of it is the same. A hash alone is a lead,
unless it is all but equal. An opening that two longer videos share is a lead too: platforms put
theirs before everything. Flat pictures have no hashes here. Source: reference matching-and-hashing;
figures in docs/explanation/links-evidence.md, rules in decision 0042. Tests:
`tests/integration/test_linking_copies.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from breakwater.fingerprint import audio
from breakwater.linking.finding.prints import LEAST_QUALITY, SAME, Prints
from breakwater.linking.finding.sealed import SealedArrays
from breakwater.matching.align import Follower
from breakwater.matching.reels import ReelChange, ReelIndex
from breakwater.model.copies import ReelPrints, Segment, Zone
from breakwater.model.link import Found, LinkKind, Medium
from breakwater.model.link_signals import LinkSignals
from breakwater.model.scene import Keypoints, LocalMatch, LocalModel, SoundMatch
from breakwater.recognition import grey
from breakwater.scenes import local
from breakwater.scenes.overlay import Mask

VERSION: Final = "1"
MOST: Final = 20
"""Candidates that are compared: a picture that everybody sent is linked by the nearest."""

SURE: Final = 0.5
"""Score from which an edge joins (`records.link_edges.SURE`)."""

LEAD: Final = 0.4
EQUAL: Final = 8
"""Bits of 256 at which hashes of pictures without points are one picture, scaled or coded anew."""

TELLING: Final = 40
"""Key points in both from which geometry must bear a near hash out."""

OPENING_S: Final = 15.0
"""A stretch as short as this at the same end of two longer videos may be what a platform adds."""

_ASKED: Final = 512
_WHOLE: Final = (0, 1, 128, 129)
"""The whole frame and `c90`, as they are and mirrored (`fingerprint.views`)."""

_PARTS: Final = tuple(number for number in range(256) if number % 128 < 40)
_KNOWN_PARTS: Final = tuple(range(40))
_NEAR_S: Final = 1.0
_LOOKS: Final = 3
_SHOWN_PAIRS: Final = 6
_SHOWN_POINTS: Final = 24

Read = Callable[[int], LinkSignals | None]
"""What was read of a medium by its number; None where it is gone."""

MaskOf = Callable[[Medium], Mask | None]


@dataclass(frozen=True, slots=True)
class Copy:
    """What two media have of the same pictures.

    Attributes:
        score: `SURE` and above joins.
        method: `pictures`, `frames` or `alignment`.
        evidence: as `model.link.Found` says, the first medium's side first.
    """

    score: float
    method: str
    evidence: dict[str, Any]


class CopyFinder:
    """Finds copies. Satisfies `linking.ports.Finder`."""

    def __init__(
        self, *, read: Read, mask: MaskOf = lambda _: None, written: SealedArrays | None = None
    ) -> None:
        """Begin with what is written down.

        Args:
            read: what was read of others.
            mask: what lies over every frame of a source.
            written: where hashes are written down; None: they are learnt anew at each start.
        """
        self._read = read
        self._mask = mask
        self._prints = Prints()
        self._written = written
        before = None if written is None else written.read()
        if before is not None:
            self._prints.take(before)

    def knows(self, number: int) -> bool:
        """Whether it has learnt a medium."""
        return number in self._prints

    def learn(self, medium: Medium, signals: LinkSignals) -> None:
        """Make a medium known by its key frames; a picture as it is and by its parts."""
        mine = signals.prints if signals.moving else signals.prints[:1]
        known = [value for _, value, quality in mine if quality >= LEAST_QUALITY]
        if not signals.moving and signals.reel is not None:
            known += _hashes(signals.reel, _KNOWN_PARTS)
        self._prints.add(medium.number, dict.fromkeys(known))
        if self._written is not None:
            self._written.learnt()

    def forget(self, number: int) -> None:
        """A medium is gone."""
        if self._written is not None and number in self._prints:
            self._written.forgot()
        self._prints.remove(number)

    def find(self, medium: Medium, signals: LinkSignals) -> Sequence[Found]:
        """Media that show the same pictures."""
        near = self._prints.near(_asked(signals), but=medium.number)[:MOST]
        mask = self._mask(medium) if near else None
        found = []
        for number, distance in near:
            theirs = self._read(number)
            copy = None if theirs is None else compare(signals, theirs, distance, mask)
            if copy is not None:
                found.append(_edge(medium.number, number, copy))
        return found

    def save(self) -> None:
        """Write hashes down, where there is enough that is new, or something is gone."""
        if self._written is not None and self._written.due(self._prints.media):
            self._written.write(self._prints.arrays())


def _asked(signals: LinkSignals) -> list[bytes]:
    """Hashes to look for: key frames; of a video at hand all its whole frames, mirrored too."""
    asked = [value for _, value, quality in signals.prints if quality >= LEAST_QUALITY]
    if signals.views is not None:
        asked += _hashes(signals.views, _WHOLE if signals.moving else _PARTS)
    return asked


def _hashes(prints: ReelPrints, views: Sequence[int]) -> list[bytes]:
    """Hashes of some views, evenly over a long video."""
    good = np.isin(prints.views, views) & (prints.qualities >= LEAST_QUALITY)
    rows = np.flatnonzero(good)
    if len(rows) > _ASKED:
        rows = rows[np.linspace(0, len(rows) - 1, _ASKED).round().astype(int)]
    return [prints.hashes[row].tobytes() for row in rows]


def compare(
    one: LinkSignals, other: LinkSignals, distance: int, mask: Mask | None = None
) -> Copy | None:
    """What two media have of the same pictures; None: nothing that anybody would stand for.

    Args:
        one: a medium as it was just read, with `views` where it is a video.
        other: a medium as it is kept.
        distance: bits between the nearest of their hashes.
        mask: what lies over every frame of the first one's source.
    """
    if one.moving and other.moving:
        return _videos(one, other)
    return _pictures(one, other, distance, mask)


def _pictures(
    one: LinkSignals, other: LinkSignals, distance: int, mask: Mask | None
) -> Copy | None:
    """Frames of which one at least is a picture of its own."""
    method = "frames" if one.moving or other.moving else "pictures"
    best, pair = LocalMatch(0, 0.0, LocalModel.NONE, 0.0), None
    for here, there in _nearest(one, other):
        for seen in (here, local.mirrored(here)):
            match = local.same(seen, there, (mask, None))
            if pair is None or match.score > best.score:
                best, pair = match, (here, there)
    shown = [] if pair is None else [_pair(*pair, best)]
    evidence = {"pairs": shown, "distance": distance}
    if best.score >= local.SAME:
        return Copy(round(min(1.0, 0.5 + best.score / 2), 3), method, evidence)
    if distance > SAME:
        return None
    telling = pair is not None and min(len(pair[0]), len(pair[1])) >= TELLING
    if telling:
        return Copy(LEAD / 2, method, evidence) if distance <= EQUAL else None
    return Copy(0.6 if distance <= EQUAL and method == "pictures" else LEAD, method, evidence)


def _nearest(one: LinkSignals, other: LinkSignals) -> Iterator[tuple[Keypoints, Keypoints]]:
    """The frames with points whose hashes are nearest, the nearest first."""
    here = {frame.time_s: frame for frame in one.frames}
    there = {frame.time_s: frame for frame in other.frames}
    apart: dict[tuple[float, float], int] = {}
    for a_s, mine, _ in one.prints:
        for b_s, theirs, _ in other.prints:
            if a_s in here and b_s in there:
                bits = (int.from_bytes(mine) ^ int.from_bytes(theirs)).bit_count()
                apart[a_s, b_s] = min(bits, apart.get((a_s, b_s), bits))
    for a_s, b_s in sorted(apart, key=lambda both: apart[both])[:_LOOKS]:
        yield here[a_s], there[b_s]


def _videos(one: LinkSignals, other: LinkSignals) -> Copy | None:
    """Two videos, by the best stretch that they share."""
    found = _segments(one.views or one.reel, other.reel)
    if not found:
        return None
    segment = found[0]
    looked = list(_looks(segment, one.frames, other.frames))
    sound = None
    if one.sound is not None and other.sound is not None:
        sound = grey.on_the_line(segment, one.sound, other.sound)
    matches = tuple(local.same(*_as_seen(segment, pair)) for pair in looked)
    if grey.unsure(segment):
        segment, matches = grey.decide(segment, looked, (one.frames, other.frames), sound)
    if segment.zone is Zone.NOTHING:
        return None
    sure = segment.zone is Zone.LINK and not _opening(segment, one.seconds, other.seconds)
    strength = min(1.0, segment.score / (4 * grey.SURE))
    score = SURE + 0.5 * strength if sure else LEAD * max(0.25, strength)
    pairs = [
        _pair(here, there, match)
        for (here, there), match in sorted(
            zip(looked, matches, strict=True), key=lambda row: -row[1].score
        )
    ]
    told = _told(segment, pairs[:_SHOWN_PAIRS], sound)
    if sound is not None and one.sound is not None and other.sound is not None:
        told["sound"] |= audio.waves(sound, one.sound, other.sound)
    return Copy(round(score, 3), "alignment", told)


def _segments(mine: ReelPrints | None, theirs: ReelPrints | None) -> tuple[Segment, ...]:
    if mine is None or theirs is None:
        return ()
    index = ReelIndex()
    index.apply([ReelChange(1, 1, theirs)])
    follower = Follower(index)
    for frame in mine.frames():
        follower.feed(frame)
    return follower.finish()


def _looks(
    segment: Segment, mine: Iterable[Keypoints], theirs: Sequence[Keypoints]
) -> Iterator[tuple[Keypoints, Keypoints]]:
    """Frames of both that stand at the same moment of the stretch, within a second."""
    for here in mine:
        if not segment.start_s - _NEAR_S <= here.time_s <= segment.end_s + _NEAR_S:
            continue
        at = segment.reference_start_s + (here.time_s - segment.start_s) / segment.speed
        near = min(theirs, key=lambda there: abs(there.time_s - at), default=None)
        if near is not None and abs(near.time_s - at) <= _NEAR_S:
            yield here, near


def _as_seen(segment: Segment, pair: tuple[Keypoints, Keypoints]) -> tuple[Keypoints, Keypoints]:
    return (local.mirrored(pair[0]), pair[1]) if segment.mirrored else pair


def _opening(segment: Segment, mine_s: float, theirs_s: float) -> bool:
    """Whether a stretch may be what a platform puts before or behind everything."""
    long_s = max(
        segment.end_s - segment.start_s, segment.reference_end_s - segment.reference_start_s
    )
    if long_s > OPENING_S or min(mine_s, theirs_s) < 2 * long_s:
        return False
    starts = max(segment.start_s, segment.reference_start_s) <= 2.0
    ends = max(mine_s - segment.end_s, theirs_s - segment.reference_end_s) <= 2.0
    return starts or ends


def _told(
    segment: Segment, pairs: list[dict[str, Any]], sound: SoundMatch | None
) -> dict[str, Any]:
    """The offset line with its ends, the frames beside it, the sound on it."""
    line = sorted([round(p.time_s, 2), round(p.reference_s, 2)] for p in segment.pairs)
    ends = [
        [round(segment.start_s, 2), round(segment.reference_start_s, 2)],
        [round(segment.end_s, 2), round(segment.reference_end_s, 2)],
    ]
    told: dict[str, Any] = {
        "line": line or ends, "ends": ends, "speed": round(segment.speed, 3),
        "mirrored": segment.mirrored, "strength": round(segment.score, 2), "pairs": pairs,
    }  # fmt: skip
    if sound is not None:
        told["sound"] = {
            "a_s": round(sound.start_s, 2), "b_s": round(sound.reference_start_s, 2),
            "seconds": round(sound.seconds, 2), "error_rate": sound.error_rate,
        }  # fmt: skip
    return told


def _pair(here: Keypoints, there: Keypoints, match: LocalMatch) -> dict[str, Any]:
    return {
        "a_s": round(here.time_s, 2), "b_s": round(there.time_s, 2), "inliers": match.inliers,
        "points": [list(one) for one in match.points[:_SHOWN_POINTS]],
    }  # fmt: skip


def _edge(number: int, other: int, copy: Copy) -> Found:
    evidence = copy.evidence if number < other else turned(copy.evidence)
    a, b = min(number, other), max(number, other)
    return Found(a, b, LinkKind.COPY, copy.method, VERSION, copy.score, evidence)


def turned(evidence: dict[str, Any]) -> dict[str, Any]:
    """Evidence with both sides exchanged."""
    out = dict(evidence)
    for name in ("line", "ends"):
        if name in out:
            out[name] = [[b, a] for a, b in out[name]]
    if "pairs" in out:
        out["pairs"] = [
            one | {
                "a_s": one["b_s"], "b_s": one["a_s"],
                "points": [[c, d, a, b] for a, b, c, d in one["points"]],
            }
            for one in out["pairs"]
        ]  # fmt: skip
    if "sound" in out:
        heard = out["sound"]
        out["sound"] = heard | {
            f"{here}_{name}": heard[f"{there}_{name}"]
            for here, there in (("a", "b"), ("b", "a"))
            for name in ("s", "wave")
            if f"{there}_{name}" in heard
        }
    if "speed" in out:
        out["speed"] = round(1 / out["speed"], 3)
    return out
