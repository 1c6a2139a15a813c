"""Many hashes of one frame: a shrunken picture, seen through affine maps, each as PDQ.

In: the decoder's luma plane. Out: 32-byte hashes and qualities, one a map; keys of the video
search, never list hashes. Fed by `fingerprint.views`. Source: reference matching-and-hashing,
"Copy detection in time", step 1. Tests: tests/unit/test_kernel_views.py.
"""

import numpy as np
from numpy.typing import NDArray

from breakwater.kernel.backend import chosen
from breakwater.kernel.pdq import HASH_BYTES


def shrink(
    pixels: NDArray[np.uint8], box: tuple[int, int, int, int], rows: int, columns: int
) -> NDArray[np.uint8]:
    """The part `box` of a luma plane as (rows, columns) means of its cells.

    Args:
        pixels: (h, w).
        box: top, bottom, left, right, in pixels; bottom and right are outside.
        rows: of the answer.
        columns: of the answer.

    Raises:
        ValueError: the box does not lie inside.
    """
    found = chosen.module.shrink(np.ascontiguousarray(pixels), box, rows, columns)
    return np.frombuffer(found, np.uint8).reshape(rows, columns)


def view_hashes(
    small: NDArray[np.uint8], affines: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """PDQ of a small picture, blurred 3 x 3, sampled bilinearly through each map.

    Args:
        small: (rows, columns).
        affines: (n, 6): x = a u + b v + c and y = d u + e v + f in pixels of `small`, for u and v
            over the unit square; a negative `a` mirrors.

    Returns:
        (n, 32) hashes and (n,) qualities.

    Raises:
        ValueError: shapes do not fit, or a number is not finite.
    """
    hashes, qualities = chosen.module.view_hashes(
        np.ascontiguousarray(small), np.ascontiguousarray(affines, dtype=np.float32)
    )
    return (
        np.frombuffer(hashes, np.uint8).reshape(-1, HASH_BYTES),
        np.frombuffer(qualities, np.uint8),
    )
