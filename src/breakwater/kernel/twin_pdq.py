"""PDQ in NumPy: the reference's float32 operations in their order, many rows side by side.

Same functions and answers as `_kernel`. Source: ThreatExchange pdq/cpp, hashing and downscaling, as
pdqhash 0.2.8 builds it: two passes of a running-sum box filter along rows and columns, decimation
to 64 x 64, a 16 x 64 DCT, bits above Torben's (lower) median, gradients for the quality.
Tests: tests/unit/test_kernel_pdq.py runs this and every compiled variant against pdqhash.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MIN_SIDE: Final = 5
ROUND: Final = np.arange(64)


def _dct_matrix() -> Floats:
    i, j = np.mgrid[:16, :64]
    scale = np.float64(np.float32(np.sqrt(2.0 / 64.0)))
    angles: NDArray[np.float64] = (np.pi / 2.0 / 64.0) * (i + 1) * (2 * j + 1)
    return (scale * np.cos(angles)).astype(np.float32)


DCT: Final = _dct_matrix()


def _picture(pixels: Any) -> NDArray[np.uint8]:
    view = memoryview(pixels)
    if view.itemsize != 1:
        raise TypeError(f"pixels needs items of 1 bytes, got {view.itemsize}")
    shape = view.shape or ()
    if not (len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)) or 0 in shape:
        raise ValueError(
            "pixels must have the shape (rows, columns) or (rows, columns, 3), none zero"
        )
    return np.asarray(pixels).view(np.uint8)


def _luma(picture: NDArray[np.uint8]) -> Floats:
    if picture.ndim == 2:
        return picture.astype(np.float32)
    weighed = picture.astype(np.int32) @ np.array([299, 587, 114], np.int32)
    return weighed.astype(np.float32) / np.float32(1000)


def _box(lines: Floats) -> Floats:
    """Box filter along axis 0 by a running sum: add the new, then take the old, as the reference."""
    length = len(lines)
    window = (length + 127) // 128
    half = (window + 2) // 2
    out = np.empty_like(lines)
    total = np.zeros(lines.shape[1], np.float32)
    count = 0
    for t in range(length + half - 1):
        if t < length:
            total += lines[t]
            count = min(t + 1, window)
        else:
            count -= 1
        if t >= window:
            total -= lines[t - window]
        if t + 1 >= half:
            np.divide(total, np.float32(count), out=out[t + 1 - half])
    return out


def _filtered(luma: Floats) -> Floats:
    for _ in range(2):
        luma = np.ascontiguousarray(_box(np.ascontiguousarray(luma.T)).T)
        luma = _box(luma)
    rows = ((ROUND + 0.5) * luma.shape[0] / 64).astype(np.intp)
    columns = ((ROUND + 0.5) * luma.shape[1] / 64).astype(np.intp)
    return luma[np.ix_(rows, columns)]


def _luma64(picture: NDArray[np.uint8], *, filter_always: bool) -> Floats:
    luma = _luma(picture)
    if luma.shape == (64, 64) and not filter_always:
        return luma
    return _filtered(luma)


def _coefficients(luma: Floats) -> Floats:
    """Both halves of the DCT, each sum over k in order, as float32 rounds it."""
    half = np.zeros((16, 64), np.float32)
    for k in range(64):
        half += DCT[:, k, None] * luma[None, k, :]
    whole = np.zeros((16, 16), np.float32)
    for k in range(64):
        whole += half[:, k, None] * DCT[None, :, k]
    return whole


def _bits(coefficients: Floats) -> bytes:
    flat = coefficients.reshape(256)
    median = np.partition(flat, 127)[127]
    return np.packbits((flat > median)[::-1]).tobytes()


def _quality(luma: Floats) -> int:
    steps = (luma[:-1] - luma[1:], luma[:, :-1] - luma[:, 1:])
    hundred, most = np.float32(100), np.float32(255)
    total = sum(int(np.abs((step * hundred / most).astype(np.int32)).sum()) for step in steps)
    return min(total // 90, 100)


def _orientations(c: Floats) -> list[Floats]:
    odd = np.arange(16) % 2 == 1
    rows = np.where(odd, 1, -1).astype(np.float32)[:, None]
    columns = rows.T
    both = -rows * columns
    return [
        c,
        (c * columns).T,
        c * -both,
        (c * rows).T,
        c * rows,
        c * columns,
        c.T,
        (c * -both).T,
    ]


def pdq(pixels: Any) -> tuple[bytes, int]:
    """The hash and quality of a picture."""
    picture = _picture(pixels)
    if min(picture.shape[:2]) < MIN_SIDE:
        return bytes(32), 0
    luma = _luma64(picture, filter_always=False)
    return _bits(_coefficients(luma)), _quality(luma)


def pdq_dihedral(pixels: Any) -> tuple[bytes, int]:
    """The eight orientations' hashes, joined, and the quality."""
    picture = _picture(pixels)
    if min(picture.shape[:2]) < MIN_SIDE:
        return bytes(256), 0
    luma = _luma64(picture, filter_always=True)
    turned = _orientations(_coefficients(luma))
    return b"".join(_bits(c) for c in turned), _quality(luma)


def luma64(pixels: Any) -> bytes:
    """The decimated luma as 64 x 64 float32."""
    return _luma64(_picture(pixels), filter_always=False).tobytes()


def pdq_from_luma64(luma: Any) -> tuple[bytes, int]:
    """The hash and quality of a decimated luma."""
    view = memoryview(luma)
    if view.itemsize != 4:
        raise TypeError(f"luma needs items of 4 bytes, got {view.itemsize}")
    values = np.frombuffer(view, np.float32)
    if values.size != 4096 or not (np.abs(values) <= 1e6).all():
        raise ValueError("luma must be 64 x 64 finite float32 values")
    square = values.reshape(64, 64)
    return _bits(_coefficients(square)), _quality(square)


def pdq_mirrored(luma: Floats) -> tuple[bytes, bytes, int]:
    """The hash of a decimated luma, of it turned over left for right, and the quality of both."""
    coefficients = _coefficients(luma)
    return _bits(coefficients), _bits(_orientations(coefficients)[5]), _quality(luma)
