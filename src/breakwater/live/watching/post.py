"""One broadcast as its owner knows it: lease, frames so far, how much was seen, when to try again.

Plain state and arithmetic without threads or I/O; `watching` holds one for each broadcast and
guards it. Tests: `tests/unit/test_live_post.py`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater.live.preroll import Ring
from breakwater.live.watching.link import Link
from breakwater.live.watching.spotting import Spotter
from breakwater.media.stills import render
from breakwater.model.copies import FramePrints
from breakwater.model.live import Ending, LiveShape, Pulse, Sampling
from breakwater.model.media import Level
from breakwater.model.stream import Control, Stream
from breakwater.records.leases import Lease

PRINTS_KEPT: Final = 600
"""Frames by which a stopped broadcast is found again: 20 minutes at a 2 s GOP."""

GAP_S: Final = 5.0
"""Two frames this near to one another leave nothing between them unseen: longer than the four
seconds after which more than key frames are decoded."""

BACK_OFF_S: Final = (0.3, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
EARLY_S: Final = (0.05, 0.05, 0.1, 0.1, 0.2, 0.2, 0.3)
"""A media server asks us before it has the broadcast, so the first play may come too early."""

BLIND_S: Final = 12.0
"""Packets without a frame for so long are a case; no packets, a broadcast out of sight."""

BROKEN: Final = frozenset({Ending.BROKEN, Ending.KILLED, Ending.NO_VIDEO})
BROKEN_TRIES: Final = 3
WORRY_S: Final = 30.0
"""How long after something was spotted every frame is decoded."""

FAST_RISK: Final = 0.4
FULL_RISK: Final = 0.75


@dataclass(frozen=True, slots=True)
class WatchRules:
    """How it is watched here.

    Attributes:
        watchers: processes; 0 watches nothing.
        folder: of the pre-rolls; None keeps none.
        preroll_s: seconds kept.
        preroll_bytes: at most, of one broadcast.
    """

    watchers: int
    folder: Path | None
    preroll_s: float = 120.0
    preroll_bytes: int = 256 << 20


@dataclass(slots=True)
class Seen:
    """How much of a broadcast's length was looked at.

    Attributes:
        begun: wall seconds at which the broadcast began.
        covered: seconds of it between frames that are near to one another.
    """

    begun: float
    covered: float = 0.0
    last: float | None = None

    def look(self, at: float) -> None:
        """A frame was looked at."""
        if self.last is None:
            self.covered += min(max(at - self.begun, 0.0), 1.0)
        elif 0 < at - self.last <= GAP_S:
            self.covered += at - self.last
        self.last = at if self.last is None else max(self.last, at)

    def share(self, now: float) -> float:
        """0 to 1; what lies between the last frame and now counts while it is short."""
        length = now - self.begun
        if length <= 0:
            return 0.0
        fresh = now - self.last if self.last is not None else GAP_S + 1
        covered = self.covered + (fresh if 0 < fresh <= GAP_S else 0.0)
        return min(1.0, covered / length)


@dataclass(slots=True, eq=False)
class Post:
    """One broadcast that is watched here.

    Attributes:
        lease: the right to act for it; its epoch goes with everything said of it.
        link: the watcher that has it now; None while it waits for another try.
        tries: failures since the last frame, but for the early ones.
        early: how often it was refused since somebody began to send.
        again_at: wall seconds of the next try.
        fresh: a pull began, and has not said yet what it is.
        located: there is an address; a service may tell of broadcasts without one.
        worried_until: wall seconds until which it is looked at closely whatever its risk.
        small: the grey of its newest still of level S1, which is made when somebody looks.
        looked_until: wall seconds until which a strip of it is taken: more than key frames.
    """

    stream: Stream
    lease: Lease
    seen: Seen
    spotter: Spotter
    ring: Ring
    link: Link | None = None
    sampling: Sampling = Sampling.KEY
    shape: LiveShape | None = None
    pulse: Pulse = field(default_factory=Pulse)
    prints: deque[FramePrints] = field(default_factory=lambda: deque(maxlen=PRINTS_KEPT))
    stills: dict[str, bytes] = field(default_factory=dict)
    small: NDArray[np.uint8] | None = None
    frames: int = 0
    tries: int = 0
    early: int = 0
    patience: int = 1
    again_at: float = 0.0
    opened_at: float = 0.0
    pulse_at: float = 0.0
    told_blind_at: float = 0.0
    lost: bool = False
    fresh: bool = True
    located: bool = True
    worried_until: float = 0.0
    looked_until: float = 0.0
    over_at: float | None = None
    offset_s: float = 0.0
    last_s: float = 0.0

    @property
    def epoch(self) -> int:
        """Of the lease."""
        return self.lease.epoch

    def wanted(self, now: float) -> Sampling:
        """How closely it should be looked at now."""
        stream = self.stream
        if now < self.worried_until or stream.risk >= FULL_RISK or stream.control is Control.FROZEN:
            return Sampling.FULL
        closely = stream.risk >= FAST_RISK or stream.control.rank >= Control.WATCHED.rank
        if closely or now < self.looked_until:
            return Sampling.FAST
        return Sampling.KEY

    def small_still(self) -> bytes:
        """Its newest still of level S1, made now; empty when there is none."""
        return b"" if self.small is None else render(self.small, Level.S1)

    def knows(self, stream: Stream) -> Stream:
        """Take the broadcast as it was read, unless a newer reading came first; answers which holds."""
        if stream.version >= self.stream.version:
            self.stream = stream
        return self.stream

    def failed(self, why: Ending, now: float) -> None:
        """A pull ended against our wish: when to try again."""
        self.link = None
        if why is Ending.REFUSED and self.early < len(EARLY_S):
            self.again_at = now + EARLY_S[self.early]
            self.early += 1
            return
        if why is Ending.NO_VIDEO:
            self.patience = min(self.patience + 1, 3)
        wait = 0.0 if why is Ending.CHANGED else BACK_OFF_S[min(self.tries, len(BACK_OFF_S) - 1)]
        self.tries += 1
        self.again_at = now + wait

    def came(self, now: float) -> None:
        """Somebody began to send: no waiting for the next try, unless one is under way."""
        self.early = self.tries = 0
        self.again_at = self.again_at if self.again_at == float("inf") else now

    def opened(self, shape: LiveShape, now: float) -> None:
        """A pull opened, or changed its shape."""
        self.shape = shape
        self.opened_at = now
        self.pulse_at = now

    def looked(self, prints: FramePrints, now: float, time_s: float) -> None:
        """A frame came."""
        self.tries, self.patience = 0, 1
        self.frames += 1
        self.last_s = self.offset_s + time_s
        self.seen.look(now)
        self.prints.append(FramePrints(self.last_s, prints.views, prints.hashes, prints.qualities))

    def began_anew(self) -> None:
        """Another pull: its clock starts at zero, the broadcast's goes on."""
        self.fresh = False
        self.offset_s = self.last_s
        self.spotter.anew()

    def blind(self, now: float) -> bool:
        """Packets come and no frame does."""
        last = max(self.seen.last or 0.0, self.opened_at)
        return self.link is not None and self.pulse_at > last + BLIND_S and now > last + BLIND_S

    def out_of_sight(self, now: float) -> bool:
        """Nothing was seen of it for so long that nobody can say what it shows."""
        return now - (self.seen.last or self.seen.begun) > BLIND_S
