"""Still and animated pictures: bytes in, pixels out, once as seen and once as hashed elsewhere.

*As seen* is what a person sees: RGB or grey, EXIF orientation applied, transparent parts on
white. *Compatible* is what existing PDQ tools hash (facebook/ThreatExchange,
`pdq_hasher.py`): the palette's indices, the first three of CMYK, no EXIF. Runs inside the jail
only. Plain JPEG goes through the kernel, other JPEG through simplejpeg: both decode bit for bit like
Pillow on the same libjpeg-turbo defaults, and faster; what both find odd, Pillow judges.
Tests: `tests/unit/test_media_image.py`.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
import pillow_heif
import simplejpeg
from numpy.typing import NDArray
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from breakwater import kernel
from breakwater.media.failures import Unreadable
from breakwater.media.video import Video
from breakwater.model.media import Frame, MediaLimits, MediaType, Reason

FORMATS: Final = {
    MediaType.JPEG: "JPEG",
    MediaType.PNG: "PNG",
    MediaType.GIF: "GIF",
    MediaType.WEBP: "WEBP",
    MediaType.BMP: "BMP",
    MediaType.TIFF: "TIFF",
    MediaType.AVIF: "AVIF",
    MediaType.HEIF: "HEIF",
}
"""Pillow's names. One that is not registered raises KeyError, which is our fault."""

PLUGINS: Final = (
    AvifImagePlugin, BmpImagePlugin, GifImagePlugin, JpegImagePlugin, MpoImagePlugin,
    PngImagePlugin, TiffImagePlugin, WebPImagePlugin,
)  # fmt: skip
"""Imported here by name: inside the jail nothing can be imported any more."""

_ORIENTATION: Final = 0x0112
_APPLIED_BY_DECODER: Final = frozenset({MediaType.TIFF, MediaType.HEIF})


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One frame of a still or an animation.

    Attributes:
        frame: as a person sees it.
        compatible: as existing tools hash it, where that is another array; else None.
    """

    frame: Frame
    compatible: NDArray[np.uint8] | None = None


def prepare() -> None:
    """Set the libraries up; called once by the zygote."""
    pillow_heif.register_heif_opener(thumbnails=False)
    pillow_heif.options.DECODE_THREADS = 1
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    Image.MAX_IMAGE_PIXELS = None  # `_check_size` is the cap, with its own reason


def pictures(source: BinaryIO, kind: MediaType, limits: MediaLimits) -> Iterator[Picture]:
    """Decode every frame in order.

    Raises:
        Unreadable: over a cap, or no frame; decoders raise their own errors besides
            (`failures.undecodable` names them).
    """
    if kind is MediaType.JPEG:
        yield _jpeg(source, limits)
        return
    try:
        image = Image.open(source, formats=(FORMATS[kind],))
    except UnidentifiedImageError:
        if kind is not MediaType.AVIF:
            raise
        yield _avif_by_ffmpeg(source, limits)
        return
    with image:
        yield from _frames(image, kind, limits)


def _frames(image: Image.Image, kind: MediaType, limits: MediaLimits) -> Iterator[Picture]:
    """Every frame of an open image."""
    time_s, index = 0.0, 0
    while index == 0 or _next(image, index):
        if index >= limits.max_frames:
            raise Unreadable(Reason.TOO_MANY_FRAMES, f"over {limits.max_frames}")
        _check_size(image.size, limits)
        image.load()
        yield _picture(image, kind, index, time_s)
        time_s += _duration(image)
        index += 1


def _avif_by_ffmpeg(source: BinaryIO, limits: MediaLimits) -> Picture:
    """A valid AVIF that libavif refuses (two colour profiles of one kind) but viewers show.

    Raises:
        Unreadable: MALFORMED when it has several streams: tiles, of which one is not the picture.
    """
    source.seek(0)
    video = Video(source, MediaType.MP4, limits)
    try:
        if video.streams != 1:
            raise Unreadable(Reason.MALFORMED, "not one picture", kind=MediaType.AVIF)
        shot = video.at(0)
    finally:
        video.close()
    return Picture(Frame(oriented(shot.pixels, shot.turn)), shot.pixels)


def _next(image: Image.Image, index: int) -> bool:
    """Go to a frame; False when there is none."""
    try:
        image.seek(index)
    except EOFError:
        return False
    return True


def _jpeg(source: BinaryIO, limits: MediaLimits) -> Picture:
    """The primary picture. Further ones (MPO: depth, gain map, stereo) no viewer shows."""
    data = source.read()
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        _check_size(image.size, limits)
        pixels = _fast_jpeg(data, image)
        turn = _orientation(image)
        if pixels is None:
            image.load()
            return _picture(image, MediaType.JPEG, 0, 0.0)
    if turn == 1:
        return Picture(Frame(pixels))
    return Picture(Frame(oriented(pixels, turn)), pixels)


def _fast_jpeg(data: bytes, image: Image.Image) -> NDArray[np.uint8] | None:
    """Pixels by the kernel or simplejpeg; None when Pillow shall judge (CMYK, warnings, damage)."""
    if image.mode not in {"RGB", "L"}:
        return None
    plain = kernel.jpeg_pixels(data)
    if (
        plain is not None
        and plain.shape[1::-1] == image.size
        and (plain.ndim == 3) == (image.mode == "RGB")
    ):
        return plain
    try:
        pixels = simplejpeg.decode_jpeg(data, "RGB" if image.mode == "RGB" else "GRAY")
    except ValueError:
        return None
    shape = (image.size[1], image.size[0], 3 if image.mode == "RGB" else 1)
    if pixels.shape != shape:
        return None
    found: NDArray[np.uint8] = pixels if image.mode == "RGB" else pixels[:, :, 0]
    return found


def _picture(image: Image.Image, kind: MediaType, index: int, time_s: float) -> Picture:
    """Both looks of a loaded frame."""
    turn = 1 if kind in _APPLIED_BY_DECODER else _orientation(image)
    raw = _compatible(image) if index == 0 else None
    if image.mode in {"RGB", "L"} and "transparency" not in image.info:
        plain = np.asarray(image) if raw is None else raw
    else:
        plain = _seen(image)
    seen = oriented(plain, turn)
    return Picture(Frame(seen, index, time_s), None if raw is seen else raw)


def _seen(image: Image.Image) -> NDArray[np.uint8]:
    """RGB or grey pixels of any mode, transparent parts on white as a browser shows them."""
    if "transparency" in image.info or image.mode in {"RGBA", "LA", "PA", "La", "RGBa"}:
        whole = image.convert("RGBA")
        seen = Image.new("RGB", image.size, "white")
        seen.paste(whole, mask=whole.getchannel("A"))
        return np.asarray(seen)
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.mode.startswith(("I", "F")):
        return _scaled(np.asarray(image))
    if image.mode == "LAB":
        return np.asarray(image.getchannel("L"))  # PDQ looks at lightness only
    return np.asarray(image if image.mode in {"RGB", "L"} else image.convert("RGB"))


def _scaled(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Deep grey to eight bits: whole numbers by the range they fit in, others by what they hold."""
    wide = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
    low, high = float(wide.min()), float(wide.max())
    if values.dtype.kind in "iu" and low >= 0 and high <= 65535:
        low, high = 0.0, 255.0 if high <= 255 else 65535.0
    return ((wide - low) * (255.0 / max(high - low, 1e-9))).astype(np.uint8)


def _compatible(image: Image.Image) -> NDArray[np.uint8] | None:
    """The array existing tools hash; None when they cannot hash this mode at all."""
    array = np.asarray(image.convert("RGB") if image.mode == "LA" else image)
    if array.dtype != np.uint8:
        return None
    return np.ascontiguousarray(array[:, :, :3]) if array.ndim == 3 else array


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1..8. Broken EXIF counts as none, as viewers treat it."""
    data = image.info.get("exif")
    if not isinstance(data, bytes):
        return 1
    exif = Image.Exif()
    try:
        exif.load(data)
        turn = exif.get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - hostile EXIF may raise anything; the pixels are still good
        return 1
    return turn if isinstance(turn, int) and 1 <= turn <= 8 else 1


def oriented(pixels: NDArray[np.uint8], turn: int) -> NDArray[np.uint8]:
    """Pixels turned and mirrored as an EXIF orientation asks (EXIF 2.32, tag 0x0112)."""
    if turn == 1:
        return pixels
    if turn in {5, 7, 6, 8}:
        pixels = pixels.swapaxes(0, 1)  # mirrored across the diagonal, which is 5
    rows = -1 if turn in {3, 4, 7, 8} else 1
    columns = -1 if turn in {2, 3, 6, 7} else 1
    return np.ascontiguousarray(pixels[::rows, ::columns])


def _duration(image: Image.Image) -> float:
    """Seconds a frame is shown; what is no number is none."""
    value = image.info.get("duration", 0)
    good = isinstance(value, int | float) and math.isfinite(value) and 0 <= value < 1e7
    return float(value) / 1000 if good else 0.0


def _check_size(size: tuple[int, int], limits: MediaLimits) -> None:
    """Before anything of the size is allocated."""
    if size[0] * size[1] > limits.max_pixels:
        raise Unreadable(Reason.TOO_MANY_PIXELS, f"{size[0]} x {size[1]}")
    if min(size) < 1:
        raise Unreadable(Reason.NO_FRAMES)
