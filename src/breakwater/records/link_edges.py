"""Edges between media, as rows: found by a method, judged by people, never taken away.

A method that finds the same edge again adds nothing; a newer version of it writes its evidence
anew. What a person says is a row of its own that stays, and `state` repeats the last one. What
holds together by them is `records.link_series`. Fed by `linking.taking` and `linking.judging`.
Contract: `tests/contract/test_records_links.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import BadInput, NotFound
from breakwater.model.link import Edge, EdgeState, Found, Link, LinkKind
from breakwater.records import numbers
from breakwater.records.database import Tx
from breakwater.records.link_media import WITHDRAWN
from breakwater.records.tables.nouns_link import link_edges, link_media, link_verdicts

BY_HAND: Final = "by_hand"
"""The method of an edge that a person drew; taken back it says nothing."""

SURE: Final = 0.5
"""A machine's edge below this is a lead: it is shown and joins nothing until a person confirms it."""

AT_ONCE: Final = 400
_e, _v = link_edges.c, link_verdicts.c


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person said of an edge; `machine`: it was taken back."""

    change: int
    edge: int
    verdict: EdgeState
    reason: str
    by: str
    at: datetime


def add(tx: Tx, found: Found) -> Link:
    """Keep what a method found; answers the edge as it is known.

    Raises:
        BadInput: a medium with itself, or a score that is none.
    """
    if found.a >= found.b or not 0.0 <= found.score <= 1.0:
        raise BadInput("An edge is between two media, the smaller number first, of score 0 to 1.")
    tx.lock_changes()
    mine = (
        _e.a == found.a, _e.b == found.b, _e.kind == found.kind.value, _e.method == found.method
    )  # fmt: skip
    row = tx.execute(sa.select(link_edges).where(*mine)).one_or_none()
    if row is None:
        number = numbers.take(tx, "link_edges")
        tx.execute(
            sa.insert(link_edges),
            {
                "number": number, "a": found.a, "b": found.b, "kind": found.kind.value,
                "method": found.method, "version": found.version, "score": found.score,
                "evidence": dict(found.evidence), "state": EdgeState.MACHINE.value, "at": tx.now,
                "change": tx.change(),
            },
        )  # fmt: skip
        return get(tx, number)
    if row.version != found.version:
        values = {
            "version": found.version, "score": found.score, "evidence": dict(found.evidence),
            "change": tx.change(),
        }  # fmt: skip
        tx.execute(sa.update(link_edges).where(_e.number == row.number).values(values))
    return get(tx, int(row.number))


def get(tx: Tx, number: int) -> Link:
    """One edge.

    Raises:
        NotFound: there is none of this number.
    """
    row = tx.execute(sa.select(link_edges).where(_e.number == number)).one_or_none()
    if row is None:
        raise NotFound(f"link {number}")
    return _noun(row)


def of_medium(tx: Tx, number: int, limit: int = 1000) -> list[Link]:
    """Edges of one medium, the strongest first."""
    mine = sa.select(link_edges).where(sa.or_(_e.a == number, _e.b == number))
    rows = tx.execute(mine.order_by(_e.score.desc(), _e.number).limit(limit))
    return [_noun(row) for row in rows]


def of_media(tx: Tx, media: Iterable[int]) -> list[Link]:
    """Edges of which both ends are among these media, by number."""
    wanted = set(media)
    found: dict[int, Link] = {}
    for part in _parts(wanted):
        for row in tx.execute(sa.select(link_edges).where(_e.a.in_(part))):
            if int(row.b) in wanted:
                found[int(row.number)] = _noun(row)
    return [found[number] for number in sorted(found)]


def between(tx: Tx, a: int, b: int) -> list[Link]:
    """Edges between two media, by number."""
    low, high = sorted((a, b))
    rows = tx.execute(
        sa.select(link_edges).where(_e.a == low, _e.b == high).order_by(_e.number)
    )  # fmt: skip
    return [_noun(row) for row in rows]


def holding(tx: Tx, media: Iterable[int]) -> list[Edge]:
    """Edges that touch these media and may hold together or apart; leads are left out."""
    found: dict[int, Edge] = {}
    for part in _parts(set(media)):
        for end in (_e.a, _e.b):
            for row in tx.execute(_HOLDING.where(end.in_(part))):
                found[int(row.number)] = _edge(row)
    return list(found.values())


def every(tx: Tx, *, after: int = 0, limit: int = 10_000) -> list[Edge]:
    """Edges that may hold together or apart, in the order of their numbers."""
    rows = tx.execute(_HOLDING.where(_e.number > after).order_by(_e.number).limit(limit))
    return [_edge(row) for row in rows]


def count(tx: Tx) -> dict[tuple[LinkKind, EdgeState], int]:
    """How many there are of each kind and state."""
    n = sa.func.count().label("n")
    rows = tx.execute(sa.select(_e.kind, _e.state, n).group_by(_e.kind, _e.state))
    return {(LinkKind(row.kind), EdgeState(row.state)): int(row.n) for row in rows}


def verdict(tx: Tx, number: int, state: EdgeState, reason: str, by: str) -> Link:
    """Write down what a person says of an edge; `MACHINE` takes back what was said.

    Raises:
        NotFound: there is none of this number.
    """
    tx.lock_changes()
    get(tx, number)
    change = tx.change()
    tx.execute(
        sa.insert(link_verdicts),
        {
            "change": change, "edge_number": number, "verdict": state.value, "reason": reason,
            "by": by, "at": tx.now,
        },
    )  # fmt: skip
    values = {"state": state.value, "change": change}
    tx.execute(sa.update(link_edges).where(_e.number == number).values(values))
    return get(tx, number)


def verdicts(tx: Tx, number: int) -> list[Verdict]:
    """What people said of an edge, in the order in which they said it."""
    rows = tx.execute(
        sa.select(link_verdicts).where(_v.edge_number == number).order_by(_v.change)
    )  # fmt: skip
    return [
        Verdict(
            int(row.change), int(row.edge_number), EdgeState(row.verdict), row.reason, row.by,
            row.at,
        )
        for row in rows
    ]  # fmt: skip


def _withdrawn() -> Any:
    return sa.select(link_media.c.number).where(link_media.c.fault == WITHDRAWN)


_JOINING: Final = [kind.value for kind in LinkKind if kind.joins]
_HOLDING: Final = sa.select(_e.number, _e.a, _e.b, _e.kind, _e.score, _e.state).where(
    sa.or_(
        _e.state != EdgeState.MACHINE.value,
        sa.and_(_e.kind.in_(_JOINING), _e.score >= SURE, _e.method != BY_HAND),
    ),
    _e.a.not_in(_withdrawn()),
    _e.b.not_in(_withdrawn()),
)


def _parts(wanted: set[int]) -> Iterable[list[int]]:
    ordered = sorted(wanted)
    for at in range(0, len(ordered), AT_ONCE):
        yield ordered[at : at + AT_ONCE]


def _edge(row: sa.Row[Any]) -> Edge:
    return Edge(
        int(row.number), int(row.a), int(row.b), LinkKind(row.kind), float(row.score),
        EdgeState(row.state),
    )  # fmt: skip


def _noun(row: sa.Row[Any]) -> Link:
    return Link(_edge(row), row.method, row.version, row.evidence, row.at)
