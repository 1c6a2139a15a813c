"""What a watcher tells of a broadcast: its shape, frames that were looked at, and its end.

A jailed child pulls and hashes (`recognition.watch_task`), its watcher reads what it says
(`live.watching.childwire`), the owner of the watchers matches it (`live.watching.spotting`).
Times called `time_s` are of the broadcast's own clock; `at` is when the watcher had it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from breakwater.model.copies import FramePrints
from breakwater.model.ids import Id
from breakwater.model.signal import Fingerprint


class Sampling(StrEnum):
    """How closely a broadcast is looked at. Ordered: each looks at more than those before.

    `key`: key frames; when they are rarer than every four seconds the child takes `fast` by
    itself. `fast`: frames that others refer to, two a second. `full`: every frame is decoded,
    eight a second are looked at.
    """

    KEY = "key"
    FAST = "fast"
    FULL = "full"

    @property
    def every_s(self) -> float:
        """Least seconds between two frames that are looked at."""
        return {"key": 0.0, "fast": 0.5, "full": 0.125}[self.value]


class Ending(StrEnum):
    """Why a pull ended, as far as the puller can tell.

    `closed`: the server ended it in order (the publisher left, or was dropped). `reset`: the
    connection broke. `stalled`: it stands open and nothing comes. `refused`: it never opened.
    `no_video`: sound or data only. `changed`: another codec; it is opened anew at once.
    `broken`: the decoder gave up. `killed`: the child was ended, by its walls or by us.
    `asked`: we wanted it.
    """

    CLOSED = "closed"
    RESET = "reset"
    STALLED = "stalled"
    REFUSED = "refused"
    NO_VIDEO = "no_video"
    CHANGED = "changed"
    BROKEN = "broken"
    KILLED = "killed"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class LiveShape:
    """What a broadcast says of itself when it opens or changes."""

    video: str
    width: int
    height: int
    audio: str = ""
    container: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class LiveFrame:
    """One frame that was looked at.

    Attributes:
        stream, epoch: whose, and under which lease; an old epoch's frames are dropped.
        number: of the frames looked at in this pull, from 0.
        time_s: in the broadcast, from the start of the pull.
        at: when the watcher had it.
        key: it is a key frame.
        width, height: pixels.
        prints: PDQ in its eight views, and of the picture inside borders where there are any.
        query: views to find known videos with.
        reference: views by which this broadcast is found again.
        work_ms: from the packet to this, inside the jail.
    """

    stream: Id
    epoch: int
    number: int
    time_s: float
    at: datetime
    key: bool
    width: int
    height: int
    prints: tuple[Fingerprint, ...]
    query: FramePrints
    reference: FramePrints
    work_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """How a pull fares, told every second or two.

    Attributes:
        packets, bytes: of video and sound since it opened.
        media_s: of the broadcast's clock since it opened.
        wall_s: of ours; the difference is drift.
        bad: packets the decoder could not use.
        looked: frames looked at.
        cpu_s: processor seconds of the child.
        refused: packets that the container of the pre-roll did not take: they are missing in it.
    """

    packets: int = 0
    bytes: int = 0
    media_s: float = 0.0
    wall_s: float = 0.0
    bad: int = 0
    looked: int = 0
    cpu_s: float = 0.0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class PullEnd:
    """A pull is over."""

    why: Ending
    detail: str = ""
    pulse: Pulse = field(default_factory=Pulse)


@dataclass(frozen=True, slots=True)
class Preroll:
    """The last minutes of a broadcast, put into the vault.

    Attributes:
        blob: in the vault.
        start_s, end_s: in the broadcast's clock.
        container: `mpegts` or `matroska`.
        sha256: of the bytes as preserved.
    """

    stream: Id
    blob: Id
    start_s: float
    end_s: float
    size: int
    container: str
    sha256: bytes

    @property
    def seconds(self) -> float:
        """Length."""
        return self.end_s - self.start_s
