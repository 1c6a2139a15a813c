"""One time line between a query and a known video: found among sightings, and measured.

`lines_through` is the gate; `fit` confirms a line and says what each query frame on it is worth.
Source: reference matching-and-hashing, steps 3 and 4. Tests: tests/unit/test_matching_align.py.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater.matching.agreement import agreement
from breakwater.matching.reels import FAR, MIN_QUALITY, Laid
from breakwater.model.copies import FramePrints

SPEEDS: Final = (1.0, 0.9, 1.11, 0.8, 1.25)
"""Query seconds per second of the known video; 1 first, which wins a tie."""

TOLERANCE_S: Final = 0.5
SURE: Final = 31
"""Bits at which two views surely show the same: PDQ's own radius."""

VIEW_PAIRS: Final = 4
_BASIS: Final = 16
_LEAST_BASIS: Final = 2
"""Frames by which the pairs of views are chosen."""
_NEAREST: Final = 4
_SURE_WEIGHT: Final = 0.3
_LEAST_POINTS: Final = 4
_SAME_SPEED: Final = 0.05
_PLAIN_S: Final = 0.15
"""Seconds about a line of speed 1 within which no other speed need be told."""
_LEAST_SPAN_S: Final = 2.0
_ELSEWHERE: Final = 8
_APART_S: Final = 2.0
_MARGIN: Final = 16.0
"""Bits by which a frame must be nearer to its place than to others to tell anything."""
_TELLING: Final = 20.0
"""Bits beyond that at which it tells in full."""
_UNRELATED: Final = 100.0
"""Bits from an unrelated frame, the least of 16 pairs: where a known video has no other place."""


@dataclass(frozen=True, slots=True)
class Line:
    """Query time = offset_s + speed x reference time."""

    speed: float
    offset_s: float

    def reference(self, time_s: float) -> float:
        """Where in the known video a moment of the query lies."""
        return (time_s - self.offset_s) / self.speed

    def near(self, other: Line, time_s: float, within_s: float) -> bool:
        """Whether both lie together at a moment of the query."""
        return abs(self.reference(time_s) - other.reference(time_s)) <= within_s

    def beside(self) -> Iterator[Line]:
        """The lines a little to both sides."""
        for shift in (-0.25, 0.25):
            yield Line(self.speed, self.offset_s + shift)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A query frame as it is compared.

    Attributes:
        number: counted from 0.
        novelty: 0 to 1: how far it is from the frame before.
        views: (q,) numbers.
        words: (q, 4) uint64.
        novel: it counts as a new frame of its own.
    """

    number: int
    time_s: float
    novelty: float
    views: NDArray[np.uint8]
    words: NDArray[np.uint64]
    novel: bool = False

    @classmethod
    def of(cls, frame: FramePrints, number: int, novelty: float, *, novel: bool = False) -> Seen:
        """Without the views too poor to compare."""
        good = frame.qualities >= MIN_QUALITY
        words = np.ascontiguousarray(frame.hashes[good]).view(np.uint64).reshape(-1, 4)
        return cls(number, frame.time_s, novelty, frame.views[good], words, novel)


@dataclass(frozen=True, slots=True)
class Point:
    """What one query frame says for a line.

    Attributes:
        worth: gain x agreement, no more than the frame is new; below 0 where other places of the known video fit
            better, or where the two change differently.
        claim: what it would be worth if both changed alike.
        novel: the query frame is new in full.
        weight: 1 at 31 bits, 0 at 90: by it lines are fitted.
    """

    time_s: float
    reference_s: float
    distance: int
    view: int
    reference_view: int
    weight: float
    worth: float
    claim: float = 0.0
    novel: bool = False


def lines_through(
    hits: Sequence[tuple[int, float, float]],
    number: int,
    novelty: Mapping[int, float],
    *,
    least_new: float,
) -> list[Line]:
    """Lines through a frame's sightings that another frame's lie on, most frames first.

    Args:
        hits: frame number, its time, the time in the known video.
        number: of the frame.
        novelty: of each frame of the window.
        least_new: what the novelties on a line must sum to.
    """
    table = np.array(hits, np.float64)
    own = table[table[:, 0] == number]
    frames = table[:, 0].astype(np.int64)
    ranked: list[tuple[float, float, int, Line]] = []
    for rank, speed in enumerate(SPEEDS):
        offsets = table[:, 1] - speed * table[:, 2]
        for centre in (own[:, 1] - speed * own[:, 2]).tolist():
            on = np.abs(offsets - centre) <= TOLERANCE_S
            on_line = np.unique(frames[on])
            new = sum(novelty.get(one, 0.0) for one in on_line.tolist())
            if len(on_line) > 1 and new >= least_new:
                middle = float(np.median(offsets[on]))
                spread = float(np.abs(offsets[on] - middle).mean())
                ranked.append((-len(on_line), round(spread, 2), rank, Line(speed, middle)))
    ranked.sort(key=lambda one: one[:3])
    kept: list[Line] = []
    for *_, line in ranked:
        if not any(k.speed == line.speed and abs(k.offset_s - line.offset_s) < TOLERANCE_S
                   for k in kept):  # fmt: skip
            kept.append(line)
    return kept


def corrected(line: Line, points: Sequence[Point]) -> Line:
    """The line as its points have it: two frames say little about speed, ten say much."""
    sure = [p for p in points if p.weight > _SURE_WEIGHT]
    if len(sure) < _LEAST_POINTS:
        return line
    time = np.array([p.time_s for p in sure])
    reference = np.array([p.reference_s for p in sure])
    weight = np.array([p.weight for p in sure])
    speed = line.speed
    offsets = time - reference
    spread = offsets - np.average(offsets, weights=weight)
    if math.sqrt(np.average(spread * spread, weights=weight)) <= _PLAIN_S:
        speed = 1.0
    elif np.ptp(reference) >= _LEAST_SPAN_S:
        slope = float(np.polyfit(reference, time, 1, w=weight)[0])
        speed = min(max(slope, min(SPEEDS)), max(SPEEDS))
    return Line(speed, float(np.average(time - speed * reference, weights=weight)))


def bent(line: Line, points: Sequence[Point]) -> Iterator[Line]:
    """Lines of the other speeds through the middle of a few points."""
    time = float(np.mean([p.time_s for p in points]))
    reference = float(np.mean([p.reference_s for p in points]))
    for speed in SPEEDS:
        if abs(speed - line.speed) > _SAME_SPEED:
            yield Line(speed, time - speed * reference)


def weights(distance: NDArray[np.int64]) -> NDArray[np.float64]:
    """1 at 31 bits and below, 0 at 90 and above."""
    return np.clip((FAR - distance) / (FAR - SURE), 0.0, 1.0)


def gains(
    distance: NDArray[np.int64], elsewhere: NDArray[np.float64] | float = _UNRELATED
) -> NDArray[np.float64]:
    """-0.5 to 1: what distances tell, by those to other places of the known video."""
    gain: NDArray[np.float64] = np.clip((elsewhere - distance - _MARGIN) / _TELLING, -0.5, 1.0)
    return gain


def fit(
    laid: Laid, window: Sequence[Seen], line: Line, *, by: Collection[int] = ()
) -> dict[int, Point]:
    """What each frame of the window says for a line, by frame number; silent ones are left out.

    Args:
        laid: the known video.
        window: frames of the query.
        line: where they lie in it.
        by: numbers of frames that seem to lie on the line, by which the pairs of views are
            chosen; empty: by all.
    """
    span = (float(laid.times[0]) - TOLERANCE_S, float(laid.times[-1]) + TOLERANCE_S)
    frames = [
        one for one in window if len(one.views) and span[0] <= line.reference(one.time_s) <= span[1]
    ]
    if not frames:
        return {}
    views = np.unique(np.concatenate([one.views for one in frames]))
    words, there = _stacked(frames, views)
    at = np.array([line.reference(one.time_s) for one in frames])
    nearest = _nearest(laid.times, at)
    out_of = np.abs(laid.times[nearest] - at[:, None]) > _reach(laid.times, nearest)
    basis = np.array([i for i, one in enumerate(frames) if one.number in by][-_BASIS:], np.intp)
    if len(basis) < _LEAST_BASIS:
        basis = np.arange(len(frames))
    apart = _apart(words[basis], there[basis], laid, nearest[basis])
    apart[out_of[basis]] = 256
    pairs = _best_pairs(apart)
    flat = _paired(words, there, laid, nearest, pairs)
    flat[out_of] = 256
    flat = flat.reshape(len(frames), -1)
    chosen = flat.argmin(1)
    distance = flat[np.arange(len(frames)), chosen]
    weight = weights(distance)
    gain = _gain(laid, (words, there), at, pairs, distance)
    sure = np.flatnonzero(weight > 0)
    place, pair = np.divmod(chosen, len(pairs))
    own, theirs = np.divmod(pairs[pair], len(laid.views))
    reference = nearest[np.arange(len(frames)), place]
    agreed = agreement((words[sure], there[sure]), laid, (own[sure], theirs[sure]), reference[sure])
    out: dict[int, Point] = {}
    for at_sure, i in enumerate(sure.tolist()):
        one = frames[i]
        fresh, agrees = agreed[at_sure]
        new = min(one.novelty, fresh, float(gain[i]))
        out[one.number] = Point(
            one.time_s, float(laid.times[reference[i]]), int(distance[i]),
            int(views[own[i]]), int(laid.views[theirs[i]]), float(weight[i]),
            _worth(new, agrees), max(0.0, new), one.novel,
        )  # fmt: skip
    return out


def _worth(new: float, agreed: float) -> float:
    """Newness x agreement; of two that speak against, the one that does so louder."""
    return new * agreed if new > 0 and agreed > 0 else min(new, agreed, 0.0)


def _stacked(
    frames: Sequence[Seen], views: NDArray[np.uint8]
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Hashes of all frames by view: (n, q, 4), and which are there."""
    words = np.zeros((len(frames), len(views), 4), np.uint64)
    there = np.zeros(words.shape[:2], np.bool_)
    for i, one in enumerate(frames):
        slots = np.searchsorted(views, one.views)
        words[i, slots], there[i, slots] = one.words, True
    return words, there


def _nearest(times: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.intp]:
    """The reference frames about each moment: (n, up to 4)."""
    count = min(_NEAREST, len(times))
    first = np.clip(np.searchsorted(times, at) - count // 2, 0, len(times) - count)
    return first[:, None] + np.arange(count)


def _reach(times: NDArray[np.float64], nearest: NDArray[np.intp]) -> NDArray[np.float64]:
    """How far from the line a reference frame may lie: half a second, or to the next frame."""
    if nearest.shape[1] == 1:
        return np.full((len(nearest), 1), 2 * TOLERANCE_S)
    held = times[nearest]
    gap = np.diff(held, axis=1).max(1, keepdims=True)
    reach: NDArray[np.float64] = np.clip(gap, TOLERANCE_S, 4 * TOLERANCE_S)
    return reach


def _apart(
    words: NDArray[np.uint64],
    there: NDArray[np.bool_],
    laid: Laid,
    places: NDArray[np.intp],
) -> NDArray[np.int64]:
    """Distances (n, k, q, v) between query frames and their places; 256 where one is missing."""
    theirs, exist = laid.words[places], laid.there[places]
    bits = np.bitwise_count(words[:, None, :, None, :] ^ theirs[:, :, None, :, :])
    found: NDArray[np.int64] = bits.sum(-1, dtype=np.int64)
    found[~(there[:, None, :, None] & exist[:, :, None, :])] = 256
    return found


def _paired(
    words: NDArray[np.uint64],
    there: NDArray[np.bool_],
    laid: Laid,
    places: NDArray[np.intp],
    pairs: NDArray[np.intp],
) -> NDArray[np.int64]:
    """Distances (n, k, pairs) between query frames and places in chosen pairs of views."""
    own, theirs = np.divmod(pairs, len(laid.views))
    known = laid.words[places][:, :, theirs]
    bits = np.bitwise_count(words[:, None, own] ^ known).sum(-1, dtype=np.int64)
    bits[~(there[:, None, own] & laid.there[places][:, :, theirs])] = 256
    found: NDArray[np.int64] = bits
    return found


def _best_pairs(apart: NDArray[np.int64]) -> NDArray[np.intp]:
    """The pairs of views with the largest sum of squared weights, as q x V + v."""
    least = apart.min(1).reshape(len(apart), -1)
    worth = (weights(least) ** 2).sum(0)
    return np.argsort(-worth, kind="stable")[:VIEW_PAIRS]


def _gain(
    laid: Laid,
    stacked: tuple[NDArray[np.uint64], NDArray[np.bool_]],
    at: NDArray[np.float64],
    pairs: NDArray[np.intp],
    distance: NDArray[np.int64],
) -> NDArray[np.float64]:
    """-0.5 to 1: how much nearer each frame is to its place than to others of the known video.

    The distance to the other places is the null, measured for this frame and this known video:
    what stands in one room is near everywhere, and so tells little anywhere.
    """
    words, there = stacked
    probes = np.unique(np.linspace(0, len(laid.times) - 1, _ELSEWHERE).astype(np.intp))
    count = min(_NEAREST, len(laid.times))
    first = np.clip(probes - count // 2, 0, len(laid.times) - count)
    apart = []
    own, theirs = np.divmod(pairs, len(laid.views))
    for start in np.unique(first):
        held = slice(start, start + count)
        bits = np.bitwise_count(
            words[:, None, own, :] ^ laid.words[None, held][:, :, theirs, :]
        ).sum(-1, dtype=np.int64)
        bits[~(there[:, None, own] & laid.there[None, held][:, :, theirs])] = 256
        far = np.abs(laid.times[held][None, :] - at[:, None]) > _APART_S
        bits[~far] = 512
        least = bits.reshape(len(at), -1).min(1)
        apart.append(np.where(far.any(1), least, -1))
    table = np.array(apart).T.astype(np.float64)
    table[table < 0] = np.nan
    known = ~np.isnan(table).all(1)
    middle = np.full(len(at), np.inf)
    if known.any():
        middle[known] = np.nanmedian(table[known], axis=1)
    return gains(distance, np.minimum(middle, _UNRELATED))
