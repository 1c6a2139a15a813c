"""What people keep about one series besides its history: tasks, children with outcomes, places.

A place is sealed for its series and unsealed for whoever may see links: it is as private as an
identity. Read by `web.pages.read_links_series`. Contract: `tests/contract/test_link_lists.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.ids import Id, parse_id
from breakwater.model.link import Outcome, SeriesRow
from breakwater.records import identities
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_link import (
    link_outcomes,
    link_places,
    link_series,
    link_tasks,
    link_victims,
)

MOST: Final = 200
"""Rows of each that are read."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do for a series."""

    id: Id
    words: str
    by: str
    at: datetime
    due_at: datetime | None = None
    done_at: datetime | None = None
    done_by: str = ""


@dataclass(frozen=True, slots=True)
class Child:
    """One child of a series by a label, and the last word on what became of it."""

    id: Id
    label: str
    at: datetime
    outcome: Outcome | None = None
    words: str = ""
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is thought or known to be.

    Attributes:
        country: by two letters; empty where the law had it erased.
    """

    words: str
    certain: bool
    by: str
    at: datetime
    country: str = ""
    latitude: float | None = None
    longitude: float | None = None


def tasks(tx: Tx, row: SeriesRow) -> list[Task]:
    """What is to be done, what is open first."""
    k = link_tasks.c
    rows = tx.execute(
        sa.select(link_tasks).where(k.series_number.in_([row.number, *row.aliases]))
        .order_by(k.done_at.is_not(None), k.at, k.id).limit(MOST)
    )  # fmt: skip
    return [
        Task(Id(one.id), one.words, one.by, one.at, one.due_at, one.done_at, one.done_by or "")
        for one in rows
    ]


def children(tx: Tx, row: SeriesRow) -> list[Child]:
    """The children of a series, with the last word on each."""
    v, o = link_victims.c, link_outcomes.c
    rows = tx.execute(
        sa.select(link_victims, o.outcome, o.words, o.at.label("said_at"))
        .outerjoin(link_outcomes, o.victim_id == v.id)
        .where(v.series_number.in_([row.number, *row.aliases])).order_by(v.at, v.id, o.change)
    )  # fmt: skip
    last = {
        one.id: Child(
            Id(one.id), one.label, one.at, Outcome(one.outcome) if one.outcome else None,
            one.words or "", one.said_at,
        )
        for one in rows
    }  # fmt: skip
    return list(last.values())


def places(tx: Tx, row: SeriesRow) -> list[Place]:
    """Where the series is thought to be, the newest word first."""
    p = link_places.c
    rows = tx.execute(
        sa.select(link_places, link_series.c.id.label("of"))
        .join_from(link_places, link_series, link_series.c.number == p.series_number)
        .where(p.series_number.in_([row.number, *row.aliases])).order_by(p.change.desc()).limit(MOST)
    )  # fmt: skip
    return [_place(tx, one) for one in rows]


def _place(tx: Tx, row: Any) -> Place:
    found = Place(row.words, bool(row.certain), row.by, row.at)
    whose = parse_id(str(row.of))
    if row.sealed is None or whose is None:
        return found
    facts = identities.unseal(tx, whose, row.sealed)
    return Place(
        row.words, bool(row.certain), row.by, row.at, str(facts.get("country") or ""),
        facts.get("latitude"), facts.get("longitude"),
    )  # fmt: skip
