"""When segments are merged, and the merge itself: deltas and segments in, new segments out.

Size-tiered: a merge takes the new rows and every segment that is at most `RATIO` times what
is merged with it, smallest first. So a list of millions that gets a trickle is rewritten
once in a while, a search visits about log8(n / 16 k) segments, and rows that were withdrawn
vanish on the way; a segment of which a quarter is withdrawn is rewritten for that alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from breakwater.errors import CorruptSegment
from breakwater.matching import parts
from breakwater.matching.delta import Delta
from breakwater.matching.manifest import Listed
from breakwater.matching.numberset import NumberSet
from breakwater.matching.parts import Factories
from breakwater.matching.segments import open_segment
from breakwater.matching.source import Input, Source
from breakwater.matching.view import Live, View
from breakwater.model.signal import SignalKind

RATIO: Final = 8
"""Every segment costs a search its own probes: few are worth writing a row oftener for."""
DEAD_SHARE: Final = 4
"""A segment is rewritten when one row in this many is withdrawn."""
DELTA_ROWS: Final = 16_384
"""Rows a delta takes before a merge seals it: a scan of them costs 1.2 µs."""
DEAD_LEAST: Final = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One segment to be built: from these segments, deltas and further rows."""

    kind: SignalKind
    segments: tuple[Live, ...] = ()
    deltas: tuple[Delta, ...] = ()
    extra: tuple[Input, ...] = ()


def tier(sizes: Sequence[int], fresh: int, *, force: bool = False) -> int:
    """How many of the smallest segments to merge.

    Args:
        sizes: rows of the segments, largest first.
        fresh: rows that are in no segment.
        force: all of them, whatever their sizes.
    """
    if force:
        return len(sizes) if fresh or len(sizes) > 1 else 0
    total, chosen = fresh, 0
    for size in reversed(sizes):
        if total and size > RATIO * total:
            break
        total += size
        chosen += 1
    return chosen if fresh or chosen > 1 else 0


def jobs_for(view: View, gone: NumberSet, *, force: bool) -> list[Job]:
    """What there is to build for one kind.

    Args:
        view: as it is, its delta frozen.
        gone: withdrawn numbers.
        force: down to one segment.
    """
    deltas = tuple(delta for delta in view.frozen if delta.count)
    fresh = sum(delta.count for delta in deltas)
    chosen = tier([live.part.count for live in view.segments], fresh, force=force)
    kept = view.segments[: len(view.segments) - chosen]
    merged = view.segments[len(kept) :]
    jobs = [Job(view.kind, merged, deltas)] if merged or deltas else []
    jobs += [Job(view.kind, (live,)) for live in kept if _mostly_dead(live, gone)]
    if force and not jobs:
        jobs = [Job(view.kind, (live,)) for live in kept if dead_rows(live, gone)]
    return jobs


def dead_rows(live: Live, gone: NumberSet) -> int:
    """How many rows of a segment were withdrawn."""
    return int(gone.mask(live.part.numbers()).sum()) if gone else 0


def worth(views: Iterable[View], dead: Mapping[str, int], *, unsealed: int, force: bool) -> bool:
    """Whether a merge has anything to do: a full delta, segments of like size, many withdrawn."""
    for view in views:
        sizes = [live.part.count for live in view.segments]
        gone = dead[view.kind.name]
        if view.pending >= DELTA_ROWS or tier(sizes, 0):
            return True
        if gone >= DEAD_LEAST and gone * DEAD_SHARE >= sum(sizes):
            return True
        if force and (view.pending or len(sizes) > 1 or gone):
            return True
    return unsealed >= (1 if force else 4 * DELTA_ROWS)


def _mostly_dead(live: Live, gone: NumberSet) -> bool:
    return bool(gone) and dead_rows(live, gone) * DEAD_SHARE >= live.part.count


def build(
    job: Job, directory: Path, name: str, *, gone: NumberSet, covered: int, factories: Factories
) -> Live | None:
    """Write and open the segment of a job; None when every row of it was withdrawn."""
    inputs = [Input(live.part.values(), live.part.numbers()) for live in job.segments]
    inputs += [delta.rows() for delta in job.deltas]
    source = Source([*inputs, *job.extra], without=gone)
    if not source.count:
        return None
    path = directory / name
    parts.write(path, job.kind, source, covered=covered, factories=factories)
    return open_live(directory, name, job.kind, factories, check=False)


def rebuild(
    views: Mapping[str, View],
    extra: Mapping[str, Input],
    directory: Path,
    *,
    generation: int,
    covered: int,
    gone: NumberSet,
    factories: Factories,
    force: bool,
) -> dict[str, list[Live]]:
    """Build all segments there are to build; answers the segments of each kind afterwards.

    Args:
        views: every kind, deltas frozen.
        extra: rows of an import, for a segment of their own.
        directory: of the index.
        generation: of the manifest that will name the new files.
        covered: change number the new files cover.
        gone: withdrawn numbers, left out.
        factories: of LICENSED kinds.
        force: down to one segment a kind.
    """
    after: dict[str, list[Live]] = {}
    at = 0
    for name, view in views.items():
        jobs = jobs_for(view, gone, force=force)
        if name in extra and len(extra[name].numbers):
            jobs.append(Job(view.kind, extra=(extra[name],)))
        used = {live.listed.file for job in jobs for live in job.segments}
        after[name] = [live for live in view.segments if live.listed.file not in used]
        for job in jobs:
            file = file_name(view.kind, generation, at)
            at += 1
            live = build(job, directory, file, gone=gone, covered=covered, factories=factories)
            if live is not None:
                after[name].append(live)
    return after


def open_live(
    directory: Path, name: str, kind: SignalKind, factories: Factories, *, check: bool = True
) -> Live:
    """Open one segment file for searching.

    Raises:
        CorruptSegment: it is torn, changed, missing or of another kind.
    """
    try:
        segment = open_segment(directory / name, check=check)
    except FileNotFoundError:
        raise CorruptSegment(f"{name}: missing.") from None
    part = parts.open_part(kind, segment, factories)
    listed = Listed(name, kind.name, segment.header.count, segment.header.file_size)
    return Live(listed, part)


def file_name(kind: SignalKind, generation: int, at: int) -> str:
    """Name of a new segment file: kind, generation of the manifest it is made for, place."""
    return f"{re.sub('[^a-z0-9]', '_', kind.name.lower())}-{generation:010d}-{at}.seg"
