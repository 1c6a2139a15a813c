"""Segment files as rows: which files make up what a view may have, and which are over.

The files of a view that have not ended follow one another without a gap. Fed by
`hub.feeds.segments`; contract: `tests/integration/test_hub_feed.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_hub import hub_segments

_s = hub_segments.c


@dataclass(frozen=True, slots=True)
class Kept:
    """One file; its name is its id."""

    id: Id
    view: str
    after: int
    upto: int
    rows: int
    size: int
    sha256: str
    created_at: datetime | None = None
    ended_at: datetime | None = None


def live(tx: Tx, view: str) -> list[Kept]:
    """The files of a view, in order."""
    wanted = sa.select(hub_segments).where(_s.view == view, _s.ended_at.is_(None))
    return [_noun(row) for row in tx.execute(wanted.order_by(_s.ordinal))]


def get(tx: Tx, name: str) -> Kept:
    """One file, ended or not; raises `NotFound`."""
    row = tx.execute(sa.select(hub_segments).where(_s.id == name)).one_or_none()
    if row is None:
        raise NotFound("segment")
    return _noun(row)


def replace(tx: Tx, view: str, old: Iterable[Kept], new: Iterable[Kept]) -> None:
    """End files, and put others at the end of what is left."""
    tx.lock_changes()
    for one in old:
        tx.execute(sa.update(hub_segments).where(_s.id == one.id).values(ended_at=tx.now))
    last = tx.execute(sa.select(sa.func.max(_s.ordinal)).where(_s.view == view)).scalar() or 0
    for at, one in enumerate(new, start=last + 1):
        tx.execute(
            sa.insert(hub_segments),
            {
                "id": one.id, "view": view, "ordinal": at, "from_change": one.after,
                "to_change": one.upto, "rows": one.rows, "size": one.size, "sha256": one.sha256,
                "created_at": tx.now, "ended_at": None,
            },
        )  # fmt: skip


def over(tx: Tx, before: datetime) -> list[Kept]:
    """Files that ended before a moment."""
    wanted = sa.select(hub_segments).where(_s.ended_at < before)
    return [_noun(row) for row in tx.execute(wanted)]


def end_view(tx: Tx, view: str) -> None:
    """Nobody sees like this any more."""
    mine = sa.and_(_s.view == view, _s.ended_at.is_(None))
    tx.execute(sa.update(hub_segments).where(mine).values(ended_at=tx.now))


def forget(tx: Tx, files: Iterable[Kept]) -> None:
    """Files that are deleted."""
    for one in files:
        tx.execute(sa.delete(hub_segments).where(_s.id == one.id))


def _noun(row: sa.Row[Any]) -> Kept:
    return Kept(
        Id(row.id), row.view, row.from_change, row.to_change, row.rows, row.size, row.sha256,
        row.created_at, row.ended_at,
    )  # fmt: skip
