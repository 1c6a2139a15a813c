"""Stretches of known videos on a case page: as evidence beside the matches, frame by frame.

The known side shows no picture: only its prints are kept. Frames are named by the number that the
item's own frame hashes give them, so that they can be looked at. Used by `read_case`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from breakwater.fingerprint.video import FrameHash, unpack
from breakwater.model.copies import CopyMatch
from breakwater.model.upload import Upload
from breakwater.records import videos
from breakwater.web.pages import words
from breakwater.web.pages.models_case import EvidencePair, StripFrame
from breakwater.web.pages.read_queue import Look
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import say

MOST: Final = 5
"""Stretches shown; the verdict over the API names all."""

FRAMES: Final = 8
"""Frames of one stretch in the strip."""


def evidence(
    look: Look, upload: Upload | None, *, after: int
) -> tuple[tuple[EvidencePair, ...], tuple[StripFrame, ...]]:
    """Stretches as evidence, and their frames for the strip.

    Args:
        look: the snapshot and who looks.
        upload: the item.
        after: how much evidence stands before them.
    """
    copies = upload.verdict.copies[:MOST] if upload and upload.verdict else ()
    if upload is None or not copies:
        return (), ()
    packed = videos.packed_of(look.tx, upload.id)
    frames = unpack(packed) if packed else []
    pairs = tuple(_pair(upload, one, frames) for one in copies)
    strip = [
        StripFrame(after + place, number, words.timecode(time_s), one.bank, span=first)
        for place, one in enumerate(copies, start=1)
        for first, number, time_s in _shown(one, frames)
    ]
    return pairs, tuple(strip)


def _pair(upload: Upload, one: CopyMatch, frames: Sequence[FrameHash]) -> EvidencePair:
    best = one.segment.pairs[0]
    return EvidencePair(
        item=upload.id,
        frame=_number(best.time_s, frames),
        at=words.timecode(best.time_s),
        words=retold(one.words),
        bank=one.bank,
        bank_url=f"/banks/{one.bank}",
        entry=one.number,
        kind=say("video"),
        value="",
        distance=best.distance,
        limit=0,
        bits_total=0,
        refusal=say("Of a known video only its prints are kept here, no picture."),
        acting=one.acting,
        why_not=words.WHY_NOT.get(one.why_not, "") if not one.acting else "",
        source=one.label,
    )


def _shown(one: CopyMatch, frames: Sequence[FrameHash]) -> list[tuple[bool, int, float]]:
    """Frames spread over a stretch, in order, each once: first of it, number, seconds."""
    found = {_number(pair.time_s, frames): pair.time_s for pair in one.segment.pairs}
    ordered = sorted(found)
    if len(ordered) > FRAMES:
        last = len(ordered) - 1
        ordered = [ordered[round(at * last / (FRAMES - 1))] for at in range(FRAMES)]
    return [(at == 0, number, found[number]) for at, number in enumerate(ordered)]


def _number(time_s: float, frames: Sequence[FrameHash]) -> int:
    """The hashed frame nearest to a moment."""
    nearest = min(frames, key=lambda frame: abs(frame.time_s - time_s), default=None)
    return nearest.frame if nearest is not None else 0
