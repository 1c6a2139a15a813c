"""What two frames share beyond a fingerprint: local features, and what matching them found.

`scenes.local` makes `Keypoints` from decoded frames inside the jail and compares them
outside; `fingerprint.audio` makes `SoundPrint`s. `recognition.align` reads both for the grey
zone of an alignment, `linking` later for places. Source: reference linking, "Place, without
any model", and matching-and-hashing, "Copy detection in time".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """Local features of one frame.

    Attributes:
        time_s: seconds from the start of the file or broadcast.
        width, height: pixels of the picture they were found in (reduced, borders removed).
        points: (n, 2) float32, x and y in those pixels, strongest first.
        descriptors: (n, 128) uint8 RootSIFT, 255 = 1/2; an operator's model has others
            (`model.local_features.Learned`).
    """

    time_s: float
    width: int
    height: int
    points: NDArray[np.float32]
    descriptors: NDArray[np.uint8 | np.int8]

    def __len__(self) -> int:
        return len(self.points)

    def only(self, keep: NDArray[np.bool_]) -> Keypoints:
        """Those of a mask of shape (n,)."""
        return Keypoints(
            self.time_s, self.width, self.height, self.points[keep], self.descriptors[keep]
        )


class LocalModel(StrEnum):
    """The geometry that explains the matches; none when nothing does."""

    HOMOGRAPHY = "homography"
    FUNDAMENTAL = "fundamental"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class LocalMatch:
    """What two frames share by geometry.

    Attributes:
        inliers: matches that one movement of the camera or picture explains.
        area: 0 to 1, the share of the smaller picture that they cover, in cells of a grid.
        model: which geometry.
        score: 0 to 1; `scenes.local.SAME` and above says the same.
        points: (x, y, x', y') of inliers, 0 to 1 of each picture's sides, 64 at most: what a
            person is shown.
    """

    inliers: int
    area: float
    model: LocalModel
    score: float
    points: tuple[tuple[float, float, float, float], ...] = ()


NO_LOCAL_MATCH: Final = LocalMatch(0, 0.0, LocalModel.NONE, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class SoundPrint:
    """The Chromaprint of a stretch of sound.

    Attributes:
        items: (n,) uint32, one each `step_s`.
        start_s: when the first item's sound begins.
        step_s: seconds from item to item.
        levels: the loudest sample of each step, a byte each, 255 full scale; empty: not measured.
    """

    items: NDArray[np.uint32]
    start_s: float
    step_s: float
    levels: bytes = b""

    def wave(self, start_s: float, seconds: float, most: int = 120) -> list[int]:
        """The waveform of a stretch to draw it by: `most` levels at most, 0 to 255 each."""
        first = max(0, round((start_s - self.start_s) / self.step_s))
        part = self.levels[first : first + max(1, round(seconds / self.step_s))]
        per = -(-len(part) // most) or 1
        return [max(part[at : at + per]) for at in range(0, len(part), per)]

    @property
    def end_s(self) -> float:
        """When the last item ends."""
        return self.start_s + len(self.items) * self.step_s


@dataclass(frozen=True, slots=True)
class SoundMatch:
    """A stretch of sound that is also in a known video.

    Attributes:
        start_s, end_s: in the query.
        reference_start_s: where the stretch begins in the known video.
        error_rate: share of bits that differ, 0 to 0.5.
    """

    start_s: float
    end_s: float
    reference_start_s: float
    error_rate: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class CloserLook:
    """What a closer look at an unsure stretch of a broadcast found: evidence in plain figures.

    Attributes:
        reel: number of the known video.
        start_s: where the stretch begins in the broadcast.
        before, after: zones (`model.copies.Zone`) without it and with it.
        frames: of each pair that could be compared: seconds here, seconds there, matches that
            one movement of the picture explains, and whether that makes them the same.
        sound: the same sound on the same line; None: none was found, or none is kept.
    """

    reel: int
    start_s: float
    before: str
    after: str
    frames: tuple[tuple[float, float, int, bool], ...] = ()
    sound: SoundMatch | None = None

    @property
    def agree(self) -> int:
        """Pairs that show the same."""
        return sum(same for *_, same in self.frames)

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Self:
        """What `plain` wrote."""
        sound = said["sound"]
        frames = tuple((float(a), float(b), int(n), bool(s)) for a, b, n, s in said["frames"])
        heard = None if sound is None else SoundMatch(**sound)
        return cls(**{**said, "frames": frames, "sound": heard})
