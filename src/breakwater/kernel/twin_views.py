"""Views of a frame in NumPy: the oracle of `_kernel`'s, and the fallback without it.

Every operation is float32 in a fixed order, so that the compiled loops give the same bits.
Tests: tests/unit/test_kernel_views.py runs both over the same frames.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater.kernel.twin_pdq import pdq_mirrored

SIDE: Final = 64
_SAME: Final = np.float32(0.001)
"""Pixels: so far apart are the points of maps that count as one."""

_NINTH: Final = np.float32(1) / np.float32(9)


def _starts(length: int, parts: int) -> NDArray[np.intp]:
    return np.arange(parts) * length // parts


def shrink(pixels: Any, box: tuple[int, int, int, int], rows: int, columns: int) -> bytes:
    """The mean of each cell of `box` (top, bottom, left, right), rounded half up."""
    top, bottom, left, right = box
    inner = np.asarray(pixels).view(np.uint8)
    if inner.ndim != 2 or not (
        0 <= top < bottom <= inner.shape[0] and 0 <= left < right <= inner.shape[1]
    ):
        raise ValueError("the box must lie inside pixels of the shape (rows, columns)")
    if not (0 < rows <= 4096 and 0 < columns <= 4096):
        raise ValueError("rows and columns must be 1 to 4096")
    inner = inner[top:bottom, left:right]
    for axis, parts in ((0, rows), (1, columns)):
        if inner.shape[axis] < parts:  # a cell never lies between two pixels
            inner = inner.take(_starts(inner.shape[axis], parts), axis)
    down, across = _starts(inner.shape[0], rows), _starts(inner.shape[1], columns)
    sums = np.add.reduceat(inner, down, axis=0, dtype=np.uint32)
    sums = np.add.reduceat(sums, across, axis=1, dtype=np.uint32)
    counts = np.diff(down, append=inner.shape[0])[:, None] * np.diff(across, append=inner.shape[1])
    means: NDArray[np.uint8] = ((sums + counts // 2) // counts).astype(np.uint8)
    return means.tobytes()


def _blurred(small: NDArray[np.uint8]) -> NDArray[np.float32]:
    wide = np.pad(small.astype(np.uint16), 1, mode="edge")
    rows = wide[:-2] + wide[1:-1] + wide[2:]
    sums = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    scaled: NDArray[np.float32] = sums.astype(np.float32) * _NINTH
    return scaled


def _sampled(picture: NDArray[np.float32], affine: NDArray[np.float32]) -> NDArray[np.float32]:
    """64 x 64 bilinear samples of a picture at the points of one affine map of the unit square."""
    at = (np.arange(SIDE, dtype=np.float32) + np.float32(0.5)) / np.float32(SIDE)
    u, v = at[None, :], at[:, None]
    half = np.float32(0.5)
    height, width = picture.shape
    x = np.clip(affine[0] * u + affine[1] * v + affine[2] - half, 0, np.float32(width - 1))
    y = np.clip(affine[3] * u + affine[4] * v + affine[5] - half, 0, np.float32(height - 1))
    x0, y0 = x.astype(np.intp), y.astype(np.intp)
    x1, y1 = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1)
    fx, fy = x - x0.astype(np.float32), y - y0.astype(np.float32)
    upper = picture[y0, x0] + (picture[y0, x1] - picture[y0, x0]) * fx
    lower = picture[y1, x0] + (picture[y1, x1] - picture[y1, x0]) * fx
    found: NDArray[np.float32] = upper + (lower - upper) * fy
    return found


def view_hashes(small: Any, affines: Any) -> tuple[bytes, bytes]:
    """Hashes and qualities of a small picture seen through affine maps."""
    picture = np.asarray(small).view(np.uint8)
    maps = np.asarray(affines, np.float32)
    if picture.ndim != 2 or 0 in picture.shape:
        raise ValueError("small must have the shape (rows, columns), none zero")
    if maps.ndim != 2 or maps.shape[1] != 6 or not (np.abs(maps) <= 1e6).all():
        raise ValueError("affines must have the shape (n, 6), finite")
    blurred = _blurred(picture)
    found: dict[int, tuple[bytes, int]] = {}
    for at, one in enumerate(maps):
        if at in found:
            continue
        value, turned_over, quality = pdq_mirrored(_sampled(blurred, one))
        found[at] = value, quality
        for other in range(at + 1, len(maps)):
            if other not in found and _turns_over(one, maps[other]):
                found[other] = turned_over, quality
    pairs = [found[at] for at in range(len(maps))]
    return b"".join(value for value, _ in pairs), bytes(quality for _, quality in pairs)


def _turns_over(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Whether a map shows what another does, turned over left for right: u is 1 - u there."""
    a, b, c, d, e, f = one
    turned = np.array([-a, b, c + a, -d, e, f + d], np.float32)
    return bool((np.abs(turned - other) <= _SAME).all())
