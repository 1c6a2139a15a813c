"""What is read of one medium so that links can be sought: frames, prints, sound and traits.

Made inside the jail by `recognition.task_links`, kept in the vault by `linking`, compared by
`recognition.link_copies`, `recognition.link_sounds` and `scenes.places`. `pack` is the form of both
the jail's socket and the vault; `parse` takes nothing for granted: a child may have been taken
over. Tests: `tests/unit/test_link_signals.py`.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import BadInput, BadSignal
from breakwater.model.copies import ReelPrints
from breakwater.model.link import Trait, TraitKind
from breakwater.model.local_features import MOST_DIM, Learned
from breakwater.model.scene import Keypoints, SoundPrint

MOST_FRAMES: Final = 64
MOST_POINTS: Final = 2000
MOST_PRINTS: Final = 512
"""Eight views of each of 64 frames."""
MOST_TRAITS: Final = 64
LONGEST: Final = 400
"""Letters of one trait."""

_MOST_HEADER: Final = 256 << 10
_MOST_SIDE: Final = 1 << 20
_MOST_POINT_SIDE: Final = 4096
_MOST_ITEMS: Final = 2_000_000
_MOST_BYTES: Final = 64 << 20
_MAGIC: Final = b"BWL1"
_HEAD: Final = struct.Struct("<4sI")
_PRINT: Final = struct.Struct("<d32sB")

Print = tuple[float, bytes, int]
"""Seconds from the start, PDQ, quality 0 to 100."""


@dataclass(frozen=True, slots=True, eq=False)
class LinkSignals:
    """One medium as far as links are concerned.

    Attributes:
        frames: key points of its key frames, in order of time.
        shots: number of the shot that each of `frames` is of, ascending.
        prints: picture hashes of key frames; of a picture in all eight views, as it is first.
        sound: None where nothing was listened to.
        traits: what device and program left in the file.
        seconds: length; 0 of a picture.
        width, height: pixels as a person sees it.
        abstained: why there is nothing to compare by; empty: there is something.
        reel: prints by which others find it in themselves: of a picture those of its parts.
        views: prints by which it finds others; never kept.
        learned: what an operator's model of local features saw; None: none was asked.
    """

    frames: tuple[Keypoints, ...] = ()
    shots: tuple[int, ...] = ()
    prints: tuple[Print, ...] = ()
    sound: SoundPrint | None = None
    traits: tuple[Trait, ...] = ()
    seconds: float = 0.0
    width: int = 0
    height: int = 0
    abstained: str = ""
    reel: ReelPrints | None = None
    views: ReelPrints | None = None
    learned: Learned | None = None

    @property
    def moving(self) -> bool:
        """Whether it is a video."""
        return self.seconds > 0

    def kept(self) -> Self:
        """What is kept in the vault: without traits, which are kept as hashes, and `views`."""
        return replace(self, traits=(), views=None)

    def pack(self) -> bytes:
        """As one blob."""
        sound, reels = self.sound, [None if one is None else one.pack() for one in self._reels]
        header = {
            "frames": [[f.time_s, f.width, f.height, len(f)] for f in self.frames],
            "shots": list(self.shots),
            "prints": len(self.prints),
            "sound": None if sound is None
            else [sound.start_s, sound.step_s, len(sound.items), len(sound.levels)],
            "traits": [[one.kind.value, one.value, one.shown] for one in self.traits],
            "seconds": self.seconds, "width": self.width, "height": self.height,
            "abstained": self.abstained,
            "reels": [None if one is None else len(one) for one in reels],
        }  # fmt: skip
        learned = () if self.learned is None else self.learned.frames
        if self.learned is not None:
            rows = [[f.time_s, f.width, f.height, *f.descriptors.shape] for f in learned]
            header["learned"] = [self.learned.model, rows]
        head = json.dumps(header).encode()
        return b"".join((
            _HEAD.pack(_MAGIC, len(head)), head,
            *(_PRINT.pack(*one) for one in self.prints),
            *(f.points.astype("<f4").tobytes() + f.descriptors.tobytes() for f in self.frames),
            b"" if sound is None else sound.items.astype("<u4").tobytes() + sound.levels,
            *(one for one in reels if one is not None),
            *(f.points.astype("<f4").tobytes() + f.descriptors.tobytes() for f in learned),
        ))  # fmt: skip

    @property
    def _reels(self) -> tuple[ReelPrints | None, ReelPrints | None]:
        return self.reel, self.views

    @classmethod
    def parse(cls, blob: bytes) -> Self:
        """Read what `pack` wrote.

        Raises:
            BadSignal: another form, cut short, or a field out of its range.
        """
        header, rest = _header(blob)
        try:
            prints = tuple(_print(rest) for _ in range(_whole(header["prints"], MOST_PRINTS)))
            frames = tuple(_frame(row, rest) for row in _rows(header["frames"], MOST_FRAMES))
            shots = tuple(_whole(one, 1 << 31) for one in _rows(header["shots"], MOST_FRAMES))
            sound = _sound(header["sound"], rest)
            traits = tuple(_trait(row) for row in _rows(header["traits"], MOST_TRAITS))
            reel, views = (_reel(size, rest) for size in _rows(header["reels"], 2))
            made = cls(
                frames, shots, prints, sound, traits, _seconds(header["seconds"]),
                _whole(header["width"], _MOST_SIDE), _whole(header["height"], _MOST_SIDE),
                _words(header["abstained"]), reel, views, _learned(header.get("learned"), rest),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, BadInput, struct.error) as error:
            raise BadSignal(f"What was read of a medium is damaged ({error}).") from None
        if rest.left or len(shots) != len(frames):
            raise BadSignal("What was read of a medium does not fit together.")
        return made


@dataclass(slots=True)
class _Rest:
    """Bytes behind the header, taken piece by piece."""

    blob: bytes
    at: int = field(default=0)

    @property
    def left(self) -> int:
        return len(self.blob) - self.at

    def take(self, size: int) -> bytes:
        if size > self.left:
            raise BadSignal("What was read of a medium is cut short.")
        self.at += size
        return self.blob[self.at - size : self.at]


def _header(blob: bytes) -> tuple[Mapping[str, Any], _Rest]:
    if not _HEAD.size <= len(blob) <= _MOST_BYTES:
        raise BadSignal("What was read of a medium is too short or too long.")
    magic, size = _HEAD.unpack_from(blob)
    if magic != _MAGIC or size > min(_MOST_HEADER, len(blob) - _HEAD.size):
        raise BadSignal("This is not what was read of a medium.")
    try:
        header = json.loads(blob[_HEAD.size : _HEAD.size + size])
    except (ValueError, RecursionError):
        raise BadSignal("What was read of a medium has no header.") from None
    if not isinstance(header, dict):
        raise BadSignal("What was read of a medium has no header.")
    return header, _Rest(blob, _HEAD.size + size)


def _rows(value: object, most: int) -> Sequence[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise BadSignal("What was read of a medium has too many rows, or none.")
    return value


def _whole(value: object, largest: int) -> int:
    if type(value) is not int or not 0 <= value <= largest:
        raise BadSignal("A number of what was read of a medium is out of its range.")
    return value


def _seconds(value: object) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value < 1e9:
        raise BadSignal("A time of what was read of a medium is out of its range.")
    return float(value)


def _words(value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST or not value.isprintable():
        raise BadSignal("Words of what was read of a medium are no short text.")
    return value


def _trait(row: Sequence[Any]) -> Trait:
    kind, value, shown = row
    if not value:
        raise BadSignal("A trait has no value.")
    return Trait(TraitKind(kind), _words(value), _words(shown))


def _print(rest: _Rest) -> Print:
    time_s, value, quality = _PRINT.unpack(rest.take(_PRINT.size))
    return _seconds(time_s), value, _whole(quality, 100)


def _frame(row: Sequence[Any], rest: _Rest) -> Keypoints:
    time_s, width, height, count = row
    return _points((time_s, width, height, count, 128), np.uint8, rest)


def _points(row: Sequence[Any], kind: type[np.uint8 | np.int8], rest: _Rest) -> Keypoints:
    time_s, width, height, count, dim = row
    size, numbers = _whole(count, MOST_POINTS), _whole(dim, MOST_DIM)
    points = np.frombuffer(rest.take(8 * size), "<f4").reshape(size, 2).astype(np.float32)
    if not (np.isfinite(points).all() and (np.abs(points) <= _MOST_POINT_SIDE).all()):
        raise BadSignal("A key point of what was read of a medium is out of its range.")
    descriptors: Any = np.frombuffer(rest.take(numbers * size), kind).reshape(size, numbers)
    if not (_whole(width, _MOST_POINT_SIDE) and _whole(height, _MOST_POINT_SIDE)):
        raise BadSignal("A frame of what was read of a medium has no size.")
    return Keypoints(_seconds(time_s), width, height, points, descriptors)


def _learned(row: Sequence[Any] | None, rest: _Rest) -> Learned | None:
    if row is None:
        return None
    model, rows = row
    return Learned(model, tuple(_points(one, np.int8, rest) for one in _rows(rows, MOST_FRAMES)))


def _sound(row: Sequence[Any] | None, rest: _Rest) -> SoundPrint | None:
    if row is None:
        return None
    start, step, count, *more = row
    items = np.frombuffer(rest.take(4 * _whole(count, _MOST_ITEMS)), "<u4")
    if not 0.01 < _seconds(step) < 10:
        raise BadSignal("The sound of a medium has no pace.")
    taken: NDArray[np.uint32] = items.astype(np.uint32)
    levels = rest.take(_whole(more[0], len(taken))) if more else b""
    return SoundPrint(taken, _seconds(start), float(step), levels)


def _reel(size: object, rest: _Rest) -> ReelPrints | None:
    if size is None:
        return None
    return ReelPrints.parse(rest.take(_whole(size, _MOST_BYTES)))
