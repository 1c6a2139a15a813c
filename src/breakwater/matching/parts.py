"""A part of an index: one searchable, immutable set of rows of one kind, whatever its form.

`form_of` says which form serves a kind at a size; `write` builds a segment file of it, in
place; `open_part` makes a mapped segment searchable. Forms: `exact` (bucketed by the first
bits), `ring` (exact radius search), `flat` (scanned in a row: small sets and odd widths), and
`licensed` (an operator's library through `model.ports.IndexFactory`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import CorruptSegment
from breakwater.matching import exact, flat, licensed, ring
from breakwater.matching.found import Found
from breakwater.matching.segments import Segment, SegmentWriter
from breakwater.matching.source import Source
from breakwater.model.ports import IndexFactory
from breakwater.model.signal import Measure, SignalKind

RING_FROM: Final = 49_152
"""Rows from which a ring beats a scan of 1.2 µs per 16 k rows (matching-and-hashing)."""

Factories = Mapping[str, IndexFactory]


class Part(Protocol):
    """What every form offers."""

    @property
    def count(self) -> int:
        """Rows."""
        ...

    def find(self, value: bytes, limit: int) -> list[tuple[int, int]]:
        """Number and distance of every row within the limit."""
        ...

    def find_many(self, values: NDArray[np.uint8], limit: int) -> Found:
        """The same for many queries of shape (n, size)."""
        ...

    def numbers(self) -> NDArray[np.uint32]:
        """Entry numbers in row order."""
        ...

    def values(self) -> NDArray[np.uint8]:
        """Values in row order, shape (count, size)."""
        ...


def form_of(kind: SignalKind, count: int, factories: Factories) -> str | None:
    """Choose the form; None when the kind cannot be searched here (its library is missing)."""
    if kind.name in factories:
        return "licensed"
    if kind.measure is Measure.EXACT:
        return "exact"
    if kind.measure is Measure.HAMMING:
        return "ring" if count >= RING_FROM and ring.serves(kind) else "flat"
    return None


def write(
    path: Path, kind: SignalKind, source: Source, *, covered: int, factories: Factories
) -> None:
    """Build a segment file and make it durable.

    Raises:
        DiskFull: there is no room; nothing is left behind.
        ValueError: the kind needs a library that is not there.
    """
    form = form_of(kind, source.count, factories)
    if form == "licensed":
        spec, fill = licensed.layout(kind, source, factories[kind.name])
    elif form == "exact":
        spec, fill = exact.layout(kind, source)
    elif form == "ring":
        spec, fill = ring.layout(kind, source)
    elif form == "flat":
        spec, fill = flat.layout(kind, source)
    else:
        raise ValueError(f"{kind.name} cannot be indexed without its library")
    writer = SegmentWriter(
        path, kind=kind.name, form=form, size=kind.size, count=source.count, spec=spec
    )
    try:
        fill(writer.arrays)
    except BaseException:  # whatever it was, no half-written file stays
        writer.discard()
        raise
    writer.finish(covered)


def open_part(kind: SignalKind, segment: Segment, factories: Factories) -> Part:
    """Make a mapped segment searchable.

    Raises:
        CorruptSegment: its arrays do not fit each other or the kind.
    """
    header = segment.header
    if header.kind != kind.name or header.size != kind.size:
        raise CorruptSegment(f"{segment.path.name}: of another kind.")
    try:
        if header.form == "licensed":
            return licensed.LicensedPart(segment, factories[kind.name])
        if header.form == "exact":
            return exact.ExactPart(kind, segment)
        if header.form == "ring":
            return ring.RingPart(kind, segment)
        if header.form == "flat":
            return flat.FlatPart(kind, segment)
    except (KeyError, ValueError, StopIteration) as fault:
        raise CorruptSegment(f"{segment.path.name}: {fault}.") from fault
    raise CorruptSegment(f"{segment.path.name}: unknown form.")
