"""Match evidence as drawings: two hashes as one grid, and how the picture was turned.

A perceptual hash shows nothing of the picture, so this side-by-side costs nobody a look. Bit
order follows `kernel.pdq`: most significant bit first, row by row.
"""

from __future__ import annotations

import math
from typing import Final

from breakwater.model.match import VIEW_WORDS
from breakwater.model.signal import View
from breakwater.web.pages.models import Bits

_TURN: Final = {
    View.ORIGINAL: "",
    View.ROTATE90: "rotate(90 16 16)",
    View.ROTATE180: "rotate(180 16 16)",
    View.ROTATE270: "rotate(270 16 16)",
    View.FLIPX: "matrix(1 0 0 -1 0 32)",
    View.FLIPY: "matrix(-1 0 0 1 32 0)",
    View.FLIPPLUS1: "matrix(0 1 1 0 0 0)",
    View.FLIPMINUS1: "matrix(0 -1 -1 0 32 32)",
}
"""The dihedral moves as SVG transforms of a 32 × 32 sign."""


def turn_of(view: str) -> tuple[str, str]:
    """Transform and words for how an item was turned against the known one."""
    look = View(view)
    return _TURN[look], "" if look is View.ORIGINAL else VIEW_WORDS[look]


def bits_of(known: bytes, own: bytes) -> Bits | None:
    """Draw a known hash with the bits outlined in which the item's own differs.

    Returns:
        None when the two have different lengths or do not fill a square.
    """
    side = math.isqrt(len(known) * 8)
    if len(known) != len(own) or side * side != len(known) * 8:
        return None
    differ = bytes(a ^ b for a, b in zip(known, own, strict=True))
    return Bits(side, _cells(known, side, inset=0.06), _cells(differ, side, inset=0.16))


def _cells(value: bytes, side: int, *, inset: float) -> str:
    number = int.from_bytes(value)
    last = len(value) * 8 - 1
    edge = f"{1 - 2 * inset:.2f}"
    return "".join(
        f"M{at % side + inset:.2f} {at // side + inset:.2f}h{edge}v{edge}h-{edge}z"
        for at in range(last + 1)
        if number >> (last - at) & 1
    )
