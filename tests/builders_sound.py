"""Synthetic sound for tests: melodies with harmonics and noise, alone or in a clip."""

from __future__ import annotations

import io
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from tests.builders_media import blobs

RATE = 11025


def melody(seed: int, seconds: float, *, pitch: float = 1.0) -> NDArray[np.int16]:
    """Mono samples: notes of random pitch, length and colour over a little noise."""
    random = np.random.default_rng(seed)
    parts = []
    length = 0
    while length < seconds * RATE:
        count = int(RATE * random.uniform(0.12, 0.6))
        base = 110 * 2 ** (random.integers(0, 36) / 12) * pitch
        time = np.arange(count) / RATE
        voice = sum(
            np.sin(2 * np.pi * base * k * time) * random.uniform(0.1, 1) / k for k in range(1, 6)
        )
        parts.append(voice * np.exp(-3 * time))
        length += count
    wave = np.concatenate(parts)[: int(seconds * RATE)]
    wave = wave / np.abs(wave).max() + random.normal(0, 0.02, len(wave))
    return (wave * 12000).clip(-32768, 32767).astype(np.int16)


def clip_with_sound(samples: NDArray[np.int16], codec: str = "aac") -> bytes:
    """An mp4 with moving blobs and this sound."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        video: Any = container.add_stream("libx264", rate=5)
        video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
        sound: Any = container.add_stream(codec, rate=44100, layout="mono")
        for step in range(int(len(samples) / RATE * 5)):
            pixels = blobs(5, 160, 120, step % 32)
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(video.encode())
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.rate = RATE
        for made in av.AudioResampler(format="fltp", layout="mono", rate=44100).resample(frame):
            container.mux(sound.encode(made))
        container.mux(sound.encode())
    return out.getvalue()
