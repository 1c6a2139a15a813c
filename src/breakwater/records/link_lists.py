"""Reading links for people: series as a list, links that wait for somebody, a series' media and edges.

Written by nobody here: `records.link_edges` and `records.link_series` write what this reads. A link
waits when its two media are not in one series though a machine or a person says that they belong
together, unless a person said apart. Read by `web.pages.read_links`. Contract:
`tests/contract/test_link_lists.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.case import Priority
from breakwater.model.ids import Id
from breakwater.model.likeness import METHOD
from breakwater.model.link import Edge, EdgeState, LinkKind, Outcome
from breakwater.records.database import Tx
from breakwater.records.link_edges import BY_HAND, SURE
from breakwater.records.link_media import WITHDRAWN
from breakwater.records.tables.nouns_link import (
    link_edges,
    link_media,
    link_members,
    link_outcomes,
    link_series,
    link_victims,
)

AT_ONCE: Final = 500
"""Rows that one look at what may wait reads."""
MOST_WAITING: Final = 1000
"""More than so many are not counted one by one."""
MOST_EDGES: Final = 5000
"""Edges of one series that are read for its graph."""

NOTHING: Final[frozenset[str]] = frozenset()

_e, _m, _s, _in = link_edges.c, link_media.c, link_series.c, link_members.c
_ma, _mb = link_members.alias("ma"), link_members.alias("mb")
_part_a: Final = sa.func.coalesce(_ma.c.series_number, -_e.a)
_part_b: Final = sa.func.coalesce(_mb.c.series_number, -_e.b)
_JOINED: Final = link_edges.outerjoin(_ma, _ma.c.media_number == _e.a).outerjoin(
    _mb, _mb.c.media_number == _e.b
)
_STANDING: Final = _e.state.in_([EdgeState.MACHINE.value, EdgeState.CONFIRMED.value])
_WITHDRAWN: Final = sa.select(_m.number).where(_m.fault == WITHDRAWN)
_BETWEEN: Final = sa.and_(
    _STANDING,
    _part_a != _part_b,
    sa.or_(_e.method != BY_HAND, _e.state == EdgeState.CONFIRMED.value),
    _e.a.not_in(_WITHDRAWN),
    _e.b.not_in(_WITHDRAWN),
)
_EDGE: Final = (_e.number, _e.a, _e.b, _e.kind, _e.score, _e.state)


@dataclass(frozen=True, slots=True)
class SeriesLine:
    """One series of the list.

    Attributes:
        media: how many belong to it.
        joined: how many of them came within the time that was asked for.
        kinds: of the links that hold it together.
        outcomes: what became of its children, the last word on each.
        children: how many are told apart.
    """

    number: int
    id: Id
    name: str
    priority: Priority
    made_at: datetime
    changed_at: datetime
    media: int = 0
    joined: int = 0
    kinds: tuple[LinkKind, ...] = ()
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    children: int = 0


@dataclass(frozen=True, slots=True)
class WaitingLink:
    """A link that joins nothing until a person has looked.

    Attributes:
        series_a, series_b: that its media are in; None: in none.
    """

    edge: Edge
    series_a: int | None
    series_b: int | None

    @property
    def weak(self) -> bool:
        """Its method is not sure enough to join anything by itself."""
        return not self.conflict and self.edge.score < SURE

    @property
    def conflict(self) -> bool:
        """A person says together, another apart."""
        return self.edge.state is EdgeState.CONFIRMED


@dataclass(frozen=True, slots=True)
class MediumLine:
    """One medium of a series, as its page lists it."""

    number: int
    id: Id
    case: Id | None
    blob: Id | None
    origin: str
    media_type: str
    state: str
    added_at: datetime
    since: datetime
    made_at: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    gone_at: datetime | None = None


def series(
    tx: Tx, *, after: tuple[datetime, int] | None = None, limit: int = 50, text: str = "",
    priority: Priority | None = None, since: datetime | None = None,
) -> list[SeriesLine]:  # fmt: skip
    """Series in use, the last changed first.

    Args:
        tx: a snapshot.
        after: when the last row shown was changed, and its number.
        limit: rows.
        text: a number, or part of a name.
        priority: of these only.
        since: counts as `joined` what came after.
    """
    wanted = [_s.number == _s.in_use, _members_of(_s.number) > 0]
    if after is not None:
        at, number = after
        wanted.append(sa.or_(_s.changed_at < at, sa.and_(_s.changed_at == at, _s.number < number)))
    if text:
        like = _s.name.icontains(text, autoescape=True)
        wanted.append(sa.or_(like, _s.number == int(text)) if _number(text) else like)
    if priority is not None:
        wanted.append(_s.priority == priority.value)
    rows = tx.execute(
        sa.select(link_series).where(*wanted)
        .order_by(_s.changed_at.desc(), _s.number.desc()).limit(limit)
    ).all()  # fmt: skip
    return _lines(tx, rows, since)


def changed_since(tx: Tx, since: datetime) -> int:
    """How many series have media that came after a moment."""
    asked = sa.select(sa.func.count(link_members.c.series_number.distinct()))
    return int(tx.execute(asked.where(link_members.c.since > since)).scalar_one())


def waiting(
    tx: Tx, *, after: int = 0, limit: int = 50, kind: LinkKind | None = None,
    series: int | None = None, seen: frozenset[str] = NOTHING,
) -> list[WaitingLink]:  # fmt: skip
    """Links that wait for a person, in the order in which they were found.

    Args:
        tx: a snapshot.
        after: number of the last one shown.
        limit: rows.
        kind: of this kind only.
        series: of media of this series only.
        seen: methods of likenesses whose gate is open for the reader; no other is listed.
    """
    found: list[WaitingLink] = []
    for one in _between(tx, after, kind, series, seen):
        found.append(one)
        if len(found) >= limit:
            break
    return found


def count_waiting(
    tx: Tx, most: int = MOST_WAITING, *, seen: frozenset[str] = NOTHING
) -> tuple[int, dict[int, int]]:
    """How many wait, and how many of them by series; no more than `most`; `seen`: as of `waiting`."""
    by_series: dict[int, int] = {}
    total = 0
    for one in _between(tx, 0, None, None, seen):
        total += 1
        for number in {one.series_a, one.series_b} - {None}:
            by_series[int(number or 0)] = by_series.get(int(number or 0), 0) + 1
        if total >= most:
            break
    return total, by_series


def media(tx: Tx, number: int, limit: int = 1000) -> list[MediumLine]:
    """Media of a series, the newest to join first."""
    member = link_members.c
    rows = tx.execute(
        sa.select(link_media, member.since)
        .join_from(link_media, link_members, member.media_number == _m.number)
        .where(member.series_number == number)
        .order_by(member.since.desc(), _m.number.desc()).limit(limit)
    )  # fmt: skip
    return [_medium(row, row.since) for row in rows]


def medium(tx: Tx, number: int) -> MediumLine | None:
    """One medium; None: there is none of this number."""
    row = tx.execute(sa.select(link_media).where(_m.number == number)).one_or_none()
    return None if row is None else _medium(row, row.added_at)


def medium_of(tx: Tx, id: Id) -> MediumLine | None:  # noqa: A002 - what it is
    """One medium by its id; None: there is none."""
    row = tx.execute(sa.select(link_media).where(_m.id == id)).one_or_none()
    return None if row is None else _medium(row, row.added_at)


def edges(tx: Tx, number: int, *, seen: frozenset[str] = NOTHING) -> list[Edge]:
    """Edges inside one series, the strongest first; what was rejected too; `seen`: as of `waiting`."""
    rows = tx.execute(
        sa.select(*_EDGE).select_from(_JOINED)
        .where(_ma.c.series_number == number, _mb.c.series_number == number, _open_to(seen))
        .order_by(_e.score.desc(), _e.number).limit(MOST_EDGES)
    )  # fmt: skip
    return [edge_of(row) for row in rows]


def series_of(tx: Tx, media: Iterable[int]) -> dict[int, tuple[int, str]]:
    """Number and name of the series of media, for those that are in one."""
    member = link_members.c
    rows = tx.execute(
        sa.select(member.media_number, _s.number, _s.name)
        .join_from(link_members, link_series, _s.number == member.series_number)
        .where(member.media_number.in_(list(media)))
    )
    return {int(row.media_number): (int(row.number), str(row.name)) for row in rows}


def series_of_case(tx: Tx, case: Id) -> list[tuple[int, str]]:
    """Number and name of the series that something kept of a case belongs to."""
    member = link_members.c
    rows = tx.execute(
        sa.select(_s.number, _s.name).distinct()
        .join_from(link_media, link_members, member.media_number == _m.number)
        .join(link_series, _s.number == member.series_number)
        .where(_m.case_id == case).order_by(_s.number)
    )  # fmt: skip
    return [(int(row.number), str(row.name)) for row in rows]


def standing(tx: Tx) -> int:
    """How many media there are whose bytes are still kept."""
    asked = sa.select(sa.func.count()).select_from(link_media).where(_m.gone_at.is_(None))
    return int(tx.execute(asked).scalar_one())


def _between(
    tx: Tx, after: int, kind: LinkKind | None, of: int | None, seen: frozenset[str]
) -> Iterator[WaitingLink]:  # fmt: skip
    """Edges between two parts that no person holds apart, in the order of their numbers."""
    apart = _apart(tx)
    wanted = [_BETWEEN, _open_to(seen)]
    if kind is not None:
        wanted.append(_e.kind == kind.value)
    if of is not None:
        inside = sa.select(_in.media_number).where(_in.series_number == of)  # by index, no scan
        wanted.append(sa.or_(_e.a.in_(inside), _e.b.in_(inside)))
    asked = (
        sa.select(*_EDGE, _part_a.label("part_a"), _part_b.label("part_b"))
        .select_from(_JOINED).where(*wanted).order_by(_e.number).limit(AT_ONCE)
    )  # fmt: skip
    while True:
        rows = tx.execute(asked.where(_e.number > after)).all()
        for row in rows:
            one = WaitingLink(edge_of(row), _series(row.part_a), _series(row.part_b))
            if one.conflict or frozenset((row.part_a, row.part_b)) not in apart:
                yield one
        if len(rows) < AT_ONCE:
            return
        after = int(rows[-1].number)


def _open_to(seen: frozenset[str]) -> Any:
    """No likeness that a model found, but by methods whose gate is open for the reader."""
    return sa.or_(_e.method.not_like(f"{METHOD}%"), _e.method.in_(sorted(seen)))


def _apart(tx: Tx) -> set[frozenset[int]]:
    """Pairs of parts that a person holds apart; as many as people ever rejected, at most."""
    rows = tx.execute(
        sa.select(_part_a.label("part_a"), _part_b.label("part_b")).select_from(_JOINED)
        .where(_e.state == EdgeState.REJECTED.value)
    )  # fmt: skip
    return {frozenset((row.part_a, row.part_b)) for row in rows}


def _series(part: int) -> int | None:
    """A part is a series, or a medium by its negative number."""
    return int(part) if part > 0 else None


def _members_of(number: Any) -> Any:
    member = link_members.c
    return (
        sa.select(sa.func.count()).where(member.series_number == number).scalar_subquery()
    )  # fmt: skip


def _lines(tx: Tx, rows: Sequence[Any], since: datetime | None) -> list[SeriesLine]:
    numbers = [row.number for row in rows]
    sizes, joined = _sizes(tx, numbers, None), _sizes(tx, numbers, since) if since else {}
    kinds, ends, children = _kinds(tx, numbers), _outcomes(tx, numbers), _children(tx, numbers)
    return [
        SeriesLine(
            number=int(row.number), id=Id(row.id), name=row.name, priority=Priority(row.priority),
            made_at=row.made_at, changed_at=row.changed_at, media=sizes.get(row.number, 0),
            joined=joined.get(row.number, 0), kinds=tuple(sorted(kinds.get(row.number, ()))),
            outcomes=ends.get(row.number, {}), children=children.get(row.number, 0),
        )
        for row in rows
    ]  # fmt: skip


def _sizes(tx: Tx, numbers: Sequence[int], since: datetime | None) -> dict[int, int]:
    member = link_members.c
    asked = (
        sa.select(member.series_number, sa.func.count().label("n"))
        .where(member.series_number.in_(numbers)).group_by(member.series_number)
    )  # fmt: skip
    if since is not None:
        asked = asked.where(member.since > since)
    return {int(row.series_number): int(row.n) for row in tx.execute(asked)}


def _kinds(tx: Tx, numbers: Sequence[int]) -> dict[int, set[LinkKind]]:
    rows = tx.execute(
        sa.select(_ma.c.series_number, _e.kind).distinct().select_from(_JOINED)
        .where(
            _ma.c.series_number.in_(numbers), _ma.c.series_number == _mb.c.series_number,
            _STANDING, _open_to(NOTHING),
        )
    )  # fmt: skip
    found: dict[int, set[LinkKind]] = {}
    for row in rows:
        found.setdefault(int(row.series_number), set()).add(LinkKind(row.kind))
    return found


def _children(tx: Tx, numbers: Sequence[int]) -> dict[int, int]:
    victim = link_victims.c
    rows = tx.execute(
        sa.select(victim.series_number, sa.func.count().label("n"))
        .where(victim.series_number.in_(numbers)).group_by(victim.series_number)
    )  # fmt: skip
    return {int(row.series_number): int(row.n) for row in rows}


def _outcomes(tx: Tx, numbers: Sequence[int]) -> dict[int, dict[Outcome, int]]:
    """The last word on each child, counted."""
    victim, end = link_victims.c, link_outcomes.c
    rows = tx.execute(
        sa.select(victim.id, victim.series_number, end.outcome)
        .join_from(link_victims, link_outcomes, end.victim_id == victim.id)
        .where(victim.series_number.in_(numbers)).order_by(end.change)
    )  # fmt: skip
    last = {row.id: (int(row.series_number), Outcome(row.outcome)) for row in rows}
    found: dict[int, dict[Outcome, int]] = {}
    for number, outcome in last.values():
        of = found.setdefault(number, {})
        of[outcome] = of.get(outcome, 0) + 1
    return found


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def edge_of(row: Any) -> Edge:
    """An edge from a row that has its columns."""
    return Edge(
        int(row.number), int(row.a), int(row.b), LinkKind(row.kind), float(row.score),
        EdgeState(row.state),
    )  # fmt: skip


def _medium(row: Any, since: datetime) -> MediumLine:
    return MediumLine(
        number=int(row.number), id=Id(row.id), case=Id(row.case_id) if row.case_id else None,
        blob=Id(row.blob_id) if row.blob_id else None, origin=row.origin,
        media_type=row.media_type, state=row.state, added_at=row.added_at, since=since,
        made_at=row.made_at, facts=row.facts or {}, gone_at=row.gone_at,
    )  # fmt: skip
