"""The compiled loops: plain JPEG, PDQ from pixels, exact radius search, text for comparing.

In: contiguous arrays of bytes (files, pixels, codes), strings. Out: pixels, hashes, rows with
distances, folded text and sums of weights. Fed by `media`, `fingerprint`, `matching` and `comments`; nothing here knows files, SQL or settings. One C extension with a loop
per instruction set (AVX-512, AVX2, NEON, portable) is chosen at import; without it the NumPy twin
gives the same answers slowly and says so. `BREAKWATER_KERNEL=portable|avx2|avx512|neon|twin`
overrides the choice. Tests: tests/unit/test_kernel_*.py and tests/property/test_ring_*.py run the
same cases over every variant.
"""

from breakwater.kernel.backend import use, variant, variants
from breakwater.kernel.jpeg import jpeg_pixels
from breakwater.kernel.pdq import (
    HASH_BYTES,
    luma64,
    pdq,
    pdq_dihedral,
    pdq_from_luma64,
    video_key,
)
from breakwater.kernel.ring import Ring, ring_build, scan, scan_many
from breakwater.kernel.text import FEATURE_BITS, text_features, text_fold, text_weigh
from breakwater.kernel.views import shrink, view_hashes

__all__ = [
    "FEATURE_BITS",
    "HASH_BYTES",
    "Ring",
    "jpeg_pixels",
    "luma64",
    "pdq",
    "pdq_dihedral",
    "pdq_from_luma64",
    "ring_build",
    "scan",
    "scan_many",
    "shrink",
    "text_features",
    "text_fold",
    "text_weigh",
    "use",
    "variant",
    "variants",
    "video_key",
    "view_hashes",
]
