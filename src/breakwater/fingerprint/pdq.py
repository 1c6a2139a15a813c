"""PDQ of a picture: pixels in, fingerprints out, with the seven other views for queries.

Bit for bit what `pdqhash` computes (kernel, its contract tests). A bank stores the ORIGINAL
view only; a mirrored or turned upload is found because the query asks with all eight.
Existing lists were made from palette indices and unturned pixels where a file has them: that
*compatible* hash is added when it differs. Tests: `tests/unit/test_fingerprint_pdq.py`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater import kernel
from breakwater.model.signal import PDQ, Fingerprint, Signal, View

VIEWS: Final = tuple(View)
"""In the order of `kernel.pdq_dihedral` and `pdqhash.compute_dihedral`."""


def of_picture(
    seen: NDArray[np.uint8],
    compatible: NDArray[np.uint8] | None = None,
    *,
    frame: int = 0,
    time_s: float = 0.0,
) -> list[Fingerprint]:
    """All views of a picture as seen, then the compatible hash when it differs."""
    hashes, quality = kernel.pdq_dihedral(seen)
    prints = [
        Fingerprint(Signal(PDQ.name, value), quality, frame, time_s, view)
        for view, value in zip(VIEWS, hashes, strict=True)
    ]
    if compatible is not None:
        prints += of_compatible(compatible, hashes[0], frame=frame, time_s=time_s)
    return prints


def of_frame(seen: NDArray[np.uint8], *, frame: int, time_s: float) -> Fingerprint:
    """One video frame as seen."""
    value, quality = kernel.pdq(seen)
    return Fingerprint(Signal(PDQ.name, value), quality, frame, time_s)


def of_compatible(
    pixels: NDArray[np.uint8], known: bytes, *, frame: int, time_s: float
) -> list[Fingerprint]:
    """The hash existing tools make, when it is another than the known one."""
    value, quality = kernel.pdq(pixels)
    if value == known:
        return []
    signal = Signal(PDQ.name, value)
    return [Fingerprint(signal, quality, frame, time_s, View.ORIGINAL, compatible=True)]
