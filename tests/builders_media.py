"""Synthetic pictures and clips for tests: soft blobs that coding keeps and PDQ likes."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image


def blobs(seed: int = 1, width: int = 320, height: int = 240, step: int = 0) -> NDArray[np.uint8]:
    """RGB pixels: random soft blobs; `step` moves them a little."""
    grid = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    whole = Image.fromarray(grid).resize((width + 32, height), Image.Resampling.BICUBIC)
    return np.asarray(whole)[:, step : step + width].copy()


def encoded(pixels: NDArray[np.uint8] | Image.Image, form: str, **options: Any) -> bytes:
    """A picture as the bytes of a file."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def clip(
    form: str = "mp4",
    codec: str = "libx264",
    *,
    frames: int = 20,
    rate: int = 10,
    gop: int = 5,
    size: tuple[int, int] = (160, 120),
    rotation: int = 0,
    options: dict[str, str] | None = None,
) -> bytes:
    """A short clip whose blobs move; key frames every `gop` frames."""
    with tempfile.NamedTemporaryFile() as out, same_priority():
        _write_clip(out.name, form, codec, frames, rate, gop, size, rotation, options or {})
        return out.read()


@contextmanager
def same_priority() -> Iterator[None]:
    """What runs inside leaves the process its class of scheduling.

    SVT-AV1's encoder gives the thread that calls it real-time priority 99 where it may (root), and
    everything started from there on inherits it: servers, and browsers that then let nothing else
    run.
    """
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)


def _write_clip(
    path: str, form: str, codec: str, frames: int, rate: int, gop: int,
    size: tuple[int, int], rotation: int, options: dict[str, str],
) -> None:  # fmt: skip
    with av.open(path, "w", format=form, options=options) as container:
        stream: Any = container.add_stream(codec, rate=Fraction(rate))
        stream.width, stream.height, stream.pix_fmt = size[0], size[1], "yuv420p"
        stream.codec_context.gop_size = gop
        stream.codec_context.thread_count = 1
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "sc_threshold": "0"}
        if rotation:
            stream.set_display_rotation(rotation)
        for step in range(frames):
            pixels = blobs(5, size[0], size[1], step % 32)
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def bits_apart(one: bytes, other: bytes) -> int:
    """Hamming distance of two hashes."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()
