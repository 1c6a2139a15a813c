"""Builds the evidence panel of one link: two moments side by side, what matches, and why it was said.

In come an edge, its two media and what people said; out goes an `EdgeView`. What a method found is
drawn from its evidence alone (`pages.links_evidence`). Used by `pages.links`. Tests:
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
from breakwater.web.pages.links_evidence import (
    NUMBERED,
    box_of,
    drawn,
    frames,
    is_point,
    likeness,
    line,
    points_words,
    sound,
)
from breakwater.web.pages.models_links import (
    EdgeView,
    FramePair,
    LinkRow,
    SideView,
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

BOXED: Final = later("Boxes mark what the model compared. Alike is not the same person.")
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
    a_box, b_box = (box_of(side.facts.get("width"), side.facts.get("height")) for side in (a, b))
    points = drawn([p for p in at.get("points", ()) if is_point(p)], a_box, b_box)
    boxes = likeness(found.evidence, shown, a_box, b_box)
    return EdgeView(
        number=number, title=_title(one), kind=KINDS[one.kind], state=STATES[one.state],
        why=why_waits(waiting) if waiting else "", facts=_facts(found),
        a=_side(a, at.get("a_s"), inside.get(one.a)), b=_side(b, at.get("b_s"), inside.get(one.b)),
        pairs=tuple(_pairs(number, pairs, shown)), points=points[:NUMBERED],
        lines="".join(f"M{p.x:g} {p.y:g}L{p.to_x:g} {p.to_y:g}" for p in points[:NUMBERED]),
        dots="".join(
            f"M{p.x:g} {p.y:g}h0M{p.to_x:g} {p.to_y:g}h0" for p in points[NUMBERED:]
        ),
        boxes=boxes, points_words=say(BOXED) if boxes else points_words(at, points), line=line(found.evidence),
        sound=sound(found.evidence), traits=_traits(tx, found), verdicts=_verdicts(one),
        history=tuple(_told(tx, number)), may_write=who.may(Permission.LINK_WRITE),
        may_view=who.may(Permission.MEDIA_VIEW), settled=one.state is not EdgeState.MACHINE,
        next_url=f"/links/edges/{after}" if after else "", left=_left(tx, seen),
        others=tuple(_others(tx, one, seen)), torn=tuple(_torn(torn)),
    )  # fmt: skip


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
        count = int(one.get("inliers", len(one.get("points", ()))))
        yield FramePair(
            f"/links/edges/{number}?pair={n}#pair",
            say("%(a)s · %(b)s", a=words.timecode(a), b=words.timecode(b)),
            say_n("%(n)s point", "%(n)s points", count) if count else "",
            n == shown,
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
