"""The sound of a video: bytes in, mono PCM out, block by block.

The container is opened as `media.video` does: form forced by the magic, no protocol. Runs
inside the jail only. Tests: `tests/unit/test_fingerprint_audio.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.error import EOFError as AvEOFError
from av.error import FFmpegError
from numpy.typing import NDArray

from breakwater.media import boxes
from breakwater.media.failures import Unreadable
from breakwater.media.video import FORMATS, OPTIONS
from breakwater.model.media import MediaLimits, MediaType, Reason

_BLOCK_S: Final = 4


def pcm(
    source: BinaryIO, kind: MediaType, limits: MediaLimits, rate: int
) -> Iterator[NDArray[np.int16]]:
    """Decode the best sound track; nothing at all when there is none.

    Args:
        source: the file.
        kind: its container.
        limits: longest duration.
        rate: samples a second wanted.

    Raises:
        Unreadable: TOO_LONG, MALFORMED; PyAV's errors besides.
    """
    boxes.check_whole(source, kind)
    source.seek(0)
    container = av.open(
        source, mode="r", format=FORMATS[kind], options=dict(OPTIONS), metadata_errors="replace"
    )
    try:
        stream: Any = container.streams.best("audio")
        if stream is None or stream.codec_context is None:
            return
        stream.codec_context.thread_count = 1
        yield from _blocks(container, stream, limits, rate)
    finally:
        container.close()


def _blocks(
    container: Any, stream: Any, limits: MediaLimits, rate: int
) -> Iterator[NDArray[np.int16]]:
    """Blocks of some seconds, and what is left at the end."""
    resampler = AudioResampler(format="s16", layout="mono", rate=rate)
    held: list[NDArray[np.int16]] = []
    count = total = 0
    for frame in _decoded(container, stream):
        frame.pts = None  # gaps in the clock are not filled with silence
        made = _samples(resampler, frame)
        held.append(made)
        count += len(made)
        if count >= rate * _BLOCK_S:
            yield np.concatenate(held)
            total, count, held = total + count, 0, []
        if total > limits.max_duration_s * rate:
            raise Unreadable(Reason.TOO_LONG, f"{total / rate:.0f} s of sound")
    if held:
        yield np.concatenate([*held, _samples(resampler, None)])


def _samples(resampler: AudioResampler, frame: Any) -> NDArray[np.int16]:
    """What a frame becomes; None gives what the resampler still holds."""
    made = [one.to_ndarray().reshape(-1) for one in resampler.resample(frame)]
    return np.concatenate(made).astype(np.int16) if made else np.zeros(0, np.int16)


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """Frames of sound; single bad packets are skipped as players do, and counted."""
    bad = packets = 0
    for packet in container.demux(stream):
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
        yield from frames
    if bad > max(2, packets // 5):
        raise Unreadable(Reason.MALFORMED, f"{bad} of {packets} packets of sound are damaged")
