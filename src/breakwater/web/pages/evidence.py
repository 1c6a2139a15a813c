"""Match evidence as drawings: two hashes as one grid, and how the picture was turned.

A perceptual hash shows nothing of the picture, so this side-by-side costs nobody a look. Bit
order follows `kernel.pdq`: most significant bit first, row by row.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

from breakwater.model.match import VIEW_WORDS, Match
from breakwater.model.signal import View
from breakwater.web.pages.models_case import Bits, Span
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import say
from breakwater.web.pages.words import timecode

STRIP: Final = 24
"""Frames of the strip (console specification §5)."""

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
    return _TURN[look], "" if look is View.ORIGINAL else retold(VIEW_WORDS[look])


def bits_of(known: bytes, own: bytes, *, known_too: bool = True) -> Bits | None:
    """Draw a known hash with the bits outlined in which the item's own differs.

    Args:
        known: the bank's hash.
        own: the item's hash.
        known_too: draw the known hash itself; otherwise only where the two differ, which
            gives neither away.

    Returns:
        None when the two have different lengths, do not fill a square, or leave nothing to draw.
    """
    side = math.isqrt(len(known) * 8)
    if len(known) != len(own) or side * side != len(known) * 8:
        return None
    differ = bytes(a ^ b for a, b in zip(known, own, strict=True))
    if not known_too and not any(differ):
        return None
    drawn = _runs(known, side) if known_too else ""
    return Bits(side, drawn, _cells(differ, side, inset=0.16))


def moments_of(matches: Sequence[Match]) -> list[tuple[int, Match, int, float]]:
    """(evidence, match, frame, seconds) in the order of the item, each frame once."""
    found: dict[int, tuple[int, Match, int, float]] = {}
    for place, match in enumerate(matches, start=1):
        own = () if match.frame is None else ((match.frame, match.time_s or 0.0),)
        for frame, seconds in (*own, *match.moments):
            found.setdefault(frame, (place, match, frame, seconds))
    return sorted(found.values(), key=lambda moment: moment[2])[:STRIP]


def moments_s(matches: Sequence[Match]) -> list[tuple[int, float]]:
    """(evidence, seconds) of moments in what moves."""
    return [(place, at) for place, match, _, at in moments_of(matches) if match.time_s is not None]


def spans_of(moments: Sequence[tuple[int, float]], gap_s: float = 2.0) -> tuple[Span, ...]:
    """Stretches of a video with a match, as shares of the stretch from first to last second.

    Args:
        moments: (evidence, seconds) in order.
        gap_s: a longer pause begins a new stretch.
    """
    stretches: list[tuple[int, float, float]] = []
    for pair, at in moments:
        if stretches and at - stretches[-1][2] <= gap_s:
            stretches[-1] = (stretches[-1][0], stretches[-1][1], at)
        else:
            stretches.append((pair, at, at))
    whole = max((end for _, _, end in stretches), default=0.0) + 1.0
    if whole <= 1.0:
        return ()
    return tuple(
        Span(
            x=round(100 * start / whole, 2),
            width=round(max(1.0, 100 * (end + 1.0 - start) / whole), 2),
            words=say("%(start)s to %(end)s", start=timecode(start), end=timecode(end + 1.0)),
            pair=pair,
        )
        for pair, start, end in stretches
    )


def _runs(value: bytes, side: int) -> str:
    """Set bits as lines along their rows, which the style sheet dashes into cells.

    A page of twelve pairs stays within its budget: a tenth of the bytes of a square each.
    """
    number, last = int.from_bytes(value), len(value) * 8 - 1
    drawn = []
    for y in range(side):
        row = "".join(str(number >> (last - (y * side + x)) & 1) for x in range(side))
        drawn += [f"M{run.start()} {y}h{len(run.group())}" for run in re.finditer("1+", row)]
    return "".join(drawn)


def _cells(value: bytes, side: int, *, inset: float) -> str:
    number = int.from_bytes(value)
    last = len(value) * 8 - 1
    edge = f"{1 - 2 * inset:.2f}"
    return "".join(
        f"M{at % side + inset:.2f} {at // side + inset:.2f}h{edge}v{edge}h-{edge}z"
        for at in range(last + 1)
        if number >> (last - at) & 1
    )
