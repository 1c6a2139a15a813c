"""Frame pairs of a broadcast as evidence on its case: this side a still, the known side words.

Stills were sealed when an alert came (`records.stream_stills`); where one is missing or was
destroyed, words say so. What a closer look found is said in words as well. Used by `read_case`
and `read_stream`; looked at through `review.looking.views`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from breakwater.model.access import Permission
from breakwater.model.copies import CopyMatch, Reel, Segment, Zone
from breakwater.model.scene import CloserLook
from breakwater.model.signal import View, kind_named
from breakwater.model.stream import Evidence, Stream
from breakwater.records import reels, stream_alerts, stream_stills
from breakwater.records.stream_stills import StreamStill
from breakwater.web.pages import words
from breakwater.web.pages.evidence import bits_of, turn_of
from breakwater.web.pages.models_case import EvidencePair, StripFrame
from breakwater.web.pages.read_queue import Look
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import figure, say, say_n

MOST: Final = 1
"""Known videos or entries beside which frames are shown, the strongest: the page has its weight.
The others are counted, and stand among the alerts."""

FRAMES: Final = 4
NEAR_S: Final = 0.5
"""How far a still may be from the moment that was compared: they are a fraction of a second apart
only where every frame is looked at."""


def evidence(
    look: Look, stream: Stream | None
) -> tuple[tuple[EvidencePair, ...], tuple[StripFrame, ...], int]:
    """Frame pairs of a broadcast: the strongest stretch of each known video, nearest entries.

    Returns:
        Evidence, the frames of its strip, and how many known videos and entries are not shown.
    """
    if stream is None:
        return (), (), 0
    seen = stream_alerts.of_stream(look.tx, stream.id)
    stills = stream_stills.of_stream(look.tx, stream.id)
    every, near = _strongest(seen), _nearest(seen)
    copies = every[:MOST]
    known = reels.many(look.tx, {one.reel for one in copies})
    pairs: list[EvidencePair] = []
    strip: list[StripFrame] = []
    for one in copies:
        reel = known.get(one.reel)
        if reel is None or not one.pairs:
            continue
        shown = _frames(one, stills)
        pairs.append(_copy(stream, one, reel, shown, stills))
        strip += [
            StripFrame(
                len(pairs), still.ms, words.timecode(still.time_s), reel.bank_name,
                span=at == 0,
            )
            for at, still in enumerate(shown)
        ]  # fmt: skip
    for match in near[: MOST - len(pairs)]:
        pairs.append(_match(look, stream, match, stills))
        still = _near(stills, match["time_s"])
        if still is not None and still.blob is not None:
            at = words.timecode(still.time_s)
            strip.append(StripFrame(len(pairs), still.ms, at, match["bank"]))
    return tuple(pairs), tuple(strip), len(every) + len(near) - len(pairs)


def kept(look: Look, stream: Stream) -> bool:
    """Whether there is a still to show."""
    found = stream_stills.of_stream(look.tx, stream.id)
    return any(one.blob is not None for one in found)


def warning(strip: Sequence[StripFrame]) -> str:
    """One factual line before a picture (console specification §8)."""
    if not strip:
        return ""
    frames = say_n("%(n)s matched frame.", "%(n)s matched frames.", len(strip))
    return " ".join((say("Sound is off."), frames))


def looked(one: CloserLook) -> tuple[str, ...]:
    """What a closer look found, sentence by sentence."""
    said = []
    values = {"n": one.agree, "all": len(one.frames)}
    if one.after == Zone.NOTHING:
        said.append(
            say(
                "Another video: %(n)s of %(all)s frame pairs show the same.",
                **values,
            )
        )
    elif one.frames and one.after == Zone.LINK:
        said.append(say("It is borne out: %(n)s of %(all)s frame pairs show the same.", **values))
    elif one.frames:
        said.append(say("It cannot tell: %(n)s of %(all)s frame pairs show the same.", **values))
    same = [
        say(
            "%(a)s beside %(b)s (%(n)s points)",
            a=words.timecode(here), b=words.timecode(there), n=points,
        )
        for here, there, points, agrees in one.frames
        if agrees
    ]  # fmt: skip
    if same:
        said.append(", ".join(same))
    if one.sound is not None:
        said.append(
            say(
                "The sound is the same for %(span)s s from %(at)s on: %(n)s of 100 bits differ (limit 27).",
                span=figure(one.sound.seconds, "0.0"), at=words.timecode(one.sound.start_s),
                n=round(100 * one.sound.error_rate),
            )
        )  # fmt: skip
    return tuple(said)


def _strongest(seen: Sequence[Evidence]) -> list[Segment]:
    """The best stretch of each known video, best first; those a closer look ruled out are left."""
    best: dict[int, Segment] = {}
    for alert in seen:  # the newest first
        for one in alert.segments:
            if one.zone is not Zone.NOTHING and _rank(one) > _rank(best.get(one.reel)):
                best[one.reel] = one
    return sorted(best.values(), key=_rank, reverse=True)


def _rank(one: Segment | None) -> tuple[bool, float]:
    """A link before a look, then by score."""
    return (False, -1.0) if one is None else (one.zone is Zone.LINK, one.score)


def _nearest(seen: Sequence[Evidence]) -> list[Mapping[str, Any]]:
    """The nearest single frame to each entry, nearest first."""
    best: dict[int, Mapping[str, Any]] = {}
    for alert in seen:
        for one in alert.matches:
            placed = {**one, "time_s": alert.alert.time_s}
            known = best.get(int(one["entry"]))
            if known is None or one["distance"] < known["distance"]:
                best[int(one["entry"])] = placed
    return sorted(best.values(), key=lambda one: int(one["distance"]))


def _frames(one: Segment, stills: Sequence[StreamStill]) -> list[StreamStill]:
    """Stills of a stretch's frame pairs in the order of time, each once."""
    near = [_near(stills, pair.time_s) for pair in one.pairs]
    found = {still.ms: still for still in near if still is not None and still.blob is not None}
    return [found[ms] for ms in sorted(found)][:FRAMES]


def _near(stills: Sequence[StreamStill], time_s: float) -> StreamStill | None:
    best = min(stills, key=lambda one: abs(one.time_s - time_s), default=None)
    return best if best is not None and abs(best.time_s - time_s) <= NEAR_S else None


def _copy(
    stream: Stream,
    one: Segment,
    reel: Reel,
    shown: Sequence[StreamStill],
    stills: Sequence[StreamStill],
) -> EvidencePair:
    kept_at = {still.ms for still in shown}
    near = ((pair, _near(stills, pair.time_s)) for pair in one.pairs)
    there = [(pair, still) for pair, still in near if still is not None and still.ms in kept_at]
    best, still = there[0] if there else (one.pairs[0], None)
    copy = CopyMatch(reel.id, reel.number, reel.bank_name, reel.label, one)
    beside = say(
        "%(b)s of %(label)s is beside %(a)s here.", label=reel.label or say("the known video"),
        a=words.timecode(best.time_s), b=words.timecode(best.reference_s),
    )  # fmt: skip
    return EvidencePair(
        item=stream.id,
        frame=still.ms if still is not None else 0,
        at=words.timecode(still.time_s if still is not None else best.time_s),
        words=retold(copy.words),
        bank=reel.bank_name,
        bank_url=f"/banks/{reel.bank_name}",
        entry=reel.number,
        kind=say("video"),
        value="",
        distance=best.distance,
        limit=0,
        bits_total=0,
        refusal=f"{beside} {_known_side(reel)}",
        source=reel.label,
        no_still="" if still is not None else _missing(stills, one.pairs[0].time_s),
    )


def _known_side(reel: Reel) -> str:
    if reel.source.startswith("stream:"):
        return say("It is a broadcast that was stopped here: its own case has what is kept of it.")
    return say("Of a known video only its prints are kept here, no picture.")


def _match(
    look: Look, stream: Stream, match: Mapping[str, Any], stills: Sequence[StreamStill]
) -> EvidencePair:
    kind, reads = kind_named(str(match["kind"])), look.may(Permission.HASH_READ)
    own, value = str(match["own"]), str(match["value"])
    still = _near(stills, match["time_s"])
    there = still is not None and still.blob is not None
    turn, turn_words = turn_of(View(match["view"]))
    return EvidencePair(
        item=stream.id,
        frame=still.ms if still is not None else 0,
        at=words.timecode(still.time_s if still is not None else match["time_s"]),
        words=retold(str(match["words"])),
        bank=str(match["bank"]),
        bank_url=f"/banks/{match['bank']}",
        entry=int(match["entry"]),
        kind=kind.name,
        value=value if reads else "",
        own_value=own if reads else "",
        distance=int(match["distance"]),
        limit=int(match["limit"]),
        bits_total=kind.bits,
        refusal=say("The source gives a hash only. No picture of the known side is kept here."),
        turn=turn,
        turn_words=turn_words,
        bits=bits_of(kind.parse(value), kind.parse(own), known_too=reads) if own else None,
        no_still="" if there else _missing(stills, match["time_s"]),
    )


def _missing(stills: Sequence[StreamStill], time_s: float) -> str:
    """Why there is no picture of a moment."""
    if _near(stills, time_s) is not None:
        return say("The still of this moment is not kept any more.")
    return say("No still of this moment was kept.")
