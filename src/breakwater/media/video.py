"""Videos: bytes in, sampled frames with numbers and times out.

The container is forced by the magic, never guessed, and every protocol is off, so that no
file can name another. Sampling follows vPDQ (facebook/ThreatExchange, `vpdq`): frame number
modulo int(seconds_per_hash x fps), plus every key frame. When the time limit would not
suffice for every frame, the rest is decoded by key frames alone (about 12 times as fast), and
the coverage says so. Runs inside the jail only. Tests: `tests/unit/test_media_video.py`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO, Final

import av
import av.container
import av.video
import av.video.reformatter
import numpy as np
from av.error import EOFError as AvEOFError
from av.error import FFmpegError
from numpy.typing import NDArray

from breakwater.media import boxes
from breakwater.media.failures import Unreadable
from breakwater.model.media import MediaLimits, MediaType, Reason

FORMATS: Final = {
    MediaType.MP4: "mov",
    MediaType.MATROSKA: "matroska",
    MediaType.MPEGTS: "mpegts",
    MediaType.FLV: "flv",
}

OPTIONS: Final = {
    "protocol_whitelist": "none",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,flv",
    "enable_drefs": "0",
    "max_streams": "64",
}
"""No protocol, no reference to another file; `media.sound` opens files the same way."""

_KEY_FRAME_GAIN: Final = 10.0
"""How much faster key frames alone are (measured 12 at a 2 s GOP; less is assumed)."""

_TIME_SHARE: Final = 0.8
"""Part of the time limit that the plan uses; the rest is for what the plan did not foresee."""

_BAD_SHARE: Final = 0.2
"""More bad packets than this and the file is damaged; below, a player shows the same gaps."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One sampled frame.

    Attributes:
        pixels: RGB as the decoder has it, not turned.
        turn: EXIF orientation (1, 3, 6, 8) that a player applies.
        index: number of the frame, from 0.
        time_s: from the start.
        key: it is a key frame.
    """

    pixels: NDArray[np.uint8]
    turn: int
    index: int
    time_s: float
    key: bool


class Video:
    """One open video file. Iterate `shots()` once, then read what was seen."""

    def __init__(self, source: BinaryIO, kind: MediaType, limits: MediaLimits) -> None:
        """Open it and check what the container says.

        Raises:
            Unreadable: NO_FRAMES, TOO_LONG, TOO_MANY_PIXELS, TRUNCATED, UNSUPPORTED; PyAV's
                errors besides (`failures.undecodable` names them).
        """
        self._limits, self._kind = limits, kind
        self._started = time.monotonic()
        boxes.check_whole(source, kind)
        source.seek(0)
        self._container = av.open(
            source,
            mode="r",
            format=FORMATS[kind],
            options=dict(OPTIONS),
            metadata_errors="replace",
        )
        self.streams = len(self._container.streams.video)
        stream: Any = self._container.streams.best("video")
        if stream is None:
            raise Unreadable(Reason.NO_FRAMES, "no video stream")
        self._stream = stream
        self._context = stream.codec_context
        if self._context is None:
            raise Unreadable(Reason.UNSUPPORTED, "no decoder for its video stream")
        self._check_size(self._context.width, self._context.height)
        self._context.thread_count = 1  # children are the parallelism
        self._context.options = {"max_pixels": str(limits.max_pixels)}
        self.duration_s = self._length()
        self._check_time(self.duration_s)
        self.fps = _rate(stream)
        self.frames = 0
        self.coverage = "all"
        self._base = stream.time_base or Fraction(1, 90000)
        self._first: float | None = None

    def shots(self, tap: Callable[[Any, float], None] | None = None) -> Iterator[Shot]:
        """Every frame that the rule samples, in order of display.

        Args:
            tap: is shown every decoded frame, PyAV's, with its time.

        Raises:
            Unreadable: over a cap, or more damage than frames.
        """
        step = max(1, int(self.fps / self._limits.sample_fps))
        if step > 1:
            self.coverage = "sampled"
        taken = 0
        for frame in self._decoded():
            index, time_s = self._place(frame)
            if tap is not None:
                tap(frame, time_s)
            if index % step and not frame.key_frame and self.coverage != "key_frames":
                continue
            taken += 1
            if taken > self._limits.max_frames:
                raise Unreadable(Reason.TOO_MANY_FRAMES, f"over {self._limits.max_frames}")
            yield self._shot(frame, index, time_s)
        if self.frames == 0:
            raise Unreadable(Reason.NO_FRAMES, "no frame could be decoded")

    def at(self, index: int, time_s: float | None = None) -> Shot:
        """One frame: by its time when that is known (seeks), else by counting.

        Raises:
            Unreadable: NO_FRAMES: there is none.
        """
        found = None
        if time_s is not None and time_s > 0:
            start = self._stream.start_time or 0
            self._container.seek(
                int(time_s / self._base) + start, stream=self._stream, backward=True
            )
            half = 0.5 / self.fps
            for frame in self._decoded(count=False):
                found = frame
                if self._time(frame, index) >= time_s - half:
                    break
        else:
            for frame in self._decoded():
                found = frame
                if self.frames > index:
                    break
        if found is None:
            raise Unreadable(Reason.NO_FRAMES, "the video has no such frame")
        return self._shot(found, index, time_s or self._time(found, index))

    def close(self) -> None:
        """Free the decoder."""
        self._container.close()

    def _decoded(self, *, count: bool = True) -> Iterator[Any]:
        """Decoded frames; single bad packets are skipped as players do, and counted."""
        bad = packets = 0
        for packet in self._packets():
            packets += 1
            try:
                frames = packet.decode()
            except AvEOFError:
                break
            except FFmpegError as error:
                if not isinstance(error, ValueError):
                    raise
                bad += 1
                continue
            for frame in frames:
                self.frames += count
                yield frame
            if self.coverage != "key_frames" and count and self._must_hurry():
                self._context.skip_frame = "NONKEY"
                self.coverage = "key_frames"
        if bad > max(2, packets * _BAD_SHARE):
            raise Unreadable(Reason.MALFORMED, f"{bad} of {packets} packets are damaged")

    def _packets(self) -> Iterator[Any]:
        """Packets of the video stream; a container that ends in damage raises."""
        yield from self._container.demux(self._stream)

    def _must_hurry(self) -> bool:
        """Whether the rest would only be done in time by key frames alone."""
        if self.frames == 0 or self.frames % 16 or self.duration_s <= 0:
            return False
        used = time.monotonic() - self._started
        seen_s = self.frames / self.fps
        rest = max(0.0, self.duration_s - seen_s) * used / seen_s / _KEY_FRAME_GAIN
        return used + rest > self._limits.max_wall_s * _TIME_SHARE

    def _place(self, frame: Any) -> tuple[int, float]:
        """Number and time of a frame; by the clock once frames are skipped."""
        index = self.frames - 1
        time_s = self._time(frame, index)
        if self.coverage == "key_frames":
            index = max(index, round(time_s * self.fps))
        self._check_time(time_s)
        return index, time_s

    def _time(self, frame: Any, index: int) -> float:
        """Seconds from the first frame; by the rate when the file gives none."""
        if frame.pts is None or frame.time_base is None:
            return index / self.fps
        time_s = float(frame.pts * frame.time_base)
        if self._first is None:
            start = self._stream.start_time
            self._first = time_s if start is None else float(start * self._base)
        return max(0.0, time_s - self._first)

    def _shot(self, frame: Any, index: int, time_s: float) -> Shot:
        """Pixels as vPDQ has them: RGB by swscale, at the coded size."""
        self._check_size(frame.width, frame.height)
        pixels = frame.to_ndarray(format="rgb24", threads=1)
        return Shot(pixels, turn_of(frame), index, time_s, bool(frame.key_frame))

    def _length(self) -> float:
        """Seconds, by the container or the stream."""
        if self._container.duration:
            return max(0.0, self._container.duration / 1_000_000)
        if self._stream.duration and self._stream.time_base:
            return max(0.0, float(self._stream.duration * self._stream.time_base))
        return 0.0

    def _check_time(self, seconds: float) -> None:
        if not seconds <= self._limits.max_duration_s:
            raise Unreadable(Reason.TOO_LONG, f"{seconds:.0f} s")

    def _check_size(self, width: int, height: int) -> None:
        if width * height > self._limits.max_pixels:
            raise Unreadable(Reason.TOO_MANY_PIXELS, f"{width} x {height}")


def _rate(stream: Any) -> float:
    """Frames a second; 25 when the file gives nothing that can be."""
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and math.isfinite(float(rate)) and 0.01 < float(rate) <= 1000:
            return float(rate)
    return 25.0


def turn_of(frame: Any) -> int:
    """EXIF's number for the display matrix of a frame, which turns it counterclockwise."""
    return {0: 1, 1: 8, 2: 3, 3: 6}[round(frame.rotation / 90) % 4]
