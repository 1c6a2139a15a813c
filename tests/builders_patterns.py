"""What repeats itself, and what a studio lays over its rooms and changes: bad input for places.

Patterns are one motif again and again, seen a little from the side, with shading and grain. The
studio's overlay has a chat that scrolls, a ticker that runs, a clock and a logo.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from breakwater.cli.demo_photos import photo

Grey = NDArray[np.uint8]
LINE = 24
"""Pixels between lines of the chat."""
NEXT_S = 1.7
"""Seconds between them."""
_WORDS = (
    "hello", "there", "what", "a", "nice", "tune", "who", "is", "here", "tonight", "greetings",
    "from", "the", "coast", "play", "it", "again", "thanks", "for", "music", "see", "you", "soon",
    "lovely", "view", "raining", "we", "love", "cat", "good", "evening", "all",
)  # fmt: skip


def brick() -> Grey:
    """Two courses of it."""
    unit = np.full((52, 60), 150, np.uint8)
    for one, other in (((0, 0), (60, 0)), ((0, 26), (60, 26)), ((5, 0), (5, 26)), ((35, 26), (35, 52))):  # fmt: skip
        cv2.line(unit, one, other, 60, 4)
    return unit


def carpet() -> Grey:
    """A woven motif."""
    unit, chance = np.full((80, 80), 120, np.uint8), np.random.default_rng(3)
    for _ in range(9):
        x, y = (int(one) for one in chance.integers(8, 72, 2))
        cv2.circle(unit, (x, y), int(chance.integers(3, 12)), int(chance.integers(20, 240)), -1)
    cv2.line(unit, (0, 40), (80, 40), 230, 2)
    return unit


def tiles() -> Grey:
    """One tile."""
    unit = np.full((64, 64), 215, np.uint8)
    cv2.rectangle(unit, (0, 0), (63, 63), 90, 2)
    cv2.circle(unit, (32, 32), 12, 60, 3)
    return unit


def blinds() -> Grey:
    """One slat."""
    unit = np.full((18, 640), 210, np.uint8)
    unit[:5] = 90
    return unit


PATTERNS = {"brick": brick, "carpet": carpet, "tiles": tiles, "blinds": blinds}


def repeated(unit: Grey, seed: int, width: int = 640, height: int = 480) -> NDArray[np.uint8]:
    """A wall or floor of it, from somewhere: (height, width, 3)."""
    chance = np.random.default_rng(seed)
    times = (1200 // unit.shape[0] + 1, 1600 // unit.shape[1] + 1)
    wall = np.tile(unit, times)[:1200, :1600]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    here = corners * 1.3 + chance.uniform(0, 200, 2)
    there = corners + chance.uniform(-0.12, 0.12, (4, 2)) * (width, height)
    turn = cv2.getPerspectiveTransform(here.astype(np.float32), there.astype(np.float32))
    seen = cv2.warpPerspective(wall, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
    shade = np.linspace(chance.uniform(0.7, 1.1), chance.uniform(0.7, 1.1), width)
    lit = seen * shade + chance.normal(0, 4, seen.shape)
    return np.repeat(np.clip(lit, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def studio(picture: NDArray[np.uint8], time_s: float) -> NDArray[np.uint8]:
    """A picture as the studio sends it at a second: what lies over it is always another."""
    out = picture.copy()
    height, width = out.shape[:2]
    side, first = int(width * 0.3), int(time_s // NEXT_S)
    out[:, width - side :] = (28, 30, 44)
    for row in range(height // LINE):
        line, at = first + row, (width - side + 6, 20 + LINE * row)
        colour = [int(one) for one in np.random.default_rng(line).integers(60, 255, 3)]
        cv2.circle(out, (at[0] - 3, at[1] - 6), 3, colour, -1)
        cv2.putText(out, _line(line), at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (235, 235, 235), 1)
    out[height - 40 :] = (150, 20, 30)
    news = " ".join(_line(n) for n in range(60))
    left = (int(-90 * time_s) % 4000 - 4000, height - 14)
    cv2.putText(out, news * 2, left, cv2.FONT_HERSHEY_DUPLEX, 0.7, (255, 255, 255), 1)
    cv2.rectangle(out, (10, 10), (150, 52), (10, 10, 10), -1)
    clock = f"20:{int(time_s) // 60 % 60:02d}:{int(time_s) % 60:02d}"
    cv2.putText(out, clock, (16, 42), cv2.FONT_HERSHEY_DUPLEX, 0.95, (255, 255, 0), 2)
    out[60:124, 12:76] = np.asarray(photo(901, width=64, height=64))
    return out


def _line(number: int) -> str:
    """What somebody writes: ordinary words."""
    return " ".join(np.random.default_rng([number, 5]).choice(_WORDS, 6))[:16]
