"""Entries of shared lists counted by batch and status, and those that must be looked at singly.

One pass over the entries of the lists: for people who ask the simulator, never for a feed. Read by
`hub.simulate`; contract: `tests/contract/test_hub_running.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import sqlalchemy as sa

from breakwater.model.bank import EntryStatus
from breakwater.records.database import Tx
from breakwater.records.lean import STATUSES
from breakwater.records.tables.nouns_bank import entries, entry_overrides
from breakwater.records.tables.nouns_hub import hub_gives

_e: Final = entries.c
_SINGLE: Final = sa.union(
    sa.select(entry_overrides.c.entry_number.label("number")),
    sa.select(hub_gives.c.entry_number.label("number")),
).subquery()


class Sum(NamedTuple):
    """Entries of one bank, import and status that say nothing of themselves."""

    bank: int
    import_number: int | None
    status: EntryStatus
    entries: int


def by_batch(tx: Tx, lists: Sequence[int]) -> list[Sum]:
    """How many there are of each batch and status, without those that `singles` names."""
    n = sa.func.count().label("n")
    keys = (_e.bank_number, _e.import_number, _e.status)
    every = sa.select(*keys, n).where(_e.bank_number.in_(lists)).group_by(*keys)
    found = {tuple(row[:3]): int(row.n) for row in tx.execute(every)}
    single = every.join_from(entries, _SINGLE, _SINGLE.c.number == _e.number)
    for row in tx.execute(single):
        found[tuple(row[:3])] -= int(row.n)
    return [
        Sum(bank, number, STATUSES[status], count)
        for (bank, number, status), count in sorted(found.items(), key=str)
        if count
    ]


def singles(tx: Tx, lists: Sequence[int], limit: int) -> tuple[list[int], int]:
    """Entries that say something of themselves or that several gave, and how many more there are."""
    mine = _SINGLE.join(entries, _SINGLE.c.number == _e.number)
    wanted = sa.select(_e.number).select_from(mine).where(_e.bank_number.in_(lists))
    found = [int(one) for one in tx.execute(wanted.order_by(_e.number).limit(limit)).scalars()]
    if len(found) < limit:
        return found, 0
    n = sa.select(sa.func.count()).select_from(mine).where(_e.bank_number.in_(lists))
    return found, int(tx.execute(n).scalar_one()) - len(found)
