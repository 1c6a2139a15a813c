"""Builds the page of one series: its graph, its media, when they were made, where, and what is known.

In come rows of `records.link_lists` and `records.link_about`; out go frozen values of `models_links`.
The drawing has at most 200 media, the nearest to one of them first; 24 of those are small grey
stills, asked for once and written down. Used by `pages.links`. Tests:
`tests/integration/test_console_links.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from breakwater.model.access import Permission, Principal
from breakwater.model.case import CaseKind, CaseState, Priority
from breakwater.model.link import Edge, EdgeState, LinkKind, MediumState, Outcome, SeriesRow
from breakwater.records import cases, link_about, link_lists, link_series
from breakwater.records.database import Tx
from breakwater.records.link_about import Child, Place, Task
from breakwater.records.link_lists import NOTHING, MediumLine
from breakwater.records.link_series import Step
from breakwater.review.looking.showing import MOST_STILLS
from breakwater.web.pages import links_graph, words, world
from breakwater.web.pages.models import Mark, Number, Option
from breakwater.web.pages.models_links import (
    ChildRow,
    GraphView,
    MediumRow,
    Node,
    PlaceRow,
    PlaceTile,
    RowsView,
    SeriesView,
    Strand,
    TaskRow,
    TimeLine,
    ToldRow,
)
from breakwater.web.pages.read_links import (
    KINDS,
    NEW,
    OUTCOMES,
    item,
    media_words,
    moment_of,
    name_of,
)
from breakwater.web.pages.read_links_edge import row_of
from breakwater.web.pages.read_viewers import country_name
from breakwater.web.pages.speech import Spoken, figure, later, say, say_n

NODES: Final = 200
"""Media of a drawing (reference linking, "Display")."""
ALONE: Final = 60
"""Media of a drawing that stands on a page of its own, for who has no scripts."""
ROWS: Final = 5
EDGES: Final = 4
WAITING: Final = 4
STRIP: Final = 8
PAGE: Final = 30
LINES: Final = 20

LOOKED: Final[Mapping[MediumState, Mark]] = Spoken({
    MediumState.WAITING: Mark("wait", later("Not looked at yet")),
    MediumState.LOOKED: Mark("ok", later("Compared")),
    MediumState.ABSTAINED: Mark("none", later("Nothing to compare by")),
    MediumState.FAILED: Mark("bad", later("Could not be read")),
})  # fmt: skip
TOLD: Final[Mapping[str, str]] = Spoken({
    "founded": later("The series began"),
    "joined": later("Media joined"),
    "left": later("Media left"),
    "merged": later("Another series became part of it"),
    "came_apart": later("It came apart"),
    "named": later("It was named"),
    "rated": later("Its priority was changed"),
    "noted": later("A note"),
    "told": later("Those who reported were told"),
    "placed": later("It was said where it is"),
    "child": later("A child was told apart"),
    "outcome": later("It was said what became of a child"),
})  # fmt: skip
CERTAIN: Final[Mapping[bool, Mark]] = Spoken({
    True: Mark("ok", later("Known")),
    False: Mark("wait", later("Thought")),
})  # fmt: skip
NO_OUTCOME: Final = later("Not known yet")


def series(
    tx: Tx, who: Principal, number: int, *, at: int = 0, seen: frozenset[str] = NOTHING
) -> SeriesView:
    """The page of one series.

    Args:
        tx: a snapshot.
        who: the viewer.
        number: one that it has or ever had.
        at: medium in the middle of the drawing; 0: where most links meet.
        seen: likenesses that the viewer's gate is open for.

    Raises:
        NotFound: no series ever had this number.
    """
    row = link_series.get(tx, number)
    media, edges = link_lists.media(tx, row.number), link_lists.edges(tx, row.number, seen=seen)
    by_number = {one.number: one for one in media}
    centre = _centre(at, by_number, edges)
    near = [n for n in links_graph.near(centre, edges, STRIP) if n in by_number]
    degree = _degree(edges)
    places = link_about.places(tx, row)
    leads = [one for one in cases.by_subject(tx, row.id) if one.kind is CaseKind.LEAD]
    return SeriesView(
        number=row.number, id=row.id, name=row.name, version=row.version,
        priority=words.PRIORITY[row.priority],
        priorities=tuple(
            Option(one.value, words.PRIORITY[one].word, one is row.priority) for one in Priority
        ),
        aliases=", ".join(map(str, row.aliases)), numbers=_numbers(row, media, tx.now),
        at=centre, strip=tuple(_medium(tx, by_number[one], row, degree) for one in near),
        media=tuple(_medium(tx, one, row, degree) for one in media[:ROWS]),
        more_media=max(0, row.media - ROWS), links=tuple(row_of(one) for one in edges[:EDGES]),
        more_links=max(0, len(edges) - EDGES),
        waiting=tuple(map(item, link_lists.waiting(tx, series=row.number, limit=WAITING, seen=seen))),
        time=_time(media, tx.now), tiles=tuple(_tiles(places)),
        places=tuple(_place(tx, one) for one in places[:LINES]),
        outline=world.outline() if places else "",
        box=f"0 0 {world.COLUMNS * world.SIDE} {world.ROWS * world.SIDE}",
        tasks=tuple(_task(tx, one) for one in link_about.tasks(tx, row)[:LINES]),
        children=tuple(_child(one, tx.now) for one in link_about.children(tx, row)),
        outcomes=tuple(Option(one.value, word) for one, word in OUTCOMES.items()),
        history=tuple(_told(tx, one) for one in link_series.history(tx, row.number, limit=LINES)),
        may_write=who.may(Permission.LINK_WRITE), may_view=who.may(Permission.MEDIA_VIEW),
        vics=f"/cases/{leads[0].id}/vics" if leads and who.may(Permission.VICS_EXPORT) else "",
        may_open=bool(media) and who.may(Permission.LINK_WRITE)
        and all(one.state is CaseState.CLOSED for one in leads),
    )  # fmt: skip


def graph(
    tx: Tx, number: int, *, at: int = 0, most: int = NODES, seen: frozenset[str] = NOTHING
) -> GraphView:
    """The drawing: what is near one medium of a series."""
    row = link_series.get(tx, number)
    media, edges = link_lists.media(tx, row.number), link_lists.edges(tx, row.number, seen=seen)
    return drawing(row, media, edges, at=at, most=most)


def rows(
    tx: Tx, number: int, *, what: str = "", at: int = 0, seen: frozenset[str] = NOTHING
) -> RowsView:
    """All media of a series, or all its links, from one row on."""
    row = link_series.get(tx, number)
    media, edges = link_lists.media(tx, row.number), link_lists.edges(tx, row.number, seen=seen)
    here, links = f"/links/{row.number}/media", what == "links"
    query = "what=links&" if links else ""
    following = at + PAGE < (len(edges) if links else len(media))
    degree = _degree(edges)
    return RowsView(
        number=row.number,
        title=say_n("%(n)s link", "%(n)s links", len(edges)) if links
        else say_n("%(n)s medium", "%(n)s media", len(media)),
        media=() if links
        else tuple(_medium(tx, one, row, degree) for one in media[at : at + PAGE]),
        links=tuple(row_of(one) for one in edges[at : at + PAGE]) if links else (),
        next_url=f"{here}?{query}after={at + PAGE}" if following else "",
        first_url=f"{here}?{query}".rstrip("?&") if at else "",
    )  # fmt: skip


def drawing(
    row: SeriesRow, media: Sequence[MediumLine], edges: Sequence[Edge], *, at: int, most: int
) -> GraphView:
    """What is near one medium of a series."""
    known = {one.number: one for one in media}
    centre = _centre(at, known, edges)
    steps = {n: step for n, step in links_graph.near(centre, edges, most).items() if n in known}
    where = links_graph.placed(steps, edges, wide=MOST_STILLS) if steps else {}
    here = f"/links/{row.number}"
    nodes = tuple(
        Node(
            n, x, y, f"{here}?at={n}#graph", media_words(known[n]),
            item=_kept(known[n]) if place < MOST_STILLS else "", frame=moment_of(known[n]),
            here=n == centre,
        )
        for place, (n, (x, y)) in enumerate(where.items())
    )  # fmt: skip
    left = row.media - len(nodes)
    return GraphView(
        number=row.number, at=centre, nodes=nodes, strands=tuple(_strands(edges, where)),
        legend=tuple(
            (kind.value, KINDS[kind])
            for kind in LinkKind if any(e.kind is kind for e in edges)
        ),
        width=links_graph.WIDTH, height=links_graph.HEIGHT,
        words=say_n("%(n)s medium is drawn", "%(n)s media are drawn", len(nodes)),
        left=max(0, left),
    )  # fmt: skip


def _centre(at: int, known: Mapping[int, MediumLine], edges: Sequence[Edge]) -> int:
    """What was asked for, else where most links meet; 0 where no medium is left."""
    middle = at if at in known else links_graph.middle(edges)
    return middle if middle in known else next(iter(known), 0)


def _strands(
    edges: Sequence[Edge], where: Mapping[int, tuple[float, float]]
) -> Iterator[Strand]:  # fmt: skip
    """One path for each kind and state, so that a thousand edges stay small."""
    paths: dict[tuple[LinkKind, bool], list[str]] = {}
    for one in edges:
        if one.a not in where or one.b not in where or one.state is EdgeState.REJECTED:
            continue
        (x, y), (u, v) = where[one.a], where[one.b]
        sure = one.state is EdgeState.CONFIRMED
        paths.setdefault((one.kind, sure), []).append(f"M{x:.0f} {y:.0f}L{u:.0f} {v:.0f}")
    for (kind, sure), drawn in sorted(paths.items()):
        yield Strand(kind.value, sure, "".join(drawn))


def _numbers(row: SeriesRow, media: Sequence[MediumLine], now: datetime) -> tuple[Number, ...]:
    new = sum(now - one.since < NEW for one in media)
    return (
        Number(figure(row.media), say("media")),
        Number(figure(new), say("new within a day")),
    )


def _degree(edges: Sequence[Edge]) -> dict[int, int]:
    found: dict[int, int] = {}
    for one in edges:
        if one.state is not EdgeState.REJECTED:
            for number in (one.a, one.b):
                found[number] = found.get(number, 0) + 1
    return found


def _medium(
    tx: Tx, one: MediumLine, row: SeriesRow, degree: Mapping[int, int]
) -> MediumRow:  # fmt: skip
    case = cases.get(tx, one.case) if one.case is not None else None
    frame = moment_of(one)
    return MediumRow(
        number=one.number, url=f"/links/{row.number}?at={one.number}#graph",
        words=media_words(one),
        made=words.ago(one.made_at, tx.now) if one.made_at is not None else None,
        since=words.ago(one.since, tx.now), links=figure(degree.get(one.number, 0)),
        item=_kept(one), frame=frame,
        at="" if one.media_type.startswith("image/") else words.timecode(frame / 1000),
        case=case.id if case else "", case_number=case.number if case else 0,
        state=LOOKED[MediumState(one.state)],
    )  # fmt: skip


def _kept(one: MediumLine) -> str:
    """What its still is asked for by; empty where nothing is kept that can be seen."""
    seen = one.blob is not None and one.gone_at is None and not one.media_type.startswith("audio/")
    return str(one.id) if seen else ""


def _time(media: Sequence[MediumLine], now: datetime) -> TimeLine | None:
    """When media were made, as far as is known, and when they joined; the table says the same."""
    made = [one.made_at for one in media if one.made_at is not None]
    joined = [one.since for one in media]
    if not joined:
        return None
    first, last = min([*made, *joined]), max([*made, *joined])
    whole = max(1.0, (last - first).total_seconds())

    def ticks(moments: Sequence[datetime], y: int) -> str:
        places = {round(1 + 98 * (at - first).total_seconds() / whole, 1) for at in moments}
        return "".join(f"M{x:g} {y}v10" for x in sorted(places))

    said = say(
        "%(n)s of %(all)s media say when they were made.",
        n=figure(len(made)),
        all=figure(len(media)),
    )
    return TimeLine(
        ticks(made, 2), ticks(joined, 14), words.ago(first, now), words.ago(last, now), said
    )


def _tiles(places: Sequence[Place]) -> Iterator[PlaceTile]:
    """A tile for each country that is named; one certain word makes it certain."""
    named: dict[str, bool] = {}
    for one in places:
        if one.country in world.PLACES:
            named[one.country] = named.get(one.country, False) or one.certain
    for code, certain in sorted(named.items()):
        column, line = world.PLACES[code]
        yield PlaceTile(
            column * world.SIDE, line * world.SIDE, code, certain,
            f"{country_name(code)}: {CERTAIN[certain].word}",
        )  # fmt: skip


def _place(tx: Tx, one: Place) -> PlaceRow:
    where = country_name(one.country)
    if one.latitude is not None and one.longitude is not None:
        where = f"{where}, {figure(one.latitude, '0.0###')}, {figure(one.longitude, '0.0###')}"
    return PlaceRow(
        one.words, where, CERTAIN[one.certain], name_of(tx, one.by), words.ago(one.at, tx.now)
    )


def _task(tx: Tx, one: Task) -> TaskRow:
    return TaskRow(
        one.id, one.words, words.due(one.due_at, tx.now) if one.due_at else None,
        name_of(tx, one.by), words.ago(one.done_at, tx.now) if one.done_at else None,
    )  # fmt: skip


def _child(one: Child, now: datetime) -> ChildRow:
    outcome = (
        Mark("ok", OUTCOMES[one.outcome]) if one.outcome is not None
        else Mark("wait", say(NO_OUTCOME))
    )  # fmt: skip
    return ChildRow(
        one.id, one.label, outcome, one.words, words.ago(one.said_at, now) if one.said_at else None
    )


def _told(tx: Tx, one: Step) -> ToldRow:
    numbers = one.facts.get("media")
    which = ", ".join(str(n) for n in numbers[:LINES]) if isinstance(numbers, list) else ""
    note = one.words or (say("Media %(which)s", which=which) if which else _of_child(one))
    if edge := one.facts.get("edge"):
        why = say("by what was said of link %(n)s", n=edge)
        note = f"{note} · {why}"
    return ToldRow(
        words.ago(one.at, tx.now), TOLD.get(one.what, one.what), name_of(tx, one.by), note
    )


def _of_child(one: Step) -> str:
    """The label of a child, what became of it, or the cases that learnt it."""
    if isinstance(found := one.facts.get("cases"), list):
        return say("Cases %(which)s", which=", ".join(str(n) for n in found[:LINES]))
    end = str(one.facts.get("outcome", ""))
    return OUTCOMES[Outcome(end)] if end in set(Outcome) else str(one.facts.get("label", ""))
