"""Alignment in time: frames of a query in, stretches of known videos out.

`Follower` takes a query's frames one by one, live or from a file. Gate: two frames with
sightings on one time line. Confirm: the four pairs
of views that agree best over the window; distance = the least of them. Score = sum over frames of
gain x agreement: a frame counts by how much nearer it is to its place in the known video than to
other places of it (a null that is measured for each frame and each known video), by how new it is,
and by whether both change alike. A frozen picture, a room or a slide shown for long cannot score by
repetition. Source: reference matching-and-hashing, steps 3 to 5. Tests:
tests/unit/test_matching_align.py.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater.matching.line import (
    SPEEDS,
    TOLERANCE_S,
    Line,
    Point,
    Seen,
    bent,
    corrected,
    fit,
    lines_through,
)
from breakwater.matching.openings import LONGEST_S, MOST, shared_before_end, shared_until
from breakwater.matching.reels import Laid, ReelIndex, Sightings
from breakwater.matching.tracks import LINK_SCORE, LOOK_SCORE, Track, best_of_each, zone_of
from breakwater.model.copies import FramePair, FramePrints, Segment

__all__ = ["LINK_SCORE", "LOOK_SCORE", "SPEEDS", "Follower", "zone_of"]

WINDOW: Final = 64
WINDOW_S: Final = 180.0
"""The gate looks back over that many frames, and no longer than that."""

MIRRORED: Final = 128
_FULL: Final = 0
_NEW_BITS: Final = 24.0
_PAIRS: Final = 24
_PER_FRAME: Final = 12
_QUIET_S: Final = 12.0
"""A segment that nothing supports for so long has ended."""
_LEAST_NEW: Final = 0.5
_SAME_LINE_S: Final = 1.5
_LINES: Final = 3
_HOPELESS: Final = 0.2
"""Score up to which a line is not tried a little to both sides."""
_HOPES: Final = 16
"""Lines that said too little and are measured again, of all known videos."""
_HOPE_EVERY: Final = 4
_HOPE_FRAMES: Final = 48
_PATIENCE: Final = 4
"""Frames at most between two tries of a known video that is near at every moment: one room."""
_TREND: Final = 24
_NEARLY: Final = 0.97
_BETTER: Final = 1.02
_TOLD: Final = 0.3
"""Score by which another speed must say more: a few faint frames fit many."""
_YOUNG: Final = 12
"""Points up to which a segment that lost its line may turn out to run at another speed."""
_MOVED_S: Final = 0.1
_LATEST: Final = 12
"""Frames by which a link that stands is measured on; before, the whole window."""


class Follower:
    """Follows one query through all known videos. Not for several threads.

    Attributes:
        sighted: known videos that the newest frame is near to, wherever in them, and the bits
            between them.
    """

    def __init__(self, index: ReelIndex) -> None:
        self._index = index
        self._seen: deque[Seen] = deque(maxlen=WINDOW)
        self._hits: dict[int, deque[tuple[int, float, float]]] = {}
        self._tracks: dict[int, list[Track]] = {}
        self._hopes: deque[tuple[int, int, Line]] = deque(maxlen=_HOPES)
        self._vain: dict[int, tuple[int, int]] = {}
        self._known: set[int] = set()
        self._shared: dict[int, tuple[int, float, float]] = {}
        self._done: list[Segment] = []
        self.sighted: dict[int, int] = {}
        self._last: NDArray[np.uint64] | None = None
        self._counted: NDArray[np.uint64] | None = None
        self._times: deque[float] = deque(maxlen=2)
        self._count = 0

    def feed(self, frame: FramePrints, *, between: bool = False) -> tuple[Segment, ...]:
        """Take the next frame, in the order of time.

        Args:
            frame: its views.
            between: it lies between two frames that are looked at anyhow: it supports a stretch
                and is not counted, nor what the next one is new against.

        Returns:
            Segments in the zones LOOK and LINK that this frame began or strengthened, each as it
            stands now; the same (reel, start_s, speed) comes again as it grows.
        """
        seen = self._take(frame, between=between)
        sightings = self._index.search(frame)
        hit = self.sighted = self._note(seen, sightings)
        self._forget(seen.time_s)
        strong: list[tuple[int, Track]] = []
        self._hope(seen)
        for reel in sorted(hit.keys() | self._tracks.keys()):
            laid = self._index.laid(reel)
            if laid is None:
                self._tracks.pop(reel, None)
                continue
            if reel in hit and self._due(reel, seen):
                self._open(reel, seen)
            grown = [track for track in self._tracks.get(reel, ()) if self._grew(laid, track)]
            strong += [(reel, track) for track in grown if track.score >= LOOK_SCORE]
        self._known |= {reel for reel, track in strong if track.score >= LINK_SCORE}
        return best_of_each([self._segment(reel, track) for reel, track in strong])

    def finish(self) -> tuple[Segment, ...]:
        """All segments of the query so far, best first: those that ended, and those that stand."""
        standing = [
            self._segment(reel, track)
            for reel, tracks in self._tracks.items()
            for track in tracks
            if track.score >= LOOK_SCORE
        ]
        return best_of_each([*self._done, *standing])

    def _take(self, frame: FramePrints, *, between: bool) -> Seen:
        whole = np.flatnonzero(frame.views == _FULL)
        novelty, novel = 0.0, False
        if len(whole):
            words = np.ascontiguousarray(frame.hashes[whole[0]]).view(np.uint64)
            novelty = _new(words, self._last)
            self._last = words
            if not between:
                novel = _new(words, self._counted) >= 1.0
                self._counted = words
        seen = Seen.of(frame, self._count, novelty, novel=novel)
        self._count += 1
        self._seen.append(seen)
        return seen

    def _note(self, seen: Seen, sightings: Sightings) -> dict[int, int]:
        """Remember where the frame was sighted; answers the reels, and how far from them it is."""
        if not len(sightings.reel):
            return {}
        order = np.lexsort((sightings.distance, sightings.reel))
        reels, frames = sightings.reel[order], sightings.frame[order]
        found: dict[int, int] = {}
        for reel in np.unique(reels).tolist():
            laid = self._index.laid(reel)
            if laid is None:
                continue
            own = list(dict.fromkeys(frames[reels == reel].tolist()))[:_PER_FRAME]
            times = self._hits.setdefault(reel, deque(maxlen=WINDOW * _PER_FRAME))
            times.extend((seen.number, seen.time_s, float(laid.times[at])) for at in own)
            found[reel] = int(sightings.distance[order][reels == reel][0])
        return found

    def _forget(self, now_s: float) -> None:
        """Let go of what is too old, and end segments that nothing supports any more."""
        while self._seen and now_s - self._seen[0].time_s > WINDOW_S:
            self._seen.popleft()
        first = self._seen[0].number if self._seen else self._count
        for reel in list(self._hits):
            hits = self._hits[reel]
            while hits and hits[0][0] < first:
                hits.popleft()
            if not hits:
                del self._hits[reel]
                self._vain.pop(reel, None)
        for reel in list(self._tracks):
            standing = []
            for track in self._tracks[reel]:
                last = max((p.time_s for p in track.points.values()), default=-1e9)
                if now_s - last <= max(_QUIET_S, 4 * self._gap()):
                    standing.append(track)
                elif track.score >= LOOK_SCORE:
                    self._done.append(self._segment(reel, track))
            if standing:
                self._tracks[reel] = standing
            else:
                del self._tracks[reel]

    def _gap(self) -> float:
        """The usual time between frames."""
        if len(self._seen) < 2:
            return 0.0
        return (self._seen[-1].time_s - self._seen[0].time_s) / (len(self._seen) - 1)

    def _due(self, reel: int, seen: Seen) -> bool:
        """Whether a line is looked for now: the oftener in vain, the more seldom."""
        times, last = self._vain.get(reel, (0, seen.number))
        return seen.number - last >= min(_PATIENCE, times // _PATIENCE)

    def _open(self, reel: int, seen: Seen) -> None:
        """Begin a track on each good line through the frame that none follows yet."""
        laid = self._index.laid(reel)
        new = {one.number: one.novelty for one in self._seen}
        lines = lines_through(list(self._hits[reel]), seen.number, new, least_new=_LEAST_NEW)
        tracks = self._tracks.setdefault(reel, [])
        tried, opened = 0, len(tracks)
        for line in lines[:_LINES]:
            if any(track.line.near(line, seen.time_s, _SAME_LINE_S) for track in tracks):
                continue
            if laid is None:
                break
            best = self._tried(laid, line, reel)
            if best.score > _HOPELESS:
                beside = (self._tried(laid, other, reel) for other in line.beside())
                best = max([best, *beside], key=lambda track: track.score)
            tried += 1
            if best.score >= LOOK_SCORE:
                tracks.append(best)
            elif best.score > 0 and not self._hoped(reel, best.line, seen.time_s):
                self._hopes.append((reel, seen.number, best.line))
        if tried:
            vain = 0 if len(tracks) > opened else self._vain.get(reel, (0, 0))[0] + 1
            self._vain[reel] = (vain, seen.number)
        if not tracks:
            del self._tracks[reel]

    def _hoped(self, reel: int, line: Line, time_s: float) -> bool:
        """Whether it is measured again anyhow, or enough of this known video are."""
        mine = [one for number, _, one in self._hopes if number == reel]
        return len(mine) >= _LINES or any(one.near(line, time_s, _SAME_LINE_S) for one in mine)

    def _hope(self, seen: Seen) -> None:
        """Measure lines that said too little again, with the frames that came since.

        Under a bar and at a low rate two frames of fifty are sighted by key, early on; what all
        say together is known later.
        """
        for _ in range(len(self._hopes)):
            reel, began, line = self._hopes.popleft()
            age, laid = seen.number - began, self._index.laid(reel)
            tracks = self._tracks.get(reel, [])
            if laid is None or any(t.line.near(line, seen.time_s, _SAME_LINE_S) for t in tracks):
                continue
            if age and age % _HOPE_EVERY == 0:
                again = Track(line, fit(laid, [*self._seen], line))
                if again.score >= LOOK_SCORE:
                    self._tracks.setdefault(reel, []).append(again)
                    continue
            if age < _HOPE_FRAMES:
                self._hopes.append((reel, began, line))

    def _tried(self, laid: Laid, line: Line, reel: int) -> Track:
        on_it = {
            number
            for number, time_s, there_s in self._hits[reel]
            if abs(line.reference(time_s) - there_s) <= TOLERANCE_S
        }
        return Track(line, fit(laid, [*self._seen], line, by=on_it))

    def _grew(self, laid: Laid, track: Track) -> bool:
        """Measure a track on, correct its line, and say whether the newest frame supports it."""
        newest = self._seen[-1].number
        recent = [*self._seen]
        settled = -1
        if track.score >= LINK_SCORE:
            recent = recent[-_LATEST:]
            settled = recent[-_LATEST // 3].number
        measured = fit(laid, recent, track.line, by=[*track.points, newest])
        track.points.update((n, p) for n, p in measured.items() if n >= settled)
        points = [p for _, p in sorted(track.points.items())][-_TREND:]
        line = corrected(track.line, points)
        ends = (self._seen[0].time_s, self._seen[-1].time_s)
        if max(abs(line.reference(t) - track.line.reference(t)) for t in ends) > _MOVED_S:
            self._moved(laid, track, line)
        if newest not in track.points and 1 < len(points) <= _YOUNG:
            for other in bent(track.line, points):
                self._moved(laid, track, other, share=_BETTER, more=_TOLD)
        elif 1 < len(points) <= _YOUNG:
            for other in bent(track.line, points):
                if other.speed == 1.0:  # what is told of a short copy is not a chance slope
                    self._moved(laid, track, other, share=_NEARLY)
        point = track.points.get(newest)
        return point is not None and point.worth > 0

    def _moved(
        self, laid: Laid, track: Track, line: Line, *, share: float = 1.0, more: float = 0.0
    ) -> None:
        """Take another line when the window says at least as much for it, or nearly."""
        again = fit(laid, [*self._seen], line, by=[*track.points, self._seen[-1].number])
        first = self._seen[0].number
        held = sum(p.worth for n, p in track.points.items() if n >= first)
        if sum(point.worth for point in again.values()) >= share * held + more:
            older = {n: p for n, p in track.points.items() if n < first}
            track.points, track.line = older | again, line

    def _segment(self, reel: int, track: Track) -> Segment:
        points = sorted((p for p in track.points.values() if p.weight > 0), key=lambda p: p.time_s)
        first, last = points[0], points[-1]
        sooner, later = self._before(track) / 2, self._after(last.time_s) / 2
        score = track.score
        opening = score >= LINK_SCORE and self._only_opens(reel, points)
        telling = [point for point in points if point.worth > _LEAST_NEW / 5]
        novel = [point.time_s for point in telling if point.novel]
        best = sorted(points, key=lambda p: p.distance)[:_PAIRS]
        lead = min(sooner, first.time_s, first.reference_s * track.line.speed)  # on both sides
        return Segment(
            reel=reel,
            start_s=first.time_s - lead,
            end_s=last.time_s + later,
            reference_start_s=first.reference_s - lead / track.line.speed,
            reference_end_s=last.reference_s + later / track.line.speed,
            speed=round(track.line.speed, 2),
            score=round(score, 3),
            frames=len(novel),
            mirrored=sum(p.view >= MIRRORED for p in points) * 2 > len(points),
            zone=zone_of(score, len(telling), agrees=track.agrees and not opening),
            opening=opening,
            span_s=novel[-1] - novel[0] if novel else 0.0,
            pairs=tuple(
                FramePair(p.time_s, p.reference_s, p.distance, p.view, p.reference_view)
                for p in best
            ),
        )

    def _before(self, track: Track) -> float:
        """Seconds from the frame before a track's first; from afar key frames, then more."""
        began = min(number for number, point in track.points.items() if point.weight > 0)
        if track.before[0] != began:
            at = began - self._seen[0].number
            known = 0 < at < len(self._seen)
            gap = self._seen[at].time_s - self._seen[at - 1].time_s if known else self._gap()
            track.before = began, gap
        return track.before[1]

    def _after(self, time_s: float) -> float:
        """Seconds to the frame after a moment; the usual ones after the newest."""
        times = [one.time_s for one in self._seen if one.time_s > time_s]
        if times:
            return times[0] - time_s
        if len(self._seen) < 2:
            return 0.0
        return min(self._gap(), self._seen[-1].time_s - self._seen[-2].time_s)

    def _only_opens(self, reel: int, points: Sequence[Point]) -> bool:
        """Whether what links is an opening or ending that other known videos, seen here too, have.

        What lies between counts alone; several that open or end alike are a channel's. What is
        most of a video is the video: three trims of one are no channel.
        """
        own = self._index.laid(reel)
        if own is None or not len(own.times):
            return False
        places = [point.reference_s for point in points]
        length = float(own.times[-1])
        if min(places) > LONGEST_S and max(places) < length - LONGEST_S:
            return False
        others = len(self._known)
        if self._shared.get(reel, (-1, 0.0, 0.0))[0] != others:
            laid = [self._index.laid(one) for one in self._known - {reel}]
            beside = [one for one in laid if one is not None]
            self._shared[reel] = others, shared_until(own, beside), shared_before_end(own, beside)
        _, until, before = self._shared[reel]
        until, before = (part if part <= length * MOST else 0.0 for part in (until, before))
        ends = length - before if before else math.inf
        beyond = sum(point.worth for point in points if until < point.reference_s < ends)
        return (until > 0 or before > 0) and beyond < LINK_SCORE


def _new(words: NDArray[np.uint64], before: NDArray[np.uint64] | None) -> float:
    """0 to 1: how new a frame is after another."""
    if before is None:
        return 1.0
    return min(1.0, int(np.bitwise_count(words ^ before).sum()) / _NEW_BITS)
