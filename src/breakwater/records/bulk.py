"""Bulk acts as rows: what one person did to many cases at once, and that it was undone.

Both are only ever added; an act keeps for each case what an undo puts back. Fed by
`review.queueing.bulk`. Contract: `tests/contract/test_records_queue.py`.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.ids import Id
from breakwater.model.queue import BulkAct, BulkChange, BulkKind
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_queue import bulk_acts, bulk_undos

_a, _u = bulk_acts.c, bulk_undos.c
_JOINED: Final = sa.select(bulk_acts, _u.at.label("undone_at"), _u.restored, _u.left).join_from(
    bulk_acts, bulk_undos, _u.act_id == _a.id, isouter=True
)


def put(tx: Tx, act: BulkAct) -> None:
    """Keep an act."""
    tx.execute(
        sa.insert(bulk_acts),
        {
            "id": act.id,
            "kind": act.kind.value,
            "value": act.value,
            "reason": act.reason,
            "by": act.by,
            "at": act.at,
            "changes": [_kept(change) for change in act.changes],
        },
    )


def undo(tx: Tx, act: Id, *, by: Id, restored: int, left: int) -> None:
    """Keep that an act was undone, for so many cases; raises `Conflict` the second time."""
    tx.execute(
        sa.insert(bulk_undos),
        {"act_id": act, "by": by, "at": tx.now, "restored": restored, "left": left},
    )


def get(tx: Tx, act: Id) -> BulkAct:
    """One act by id.

    Raises:
        NotFound: no such act.
    """
    row = tx.execute(_JOINED.where(_a.id == act)).one_or_none()
    if row is None:
        raise NotFound(f"bulk act {act}")
    return _noun(row)


def of_person(tx: Tx, person: Id, limit: int = 20) -> list[BulkAct]:
    """What somebody did in bulk, the newest first."""
    rows = tx.execute(_JOINED.where(_a.by == person).order_by(_a.at.desc()).limit(limit))
    return [_noun(row) for row in rows]


def _kept(change: BulkChange) -> dict[str, Any]:
    return {
        "case": change.case,
        "number": change.number,
        "version": change.version,
        "before": change.before,
        "after": change.after,
        "restore": dict(change.restore),
    }


def _noun(row: sa.Row[Any]) -> BulkAct:
    return BulkAct(
        id=Id(row.id),
        kind=BulkKind(row.kind),
        value=row.value,
        reason=row.reason,
        by=Id(row.by),
        at=row.at,
        changes=tuple(BulkChange(**change) for change in row.changes),
        undone_at=row.undone_at,
        restored=row.restored or 0,
        left=row.left or 0,
    )
