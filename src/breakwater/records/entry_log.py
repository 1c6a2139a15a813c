"""What became of an entry and what was said of it: rows that are only ever added.

Used by `records.entries`, which gives these out under its own name. Contract:
`tests/contract/test_records_entries.py`.
"""

from __future__ import annotations

import sqlalchemy as sa

from breakwater.model.bank import EntryOpinion, EntryStep, Opinion
from breakwater.model.ids import Id, new_id
from breakwater.records.database import Tx
from breakwater.records.lean import STATUSES
from breakwater.records.tables.nouns_bank import entry_history, entry_opinions


def step(
    tx: Tx, number: int, before: int | None, after: int, *, change: int, by: str, reason: str = ""
) -> None:
    """Write that an entry moved from one status code to another."""
    tx.execute(
        sa.insert(entry_history),
        {
            "change": change,
            "entry_number": number,
            "before": before,
            "after": after,
            "at": tx.now,
            "by": by,
            "reason": reason,
        },
    )


def history(tx: Tx, number: int) -> list[EntryStep]:
    """The moves of an entry, the first first; a lean entry's begin with its import."""
    h = entry_history.c
    rows = tx.execute(
        sa.select(entry_history).where(h.entry_number == number).order_by(h.change)
    )  # fmt: skip
    return [
        EntryStep(
            change=row.change,
            before=None if row.before is None else STATUSES[row.before],
            after=STATUSES[row.after],
            at=row.at,
            by=row.by,
            reason=row.reason,
        )
        for row in rows
    ]


def add_opinion(tx: Tx, number: int, opinion: Opinion, *, by: str, note: str = "") -> EntryOpinion:
    """Say that an entry is right, wrong or disputed."""
    said = EntryOpinion(new_id(), opinion, by, tx.now, note)
    tx.execute(
        sa.insert(entry_opinions),
        {
            "id": said.id,
            "entry_number": number,
            "opinion": opinion.value,
            "by": by,
            "at": tx.now,
            "note": note,
        },
    )
    return said


def opinions(tx: Tx, number: int) -> list[EntryOpinion]:
    """What was said of an entry, the first first."""
    said = entry_opinions.c
    rows = tx.execute(
        sa.select(entry_opinions).where(said.entry_number == number).order_by(said.at, said.id)
    )
    return [EntryOpinion(Id(r.id), Opinion(r.opinion), r.by, r.at, r.note) for r in rows]
