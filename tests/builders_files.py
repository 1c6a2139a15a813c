"""Files with what devices and programs write into them: synthetic pictures and clips, real forms."""

from __future__ import annotations

import io
import tempfile
from typing import Any

import av
import numpy as np
import pillow_heif
from PIL import Image

from tests.builders_media import blobs


def photo(
    seed: int = 1, *, make: str = "", model: str = "", serial: str = "", form: str = "JPEG",
    software: str = "", size: tuple[int, int] = (640, 480), **options: Any,
) -> bytes:  # fmt: skip
    """A picture with edges and the EXIF of a camera; `options` are Pillow's of saving."""
    exif = Image.Exif()
    for tag, said in ((0x010F, make), (0x0110, model), (0x0131, software)):
        if said:
            exif[tag] = said
    if serial:
        exif.get_ifd(0x8769)[0xA431] = serial
    pillow_heif.register_heif_opener()
    out = io.BytesIO()
    scene(seed, size).save(out, form, exif=exif, **options)
    return out.getvalue()


def scene(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """An ordinary-looking picture: soft light, and boxes with edges that key points stand on."""
    random = np.random.default_rng(seed)
    pixels = blobs(seed, *size)
    for _ in range(60):
        x, y = random.integers(0, size[0] - 40), random.integers(0, size[1] - 40)
        w, h = random.integers(8, 90, 2)
        pixels[y : y + h, x : x + w] = random.integers(0, 256, 3)
    return Image.fromarray(pixels)


def tagged_clip(tags: dict[str, str], form: str = "mp4", frames: int = 12) -> bytes:
    """A short clip whose container says this of itself."""
    options = {"movflags": "use_metadata_tags+faststart"} if form in {"mp4", "mov"} else {}
    with tempfile.NamedTemporaryFile() as out:
        with av.open(out.name, "w", format=form, options=options) as container:
            container.metadata.update(tags)
            stream: Any = container.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
            stream.codec_context.thread_count = 1
            for step in range(frames):
                pixels = blobs(5, 160, 120, step % 32)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode())
        return out.read()
