"""How far the keeping of each case is: wanted, claimed for a while, done, or failing.

A row is claimed by moving its next time ahead: whoever is killed holds it up for that long and no
longer. What fails waits longer each time, is never set aside, and is said once a while until it is
done. Fed and read by `reporting.preserving`. Contract: `tests/contract/test_preserving.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.hold import Preservation
from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_hold import preservations

_p = preservations.c
LEASE: Final = timedelta(minutes=2)
"""For so long nobody else takes up what somebody began."""

WAITS_S: Final = (5.0, 20.0, 60.0, 300.0, 900.0, 3600.0)
"""After the first failure, the second …; then always the last."""

ALARM_AFTER: Final = 3
"""Failures in a row after which it is said: half an hour of a full disk is worth a call."""

ALARM_EVERY: Final = timedelta(hours=1)


def want(tx: Tx, case: Id) -> None:
    """Have a case kept, now: also one that was kept before, where something came to it."""
    tx.lock_changes()
    changed = sa.update(preservations).where(_p.case_id == case).values(next_at=tx.now)
    if not tx.execute(changed).rowcount:
        row = {"case_id": case, "wanted_at": tx.now, "attempts": 0, "next_at": tx.now, "fault": ""}
        tx.execute(sa.insert(preservations), row)


def claim(tx: Tx, limit: int = 1) -> list[Preservation]:
    """Take up what is due; nobody else gets it for `LEASE`."""
    tx.lock_changes()
    due = (
        sa.select(preservations)
        .where(_p.next_at <= tx.now)
        .order_by(_p.next_at, _p.case_id)
        .limit(limit)
    )
    found = [_noun(row) for row in tx.execute(due)]
    for one in found:
        later = sa.update(preservations).where(_p.case_id == one.case)
        tx.execute(later.values(next_at=tx.now + LEASE))
    return found


def due(tx: Tx) -> bool:
    """Whether there is something to take up; costs no write."""
    return (
        tx.execute(sa.select(_p.case_id).where(_p.next_at <= tx.now).limit(1)).first() is not None
    )


def done(tx: Tx, case: Id, *, again: datetime | None) -> None:
    """Everything there is stands in the manifest; looked at once more at `again`."""
    tx.execute(
        sa.update(preservations)
        .where(_p.case_id == case)
        .values(attempts=0, fault="", next_at=again, done_at=tx.now, alarmed_at=None)
    )


def failed(tx: Tx, case: Id, fault: str) -> Preservation:
    """It was not kept: tried again later. Answers it as it was alarmed before.

    Args:
        tx: any transaction.
        case: whose.
        fault: an error's code or class, never its words.
    """
    tx.lock_changes()
    before = get(tx, case)
    attempts = before.attempts + 1
    wait = WAITS_S[min(attempts, len(WAITS_S)) - 1]
    late = before.alarmed_at is None or before.alarmed_at <= tx.now - ALARM_EVERY
    values: dict[str, Any] = {
        "attempts": attempts, "fault": fault[:80], "next_at": tx.now + timedelta(seconds=wait),
    }  # fmt: skip
    if attempts >= ALARM_AFTER and late:
        values["alarmed_at"] = tx.now
    tx.execute(sa.update(preservations).where(_p.case_id == case).values(values))
    return get(tx, case)


def get(tx: Tx, case: Id) -> Preservation:
    """How far a case is; one that nobody wanted kept is done."""
    row = tx.execute(sa.select(preservations).where(_p.case_id == case)).one_or_none()
    return Preservation(case, tx.now, done_at=tx.now) if row is None else _noun(row)


def failing(tx: Tx, limit: int = 100) -> list[Preservation]:
    """What was not kept yet because something stands in its way, the longest first."""
    wanted = sa.select(preservations).where(_p.fault != "", _p.next_at.is_not(None))
    return [_noun(row) for row in tx.execute(wanted.order_by(_p.wanted_at).limit(limit))]


def of_cases(tx: Tx, cases: list[Id]) -> dict[Id, Preservation]:
    """How far each of some cases is."""
    rows = tx.execute(sa.select(preservations).where(_p.case_id.in_(cases)))
    return {Id(row.case_id): _noun(row) for row in rows}


def _noun(row: sa.Row[Any]) -> Preservation:
    return Preservation(
        case=Id(row.case_id), wanted_at=row.wanted_at, attempts=row.attempts, next_at=row.next_at,
        fault=row.fault, done_at=row.done_at, alarmed_at=row.alarmed_at,
    )  # fmt: skip
