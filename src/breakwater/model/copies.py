"""Copies in time: the prints of frames and what aligning them with known videos finds.

`fingerprint.views` makes `FramePrints` from decoded frames inside the jail; `matching.align`
finds `Segment`s; `recognition.align` joins them with reels and banks. Source: reference
matching-and-hashing, "Copy detection in time".
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import BadSignal
from breakwater.model.ids import Id

PRINT_BYTES: Final = 32
_MAGIC: Final = b"BWR1"
_HEAD: Final = struct.Struct("<4sII")


class Zone(StrEnum):
    """What a score is worth: a link, a closer look (`scenes.local`), or nothing."""

    LINK = "link"
    LOOK = "look"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, eq=False)
class FramePrints:
    """All views of one frame.

    Attributes:
        time_s: seconds from the start of the file or broadcast.
        views: (n,) uint8 numbers of views, `fingerprint.views.VIEWS`; mirrored ones + 128.
        hashes: (n, 32) uint8 PDQ bits of each view.
        qualities: (n,) uint8, 0 to 100.
    """

    time_s: float
    views: NDArray[np.uint8]
    hashes: NDArray[np.uint8]
    qualities: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class ReelPrints:
    """The views of all frames of one video, as they are stored and searched.

    Attributes:
        times: (f,) float32 seconds, ascending.
        starts: (f + 1,) uint32: where each frame's views begin.
        views: (n,) uint8.
        hashes: (n, 32) uint8.
        qualities: (n,) uint8.
    """

    times: NDArray[np.float32]
    starts: NDArray[np.uint32]
    views: NDArray[np.uint8]
    hashes: NDArray[np.uint8]
    qualities: NDArray[np.uint8]

    @classmethod
    def of(cls, frames: Sequence[FramePrints]) -> Self:
        """Join frames; those without views are left out."""
        kept = sorted((one for one in frames if len(one.views)), key=lambda one: one.time_s)
        none = np.zeros(0, np.uint8)
        return cls(
            np.array([one.time_s for one in kept], np.float32),
            np.cumsum([0, *(len(one.views) for one in kept)]).astype(np.uint32),
            np.concatenate([none, *(one.views for one in kept)]),
            np.concatenate([none.reshape(0, PRINT_BYTES), *(one.hashes for one in kept)]),
            np.concatenate([none, *(one.qualities for one in kept)]),
        )

    @classmethod
    def parse(cls, blob: bytes) -> Self:
        """Read what `pack` wrote.

        Raises:
            BadSignal: another form, or cut short.
        """
        head = blob[: _HEAD.size].ljust(_HEAD.size, b"\0")
        magic, frames, rows = _HEAD.unpack(head)
        sizes = [4 * frames, 4 * (frames + 1), rows, PRINT_BYTES * rows, rows]
        if magic != _MAGIC or len(blob) != _HEAD.size + sum(sizes):
            raise BadSignal("These are not packed prints of a video, or they are cut short.")
        ends = np.cumsum([_HEAD.size, *sizes]).tolist()
        parts = [blob[a:b] for a, b in itertools.pairwise(ends)]
        starts = np.frombuffer(parts[1], "<u4")
        times = np.frombuffer(parts[0], "<f4")
        if (
            starts[0] != 0 or starts[-1] != rows or (np.diff(starts.astype(np.int64)) < 0).any()
            or not np.isfinite(times).all() or (np.diff(times) < 0).any()
        ):  # fmt: skip
            raise BadSignal("The packed prints of a video are damaged.")
        return cls(
            times.astype(np.float32), starts.astype(np.uint32),
            np.frombuffer(parts[2], np.uint8),
            np.frombuffer(parts[3], np.uint8).reshape(rows, PRINT_BYTES),
            np.frombuffer(parts[4], np.uint8),
        )  # fmt: skip

    def pack(self) -> bytes:
        """One blob: about 34 bytes a view."""
        return _HEAD.pack(_MAGIC, len(self.times), len(self.views)) + b"".join((
            self.times.astype("<f4").tobytes(), self.starts.astype("<u4").tobytes(),
            self.views.tobytes(), self.hashes.tobytes(), self.qualities.tobytes(),
        ))  # fmt: skip

    def frames(self) -> Iterator[FramePrints]:
        """Frame by frame again."""
        for at, time_s in enumerate(self.times.tolist()):
            rows = slice(int(self.starts[at]), int(self.starts[at + 1]))
            yield FramePrints(time_s, self.views[rows], self.hashes[rows], self.qualities[rows])


@dataclass(frozen=True, slots=True)
class FramePair:
    """Two frames that show the same: evidence a person can look at."""

    time_s: float
    reference_s: float
    distance: int
    view: int
    reference_view: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a query that shows a stretch of a known video.

    Attributes:
        reel: number of the known video (`records.reels`).
        start_s, end_s: in the query.
        reference_start_s, reference_end_s: in the known video.
        speed: query seconds per reference second, as measured.
        score: sum of gain x agreement over distinct query frames; >= 3 links.
        frames: query frames on the line that are new: 24 bits or more from the one before.
        mirrored: found by a mirrored view.
        pairs: the frame pairs on the line, best first, 24 at most.
        opening: it shows only what several known videos open with: a look, however sure.
        span_s: from the first of `frames` to the last, nothing added; 0 where it was not measured.
    """

    reel: int
    start_s: float
    end_s: float
    reference_start_s: float
    reference_end_s: float
    speed: float
    score: float
    frames: int
    mirrored: bool
    zone: Zone
    pairs: tuple[FramePair, ...] = ()
    opening: bool = False
    span_s: float = 0.0


class ReelStatus(StrEnum):
    """As entries of banks."""

    ACTIVE = "active"
    QUARANTINED = "quarantined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Reel:
    """A known video: a member of a bank, found by alignment in time.

    Attributes:
        number: integer key of the index.
        bank: id of its bank.
        bank_name: its name.
        label: for people.
        source: who gave it; `stream:<id>` for a stopped broadcast.
        duration_s: length.
        frames: frames with prints.
        sources: people or sources that verified it; two allow an automatic cut where the
            bank does.
    """

    id: Id
    number: int
    bank: Id
    bank_name: str
    label: str
    source: str
    status: ReelStatus
    duration_s: float
    frames: int
    sources: int
    change: int
    sha256: bytes = b""


@dataclass(frozen=True, slots=True)
class CopyMatch:
    """A stretch of an item that shows a known video: evidence, complete without the bank.

    Attributes:
        reel: id of the known video.
        number: its integer number.
        bank: name of its bank.
        label: of the known video, then.
        acting: counts towards the verdict.
        why_not: when not acting, `quarantined`, `not_enabled`, `decided` or `apart` (a closer
            look found another video); else empty.
        sources: people or sources that vouched for the reel, then.
        looked: what a closer look at key frames said, pair by pair: inliers of each.
    """

    reel: Id
    number: int
    bank: str
    label: str
    segment: Segment
    acting: bool = True
    why_not: str = ""
    sources: int = 1
    looked: tuple[int, ...] = ()

    @property
    def words(self) -> str:
        """What was found, as a person reads it."""
        one = self.segment
        long = one.end_s - one.start_s
        sure = "Shows" if one.zone is Zone.LINK else "May show"
        text = f"{sure} {long:.1f} s of a known video from {_clock(one.start_s)} on"
        if one.mirrored:
            text += ", mirrored"
        return text if 0.95 < one.speed < 1.05 else f"{text}, at {1 / one.speed:.2f} x speed"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
