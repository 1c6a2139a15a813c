"""A PNG of pixels alone: what others read is what went in, and nothing else is in it."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image

from breakwater.media.plain_png import SIGNATURE, plain_png

PIXELS = np.random.default_rng(1).integers(0, 256, (37, 53, 3), dtype=np.uint8)


def chunks(body: bytes) -> list[bytes]:
    found, at = [], len(SIGNATURE)
    while at < len(body):
        (size,) = struct.unpack_from(">I", body, at)
        found.append(body[at + 4 : at + 8])
        at += 12 + size
    return found


def test_pillow_reads_the_same_pixels() -> None:
    with Image.open(io.BytesIO(plain_png(PIXELS))) as read:
        read.load()
        assert read.mode == "RGB"
        assert read.info == {}
        assert (np.asarray(read) == PIXELS).all()


def test_there_are_three_chunks() -> None:
    assert chunks(plain_png(PIXELS)) == [b"IHDR", b"IDAT", b"IEND"]


def test_the_same_pixels_are_the_same_bytes() -> None:
    assert plain_png(PIXELS) == plain_png(PIXELS.copy())
