"""PDQ: 256 bits and a quality from a picture's pixels, equal bit for bit to `pdqhash` 0.2.8.

In: (rows, columns, 3) RGB or (rows, columns) luma, uint8. Out: 32-byte hashes, most significant
bit first, as hash lists write them in hexadecimal; quality 0 to 100. Sides below 5 pixels give the
zero hash of quality 0, as the reference does. Also the 64-bit key of the video search. Source:
ThreatExchange, pdq/cpp and hashing.pdf. Fed by `fingerprint`. Tests: tests/unit/test_kernel_pdq.py.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater.kernel.backend import chosen

HASH_BYTES: Final = 32


def pdq(pixels: NDArray[np.uint8]) -> tuple[bytes, int]:
    """The PDQ hash and quality of a picture.

    Raises:
        ValueError: the array has no pixels or not such a shape.
    """
    found: tuple[bytes, int] = chosen.module.pdq(np.ascontiguousarray(pixels))
    return found


def pdq_dihedral(pixels: NDArray[np.uint8]) -> tuple[tuple[bytes, ...], int]:
    """The hashes of all eight orientations, and the quality.

    Returns:
        Original, rotated by 90, 180, 270 degrees, flipped in x, in y, along the diagonal (+1) and
        along the other (-1): the order of `pdqhash.compute_dihedral`.
    """
    hashes, quality = chosen.module.pdq_dihedral(np.ascontiguousarray(pixels))
    return tuple(hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)), quality


def luma64(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The blurred, decimated 64 x 64 luma from which PDQ takes its frequencies."""
    found = chosen.module.luma64(np.ascontiguousarray(pixels))
    return np.frombuffer(found, np.float32).reshape(64, 64)


def pdq_from_luma64(luma: NDArray[np.float32]) -> tuple[bytes, int]:
    """The PDQ hash and quality of a 64 x 64 luma (0 to 255), as `luma64` gives it."""
    found: tuple[bytes, int] = chosen.module.pdq_from_luma64(
        np.ascontiguousarray(luma, dtype=np.float32)
    )
    return found


def _video_bits() -> NDArray[np.intp]:
    """Positions of the key's bits in an unpacked hash, band by band.

    The 64 coefficients whose two frequencies are both 1 to 8, lowest first, dealt in turn to four
    bands, so that each band has its share of the stable low frequencies.
    """
    square = [(i, j) for i in range(8) for j in range(8)]
    ordered = sorted(square, key=lambda at: (at[0] + 1) ** 2 + (at[1] + 1) ** 2)
    dealt = [at for band in range(4) for at in ordered[band::4]]
    return np.array([255 - (16 * i + j) for i, j in dealt])


_VIDEO_BITS: Final = _video_bits()


def video_key(hashes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The 64-bit search keys of PDQ hashes: (n, 32) bytes in, (n, 8) bytes out."""
    if hashes.ndim != 2 or hashes.shape[1] != HASH_BYTES:
        raise ValueError(f"hashes must have the shape (n, 32), not {hashes.shape}")
    bits = np.unpackbits(hashes, axis=1)[:, _VIDEO_BITS]
    return np.ascontiguousarray(np.packbits(bits, axis=1, bitorder="little"))
