"""A broadcast: a connected descriptor in; its shape, frames to look at and original packets out.

Only key frames are decoded while that is enough: each is drained from the decoder at once, so
that it is seen when it comes and not a group of pictures later. When key frames are rarer than
every four seconds, or more is wanted, frames that others refer to are decoded, or all. A
stream that never sends a key frame, changes its size, loops or drifts stays watched; what
cannot be watched ends with a reason. Runs inside the jail's live profile only (descriptor 0 is
the stream). Source: reference live-ingest. Tests: `tests/integration/test_live_pull.py`.
"""

from __future__ import annotations

import os
import select
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import av
import numpy as np
from av.error import EOFError as AvEOFError
from av.error import ExitError, FFmpegError
from numpy.typing import NDArray

from breakwater.media.damage import unless_damaged
from breakwater.media.ear import Ear
from breakwater.media.original import Original
from breakwater.media.remux import Remuxer
from breakwater.media.slices import Wholes
from breakwater.model.live import Ending, LiveShape, Sampling

OPEN_S: Final = 10.0
READ_S: Final = 6.0
"""Nothing for so long is a stall (reference: 10 s; the watcher's own clock is at 12)."""

OPTIONS: Final = {
    "flags": "low_delay", "probesize": "65536", "analyzeduration": "5000000", "fpsprobesize": "0",
    "rtmp_live": "live", "max_streams": "8",
    "protocol_whitelist": "rtmp,rtmpt,tcp", "format_whitelist": "flv,live_flv,mpegts",
}  # fmt: skip

SOUND_WITHIN: Final = "300000"
"""Microseconds that RTMP may take to show that it has sound: its headers come first, and without
sound FFmpeg would wait for `probesize` while nobody looks."""

REST_S: Final = 0.2
"""How long bytes may gather while key frames are enough. Being woken for each packet costs more
than looking does; an alert has half a second, of which this takes two fifths at most."""

MUCH: Final = 128 << 10
FULL_PIPE: Final = 64 << 10
"""Bytes of one read, of a socket and of a pipe, after which more wait: no rest at any rate."""

PAUSE_S: Final = 0.05
"""How often the caller may do other things, between packets."""

LATE_KEY_S: Final = 4.0
"""Key frames rarer than this are not enough (reference matching-and-hashing, Video)."""

NO_VIDEO_S: Final = 6.0
_BACKLOG: Final = 8 << 20
"""Bytes of packets kept since the last key frame, to go on from when more is wanted."""

_TURN_BACK_S: Final = 1.0
_LEAP_S: Final = 60.0
"""A clock that jumps back by more, or ahead, starts anew (a publisher that loops a file)."""


class PullEnded(Exception):
    """The pull is over."""

    def __init__(self, why: Ending, detail: str = "") -> None:
        super().__init__(detail)
        self.why, self.detail = why, detail[:200]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A frame to look at.

    Attributes:
        frame: PyAV's, valid until the next one.
        time_s: since the pull began, never going back.
        key: a key frame, or a cut that is coded whole just after one.
        started: monotonic seconds at which its packet was taken up.
    """

    frame: Any
    time_s: float
    key: bool
    started: float


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of the original; `key`: a key frame begins in it or just before it."""

    body: bytes
    time_s: float
    key: bool


class Pipe:
    """Descriptor 0 as the file that FFmpeg reads: short reads, and an end to waiting."""

    def __init__(
        self, stall_s: float, rest: Callable[[], None], keep: Callable[[bytes], None] | None
    ) -> None:
        """Take how long silence may last, how to rest, and who keeps what comes."""
        self._stall_s, self._rest, self._keep = stall_s, rest, keep
        self._most = FULL_PIPE if stat.S_ISFIFO(os.fstat(0).st_mode) else MUCH
        self._much = True
        self._poll = select.poll()
        self._poll.register(0, select.POLLIN)

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, after a rest where little came last; empty at the end."""
        if not self._much:
            self._rest()
        if not self._poll.poll(self._stall_s * 1000):
            raise PullEnded(Ending.STALLED, "nothing came")
        body = os.read(0, size)
        self._much = len(body) >= self._most
        if self._keep is not None:
            self._keep(body)
        return body


class Pull:
    """One broadcast being pulled. Iterate `events()`.

    Attributes:
        sampling: how closely it is looked at; may be set at any time.
        original: what its packets go into as they came; counts those that it refused.
        rest: waits so many seconds, or less when there is something else to do; None: no rests.
    """

    def __init__(
        self, url: str, form: str, *, max_pixels: int, patience: int = 1,
        extra: Mapping[str, str] | None = None, sound_rate: int = 0,
    ) -> None:  # fmt: skip
        """Open it.

        Args:
            url: `rtmp://…` with the numeric address that descriptor 0 is connected to; empty
                for bytes.
            form: `rtmp`, `mpegts` or `flv`.
            max_pixels: of one frame.
            patience: how many times as long as usual may be spent on finding out what it is.
            extra: options that the media server's adapter wants.
            sound_rate: samples a second of what `ear` gives; 0 keeps no sound.

        Raises:
            PullEnded: REFUSED, STALLED, NO_VIDEO, BROKEN.
        """
        self.sampling = Sampling.KEY
        self.rest: Callable[[float], None] | None = None
        self.packets = self.bytes = self.bad = self.looked = 0
        self.media_s = 0.0
        self._max_pixels = max_pixels
        self._ahead = select.poll() if form == "rtmp" else None
        if self._ahead is not None:  # FFmpeg reads by itself, a packet and no more
            self._ahead.register(0, select.POLLIN)
        original = Original() if form == "mpegts" else None
        pipe = Pipe(
            float((extra or {}).get("stall_s", READ_S)), self._gather,
            None if original is None else original.feed,
        )  # fmt: skip
        self._input = _opened(url, form, patience, extra or {}, pipe)
        video: Any = next(iter(self._input.streams.video), None)
        if video is None:
            raise PullEnded(Ending.NO_VIDEO, "no video stream")
        self._video = video
        self._context = video.codec_context
        if self._context is None:
            raise PullEnded(Ending.BROKEN, "no decoder for its video")
        self._prepare(max_pixels)
        audio = next(iter(self._input.streams.audio), None)
        self._kept = [one for one in (self._video, audio) if one is not None]
        self.original = original or Remuxer(self._kept)
        decoder = None if audio is None else audio.codec_context
        self.ear = Ear(decoder, sound_rate) if decoder is not None and sound_rate else None
        self.shape = self._shape(self._context.width, self._context.height)
        if self.shape.width * self.shape.height > max_pixels:
            raise PullEnded(Ending.BROKEN, f"{self.shape.width} x {self.shape.height}")
        self._index = int(video.index)
        self._ticks = {int(one.index): float(one.time_base or 0.001) for one in self._kept}
        self._offset: float | None = None
        self._last_key = self._last_video = time.monotonic()
        self._next_look = self._placed = self._heard_s = 0.0
        self._backlog: list[Any] = []
        self._backlog_bytes = 0
        self._following = False
        self._wholes = Wholes(self._context)

    def events(self) -> Iterator[LiveShape | Seen | Piece | None]:
        """What happens; None now and then, so that the caller can do other things.

        Raises:
            PullEnded: always, in the end.
        """
        yield self.shape
        pause = 0.0
        try:
            for packet in self._input.demux(self._kept):
                if packet.size == 0:
                    continue
                self.packets += 1
                self.bytes += packet.size
                now, key = time.monotonic(), False
                video = packet.stream_index == self._index
                if video:
                    key = self._began(packet, now)
                    yield from self._look(packet, key=key, now=now)
                else:
                    self._hear(packet, now)
                self.original.put(packet, video=video)
                body, begun = self.original.take(self.media_s, key=key)
                if body:
                    yield Piece(body, self.media_s, key=begun)
                if now >= pause:
                    pause = now + PAUSE_S
                    yield None
                if self._ahead is not None and not self._ahead.poll(0):
                    self._gather()
                    pause = 0.0
        except FFmpegError as error:
            raise _ended(error) from None
        finally:
            rest, key = self.original.close()
        if rest:
            yield Piece(rest, self.media_s, key=key)
        raise PullEnded(Ending.CLOSED, "end of stream")

    def close(self) -> None:
        """Free decoder and connection."""
        self._input.close()

    def _gather(self) -> None:
        """All was read that came: let some gather, where nobody waits for it."""
        if self.rest is not None and self.sampling is Sampling.KEY:
            self.rest(REST_S)

    def _began(self, packet: Any, now: float) -> bool:
        """A packet of video has come; whether it is a key frame."""
        self._last_video = now
        self._advance(packet)
        key = bool(packet.is_keyframe)
        if key:
            self._last_key = now
            self._wholes.begin()
        return key

    def _hear(self, packet: Any, now: float) -> None:
        """A packet of sound."""
        if now - self._last_video > NO_VIDEO_S:
            raise PullEnded(Ending.CHANGED, "its video has stopped")
        if self.ear is not None and self._offset is not None:
            if packet.pts is not None:  # of several that came together only the first has a time
                self._heard_s = packet.pts * self._ticks[packet.stream_index] - self._offset
            self.ear.keep(bytes(packet), self._heard_s)

    def _look(self, packet: Any, *, key: bool, now: float) -> Iterator[LiveShape | Seen]:
        """Decode what the sampling asks for."""
        wanted = self.sampling
        if wanted is Sampling.KEY and now - self._last_key > LATE_KEY_S:
            wanted = Sampling.FAST
        if wanted is Sampling.KEY:
            if key or packet.has_sidedata("new_extradata"):
                frames = self._alone(packet)
                self._backlog, self._backlog_bytes, self._following = [], 0, False
                yield from self._shown(frames, now, every_s=0.0)
            elif not self._following and self._wholes.tell(packet):
                yield from self._shown(self._alone(packet), now, every_s=0.0)
            if self._backlog_bytes + packet.size <= _BACKLOG:
                self._backlog.append(packet)
                self._backlog_bytes += packet.size
            return
        skip = "NONREF" if wanted is Sampling.FAST else "DEFAULT"
        if self._context.skip_frame != skip:
            self._context.skip_frame = skip
        if not self._following:
            self._following = True
            behind, self._backlog, self._backlog_bytes = self._backlog, [], 0
            self._context.flush_buffers()
            for earlier in behind:
                self._decode(earlier)
        yield from self._shown(self._decode(packet), now, every_s=wanted.every_s)

    def _alone(self, packet: Any) -> list[Any]:
        """The frame of a key packet, without waiting for those that follow it."""
        if self._context.skip_frame != "DEFAULT":
            self._context.skip_frame = "DEFAULT"
        frames = self._decode(packet)
        frames += self._decode(None)
        self._context.flush_buffers()
        return frames

    def _decode(self, packet: Any) -> list[Any]:
        frames, damaged = unless_damaged(lambda: list(self._context.decode(packet)))
        self.bad += damaged
        return frames

    def _shown(
        self, frames: list[Any], started: float, *, every_s: float
    ) -> Iterator[LiveShape | Seen]:
        """Frames that are due, with their place in time; a new size is told before its frame."""
        for frame in frames:
            if frame.width * frame.height > self._max_pixels:
                raise PullEnded(Ending.BROKEN, f"{frame.width} x {frame.height}")
            time_s = self._place(frame)
            if (frame.width, frame.height) != (self.shape.width, self.shape.height):
                self.shape = self._shape(frame.width, frame.height)
                yield self.shape
            key = bool(frame.key_frame) or not every_s  # what can be looked at alone
            if not key and time_s < self._next_look:
                continue
            self._next_look = time_s + every_s
            self.looked += 1
            yield Seen(frame, time_s, key, started)

    def _advance(self, packet: Any) -> None:
        """Seconds since the pull began; they go on where a publisher's clock jumps."""
        stamp = packet.pts if packet.dts is None else packet.dts
        if stamp is None:
            return
        own = stamp * self._ticks[self._index]
        if self._offset is None:
            self._offset = own
        gone = own - self._offset - self.media_s
        if not -_TURN_BACK_S <= gone <= _LEAP_S:
            self._offset = own - self.media_s
            self._next_look = 0.0
        self.media_s = max(self.media_s, own - self._offset)

    def _place(self, frame: Any) -> float:
        """Where a frame stands in time; never before the one that was looked at last."""
        if frame.pts is None or frame.time_base is None or self._offset is None:
            return self.media_s
        self._placed = max(self._placed, float(frame.pts * frame.time_base) - self._offset)
        return self._placed

    def _prepare(self, max_pixels: int) -> None:
        """One thread, no waiting for reordering, damaged frames shown as players show them."""
        context = self._context
        context.thread_count = 1
        context.options = {"max_pixels": str(max_pixels)}
        context.flags |= int(av.codec.context.Flags.low_delay)
        context.flags |= int(av.codec.context.Flags.output_corrupt)

    def _shape(self, width: int, height: int) -> LiveShape:
        audio = [one.codec_context.name for one in self._kept[1:] if one.codec_context]
        name = self._context.name
        return LiveShape(name, width, height, "".join(audio), self.original.container)


def luma(frame: Any) -> NDArray[np.uint8]:
    """The decoder's own brightness plane (h, w), without its padding."""
    plane = frame.planes[0]
    if frame.format.components[0].bits == 8 and frame.format.name.startswith(("yuv", "nv", "gray")):
        table = np.frombuffer(plane, np.uint8)
        rows = table[: plane.line_size * frame.height].reshape(frame.height, plane.line_size)
        return np.ascontiguousarray(rows[:, : frame.width])
    made: NDArray[np.uint8] = frame.to_ndarray(format="gray", threads=1)
    return made


def _opened(url: str, form: str, patience: int, extra: Mapping[str, str], pipe: Pipe) -> Any:
    options = {**extra, **OPTIONS}
    options.pop("stall_s", None)
    if form == "rtmp":
        options["analyzeduration"] = SOUND_WITHIN
    if patience > 1:
        options["probesize"] = str(32768 * 4**patience)
        options["analyzeduration"] = str(min(5_000_000, 200_000 * 4**patience))
    try:
        if form == "rtmp":
            return av.open(url, mode="r", options=options, timeout=(OPEN_S, READ_S))
        options.pop("protocol_whitelist")
        return av.open(pipe, mode="r", format=form, options=options, buffer_size=2 * MUCH)
    except FFmpegError as error:
        ended = _ended(error)
        why = Ending.REFUSED if ended.why in {Ending.CLOSED, Ending.RESET} else ended.why
        raise PullEnded(why, ended.detail) from None


def _ended(error: FFmpegError) -> PullEnded:
    """What an error of FFmpeg says of the pull."""
    words = f"{type(error).__name__}: {error.strerror}"
    if isinstance(error, AvEOFError):
        return PullEnded(Ending.CLOSED, words)
    if isinstance(error, ExitError | TimeoutError):
        return PullEnded(Ending.STALLED, words)
    if isinstance(error, ConnectionError | BrokenPipeError):
        return PullEnded(Ending.RESET, words)
    if isinstance(error, OSError) and not isinstance(error, ValueError):
        return PullEnded(Ending.RESET, words)
    return PullEnded(Ending.BROKEN, words)
