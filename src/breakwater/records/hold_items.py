"""What is kept of a case, thing by thing: bytes by SHA-256, rows by id, gaps with their reason.

Only ever added; a thing that is named already is not named twice. What an item names is locked by
the databases (`records.held`). That it was destroyed is a row that stays. Fed by
`reporting.preserving`. Contract: `tests/contract/test_records_held.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.hold import HoldItem, Kept, Why
from breakwater.model.ids import Id, new_id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_hold import (
    hold_destroyed,
    hold_ends,
    hold_item_ends,
    hold_items,
    holds,
)
from breakwater.records.texts import storable

MOST_WORDS: Final = 300
"""Letters of a name or of a gap's reason."""

_i, _x, _d = hold_items.c, hold_item_ends.c, hold_destroyed.c
_JOINED: Final = (
    sa.select(hold_items, _x.at.label("ended_at"), _d.at.label("destroyed_at"))
    .join_from(hold_items, hold_item_ends, _x.item_id == _i.id, isouter=True)
    .join(hold_destroyed, _d.item_id == _i.id, isouter=True)
)


_PICTURES: Final = [one.value for one in Kept if one.pictures]


@dataclass(frozen=True, slots=True)
class Thing:
    """Something to keep, before it is an item; see `model.hold.HoldItem`."""

    what: Kept
    name: str
    since: datetime
    blob: Id | None = None
    table: str = ""
    row: Id | None = None
    sha256: str = ""
    size: int = 0
    gap: str = ""
    until_receipt: bool = False

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What makes it the same thing when it is found again."""
        told = self.sha256 if self.blob is None else self.blob
        return (self.what.value, self.table, self.row or "", told, self.gap or self.name)


def add(tx: Tx, case: Id, things: Iterable[Thing]) -> list[HoldItem]:
    """Name what is kept; answers what was new."""
    tx.lock_changes()
    known = {_key(one) for one in of_case(tx, case)}
    made: list[Id] = []
    for one in things:
        if one.key in known:
            continue
        known.add(one.key)
        storable(one.name, one.gap)
        item = new_id()
        made.append(item)
        tx.execute(
            sa.insert(hold_items),
            {
                "id": item, "case_id": case, "what": one.what.value,
                "name": one.name[:MOST_WORDS], "blob_id": one.blob, "row_table": one.table,
                "row_id": one.row, "sha256": bytes.fromhex(one.sha256) or None, "size": one.size,
                "gap": one.gap[:MOST_WORDS], "until_receipt": one.until_receipt,
                "since": one.since, "at": tx.now,
            },
        )  # fmt: skip
    wanted = set(made)
    return [one for one in of_case(tx, case) if one.id in wanted]


def of_case(tx: Tx, case: Id) -> list[HoldItem]:
    """The manifest of a case, in the order in which it was written."""
    rows = tx.execute(_JOINED.where(_i.case_id == case).order_by(_i.at, _i.id))
    return [_noun(row) for row in rows]


def pictures_since(
    tx: Tx, since: datetime | None, after: tuple[datetime, Id] | None, limit: int
) -> list[HoldItem]:  # fmt: skip
    """What shows something and is kept, in the order in which it was written.

    Args:
        tx: a snapshot.
        since: what was written from then on; None: ever.
        after: when the last one read was written, and its id.
        limit: rows.
    """
    wanted = _JOINED.where(_i.what.in_(_PICTURES), _d.item_id.is_(None))
    if since is not None:
        wanted = wanted.where(_i.at >= since)
    if after is not None:
        at, item = after
        wanted = wanted.where(sa.or_(_i.at > at, sa.and_(_i.at == at, _i.id > item)))
    return [_noun(row) for row in tx.execute(wanted.order_by(_i.at, _i.id).limit(limit))]


def figures(tx: Tx, cases: Iterable[Id]) -> dict[Id, tuple[int, int, int]]:
    """Of cases: how many things are kept, how many gaps there are, how many were destroyed."""
    gap = sa.case((_i.gap != "", 1), else_=0)
    gone = sa.case((_d.item_id.is_not(None), 1), else_=0)
    rows = tx.execute(
        sa.select(
            _i.case_id, sa.func.count().label("n"), sa.func.sum(gap).label("gaps"),
            sa.func.sum(gone).label("gone"),
        )
        .join_from(hold_items, hold_destroyed, _d.item_id == _i.id, isouter=True)
        .where(_i.case_id.in_(list(cases)))
        .group_by(_i.case_id)
    )  # fmt: skip
    return {
        Id(row.case_id): (int(row.n) - int(row.gaps), int(row.gaps), int(row.gone)) for row in rows
    }


def held_blobs(tx: Tx) -> list[Id]:
    """Every object of the vault that is held now: what must be in its place."""
    stands = ~sa.select(hold_ends.c.hold_id).where(hold_ends.c.hold_id == holds.c.id).exists()
    wanted = (
        sa.select(_i.blob_id)
        .join_from(hold_items, holds, holds.c.case_id == _i.case_id)
        .join(hold_item_ends, _x.item_id == _i.id, isouter=True)
        .where(stands, _i.blob_id.is_not(None), _x.item_id.is_(None))
        .distinct()
    )
    return [Id(one) for one in tx.execute(wanted).scalars()]


def end(tx: Tx, item: Id, why: Why) -> None:
    """It need not be held as long as the others; the database asks whether that may be."""
    known = sa.select(_x.item_id).where(_x.item_id == item)
    if tx.execute(known).scalar() is None:
        tx.execute(
            sa.insert(hold_item_ends), {"item_id": item, "why": why.value, "at": tx.now}
        )  # fmt: skip


def destroyed(tx: Tx, item: Id, *, by: str) -> None:
    """Write down that it was destroyed, once; the database refuses it of what is held."""
    known = sa.select(_d.item_id).where(_d.item_id == item)
    if tx.execute(known).scalar() is None:
        tx.execute(sa.insert(hold_destroyed), {"item_id": item, "by": by, "at": tx.now})


def _key(one: HoldItem) -> tuple[str, str, str, str, str]:
    return Thing(
        one.what, one.name, one.since, one.blob, one.table, one.row, one.sha256, one.size, one.gap
    ).key


def _noun(row: sa.Row[Any]) -> HoldItem:
    return HoldItem(
        id=Id(row.id), case=Id(row.case_id), what=Kept(row.what), name=row.name,
        since=row.since, kept_at=row.at, blob=None if row.blob_id is None else Id(row.blob_id),
        table=row.row_table, row=None if row.row_id is None else Id(row.row_id),
        sha256=(row.sha256 or b"").hex(), size=row.size, gap=row.gap,
        until_receipt=bool(row.until_receipt), ended_at=row.ended_at,
        destroyed_at=row.destroyed_at,
    )  # fmt: skip
