"""Small stills for the console, made inside the jail so that nothing larger leaves it.

Pixels in, WebP bytes out, at the level's size (console reference §10). S1 and S2 are box
means: what they do not show cannot be computed back. S3 and S4 carry the watermark all over.
Tests: `tests/unit/test_media_stills.py`.
"""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from breakwater.model.media import Level

_QUALITY: Final = {Level.S1: 60, Level.S2: 60, Level.S3: 75, Level.S4: 80}
_MARK_LENGTH: Final = 120


def render(pixels: NDArray[np.uint8], level: Level, watermark: str = "") -> bytes:
    """Make the still of a frame.

    Args:
        pixels: RGB or grey, oriented.
        level: how much is shown.
        watermark: words drawn over S3 and S4; ignored below.
    """
    image = Image.fromarray(pixels)
    if not level.colour:
        image = image.convert("L")
    width, height = level.box
    factor = min(width / image.width, height / image.height, 1.0)
    size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    image = image.resize(size, Image.Resampling.BOX).convert("RGB")
    if level.watermarked and watermark:
        image = _marked(image, watermark[:_MARK_LENGTH])
    out = io.BytesIO()
    image.save(out, "WEBP", quality=_QUALITY[level], method=4)
    return out.getvalue()


def _marked(image: Image.Image, words: str) -> Image.Image:
    """Words in rows over the whole picture, light with a dark edge, half transparent."""
    layer = Image.new("RGBA", image.size)
    draw = ImageDraw.Draw(layer)
    font = ImageFont.load_default(max(10, min(image.size) // 24))
    left, top, right, bottom = draw.textbbox((0, 0), words, font=font)
    width, height = int(right - left) + 24, int(bottom - top) * 5 + 8
    for row, y in enumerate(range(4, image.height, height)):
        for x in range(-(row % 2) * width // 2, image.width, width):
            draw.text(
                (x, y), words, font=font, fill=(255, 255, 255, 96),
                stroke_width=1, stroke_fill=(0, 0, 0, 72),
            )  # fmt: skip
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")
