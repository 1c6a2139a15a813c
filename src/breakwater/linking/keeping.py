"""Which media belong together now: one component computed from its edges, the difference written.

In: edges that came or that a person judged. Out: rows of `link_members` and `link_series`, history,
and an event for each series that changed. What belongs together is a function of the edges alone
(`scenes.series`), whatever the order in which they came; what persists is whose number it is. Only
what edges connect to the change is read: two ends, and all that may join with them. Beyond `MOST`
media that are connected loosely, the parts of both ends and their neighbours are computed, and
`breakwater links rebuild` computes the whole. Tests: `tests/contract/test_linking_keeping.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from breakwater.model.event import EventType
from breakwater.model.link import Edge, EdgeState, Link
from breakwater.observe import logger
from breakwater.records import link_edges, link_series
from breakwater.records.database import Database, Tx
from breakwater.records.link_series import Founder
from breakwater.scenes.series import Series

MOST: Final = 5_000
"""Media that one change computes again: about a second."""
FORESEEN: Final = 500
"""Connected media up to which a page says what a verdict would do."""
TOLD: Final = 50
"""Numbers of media that an event and a line of history name."""
AT_ONCE: Final = 500
"""Media of one transaction of a rebuild."""

SELF: Final = "linking"
_log = logger("linking")


@dataclass(slots=True)
class _Change:
    """What becomes of one series."""

    founder: Founder
    made: bool = False
    joined: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    merged: list[int] = field(default_factory=list)
    to: set[int] = field(default_factory=set)
    media: int = 0


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found.

    Attributes:
        media: how many are held by an edge.
        series: how many there are.
        changed: numbers of those that were not as their edges say.
    """

    media: int
    series: int
    changed: tuple[int, ...]


class Keeping:
    """Keeps series as their edges say."""

    def __init__(self, *, db: Database, most: int = MOST) -> None:
        self._db = db
        self._most = most

    def changed(
        self, tx: Tx, edges: Iterable[Link], *, by: str = SELF, because: int = 0
    ) -> tuple[int, ...]:
        """Edges came or were judged; answers the numbers of series that changed.

        Args:
            tx: the transaction.
            edges: those.
            by: who judged.
            because: the edge that was judged, for the history; 0: none was.
        """
        ends = {end for one in edges for end in (one.edge.a, one.edge.b)}
        return self.around(tx, ends, by=by, because=because)

    def foreseen(self, tx: Tx, edge: Edge, *, most: int = FORESEEN) -> dict[int, list[int]]:
        """Media that would leave each series if an edge stood as given; nothing is written.

        Empty also where more than `most` media are connected: that is not computed to warn.
        """
        start = _with_their_series(tx, {edge.a, edge.b})
        region, edges = _component(tx, start, most)
        if len(region) > most:
            return {}
        others = [one for one in edges if one.number != edge.number]
        now = {medium: min(part) for part in _parts([*others, edge]) for medium in part}
        leaving: dict[int, list[int]] = {}
        inside: dict[int, list[int]] = {}
        for medium, number in sorted(link_series.of_media(tx, region).items()):
            inside.setdefault(number, []).append(medium)
        for number, members in inside.items():
            sizes = Counter(now.get(medium, -medium) for medium in members)
            stays = max(sizes, key=lambda part: sizes[part])
            gone = [medium for medium in members if now.get(medium, -medium) != stays]
            if gone:
                leaving[number] = gone
        return leaving

    def around(
        self, tx: Tx, media: Iterable[int], *, by: str = SELF, because: int = 0
    ) -> tuple[int, ...]:
        """Compute what is connected to media; answers the numbers of series that changed."""
        tx.lock_changes()
        start = _with_their_series(tx, set(media))
        if not start:
            return ()
        region, edges = _component(tx, start, self._most)
        if len(region) > self._most:
            _log.warning("component_too_large", size=len(region))
            region, edges = _neighbours(tx, start)
        return _write(tx, region, _parts(edges), by, because)

    def rebuild(self) -> Rebuilt:
        """Compute everything from its edges; what was right stays as it is."""
        edges, series = self._every()
        whole = Series()
        whole.load(edges)
        held = {end for one in edges for end in (one.a, one.b)}
        changed: set[int] = set()
        for batch in _batches(_connected(edges), held | series):
            with self._db.transaction() as tx:
                changed |= set(self._rebuilt(tx, batch))
        return Rebuilt(len(held), len(whole), tuple(sorted(changed)))

    def _rebuilt(self, tx: Tx, media: set[int]) -> tuple[int, ...]:
        tx.lock_changes()
        region, edges = _component(tx, _with_their_series(tx, media), None)
        return _write(tx, region, _parts(edges), SELF)

    def _every(self) -> tuple[list[Edge], set[int]]:
        """Every edge that may hold, and every medium that is in a series."""
        edges: list[Edge] = []
        with self._db.read() as tx:
            while rows := link_edges.every(tx, after=edges[-1].number if edges else 0):
                edges += rows
            return edges, set(link_series.everyone(tx))


def _with_their_series(tx: Tx, media: set[int]) -> set[int]:
    """Media and all that are in a series with them now."""
    for number in set(link_series.of_media(tx, media).values()):
        media = media | set(link_series.members(tx, number))
    return media


def _component(tx: Tx, start: set[int], most: int | None) -> tuple[set[int], list[Edge]]:
    """All media that edges connect, and the edges among them; stops beyond `most`."""
    region, fresh = set(start), set(start)
    edges: dict[int, Edge] = {}
    while fresh and (most is None or len(region) <= most):
        reached: set[int] = set()
        for edge in link_edges.holding(tx, fresh):
            edges[edge.number] = edge
            if edge.state is not EdgeState.REJECTED:
                reached |= {edge.a, edge.b}
        fresh = reached - region
        region |= fresh
    return region, _among(region, edges.values())


def _neighbours(tx: Tx, start: set[int]) -> tuple[set[int], list[Edge]]:
    """Media, the parts that an edge leads to, and the edges among them."""
    near = {
        end for edge in link_edges.holding(tx, start) for end in (edge.a, edge.b)
        if edge.state is not EdgeState.REJECTED
    }  # fmt: skip
    region = _with_their_series(tx, start | near)
    return region, _among(region, link_edges.holding(tx, region))


def _among(region: set[int], edges: Iterable[Edge]) -> list[Edge]:
    inside = (edge for edge in edges if edge.a in region and edge.b in region)
    return sorted(inside, key=lambda edge: edge.number)


def _parts(edges: Sequence[Edge]) -> list[frozenset[int]]:
    """What belongs together, by its smallest medium; single media are left out."""
    series = Series()
    series.load(edges)
    return sorted((part for part in series.parts() if len(part) > 1), key=min)


def _write(
    tx: Tx, region: set[int], parts: Sequence[frozenset[int]], by: str, because: int = 0
) -> tuple[int, ...]:
    """Bring the rows to what was computed; answers the numbers that changed."""
    before = link_series.of_media(tx, region)
    given = link_series.founders(tx, region)
    numbered = {one.number: one for one in given.values()}
    changes: dict[int, _Change] = {}
    now: dict[int, int] = {}
    for part in parts:
        now |= dict.fromkeys(part, _part(tx, part, before, given, changes))
    for medium, number in sorted(before.items()):
        if now.get(medium) != number:
            change = changes.setdefault(number, _Change(numbered[number]))
            change.left.append(medium)
            change.to |= {now[medium]} if medium in now else set()
    for medium, founder in given.items():
        if medium not in now and founder.in_use != founder.number:
            link_series.use(tx, [founder.number], founder.number)
    link_series.take_out(tx, [medium for medium in before if medium not in now])
    for number, change in sorted(changes.items()):
        into = now.get(change.founder.medium)
        if into != number:  # an alias now, or nothing: what went with its founder did not leave it
            change.left = [one for one in change.left if into is None or now.get(one) != into]
        if change.joined or change.left:
            _tell(tx, number, change, by, {"edge": because} if because else {})
        link_series.touch(tx, number)
    return tuple(sorted(changes))


def _part(
    tx: Tx, part: frozenset[int], before: dict[int, int], given: dict[int, Founder],
    changes: dict[int, _Change],
) -> int:  # fmt: skip
    """Write one part; answers its number: that of its oldest founder."""
    mine = sorted((given[m] for m in part if m in given), key=lambda one: one.number)
    made = not mine
    if made:
        mine = [link_series.found(tx, min(part))]
    first = mine[0]
    joined = sorted(medium for medium in part if before.get(medium) != first.number)
    merged = [one.number for one in mine if one.in_use != first.number]
    if merged:
        link_series.use(tx, merged, first.number)
    if joined:
        link_series.put(tx, first.number, joined)
    if joined or merged or made:
        change = changes.setdefault(first.number, _Change(first))
        change.made, change.joined, change.merged = made, joined, merged
        change.media = len(part)
    return first.number


def _tell(tx: Tx, number: int, change: _Change, by: str, why: Mapping[str, int]) -> None:
    """History and the event of one series."""
    joined, left = change.joined[:TOLD], change.left[:TOLD]
    if change.joined:
        what = "founded" if change.made else "joined"
        link_series.step(tx, number, what, by, media=joined, count=len(change.joined), **why)
    others = [one for one in change.merged if one != number]
    if others:
        link_series.step(tx, number, "merged", by, numbers=others)
    if change.left:
        what = "came_apart" if change.to else "left"
        link_series.step(
            tx, number, what, by, media=left, count=len(change.left), to=sorted(change.to), **why
        )
    tx.emit(
        EventType.SERIES_CHANGED, change.founder.id, series=number, joined=joined, left=left,
        merged=others, made=change.made, by=by,
    )  # fmt: skip


def _connected(edges: Sequence[Edge]) -> Iterator[set[int]]:
    """Media that edges connect, component by component."""
    beside: dict[int, set[int]] = {}
    for edge in edges:
        if edge.state is not EdgeState.REJECTED:
            beside.setdefault(edge.a, set()).add(edge.b)
            beside.setdefault(edge.b, set()).add(edge.a)
    left = set(beside)
    while left:
        region, fresh = set[int](), {left.pop()}
        while fresh:
            region |= fresh
            fresh = set[int]().union(*(beside[one] for one in fresh)) - region
        left -= region
        yield region


def _batches(components: Iterable[set[int]], every: set[int]) -> Iterator[set[int]]:
    """Components together, so many media at a time; what no edge holds comes last."""
    batch, rest = set[int](), set(every)
    for one in components:
        batch |= one
        rest -= one
        if len(batch) >= AT_ONCE:
            yield batch
            batch = set()
    if batch | rest:
        yield batch | rest
