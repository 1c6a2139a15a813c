"""How members followed, hour by hour: what plots of a feed's health are drawn from.

Written with `records.hub_feeds.note_pull` by the turn that writes down how members follow; kept for
`KEPT`. Contract: `tests/contract/test_hub_hours.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.hub import PullHour
from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_hub import hub_pull_hours

KEPT: Final = timedelta(days=14)
_h = hub_pull_hours.c


def add(
    tx: Tx, member: Id, dialect: str, more: Mapping[str, Any], behind: int | None
) -> None:  # fmt: skip
    """Add requests to the present hour.

    Args:
        tx: a transaction that writes.
        member: who.
        dialect: how, as `model.hub.Pull` lists them.
        more: `rows`, `requests`, `errors`.
        behind: changes that it had not read after its last request; None: it does not say.
    """
    hour = _hour(tx.now)
    sums = {name: int(more.get(name, 0)) for name in ("rows", "requests", "errors")}
    mine = sa.and_(_h.member_id == member, _h.dialect == dialect, _h.hour == hour)
    grown = {name: hub_pull_hours.c[name] + count for name, count in sums.items()}
    changed = tx.execute(sa.update(hub_pull_hours).where(mine).values(**grown, behind=behind))
    if not changed.rowcount:
        key = {"member_id": member, "dialect": dialect, "hour": hour}
        tx.execute(sa.insert(hub_pull_hours), key | sums | {"behind": behind})


def of_member(tx: Tx, member: Id, since: datetime) -> list[PullHour]:
    """Hours in which a member asked, by dialect, the first hour first."""
    wanted = (
        sa.select(hub_pull_hours)
        .where(_h.member_id == member, _h.hour >= _hour(since))
        .order_by(_h.dialect, _h.hour)
    )
    return [
        PullHour(row.dialect, row.hour, row.rows, row.requests, row.errors, row.behind)
        for row in tx.execute(wanted)
    ]


def forget(tx: Tx) -> None:
    """What is older than `KEPT` goes."""
    tx.execute(sa.delete(hub_pull_hours).where(_h.hour < _hour(tx.now - KEPT)))


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
