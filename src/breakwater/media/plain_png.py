"""Pixels as a PNG that holds nothing else: three chunks, no text, no time, no profile.

What leaves for a public appeal is written here, outside the jail, from pixels alone: no byte of the
file it was cut from can be in it. Source: PNG specification (ISO/IEC 15948), 5 and 11.2. Used by
`linking.cropping`; tests: `tests/unit/test_plain_png.py`.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_RGB: Final = 2


def plain_png(pixels: NDArray[np.uint8]) -> bytes:
    """Spell pixels.

    Args:
        pixels: (h, w, 3) RGB.
    """
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)
    rows[:, 1:] = pixels.reshape(height, 3 * width)
    head = struct.pack(">IIBBBBB", width, height, 8, _RGB, 0, 0, 0)
    body = zlib.compress(rows.tobytes(), 9)
    return SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
