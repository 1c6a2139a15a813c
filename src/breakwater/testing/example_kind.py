"""An example of a licensed kind: what an operator's package for PhotoDNA or its like brings.

The algorithm is a toy (the mean luma of 12 × 12 tiles, compared by summed differences) and
says so in its name. What matters is the shape: a kind of 144 bytes whose distance no ring can
search, a hasher that runs inside the jail, an index of its own that keeps an array beside the
values. `Plugin`s are named under the entry point group `breakwater.signal_kinds`; this module is
also an entry for the jail, so that tests run it there. Contract: `breakwater.testing.signal_kinds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater.fingerprint.registry import Plugin, Registry
from breakwater.model.signal import Measure, SignalKind
from breakwater.recognition import task

SIDE: Final = 12

KIND: Final = SignalKind(
    "example_tiles", SIDE * SIDE, Measure.LICENSED, limit=600, base64=True,
    words="how a picture looks (an example for tests: mean luma of 12 x 12 tiles)",
)  # fmt: skip

HANDLERS = task.HANDLERS
versions = task.versions


def warm() -> None:
    """As the jail's entry module: the usual warm-up, with this kind installed."""
    task.warm(Registry.of([plugin()]))


def plugin() -> Plugin:
    """What the entry point names."""
    return Plugin(KIND, tiles, TileIndexFactory())


def tiles(pixels: NDArray[np.uint8]) -> tuple[bytes, int] | None:
    """Mean luma of each tile; None for a picture smaller than the tiles."""
    rows, columns = pixels.shape[:2]
    if rows < SIDE or columns < SIDE:
        return None
    luma = pixels if pixels.ndim == 2 else pixels @ np.array([0.299, 0.587, 0.114])
    tall = np.add.reduceat(luma.astype(np.float64), np.arange(SIDE) * rows // SIDE, axis=0)
    both = np.add.reduceat(tall, np.arange(SIDE) * columns // SIDE, axis=1)
    heights = np.diff(np.append(np.arange(SIDE) * rows // SIDE, rows))
    widths = np.diff(np.append(np.arange(SIDE) * columns // SIDE, columns))
    mean = both / np.outer(heights, widths)
    quality = min(100, int(mean.max() - mean.min()))
    return mean.round().astype(np.uint8).tobytes(), quality


class TileIndex:
    """Linear search with a bound: sums differ by no more than the summed differences."""

    def __init__(self, values: NDArray[np.uint8], sums: NDArray[np.int32]) -> None:
        self._values, self._sums = values, sums

    def search(
        self, values: NDArray[np.uint8], limit: int
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint16]]:
        """Everything within `limit` of each query."""
        found: list[tuple[int, int, int]] = []
        for query, value in enumerate(values):
            near = np.flatnonzero(np.abs(self._sums - int(value.sum())) <= limit)
            differ = np.abs(self._values[near].astype(np.int32) - value.astype(np.int32))
            distance = differ.sum(axis=1)
            hits = distance <= limit
            found += [
                (query, int(row), int(far))
                for row, far in zip(near[hits], distance[hits], strict=True)
            ]
        table = np.array(found, np.int64).reshape(-1, 3)
        return (
            table[:, 0].astype(np.uint32),
            table[:, 1].astype(np.uint32),
            table[:, 2].astype(np.uint16),
        )


class TileIndexFactory:
    """Makes `TileIndex`; the sums are kept in the segment's file."""

    def build(self, values: NDArray[np.uint8]) -> Mapping[str, NDArray[Any]]:
        """The sum of each value."""
        return {"sums": values.sum(axis=1, dtype=np.int32)}

    def open(self, values: NDArray[np.uint8], kept: Mapping[str, NDArray[Any]]) -> TileIndex:
        """Search the values, with their sums or without."""
        sums = kept["sums"] if "sums" in kept else self.build(values)["sums"]
        return TileIndex(values, sums)
