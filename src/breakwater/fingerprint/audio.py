"""Sound: PCM in, Chromaprint items out, and where a known sound runs in another.

Chromaprint (AcoustID, LGPL 2.1) by ctypes on Debian's `libchromaprint1`, fed inside the jail
with what `media.sound` decodes; without the library there is no sound evidence, and `doctor`
says so. Two items of the same sound differ in few of their 32 bits: a sliding bit error rate
below 0.27 over at least 5 s found 9 to 10 of 10 attacks and nothing in 45 unrelated pairs
(reference matching-and-hashing). Sound never links alone: silence, hum and hit songs repeat.
Tests: `tests/unit/test_fingerprint_audio.py`.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import Unfit
from breakwater.model.scene import SoundMatch, SoundPrint

LIBRARY: Final = "libchromaprint.so.1"
RATE: Final = 11025
"""Samples a second that Chromaprint works in; fed so, it need not resample."""

ALGORITHM: Final = 1
"""CHROMAPRINT_ALGORITHM_TEST2, the default of every AcoustID client."""

ERROR_RATE: Final = 0.27
SHORTEST_S: Final = 5.0

_STEP: Final = 1365
STEP_S: Final = _STEP / RATE
"""From item to item: frames of 4096 samples that overlap by two thirds."""

_SECOND: Final = 8
"""Items of about a second: how finely the ends of a stretch are told."""

_LIVELY: Final = 0.25
"""Share of items that must differ from their neighbour: silence is one item repeated."""


@functools.cache
def _library() -> Any:
    """The library with its types; None where it is not installed."""
    try:
        found = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    handle = ctypes.c_void_p
    for name, result, arguments in (
        ("get_version", ctypes.c_char_p, ()),
        ("new", handle, (ctypes.c_int,)),
        ("free", None, (handle,)),
        ("start", ctypes.c_int, (handle, ctypes.c_int, ctypes.c_int)),
        ("feed", ctypes.c_int, (handle, ctypes.c_void_p, ctypes.c_int)),
        ("finish", ctypes.c_int, (handle,)),
        ("clear_fingerprint", ctypes.c_int, (handle,)),
        ("get_raw_fingerprint", ctypes.c_int,
         (handle, ctypes.POINTER(ctypes.POINTER(ctypes.c_uint32)), ctypes.POINTER(ctypes.c_int))),
        ("dealloc", None, (ctypes.c_void_p,)),
    ):  # fmt: skip
        function = getattr(found, f"chromaprint_{name}")
        function.restype, function.argtypes = result, arguments
    return found


def version() -> str:
    """Of the installed library; empty without it."""
    library = _library()
    return library.chromaprint_get_version().decode() if library else ""


class Listener:
    """Prints sound as it comes in. Use as a context; feed, then `finish`."""

    def __init__(self) -> None:
        """Start with nothing heard.

        Raises:
            Unfit: the library is not installed.
        """
        self._library = _library()
        if self._library is None:
            raise Unfit("Chromaprint is not installed: apt-get install libchromaprint1.")
        self._context = self._library.chromaprint_new(ALGORITHM)
        self._told(self._library.chromaprint_start(self._context, RATE, 1))
        self._given = 0

    def feed(self, samples: NDArray[np.int16]) -> SoundPrint:
        """Hear more; answer the items that became complete.

        Args:
            samples: (n,) mono at `RATE`.
        """
        block = np.ascontiguousarray(samples, np.int16)
        if len(block):
            pointer = block.ctypes.data_as(ctypes.c_void_p)
            self._told(self._library.chromaprint_feed(self._context, pointer, len(block)))
        return self._taken()

    def finish(self) -> SoundPrint:
        """The last items; nothing may be fed after it."""
        self._told(self._library.chromaprint_finish(self._context))
        return self._taken()

    def close(self) -> None:
        """Free the library's memory; idempotent."""
        if self._context:
            self._library.chromaprint_free(self._context)
            self._context = None

    def __enter__(self) -> Listener:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _taken(self) -> SoundPrint:
        """What is complete, taken out of the library so that a long broadcast stays small."""
        items = ctypes.POINTER(ctypes.c_uint32)()
        count = ctypes.c_int()
        self._told(
            self._library.chromaprint_get_raw_fingerprint(
                self._context, ctypes.byref(items), ctypes.byref(count)
            )
        )
        found = np.ctypeslib.as_array(items, (count.value,)).copy() if count.value else _NOTHING
        self._library.chromaprint_dealloc(items)
        self._told(self._library.chromaprint_clear_fingerprint(self._context))
        start = self._given * STEP_S
        self._given += len(found)
        return SoundPrint(found, start, STEP_S)

    @staticmethod
    def _told(good: int) -> None:
        if not good:
            raise Unfit("Chromaprint refused the sound.")


_NOTHING: Final = np.zeros(0, np.uint32)


def print_of(blocks: Iterator[NDArray[np.int16]]) -> SoundPrint:
    """The print of a whole file's sound.

    Raises:
        Unfit: the library is not installed.
    """
    loudness = _Loudness()
    with Listener() as listener:
        parts = []
        for block in blocks:
            parts.append(listener.feed(block).items)
            loudness.feed(block)
        parts.append(listener.finish().items)
    items = np.concatenate(parts)
    return SoundPrint(items, 0.0, STEP_S, loudness.of(len(items)))


class _Loudness:
    """The loudest sample of each step, in one pass."""

    def __init__(self) -> None:
        self._levels = bytearray()
        self._rest: NDArray[np.int16] = np.zeros(0, np.int16)

    def feed(self, samples: NDArray[np.int16]) -> None:
        joined = np.concatenate([self._rest, samples])
        whole = len(joined) // _STEP * _STEP
        steps = joined[:whole].reshape(whole // _STEP, _STEP).astype(np.int32)
        peaks = np.abs(steps).max(axis=1, initial=0) >> 7
        self._levels += peaks.clip(0, 255).astype(np.uint8).tobytes()
        self._rest = joined[whole:]

    def of(self, count: int) -> bytes:
        """One byte of each of `count` steps."""
        return bytes(self._levels[:count]).ljust(count, b"\0")


def waves(match: SoundMatch, query: SoundPrint, known: SoundPrint) -> dict[str, list[int]]:
    """The waveforms of a stretch in both, to be drawn beside one another."""
    return {
        "a_wave": query.wave(match.start_s, match.seconds),
        "b_wave": known.wave(match.reference_start_s, match.seconds),
    }


def find(
    query: SoundPrint,
    known: SoundPrint,
    *,
    speed: float = 1.0,
    offset_s: float | None = None,
    within_s: float = 1.0,
) -> SoundMatch | None:
    """The longest stretch of a known sound in a query.

    Args:
        query: what was sent.
        known: of the known video.
        speed: query seconds per known second, as the frames say.
        offset_s: query time of the known video's start, as the frames say; None: any.
        within_s: how far from that.

    Returns:
        None where nothing of at least `SHORTEST_S` is below `ERROR_RATE`.
    """
    items = _stretched(known, speed)
    if not len(items) or not len(query.items):
        return None
    first, last = -len(items) + 1, len(query.items) - 1
    if offset_s is not None:
        middle = (offset_s + known.start_s * speed - query.start_s) / query.step_s
        reach = within_s / query.step_s
        first, last = max(first, round(middle - reach)), min(last, round(middle + reach))
    best: tuple[int, float, int, int] | None = None
    for shift in range(first, last + 1):
        low, high = max(0, shift), min(len(query.items), shift + len(items))
        one = _run(query.items[low:high], items[low - shift : high - shift], query.step_s)
        if one and (best is None or (one[1] - one[0], -one[2]) > (best[0], -best[1])):
            best = (one[1] - one[0], one[2], low + one[0], shift)
    if best is None:
        return None
    length, rate, start, shift = best
    begin = query.start_s + start * query.step_s
    reference = known.start_s + (start - shift) * query.step_s / speed
    return SoundMatch(begin, begin + length * query.step_s, reference, round(rate, 4))


def _stretched(known: SoundPrint, speed: float) -> NDArray[np.uint32]:
    """Items as they come when the sound is played at another speed without its pitch."""
    if abs(speed - 1.0) < 0.005:
        return known.items
    count = int(len(known.items) * speed)
    places = np.minimum((np.arange(count) / speed).round().astype(int), len(known.items) - 1)
    return np.asarray(known.items[places], np.uint32)


def _run(
    one: NDArray[np.uint32], other: NDArray[np.uint32], step_s: float
) -> tuple[int, int, float] | None:
    """Longest run of windows below the rate: first item, end, its bit error rate."""
    window = int(np.ceil(SHORTEST_S / step_s))
    if len(one) < window:
        return None
    wrong = np.bitwise_count(one ^ other).astype(np.int64)
    sums = np.concatenate([[0], np.cumsum(wrong)])
    below = (sums[window:] - sums[:-window]) < ERROR_RATE * 32 * window
    if not below.any():
        return None
    edges = np.flatnonzero(np.diff(np.concatenate([[0], below.view(np.int8), [0]])))
    starts, ends = edges[::2], edges[1::2]
    longest = int((ends - starts).argmax())
    start, end = _trimmed(sums, int(starts[longest]), int(ends[longest]) + window - 1)
    if not (_lively(one[start:end]) and _lively(other[start:end])):
        return None
    return start, end, float((sums[end] - sums[start]) / (32 * (end - start)))


def _trimmed(sums: NDArray[np.int64], start: int, end: int) -> tuple[int, int]:
    """Without what a window only carried along at its edges: seconds that do not agree."""
    short = (sums[_SECOND:] - sums[:-_SECOND]) < ERROR_RATE * 32 * _SECOND
    good = start + np.flatnonzero(short[start : end - _SECOND + 1])
    return (int(good[0]), int(good[-1]) + _SECOND) if len(good) else (start, end)


def _lively(items: NDArray[np.uint32]) -> bool:
    """Whether a stretch has sound that changes; silence and hum match everything."""
    return bool((items[1:] != items[:-1]).mean() >= _LIVELY)


@dataclass(slots=True)
class Ring:
    """The last seconds of a broadcast's sound, for when its frames point to a known video."""

    seconds: float = 120.0
    _parts: list[SoundPrint] = field(default_factory=list)

    def add(self, heard: SoundPrint) -> None:
        """Keep items and drop what is older than `seconds`."""
        if len(heard.items):
            self._parts.append(heard)
        while self._parts and heard.end_s - self._parts[0].end_s > self.seconds:
            self._parts.pop(0)

    def sound(self) -> SoundPrint:
        """All that is kept, as one print."""
        if not self._parts:
            return SoundPrint(_NOTHING, 0.0, STEP_S)
        first = self._parts[0]
        items = np.concatenate([part.items for part in self._parts])
        return SoundPrint(items, first.start_s, first.step_s)
