"""What a source lays over every frame: logos, chat bars, a camera that never moves.

In: key points of frames of one source that show different things (its shots). Out: a `Mask`
of grid cells whose key points repeat in place and look in at least half of them. Without it a
platform's logo linked 399 of 400 unrelated pairs; with it none (reference linking, "The
overlay trap"). A static room masks itself: what is left is what moves, and where nothing is
left, the answer is that points cannot tell. Tests: `tests/unit/test_scenes_local.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater.model.scene import Keypoints

COLUMNS, ROWS = 24, 24
"""Cells of a mask."""

MOST: Final = 16
"""Frames that are compared, spread evenly over what is given."""

LEAST: Final = 3
"""Fewer frames cannot tell what lies over all from what one shot shows."""

SHARE: Final = 0.5
"""A point that repeats in this share of the others lies over all of them."""

_NEAR: Final = 2.0
_ALIKE: Final = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """Cells that are left out: (ROWS, COLUMNS), true where covered."""

    cells: NDArray[np.bool_]

    @property
    def share(self) -> float:
        """How much of the picture is left out, 0 to 1."""
        return float(self.cells.mean())

    def mirrored(self) -> Mask:
        """As it lies over the mirrored frame."""
        return Mask(np.ascontiguousarray(self.cells[:, ::-1]))

    def uncovered(self, frame: Keypoints) -> Keypoints:
        """The key points outside."""
        columns, rows = _cells(frame)
        return frame.only(~self.cells[rows, columns])


def mask_of(frames: Sequence[Keypoints]) -> Mask | None:
    """The mask of a source.

    Args:
        frames: of different shots, or far apart in time.

    Returns:
        None for fewer than `LEAST` frames: nothing is known about this source.
    """
    if len(frames) < LEAST:
        return None
    places = np.unique(np.linspace(0, len(frames) - 1, min(MOST, len(frames))).round().astype(int))
    taken = [frames[place] for place in places]
    counts = np.zeros((ROWS, COLUMNS), int)
    for number, frame in enumerate(taken):
        others = taken[:number] + taken[number + 1 :]
        seen = np.zeros(len(frame), int)
        for other in others:
            seen += _repeated(frame, other)
        columns, rows = _cells(frame.only(seen >= max(1, SHARE * len(others))))
        here = np.zeros((ROWS, COLUMNS), bool)
        here[rows, columns] = True
        counts += here
    return Mask(_grown(counts >= max(2, SHARE * len(taken))))


def _repeated(frame: Keypoints, other: Keypoints) -> NDArray[np.bool_]:
    """Which points of a frame are at the same place in another and look alike."""
    if not len(frame) or not len(other):
        return np.zeros(len(frame), bool)
    near = np.ones((len(frame), len(other)), bool)
    for axis in (0, 1):
        near &= np.abs(frame.points[:, axis, None] - other.points[None, :, axis]) <= _NEAR
    mine, theirs = np.nonzero(near)
    one, two = frame.descriptors[mine].astype(np.float32), other.descriptors[theirs]
    products = (one * two).sum(axis=1)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(two.astype(np.float32), axis=1)
    found = np.zeros(len(frame), bool)
    found[mine[products >= _ALIKE * lengths]] = True
    return found


def _cells(frame: Keypoints) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Column and row of each point."""
    columns = (frame.points[:, 0] * COLUMNS / frame.width).astype(np.intp)
    rows = (frame.points[:, 1] * ROWS / frame.height).astype(np.intp)
    return columns.clip(0, COLUMNS - 1), rows.clip(0, ROWS - 1)


def _grown(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """With the neighbours of each cell: descriptors reach beyond their point."""
    padded = np.pad(cells, 1)
    grown = np.zeros_like(cells)
    for down in range(3):
        for right in range(3):
            grown |= padded[down : down + ROWS, right : right + COLUMNS]
    return grown
