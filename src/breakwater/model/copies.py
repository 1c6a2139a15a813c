"""Copies in time: the prints of frames and what aligning them with known videos finds.

`fingerprint.views` makes `FramePrints` from decoded frames inside the jail; `matching.align`
finds `Segment`s; `recognition.align` joins them with reels and banks. Source: reference
matching-and-hashing, "Copy detection in time".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from breakwater.model.ids import Id


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
        speed: query seconds per reference second, one of the searched speeds.
        score: sum of weight x novelty over distinct query frames; >= 3 links.
        frames: novel query frames on the line.
        mirrored: found by a mirrored view.
        pairs: the frame pairs on the line, best first, 24 at most.
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
    label: str
    source: str
    status: ReelStatus
    duration_s: float
    frames: int
    sources: int
    change: int
    sha256: bytes = b""
