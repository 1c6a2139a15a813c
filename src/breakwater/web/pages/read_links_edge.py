"""Builds the evidence panel of one link: two moments side by side, what matches, and why it was said.

In come an edge, its two media and what people said; out goes an `EdgeView`. What a method found is
drawn from its evidence alone (points 0..1 of the frame, moments in seconds): no picture is decoded
here, no sound is kept. Used by `pages.links`. Tests: `tests/unit/test_links_evidence.py`,
`tests/integration/test_console_links.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from breakwater.model.access import Permission, Principal
from breakwater.model.likeness import METHOD
from breakwater.model.link import Edge, EdgeState, Link, LinkKind, TraitKind
from breakwater.records import link_edges, link_lists
from breakwater.records.database import Tx
from breakwater.records.link_lists import NOTHING, MediumLine, WaitingLink
from breakwater.web.pages import words
from breakwater.web.pages.models_links import (
    EdgeView,
    FramePair,
    LinkRow,
    OffsetLine,
    PointView,
    SideView,
    SoundView,
    ToldRow,
    Verdict,
)
from breakwater.web.pages.read_links import (
    KINDS,
    STATES,
    media_words,
    moment_of,
    name_of,
    score,
    why_waits,
)
from breakwater.web.pages.speech import Spoken, figure, later, say, say_n

NUMBERED: Final = 12
"""Matched points that are numbered and joined by lines; the others are dots."""
DOTS: Final = 200
GAP: Final = 166.0
"""Where the second of two places of 160 by 90 begins."""
PAIRS: Final = 12
MOST_ROWS: Final = 60

TRAITS: Final[Mapping[TraitKind, str]] = Spoken({
    TraitKind.CAMERA: later("The same camera: make, model and serial number. The number is hidden."),
    TraitKind.CAMERA_MODEL: later("The same model of camera. Many cameras are of one model."),
    TraitKind.SOFTWARE: later("Written by the same program."),
    TraitKind.ENCODER: later("The same encoder with the same settings."),
    TraitKind.TABLES: later("The same quantisation tables: how a JPEG was compressed."),
    TraitKind.GOP: later("The same pattern of picture groups, resolution and rate."),
    TraitKind.CONTAINER: later("The same order of boxes in the file."),
    TraitKind.DEVICE: later("Sent from the same device."),
    TraitKind.ACCOUNT: later("Of the same account."),
    TraitKind.ADDRESS: later("Sent from the same address. Many people can share one."),
    TraitKind.PAYMENT: later("The same means of payment."),
    TraitKind.STREAM_KEY: later("The same key of a broadcast."),
    TraitKind.WATCHED_BY: later("Watched by the same few people."),
})  # fmt: skip
SAID: Final[Mapping[EdgeState, str]] = Spoken({
    EdgeState.CONFIRMED: later("Confirmed"),
    EdgeState.REJECTED: later("Rejected"),
    EdgeState.MACHINE: later("Taken back"),
})  # fmt: skip
TOGETHER: Final[Mapping[LinkKind, str]] = Spoken({
    LinkKind.COPY: later("The same copy"),
    LinkKind.PLACE: later("The same place"),
    LinkKind.DECOR: later("The same place after all"),
    LinkKind.PERSON: later("They belong together"),
    LinkKind.SOUND: later("The same sound"),
    LinkKind.DEVICE: later("The same device"),
    LinkKind.ACCOUNT: later("The same people"),
})  # fmt: skip


def edge(
    tx: Tx, who: Principal, number: int, *, pair: int = 0, seen: frozenset[str] = NOTHING,
    torn: Mapping[int, Sequence[int]] = MappingProxyType({}),
) -> EdgeView:  # fmt: skip
    """The panel of one link.

    Args:
        tx: a snapshot.
        who: the viewer.
        number: of the edge.
        pair: which of its frame pairs is shown.
        seen: likenesses that the viewer's gate is open for; others are not named beside it.
        torn: media that would leave their series if it were confirmed, by series.

    Raises:
        NotFound: no such edge.
    """
    found = link_edges.get(tx, number)
    one = found.edge
    a, b = _medium(tx, one.a), _medium(tx, one.b)
    pairs = frames(found.evidence)
    shown = min(max(0, pair), max(0, len(pairs) - 1))
    at: Mapping[str, Any] = pairs[shown] if pairs else {}
    inside = link_lists.series_of(tx, [one.a, one.b])
    waiting = _waiting(one, inside)
    after = _next(tx, number, seen)
    points = drawn(
        [p for p in at.get("points", ()) if _is_point(p)],
        box_of(a.facts.get("width"), a.facts.get("height")),
        box_of(b.facts.get("width"), b.facts.get("height")),
    )
    return EdgeView(
        number=number, title=_title(one), kind=KINDS[one.kind], state=STATES[one.state],
        why=why_waits(waiting) if waiting else "", facts=_facts(found),
        a=_side(a, at.get("a_s"), inside.get(one.a)), b=_side(b, at.get("b_s"), inside.get(one.b)),
        pairs=tuple(_pairs(number, pairs, shown)), points=points[:NUMBERED],
        lines="".join(f"M{p.x:g} {p.y:g}L{p.to_x:g} {p.to_y:g}" for p in points[:NUMBERED]),
        dots="".join(
            f"M{p.x:g} {p.y:g}h0M{p.to_x:g} {p.to_y:g}h0" for p in points[NUMBERED:]
        ),
        points_words=_points_words(at, points), line=line(found.evidence),
        sound=sound(found.evidence), traits=_traits(tx, found), verdicts=_verdicts(one),
        history=tuple(_told(tx, number)), may_write=who.may(Permission.LINK_WRITE),
        may_view=who.may(Permission.MEDIA_VIEW), settled=one.state is not EdgeState.MACHINE,
        next_url=f"/links/edges/{after}" if after else "", left=_left(tx, seen),
        others=tuple(_others(tx, one, seen)), torn=tuple(_torn(torn)),
    )  # fmt: skip


def frames(evidence: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Pairs of frames of an evidence, those with the most points first kept in their order."""
    found = evidence.get("pairs")
    return (
        [one for one in found if isinstance(one, Mapping)][:PAIRS]
        if isinstance(found, list)
        else []
    )


Box = tuple[float, float, float, float]
WHOLE: Final[Box] = (0.0, 0.0, 160.0, 90.0)


def box_of(width: Any, height: Any) -> Box:
    """Where a frame of this size lies in a place of 160 by 90, as the browser fits it in."""
    known = isinstance(width, int | float) and isinstance(height, int | float)
    if not known or width <= 0 or height <= 0:
        return WHOLE
    scale = min(160 / width, 90 / height)
    wide, high = width * scale, height * scale
    return (160 - wide) / 2, (90 - high) / 2, wide, high


def drawn(points: Sequence[Any], a: Box = WHOLE, b: Box = WHOLE) -> tuple[PointView, ...]:
    """Matched points on two places of 160 by 90 side by side; the first ones are numbered.

    Those that are numbered are spread over all of them.
    """
    step = max(1, len(points) // NUMBERED)
    first = points[::step][:NUMBERED]
    taken = {id(one) for one in first}
    order = [*first, *(one for one in points if id(one) not in taken)][: NUMBERED + DOTS]
    return tuple(
        PointView(n, *_on(x, y, a), *_on(u, v, b, GAP))
        for n, (x, y, u, v) in enumerate(order, start=1)
    )


def _on(x: Any, y: Any, box: Box, off: float = 0.0) -> tuple[float, float]:
    left, top, wide, high = box
    across, down = (min(1.0, max(0.0, float(share))) for share in (x, y))
    return round(off + left + across * wide, 1), round(top + down * high, 1)


def line(evidence: Mapping[str, Any]) -> OffsetLine | None:
    """Where each moment of one is in the other, as a line in a square of 100."""
    found = evidence.get("line")
    pairs = [
        (float(p[0]), float(p[1]))
        for p in (found if isinstance(found, list) else ())
        if isinstance(p, list | tuple) and len(p) == 2
    ]  # fmt: skip
    if len(pairs) < 2:
        return None
    wide, high = max(a for a, _ in pairs) or 1.0, max(b for _, b in pairs) or 1.0
    step = max(1, len(pairs) // MOST_ROWS)
    shown = sorted(pairs)[::step]
    at = [(round(100 * a / wide, 1), round(100 - 100 * b / high, 1)) for a, b in shown]
    first, last = shown[0], shown[-1]
    speed = (last[1] - first[1]) / (last[0] - first[0]) if last[0] > first[0] else 1.0
    return OffsetLine(
        path="M" + "L".join(f"{x:g} {y:g}" for x, y in at),
        dots="".join(f"M{x:g} {y:g}h0" for x, y in at),
        words=_line_words(first, last, speed),
        rows=tuple((words.timecode(a), words.timecode(b)) for a, b in shown[:: max(1, len(shown) // 20)]),
        a_end=words.timecode(wide), b_end=words.timecode(high),
    )  # fmt: skip


def sound(evidence: Mapping[str, Any]) -> SoundView | None:
    """How far two sounds agree, from their prints."""
    found = evidence.get("sound")
    if not isinstance(found, Mapping):
        return None
    wrong = min(1.0, max(0.0, float(found.get("error_rate", 0.5))))
    course = [min(1.0, max(0.0, float(one))) for one in found.get("course", ())]
    step = 100 / max(1, len(course) - 1)
    path = "M" + "L".join(f"{i * step:.3g} {90 * one + 5:.3g}" for i, one in enumerate(course))
    return SoundView(
        words=say(
            "%(n)s of 100 bits of the prints agree. Of unrelated sounds about 50 do.",
            n=figure(round(100 * (1 - wrong))),
        ),
        share=round(100 * (1 - wrong)), path=path if len(course) > 1 else "",
        facts=(
            (say("From"), words.timecode(float(found.get("a_s", 0)))),
            (say("In the other from"), words.timecode(float(found.get("b_s", 0)))),
            (say("Length"), say("%(n)s s", n=figure(round(float(found.get("seconds", 0)))))),
        ),
        waves=_waves(found),
    )  # fmt: skip


def _waves(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Both waveforms as bars about a middle line; none where one was not measured."""
    sides = [found.get(name) for name in ("a_wave", "b_wave")]
    drawn = []
    for side in sides:
        levels = side if isinstance(side, list) else []
        step = 100 / max(1, len(levels))
        high = [48 * min(255, max(1, int(one))) / 255 for one in levels]
        drawn.append("".join(
            f"M{(n + 0.5) * step:.4g} {50 - one:.3g}V{50 + one:.3g}" for n, one in enumerate(high)
        ))  # fmt: skip
    return tuple(drawn) if all(drawn) else ()


def _line_words(first: tuple[float, float], last: tuple[float, float], speed: float) -> str:
    said = say(
        "%(a)s to %(b)s of the first is %(c)s to %(d)s of the second.",
        a=words.timecode(first[0]), b=words.timecode(last[0]), c=words.timecode(first[1]),
        d=words.timecode(last[1]),
    )  # fmt: skip
    if abs(speed - 1) < 0.01:
        return said
    return f"{said} {say('It runs at %(n)s times the speed.', n=figure(speed, '0.00'))}"


def _is_point(found: Any) -> bool:
    return isinstance(found, list | tuple) and len(found) == 4


def _medium(tx: Tx, number: int) -> MediumLine:
    found = link_lists.medium(tx, number)
    if found is None:  # the foreign key forbids it
        raise LookupError(f"medium {number}")
    return found


def _title(one: Edge) -> str:
    return say("%(kind)s: %(a)s and %(b)s?", kind=KINDS[one.kind], a=one.a, b=one.b)


def _facts(found: Link) -> tuple[tuple[str, str], ...]:
    return (
        (say("Score of its method"), say("%(n)s of 100", n=score(found.edge))),
        (say("Method"), _method(found)),
        (say("Found"), words.full(found.at)),
    )


def _method(found: Link) -> str:
    if found.method == link_edges.BY_HAND:
        return say("Drawn by a person")
    return f"{found.method} {found.version}".strip()


def _side(one: MediumLine, at_s: Any, inside: tuple[int, str] | None) -> SideView:
    still = one.media_type.startswith("image/")
    ms = moment_of(one) if at_s is None else round(1000 * max(0.0, float(at_s)))
    gone = one.gone_at is not None or one.blob is None
    return SideView(
        number=one.number, item=one.id, frame=0 if still else ms,
        at="" if still else words.timecode(ms / 1000), words=media_words(one),
        series=inside[0] if inside else 0, series_name=inside[1] if inside else "",
        case=one.case or "", gone=say("Its bytes are not kept any more.") if gone else "",
    )  # fmt: skip


def _pairs(number: int, found: Sequence[Mapping[str, Any]], shown: int) -> Iterator[FramePair]:
    for n, one in enumerate(found):
        a, b = float(one.get("a_s", 0)), float(one.get("b_s", 0))
        yield FramePair(
            f"/links/edges/{number}?pair={n}#pair",
            say("%(a)s · %(b)s", a=words.timecode(a), b=words.timecode(b)),
            say_n("%(n)s point", "%(n)s points", int(one.get("inliers", len(one.get("points", ()))))),
            n == shown,
        )  # fmt: skip


def _points_words(at: Mapping[str, Any], points: Sequence[PointView]) -> str:
    if not points:
        return ""
    count = int(at.get("inliers", len(points)))
    return say_n(
        "%(n)s point matches by its surroundings and lies as the others do.",
        "%(n)s points match by their surroundings and lie as one rigid scene would.", count,
    )  # fmt: skip


def _traits(tx: Tx, found: Link) -> tuple[str, ...]:
    """What both leave behind, in words without its value."""
    every = found.evidence.get("traits")
    if not isinstance(every, list):
        every = [found.evidence.get("trait")]
    said = []
    for one in every:
        if not isinstance(one, Mapping) or one.get("kind") not in set(TraitKind):
            continue
        text = TRAITS[TraitKind(one["kind"])]
        if one.get("shared_by"):
            shared = say(
                "Shared by %(n)s of %(all)s media.", n=figure(int(one["shared_by"])),
                all=figure(link_lists.standing(tx)),
            )  # fmt: skip
            text = f"{text} {shared}"
        said.append(text)
    return tuple(said)


def _verdicts(one: Edge) -> tuple[Verdict, ...]:
    rejected = Verdict(
        "reject", say("Not together"), "edge.reject",
        say("Both are kept apart, whatever else is found. It can be undone."),
    )  # fmt: skip
    given = [
        Verdict("confirm", TOGETHER[one.kind], "edge.confirm",
                say("Both belong to one series from now on. It can be undone.")),
        rejected,
    ]  # fmt: skip
    if one.kind in {LinkKind.PLACE, LinkKind.DECOR}:
        given.append(Verdict(
            "decor", say("The same décor only"), "edge.decor",
            say("It is no proof of one room: the two stay apart."),
        ))  # fmt: skip
    given.append(Verdict("skip", say("Not sure"), "edge.skip", say("It goes on waiting.")))
    return tuple(given)


def _torn(torn: Mapping[int, Sequence[int]]) -> Iterator[str]:
    for series, media in sorted(torn.items()):
        yield say(
            "If it is confirmed, media %(which)s leave series %(n)s: other links there were rejected.",
            which=", ".join(map(str, media[:NUMBERED])), n=series,
        )  # fmt: skip


def _told(tx: Tx, number: int) -> Iterator[ToldRow]:
    for one in reversed(link_edges.verdicts(tx, number)):
        yield ToldRow(words.ago(one.at, tx.now), SAID[one.verdict], name_of(tx, one.by), one.reason)


def _others(tx: Tx, one: Edge, seen: frozenset[str]) -> Iterator[LinkRow]:
    """What else was found between the two."""
    for other in link_edges.between(tx, one.a, one.b):
        closed = other.method.startswith(METHOD) and other.method not in seen
        if other.edge.number != one.number and not closed:
            yield row_of(other.edge)


def row_of(one: Edge) -> LinkRow:
    """An edge as one row of a table."""
    return LinkRow(
        one.number, KINDS[one.kind],
        say("%(a)s and %(b)s, score %(n)s of 100", a=one.a, b=one.b, n=score(one)), STATES[one.state],
    )  # fmt: skip


def _waiting(one: Edge, inside: Mapping[int, tuple[int, str]]) -> WaitingLink | None:
    a, b = inside.get(one.a), inside.get(one.b)
    together = a is not None and b is not None and a[0] == b[0]
    if together or one.state is EdgeState.REJECTED:
        return None
    return WaitingLink(one, a[0] if a else None, b[0] if b else None)


def _next(tx: Tx, number: int, seen: frozenset[str]) -> int:
    """The link that waits after this one; past the last, the first; 0: no other waits."""
    found = link_lists.waiting(tx, after=number, limit=1, seen=seen)
    found = found or link_lists.waiting(tx, limit=1, seen=seen)
    return next((one.edge.number for one in found if one.edge.number != number), 0)


def _left(tx: Tx, seen: frozenset[str]) -> str:
    count, _ = link_lists.count_waiting(tx, seen=seen)
    return say_n("%(n)s link waits for a person", "%(n)s links wait for a person", count)
