"""Make the golden files: one tiny synthetic picture or clip per codec, and their manifest.

Run once when a codec is added; the files are part of the tree. Encoders are needed here only.
"""

from __future__ import annotations

import io
import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pillow_heif
from PIL import Image

from breakwater import kernel
from breakwater.media import image
from breakwater.media.video import Video
from breakwater.model.media import MediaLimits, MediaType

TARGET = Path("src/breakwater/media/golden")
WIDTH, HEIGHT, FRAMES = 128, 96, 6

STILLS = {
    "jpeg.jpg": ("JPEG", {"quality": 90}),
    "png.png": ("PNG", {}),
    "gif.gif": ("GIF", {}),
    "webp.webp": ("WEBP", {"quality": 80}),
    "bmp.bmp": ("BMP", {}),
    "tiff.tif": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    "avif.avif": ("AVIF", {"quality": 80}),
    "heif.heic": ("HEIF", {"quality": 80}),
}
CLIPS = {
    "h264.mp4": ("mp4", "libx264"),
    "hevc.mp4": ("mp4", "libx265"),
    "av1.mp4": ("mp4", "libsvtav1"),
    "mpeg4.mp4": ("mp4", "mpeg4"),
    "vp8.webm": ("webm", "libvpx"),
    "vp9.webm": ("webm", "libvpx-vp9"),
    "av1.webm": ("webm", "libsvtav1"),
    "h264.mkv": ("matroska", "libx264"),
    "h264.ts": ("mpegts", "libx264"),
    "mpeg2.ts": ("mpegts", "mpeg2video"),
    "h264.flv": ("flv", "libx264"),
    "sorenson.flv": ("flv", "flv"),
}


def picture(step: int) -> np.ndarray:
    """Soft random blobs over a gradient that drift by `step`: structure that coding keeps."""
    grid = np.random.default_rng(7).integers(0, 256, (16, 20, 3), np.uint8)
    size = (WIDTH + FRAMES, HEIGHT)
    blobs = np.asarray(Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC))
    ramp = np.linspace(0, 60, WIDTH)[None, :, None]
    return (blobs[:, step : step + WIDTH] * 0.75 + ramp).clip(0, 255).astype(np.uint8)


def clip(form: str, codec: str) -> bytes:
    """A few frames in one container."""
    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        stream = container.add_stream(codec, rate=Fraction(10))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = 3
        stream.codec_context.thread_count = 1
        for step in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(picture(step), format="rgb24")
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return out.getvalue()


def main() -> None:
    """Write every file and the manifest."""
    image.prepare()
    pillow_heif.register_heif_opener()
    rows = []
    TARGET.mkdir(exist_ok=True)
    for name, (form, options) in STILLS.items():
        Image.fromarray(picture(0)).save(TARGET / name, form, **options)
        kind = MediaType(f"image/{form.lower()}")
        with (TARGET / name).open("rb") as source:
            (found,) = image.pictures(source, kind, MediaLimits())
        rows.append(row(name, kind, form.lower(), 1, found.frame.pixels))
    for name, (form, codec) in CLIPS.items():
        (TARGET / name).write_bytes(clip(form, codec))
        kind = {
            "mp4": MediaType.MP4, "webm": MediaType.MATROSKA, "matroska": MediaType.MATROSKA,
            "mpegts": MediaType.MPEGTS, "flv": MediaType.FLV,
        }[form]  # fmt: skip
        with (TARGET / name).open("rb") as source:
            video = Video(source, kind, MediaLimits())
            shots = list(video.shots())
            rows.append(row(name, kind, codec, video.frames, shots[0].pixels))
    text = json.dumps(rows, indent=1)
    (TARGET / "manifest.json").write_text(text + "\n", encoding="utf-8")


def row(name: str, kind: MediaType, codec: str, frames: int, pixels: np.ndarray) -> dict:
    """What must come out of one file."""
    size = {"width": pixels.shape[1], "height": pixels.shape[0]}
    value, quality = kernel.pdq(pixels)
    print(name, frames, quality, value.hex()[:16])
    return {
        "name": name,
        "type": kind,
        "codec": codec,
        "frames": frames,
        **size,
        "pdq": value.hex(),
    }


if __name__ == "__main__":
    main()
