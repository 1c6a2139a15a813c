"""JPEG of the plain kind to pixels, bit for bit as libjpeg-turbo decodes it and in less time.

In: a file's bytes. Out: (rows, columns, 3) RGB or (rows, columns) luma, uint8; None for whatever
is not a whole baseline or sequential Huffman file of 8 bits, grey or YCbCr in 4:4:4, 4:2:2 or
4:2:0, and for anything libjpeg-turbo would warn of: a general decoder judges it. The bytes are
untrusted: of uploads, call it inside the jail only. Source: ITU-T T.81; libjpeg-turbo's jidctint,
jdsample, jdcolor. Fed by `media.image`. Tests: tests/unit/test_kernel_jpeg.py.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater.kernel.backend import chosen

FASTER: Final = frozenset({"avx512", "avx2"})
"""Variants measured faster than libjpeg-turbo; the others' loops are right, and slower than its own."""


def jpeg_pixels(data: bytes, *, grey: bool = False) -> NDArray[np.uint8] | None:
    """The pixels of a plain JPEG file, unturned; None when another decoder must judge it.

    Args:
        data: the whole file.
        grey: only the luma, also of a file in colour; chroma is then passed over.
    """
    return plain_pixels(data, grey=grey) if chosen.module.variant() in FASTER else None


def plain_pixels(data: bytes, *, grey: bool = False) -> NDArray[np.uint8] | None:
    """The same in every variant, also where another decoder is faster."""
    shape = chosen.module.jpeg_shape(data)
    if shape is None:
        return None
    rows, columns, channels = shape
    out = np.empty((rows, columns) if grey or channels == 1 else (rows, columns, 3), np.uint8)
    return out if chosen.module.jpeg_pixels(data, grey, out) else None
