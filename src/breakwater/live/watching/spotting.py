"""Frames of a broadcast in, alerts out: banks by single frames, known videos by alignment.

One `Spotter` for each broadcast; it remembers what makes frames new (a frozen picture never
counts twice) and what it has told. What follows from an alert is `live.policy`'s. Used by
`watching`; tests: `tests/integration/test_live_watching.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from breakwater.model.copies import FramePrints, Segment, Zone
from breakwater.model.ids import Id
from breakwater.model.live import LiveFrame
from breakwater.model.match import Match
from breakwater.model.scene import CloserLook
from breakwater.model.stream import Alert
from breakwater.recognition import grey
from breakwater.recognition.align import Aligner, Copy, Follower, join
from breakwater.recognition.hunches import Hunches
from breakwater.recognition.screen import Screener
from breakwater.records.database import Database

NOVEL: Final = 24
"""Bits between a frame and the one before it from which it is new (reference, step 4)."""

FOLLOW_S: Final = 0.9
"""Least seconds between frames that are aligned: reels have about one a second, and what is new
in a frame is measured against the one before, so that more of them would only say less."""
FOLLOW_OTHERS_S: Final = 1.9
"""Frames that are no key frames are aligned only where key frames are rare."""

BETWEEN_S: Final = 0.15
"""Least seconds between frames while a stretch stands: it is followed as closely as an upload, by
frames between those that count as new (`matching.align.Follower.feed`). More than one look of
eight a second at any rate of frames, less than two at most of them."""
CLOSELY_S: Final = 30.0
"""For how long after a stretch was last supported; so long the child is asked for more frames."""

SAME_LINE_S: Final = 2.0
"""Two stretches of one known video this near to one another in time are the same showing."""

WINDOW_S: Final = 60.0
AGAIN_S: Final = 5.0
ENOUGH_FRAMES: Final = 3
ENOUGH_S: Final = 4.0
"""What policy wants for an automatic cut (issue "Live"); reaching it is told at once."""


@dataclass(frozen=True, slots=True)
class Spotted:
    """An alert and what supports it."""

    alert: Alert
    segments: tuple[Segment, ...] = ()
    matches: tuple[Match, ...] = ()
    looks: tuple[CloserLook, ...] = ()


@dataclass(slots=True)
class _Told:
    """What was told of one reference."""

    at_s: float
    step: tuple[int, bool]


@dataclass(slots=True)
class _Met:
    """Novel frames near one entry."""

    times: list[float] = field(default_factory=list)


class Spotter:
    """Follows one broadcast. Not for several threads, but for `settle`.

    Attributes:
        doubts: stretches that the newest frame supports and the alignment is not sure of.
        curious: a known video was sighted just now: more frames would tell.
    """

    def __init__(
        self, stream: Id, *, db: Database, screener: Screener, aligner: Aligner | None
    ) -> None:
        self._stream, self._db = stream, db
        self._screener, self._aligner = screener, aligner
        self._follower: Follower | None = aligner.follow() if aligner else None
        self._last: bytes | None = None
        self._offset = 0.0
        self._end_s = 0.0
        self._followed_s = self._fed_s = -FOLLOW_S
        self._closely_until = -CLOSELY_S
        self._hunches = Hunches()
        self._told: dict[Id, _Told] = {}
        self._met: dict[Id, _Met] = {}
        self._settled: dict[int, Segment] = {}
        self.doubts: tuple[Copy, ...] = ()
        self.curious = False

    def anew(self) -> None:
        """A new pull began: its clock starts at zero, the broadcast's goes on."""
        self._offset = self._end_s

    def look(self, frame: LiveFrame) -> list[Spotted]:
        """Everything that this frame tells."""
        time_s = self._offset + frame.time_s
        self._end_s = max(self._end_s, time_s)
        novel = self._novel(frame)
        return self._copies(frame, time_s, novel=novel) + self._entries(frame, time_s, novel=novel)

    def settle(self, judged: Segment) -> None:
        """A closer look has judged a stretch: what goes on of it is taken so from now on."""
        self._settled[judged.reel] = judged

    def alert(
        self, copy: Copy, at: datetime, time_s: float, *, words: str = "", may_cut: bool = True
    ) -> Alert:
        """What is told of a stretch.

        Args:
            copy: the stretch.
            at: when.
            time_s: in the broadcast.
            words: for people; what it shows where nothing is given.
            may_cut: whether it may support an automatic cut.
        """
        one = copy.segment
        stopped = copy.reel.source.startswith("stream:")
        what = (
            "a broadcast that was stopped" if stopped else f"a video of the bank {copy.bank.name}"
        )
        return Alert(
            self._stream, at, time_s, "stopped" if stopped else "copy",
            words or f"It shows {_length(one.end_s - one.start_s)} of {what}.",
            frames=one.frames, span_s=one.span_s, score=one.score,
            reference=copy.reel.id, bank=copy.bank.name, auto_cut=copy.verified and may_cut,
        )  # fmt: skip

    def _novel(self, frame: LiveFrame) -> bool:
        value = frame.prints[0].signal.value if frame.prints else b""
        before, self._last = self._last, value
        if before is None or not value:
            return True
        return (int.from_bytes(before, "big") ^ int.from_bytes(value, "big")).bit_count() >= NOVEL

    def _entries(self, frame: LiveFrame, time_s: float, *, novel: bool) -> list[Spotted]:
        """Bank entries that this frame is near to."""
        found = self._screener.match(frame.prints, unit=self._stream, now=frame.at)
        spotted = []
        for match in found:
            if not match.acting or match.negative:
                continue
            met = self._met.setdefault(match.entry, _Met())
            met.times = [at for at in met.times if at > time_s - WINDOW_S]
            if novel or not met.times:
                met.times.append(time_s)
            span = met.times[-1] - met.times[0]
            if not self._news(match.entry, time_s, len(met.times), span, linked=True):
                continue
            words = f"A frame is {match.distance} bits from an entry of the bank {match.bank}."
            spotted.append(
                Spotted(
                    Alert(
                        self._stream, frame.at, time_s, "match", words, frames=len(met.times),
                        span_s=span, reference=match.entry, bank=match.bank,
                    ),
                    matches=(match,),
                )
            )  # fmt: skip
        return spotted

    def _copies(self, frame: LiveFrame, time_s: float, *, novel: bool) -> list[Spotted]:
        """Known videos that it has shown stretches of."""
        if self._follower is None or self._aligner is None or not self._aligner.any:
            return []
        segments = self._followed(frame, time_s, novel=novel)
        if not segments:
            return []
        with self._db.read() as tx:
            joined = join(tx, segments)
        copies = [one for one in map(self._judged, joined) if one.segment.zone is not Zone.NOTHING]
        if any(self._acts(one) for one in copies):
            self._closely_until = time_s + CLOSELY_S
        mine = [one for one in joined if self._acts(one)]
        self.doubts = tuple(one for one in mine if self._open(one))
        spotted = []
        for reel in {copy.reel.id for copy in copies}:
            same = [copy for copy in copies if copy.reel.id == reel]
            best = max(same, key=lambda copy: copy.segment.score)
            if self._counts(best, time_s):
                lifted = best not in joined  # a closer look freezes and calls; it never cuts
                told = self.alert(best, frame.at, time_s, may_cut=not lifted)
                spotted.append(Spotted(told, tuple(one.segment for one in same)))
        return spotted

    def _followed(self, frame: LiveFrame, time_s: float, *, novel: bool) -> tuple[Segment, ...]:
        """What the alignment says of a frame; nothing of one that it is too early for.

        It is never too early for a cut just after a key frame.
        """
        between = time_s - self._followed_s < (FOLLOW_S if frame.key else FOLLOW_OTHERS_S)
        closely = frame.key or time_s <= self._closely_until or self.curious
        early = time_s - self._fed_s < BETWEEN_S and not (frame.key and novel)
        if self._follower is None or early or (between and not closely):
            return ()
        self._fed_s = time_s
        self.doubts = ()
        query = frame.query
        prints = FramePrints(time_s, query.views, query.hashes, query.qualities)
        if between:
            found = self._follower.feed(prints, between=True)
        else:
            self._followed_s = time_s
            found = self._follower.feed(prints)
        standing = {one.reel for one in found}
        self.curious = self._hunches.take(time_s, self._follower.sighted, standing)
        return found

    def _judged(self, copy: Copy) -> Copy:
        """A stretch as a closer look has judged it, as long as the alignment is no surer."""
        one, known = copy.segment, self._settled.get(copy.reel.number)
        if one.zone is not Zone.LOOK or known is None or not _same_line(one, known):
            return copy
        return replace(copy, segment=replace(one, zone=known.zone))

    def _open(self, copy: Copy) -> bool:
        """Whether a closer look could tell more of it."""
        known = self._settled.get(copy.reel.number)
        done = known is not None and known.zone is not Zone.LOOK and _same_line(copy.segment, known)
        return grey.unsure(copy.segment) and not done

    def _acts(self, copy: Copy) -> bool:
        """It acts, and is of somebody else."""
        return copy.acting and copy.reel.source != f"stream:{self._stream}"

    def _counts(self, copy: Copy, time_s: float) -> bool:
        """It acts, is of somebody else, and is news."""
        if not self._acts(copy):
            return False
        one = copy.segment
        return self._news(
            copy.reel.id, time_s, one.frames, one.span_s, linked=one.zone is Zone.LINK
        )

    def _news(
        self, reference: Id, time_s: float, frames: int, span_s: float, *, linked: bool
    ) -> bool:
        """Not told for seconds, or it has reached what policy waits for."""
        enough = frames >= ENOUGH_FRAMES and span_s >= ENOUGH_S
        step = int(linked), enough
        told = self._told.get(reference)
        if told is not None and time_s - told.at_s < AGAIN_S and step <= told.step:
            return False
        self._told[reference] = _Told(time_s, step if told is None else max(step, told.step))
        return True


def _same_line(one: Segment, other: Segment) -> bool:
    """Whether two stretches of a known video are one showing of it."""
    if one.mirrored is not other.mirrored:
        return False
    began = [s.start_s - s.reference_start_s * s.speed for s in (one, other)]
    return abs(began[0] - began[1]) <= SAME_LINE_S


def _length(seconds: float) -> str:
    """As people say it; of one frame nobody knows how long it is."""
    return f"{seconds:.0f} s" if seconds >= 1 else "frames"
