"""Known answers of video: the hash of every frame, and a clip that is found in itself.

Source: vPDQ's hashes of its own sample, held against ours by its own rule of conformance
(facebook/ThreatExchange, `vpdq`): equal frames, fewer than 60 bits apart where both have quality.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from breakwater.app.validation.answers import Answers
from breakwater.app.validation.findings import Finding
from breakwater.app.validation.media import LIMITS
from breakwater.fingerprint.video import conforms, frame_hashes, read_text
from breakwater.matching.align import Follower
from breakwater.matching.reels import ReelChange, ReelIndex
from breakwater.media import golden
from breakwater.media.sandbox import JailPool
from breakwater.model.copies import ReelPrints, Segment
from breakwater.model.media import Undecodable

PART = "Video"


def clip(pool: JailPool, answers: Answers) -> Iterator[Finding]:
    """The hash of each frame of the clip."""
    one = answers.said["clip"]
    theirs = read_text(answers.files[one["hashes"]].decode())
    with answers.open(one["name"]) as source:
        every = replace(LIMITS, sample_fps=1000)
        out = pool.fingerprint(source, declared="", limits=every, lane="validate")
    if isinstance(out, Undecodable):
        yield Finding.equal(PART, "frames", one["frames"], f"not read: {out.reason.words}")
        return
    ours = frame_hashes(out.items, compatible=True)
    yield Finding.equal(PART, "frames", one["frames"], len(ours))
    told = "conform" if conforms(ours, theirs) else "do not conform"
    yield Finding.equal(PART, "hashes of frames and vPDQ's", "conform", told)


def stretches(pool: JailPool, answers: Answers) -> Iterator[Finding]:
    """The clip is found in itself where it is, and something else is not."""
    name = answers.said["clip"]["name"]
    with answers.open(name) as source:
        known = pool.prints(source, declared="", limits=LIMITS, lane="validate")
    with answers.open(name) as source:
        asked = pool.fingerprint(source, declared="", limits=LIMITS, lane="validate", views=True)
    other = next(one for one in golden.files() if one.name == "h264.mp4")
    with other.open() as source:
        else_ = pool.fingerprint(source, declared="", limits=LIMITS, lane="validate", views=True)
    if isinstance(known, Undecodable) or isinstance(asked, Undecodable) or asked.views is None:
        yield Finding.equal(PART, "alignment", "computed", "not read")
        return
    for one in answers.said["stretches"]:
        yield _aligned(known[0], asked.views, one)
    prints = None if isinstance(else_, Undecodable) else else_.views
    found = "not read" if prints is None else str(len(_found(known[0], prints, 0.0)))
    yield Finding.equal(PART, "another clip, stretches found", "0", found)


def _found(known: ReelPrints, asked: ReelPrints, from_s: float) -> tuple[Segment, ...]:
    """What aligning finds of a clip from a moment on, as if it began there."""
    index = ReelIndex()
    index.apply([ReelChange(1, 1, known)])
    follower = Follower(index)
    for frame in asked.frames():
        if frame.time_s >= from_s:
            follower.feed(replace(frame, time_s=frame.time_s - from_s))
    return follower.finish()


def _aligned(known: ReelPrints, asked: ReelPrints, one: dict[str, Any]) -> Finding:
    within = one["within_s"]
    words = (
        f"{one['zone']}, {one['begins_s']} to {one['ends_s']} s, in the known clip later by "
        f"{one['later_by_s']} s, each within {within} s"
    )
    segments = _found(known, asked, one["from_s"])
    if len(segments) != 1:
        return Finding(PART, _named(one), words, f"{len(segments)} stretches", right=False)
    found = segments[0]
    later = found.reference_start_s - found.start_s
    right = found.zone == one["zone"] and all(
        abs(have - want) <= within
        for have, want in (
            (found.start_s, one["begins_s"]), (found.end_s, one["ends_s"]),
            (later, one["later_by_s"]),
        )
    )  # fmt: skip
    told = f"{found.zone}, {found.start_s:.2f} to {found.end_s:.2f} s, later by {later:.2f} s"
    return Finding(PART, _named(one), words, told, right=right)


def _named(one: dict[str, Any]) -> str:
    return f"clip found in itself, from {one['from_s']} s"
