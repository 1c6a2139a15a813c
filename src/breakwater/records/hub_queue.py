"""What curators look at, as rows: one open question an entry and reason, settled once.

Fed by `hub.giving`, `hub.feedback` and `hub.curate`. Contract: `tests/contract/test_hub_curate.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.hub_given import Outcome, Question, QueueWhy
from breakwater.model.ids import Id, new_id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_hub import hub_queue
from breakwater.records.texts import storable

_q = hub_queue.c
AT_ONCE: Final = 500


def ask(tx: Tx, entry: int, why: QueueWhy, **facts: Any) -> Question:
    """Put an entry before curators; an open question of this kind gets the newer facts."""
    tx.lock_changes()
    mine = sa.and_(_q.entry_number == entry, _q.why == why.value, _q.settled_at.is_(None))
    row = tx.execute(sa.select(hub_queue).where(mine)).one_or_none()
    if row is not None:
        said = {"facts": {**row.facts, **facts}, "change": tx.change()}
        tx.execute(sa.update(hub_queue).where(_q.id == row.id).values(said))
        return get(tx, Id(row.id))
    made = new_id()
    tx.execute(
        sa.insert(hub_queue),
        {
            "id": made, "entry_number": entry, "why": why.value, "facts": facts, "at": tx.now,
            "settled_at": None, "outcome": "", "settled_by": "", "note": "", "change": tx.change(),
        },
    )  # fmt: skip
    return get(tx, made)


def get(tx: Tx, question: Id) -> Question:
    """One question.

    Raises:
        NotFound: no such question.
    """
    row = tx.execute(sa.select(hub_queue).where(_q.id == question)).one_or_none()
    if row is None:
        raise NotFound(f"question {question}")
    return _noun(row)


def settle(tx: Tx, question: Id, outcome: Outcome, *, by: str, note: str = "") -> Question:
    """Decide it.

    Raises:
        NotFound: no such question.
        Conflict: it was settled already.
    """
    storable(note)
    tx.lock_changes()
    if get(tx, question).outcome is not None:
        raise Conflict("This question was settled already.")
    said = {
        "settled_at": tx.now, "outcome": outcome.value, "settled_by": by, "note": note,
        "change": tx.change(),
    }  # fmt: skip
    tx.execute(sa.update(hub_queue).where(_q.id == question).values(said))
    return get(tx, question)


def release(tx: Tx, question: Id) -> None:
    """Stop holding back an entry for this question, within the transaction that settles it."""
    now = {"settled_at": tx.now}
    tx.execute(sa.update(hub_queue).where(_q.id == question).values(now))


def page(
    tx: Tx, *, settled: bool = False, why: QueueWhy | None = None, limit: int = 50
) -> list[Question]:
    """Open questions, the oldest first; or settled ones, the newest first."""
    wanted = sa.select(hub_queue).limit(limit)
    if settled:
        wanted = wanted.where(_q.settled_at.is_not(None)).order_by(_q.settled_at.desc(), _q.id)
    else:
        wanted = wanted.where(_q.settled_at.is_(None)).order_by(_q.at, _q.id)
    if why is not None:
        wanted = wanted.where(_q.why == why.value)
    return [_noun(row) for row in tx.execute(wanted)]


def of_entry(tx: Tx, entry: int) -> list[Question]:
    """Every question about an entry, the first first."""
    wanted = sa.select(hub_queue).where(_q.entry_number == entry).order_by(_q.at, _q.id)
    return [_noun(row) for row in tx.execute(wanted)]


def open_of(tx: Tx, entries: Iterable[int]) -> dict[int, tuple[QueueWhy, ...]]:
    """What is open about entries; those without a question are left out."""
    out: dict[int, tuple[QueueWhy, ...]] = {}
    wanted = sorted(set(entries))
    for at in range(0, len(wanted), AT_ONCE):
        part = _q.entry_number.in_(wanted[at : at + AT_ONCE])
        rows = tx.execute(sa.select(_q.entry_number, _q.why).where(part, _q.settled_at.is_(None)))
        for row in rows:
            out[row.entry_number] = (*out.get(row.entry_number, ()), QueueWhy(row.why))
    return out


def waiting(tx: Tx) -> Mapping[QueueWhy, int]:
    """How many questions are open, by reason."""
    n = sa.select(_q.why, sa.func.count().label("n")).where(_q.settled_at.is_(None))
    return {QueueWhy(row.why): int(row.n) for row in tx.execute(n.group_by(_q.why))}


def _noun(row: sa.Row[Any]) -> Question:
    return Question(
        id=Id(row.id), entry=row.entry_number, why=QueueWhy(row.why), facts=row.facts, at=row.at,
        settled_at=row.settled_at, outcome=Outcome(row.outcome) if row.outcome else None,
        settled_by=row.settled_by, note=row.note, change=row.change,
    )  # fmt: skip
